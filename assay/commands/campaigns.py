"""`assay campaign …`: one action over many tenants."""

import time
from typing import Annotated, Any

import typer

from assay.commands.client import Service
from assay.commands.output import Exit, console, show_json, show_table, stop
from assay.settings import load
from contracts.fleet import CampaignDetail, CampaignLine, CampaignStatus

app = typer.Typer(no_args_is_help=True, help="Scans of many tenants at once.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
CampaignId = Annotated[str, typer.Argument(help="The id of the campaign.")]
_LOOK_EVERY_S = 2.0


@app.command()
def start(
    name: Annotated[str, typer.Option(help="What it is called.")],
    tenant: Annotated[
        list[str] | None, typer.Option(help="Id, domain or name; may be given often.")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="All tenants with this tag.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All tenants.")] = False,
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2.")] = "E5-L1",
    key: Annotated[str, typer.Option(help="The same key starts the same campaign once.")] = "",
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start a campaign; prints its id."""
    if bool(tenant) + bool(tag) + every != 1:
        stop("Give exactly one of --tenant, --tag and --all.", Exit.USAGE)
    service = Service(load())
    choice: dict[str, Any] = {"tenants": tenant} if tenant else {"tag": tag} if tag else {}
    body = {"name": name, "profile": profile, "all": every, **choice}
    headers = {"Idempotency-Key": key} if key else {}
    started = service.post("/campaigns", body, **headers)
    if as_json:
        show_json(started)
    else:
        typer.echo(started["campaign_id"])
    if wait:
        _follow(service, started["campaign_id"])


@app.command("list")
def list_campaigns(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50, as_json: AsJson = False
) -> None:
    """Campaigns, newest first."""
    found = Service(load()).get("/campaigns", limit=limit)
    if as_json:
        show_json(found)
        return
    lines = [CampaignLine.model_validate(line) for line in found["items"]]
    show_table(
        ("campaign", "name", "profile", "status", "tenants", "completed", "failed", "open"),
        [
            (
                line.campaign_id,
                line.name,
                line.profile,
                line.status,
                str(line.tenants),
                str(line.completed),
                str(line.failed),
                str(line.unfinished),
            )
            for line in lines
        ],
    )


@app.command()
def show(campaign_id: CampaignId, as_json: AsJson = False) -> None:
    """Every tenant of a campaign, and what became of it."""
    found = Service(load()).get(f"/campaigns/{campaign_id}")
    if as_json:
        show_json(found)
        return
    campaign = CampaignDetail.model_validate(found)
    typer.echo(_summary(campaign))
    show_table(
        ("tenant", "scan", "status", "pass", "fail", "error", "note"),
        [
            (
                line.tenant_name,
                line.scan_id or "",
                line.status or "",
                str(line.passed),
                str(line.failed),
                str(line.errors),
                line.message,
            )
            for line in campaign.members
        ],
    )


@app.command()
def watch(campaign_id: CampaignId) -> None:
    """Follow a campaign until it ends. Ctrl-C stops watching, never the campaign."""
    _follow(Service(load()), campaign_id)


@app.command()
def cancel(campaign_id: CampaignId) -> None:
    """Cancel a campaign and the scans it has begun."""
    answer = Service(load()).post(f"/campaigns/{campaign_id}/cancel")
    typer.echo(f"{answer['status']} {campaign_id}")


@app.command()
def retry(
    campaign_id: CampaignId,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = False,
) -> None:
    """Once more, for the tenants without a completed scan."""
    service = Service(load())
    answer = service.post(f"/campaigns/{campaign_id}/retry")
    typer.echo(f"run {answer['run']}: {answer['unfinished']} tenants")
    if wait:
        _follow(service, campaign_id)


def _follow(service: Service, campaign_id: str) -> None:
    try:
        campaign = _to_its_end(service, campaign_id)
    except KeyboardInterrupt:
        stop(
            f"\nNo longer watching; the campaign goes on. Again: assay campaign watch "
            f"{campaign_id}, stop it: assay campaign cancel {campaign_id}",
            Exit.INTERRUPTED,
        )
    if campaign.status is not CampaignStatus.COMPLETED or campaign.failed:
        raise typer.Exit(Exit.INCOMPLETE)


def _to_its_end(service: Service, campaign_id: str) -> CampaignDetail:
    said = ""
    while True:
        campaign = CampaignDetail.model_validate(service.get(f"/campaigns/{campaign_id}"))
        if (now := _summary(campaign)) != said:
            console().print(now, markup=False)
            said = now
        if campaign.status.is_terminal:
            return campaign
        time.sleep(_LOOK_EVERY_S)


def _summary(campaign: CampaignDetail) -> str:
    return (
        f"{campaign.name} {campaign.status}: {campaign.completed} of {campaign.tenants} completed, "
        f"{campaign.failed} failed, {campaign.unfinished} open"
    )
