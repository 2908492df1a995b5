"""`assay schedule …`: recurring scans."""

from typing import Annotated, Any

import typer

from assay.commands.client import Service
from assay.commands.output import show_json, show_table
from assay.settings import load
from contracts.fleet import ScheduleLine

app = typer.Typer(no_args_is_help=True, help="Recurring scans of a running service.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
ScheduleId = Annotated[str, typer.Argument(help="The id of the schedule.")]


@app.command()
def add(
    tenant: Annotated[str, typer.Option(help="Id, domain or name of the tenant.")],
    cron: Annotated[
        str, typer.Option(help="Minute, hour, day of month, month, day of week: '0 3 * * mon-fri'.")
    ],
    timezone: Annotated[str, typer.Option(help="Of rule and quiet hours: Europe/Berlin.")] = "UTC",
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2.")] = "E5-L1",
    jitter: Annotated[int, typer.Option(min=0, help="Seconds to begin later, at random.")] = 300,
    quiet: Annotated[str, typer.Option(help="When no scan begins: 07:00-19:00.")] = "",
    as_json: AsJson = False,
) -> None:
    """Scan a tenant again and again; prints the id of the schedule."""
    body: dict[str, Any] = {
        "tenant": tenant,
        "cron": cron,
        "timezone": timezone,
        "profile": profile,
        "jitter_s": jitter,
    }
    if quiet:
        body["quiet_from"], _, body["quiet_to"] = quiet.partition("-")
    added = Service(load()).post("/schedules", body)
    if as_json:
        show_json(added)
    else:
        typer.echo(added["schedule_id"])


@app.command("list")
def list_schedules(
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every schedule, its next run and how its newest run went."""
    found = Service(load()).get("/schedules", tenant=tenant)
    if as_json:
        show_json(found)
        return
    lines = [ScheduleLine.model_validate(line) for line in found["items"]]
    show_table(
        ("schedule", "tenant", "rule", "profile", "next run", "missed", "last scan", "note"),
        [_row(line) for line in lines],
    )


@app.command()
def pause(schedule_id: ScheduleId) -> None:
    """Begin no more scans until `resume`; one that runs goes on."""
    Service(load()).patch(f"/schedules/{schedule_id}", {"paused": True})
    typer.echo(f"paused {schedule_id}")


@app.command()
def resume(schedule_id: ScheduleId) -> None:
    """Go on with a paused schedule. What it missed is not made up for."""
    Service(load()).patch(f"/schedules/{schedule_id}", {"paused": False})
    typer.echo(f"resumed {schedule_id}")


@app.command()
def run(schedule_id: ScheduleId) -> None:
    """One run now, out of turn."""
    Service(load()).post(f"/schedules/{schedule_id}/run-now")
    typer.echo(f"running {schedule_id}")


@app.command()
def remove(schedule_id: ScheduleId) -> None:
    """Remove a schedule; a scan that it has begun goes on."""
    Service(load()).delete(f"/schedules/{schedule_id}")
    typer.echo(f"removed {schedule_id}")


def _row(line: ScheduleLine) -> tuple[str, ...]:
    return (
        line.schedule_id,
        line.tenant_name,
        f"{line.cron} {line.timezone}",
        line.profile,
        _next(line),
        str(line.missed),
        line.last_scan_status or "never",
        line.note,
    )


def _next(line: ScheduleLine) -> str:
    if line.paused:
        return "paused"
    if not line.answered:
        return "not known: the workflow service does not answer"
    return f"{line.next_runs[0]:%Y-%m-%d %H:%M} UTC" if line.next_runs else "never"
