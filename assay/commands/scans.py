"""`assay scan …`: start, follow and steer scans of a running service."""

import asyncio
from typing import Annotated, Any

import typer

from assay.commands import attempts, scan_plan
from assay.commands.client import Service
from assay.commands.logs import follow_log
from assay.commands.output import Exit, console, show_json, show_log, show_table, stop
from assay.commands.watch import watch_scan
from assay.settings import load
from contracts.scan import RetryScope, ScanState, ScanStatus

app = typer.Typer(no_args_is_help=True, help="Scans of a running service.")
app.add_typer(scan_plan.app)
app.add_typer(attempts.app)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
ScanId = Annotated[str, typer.Argument(help="The id of the scan.")]


@app.command()
def start(
    tenant: Annotated[str, typer.Option(help="Id, domain or name of the tenant.")],
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2.")] = "E5-L1",
    wait: Annotated[bool, typer.Option(help="Follow the scan to its end.")] = False,
    key: Annotated[str, typer.Option(help="The same key starts the same scan once.")] = "",
    as_json: AsJson = False,
) -> None:
    """Start a scan; prints its id."""
    service = Service(load())
    headers = {"Idempotency-Key": key} if key else {}
    started = service.post("/scans", {"tenant": tenant, "profile": profile}, **headers)
    if as_json:
        show_json(started)
    else:
        typer.echo(started["scan_id"])
    if wait:
        _follow(service, started["scan_id"])


@app.command("list")
def list_scans(
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    active: Annotated[bool | None, typer.Option(help="Only running, or only ended ones.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only of tenants with this tag.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """Scans, newest first."""
    found = Service(load()).get("/scans", tenant=tenant, active=active, tag=tag, limit=limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("scan", "tenant", "profile", "status", "done", "pass", "fail", "manual", "n/a", "error"),
        [_row(line) for line in found["items"]],
    )


@app.command()
def show(
    scan_id: ScanId,
    verdict: Annotated[str | None, typer.Option(help="Only these: fail,error …")] = None,
    as_json: AsJson = False,
) -> None:
    """The verdicts of a scan."""
    service = Service(load())
    found = service.get(f"/scans/{scan_id}/results", verdict=verdict)
    if as_json:
        show_json({"scan": service.get(f"/scans/{scan_id}"), "results": found})
        return
    show_table(
        ("recommendation", "verdict", "severity", "title", "reason"),
        [
            (
                line["recommendation"],
                line["verdict"] or "–",
                line["severity"],
                line["title"],
                line["reason"],
            )
            for line in found["items"]
        ],
    )


@app.command()
def watch(scan_id: ScanId) -> None:
    """Follow a scan live until it ends. Ctrl-C stops watching, never the scan."""
    _follow(Service(load()), scan_id)


@app.command()
def cancel(scan_id: ScanId, as_json: AsJson = False) -> None:
    """Cancel a scan. Verdicts it has given stay."""
    answer = Service(load()).post(f"/scans/{scan_id}/cancel")
    if as_json:
        show_json(answer)
    else:
        typer.echo(f"cancelling {scan_id}")


@app.command()
def pause(scan_id: ScanId) -> None:
    """Stop its collectors; verdicts stay, and `resume` goes on."""
    typer.echo(f"pausing: {Service(load()).post(f'/scans/{scan_id}/pause')['status']}")


@app.command()
def resume(scan_id: ScanId) -> None:
    """Go on with a paused scan."""
    typer.echo(f"resuming: {Service(load()).post(f'/scans/{scan_id}/resume')['status']}")


@app.command()
def skip(
    scan_id: ScanId, service: Annotated[str, typer.Argument(help="graph, exchange, …")]
) -> None:
    """Give one service up; its unread checks end as errors, the others go on."""
    Service(load()).post(f"/scans/{scan_id}/services/{service}/skip")
    typer.echo(f"skipping {service}")


@app.command()
def retry(
    scan_id: ScanId,
    scope: Annotated[RetryScope, typer.Option(help="What is done again.")] = RetryScope.ERRORS,
    recommendation: Annotated[
        str | None, typer.Option(help="Check this one again, and nothing else.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Follow the scan to its end.")] = False,
) -> None:
    """One more attempt of a scan that has ended; earlier ones stay readable."""
    service = Service(load())
    body: dict[str, Any] = {"scope": scope}
    if recommendation is not None:
        body = {"scope": RetryScope.ONE, "recommendation": recommendation}
    state = service.post(f"/scans/{scan_id}/retry", body)
    typer.echo(f"attempt {state['attempt']}")
    if wait:
        _follow(service, scan_id)


@app.command()
def log(
    scan_id: ScanId,
    service: Annotated[str, typer.Argument(help="graph, exchange, …")],
    follow: Annotated[bool, typer.Option(help="Go on until the scan ends.")] = False,
) -> None:
    """What a service's collector said."""
    if follow:
        follow_log(Service(load()), scan_id, service)
    else:
        show_log(Service(load()).text(f"/scans/{scan_id}/batches/{service}/log"))


@app.command()
def timeline(
    scan_id: ScanId,
    verdicts: Annotated[bool, typer.Option(help="With a line for each verdict.")] = False,
    as_json: AsJson = False,
) -> None:
    """Everything that happened to a scan: attempts, retries, failures, wishes and who had them."""
    found = Service(load()).get(f"/scans/{scan_id}/timeline", verdicts=verdicts)
    if as_json:
        show_json(found)
        return
    show_table(
        ("time", "from", "attempt", "what", "by"),
        [
            (
                line["at"][:19],
                line["source"],
                str(line["attempt"] or ""),
                line["text"],
                line["by"] or "",
            )
            for line in found["items"]
        ],
    )
    if not found["answered"]:
        typer.echo("The workflow service does not answer: its part is missing.", err=True)
    if found["cut"]:
        typer.echo("There is more than is shown.", err=True)


def _follow(service: Service, scan_id: str) -> None:
    service.get(f"/scans/{scan_id}")  # an unknown id gets its sentence before a socket is tried
    try:
        state = asyncio.run(watch_scan(service, scan_id, console()))
    except KeyboardInterrupt:
        stop(
            f"\nNo longer watching; the scan goes on. Again: assay scan watch {scan_id}, "
            f"stop it: assay scan cancel {scan_id}",
            Exit.INTERRUPTED,
        )
    if state is None or state.status is not ScanStatus.COMPLETED:
        raise typer.Exit(Exit.INCOMPLETE)


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    state = ScanState.model_validate(line)
    return (
        state.scan_id,
        state.tenant_name,
        state.profile,
        state.status,
        f"{state.completed}/{state.total_checks}",
        str(state.passed),
        str(state.failed),
        str(state.manual),
        str(state.not_applicable),
        str(state.errors),
    )
