"""`assay doctor`: is everything well, and putting right what is not."""

import asyncio
from typing import Annotated

import typer

from assay.commands.client import Service, answers
from assay.commands.output import Exit, show_json, show_table
from assay.settings import Settings, load
from contracts.doctor import Diagnosis, Repairs


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Put right what nothing works on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")] = False,
) -> None:
    """Look at every part of the installation. Without a running service its parts are asked from
    here."""
    settings = load()
    if answers(settings):
        service = Service(settings)
        repairs: object = {"items": []}
        found = Diagnosis.model_validate(service.get("/doctor"))
        if fix and found.answered:
            repairs = service.post("/doctor/repair")
            found = Diagnosis.model_validate(service.get("/doctor"))
    else:
        typer.echo(f"{settings.url} does not answer. Is `assay up` running?", err=True)
        found, repairs = _from_here(settings, fix)
    mended = Repairs.model_validate(repairs)
    if as_json:
        show_json({**found.model_dump(mode="json"), "repairs": mended.model_dump()["items"]})
    else:
        _show(found, mended)
    if found.condition == "broken":
        raise typer.Exit(Exit.FAILED)


def _from_here(settings: Settings, fix: bool) -> tuple[Diagnosis, object]:
    from assay.examination import examine

    found, repairs = asyncio.run(examine(settings, fix=fix))
    return found, {"items": repairs}


def _show(found: Diagnosis, mended: Repairs) -> None:
    for repair in mended.items:
        typer.echo(f"put right: {repair.kind} {repair.name} {repair.id}: {repair.why}")
    show_table(
        ("part", "condition", "", "what to do"),
        [(item.part, item.condition, item.note, item.hint) for item in found.findings],
    )
    if found.silent_scans:
        typer.echo()
        show_table(
            ("scan without a sign of life", "tenant", "status", "since", "why"),
            [
                (
                    scan.scan_id,
                    scan.tenant_name,
                    scan.status,
                    f"{scan.silent_since:%Y-%m-%d %H:%M:%S}",
                    scan.why,
                )
                for scan in found.silent_scans
            ],
        )
    if found.out_of_step:
        typer.echo()
        show_table(
            ("schedule out of step", "tenant", "why"),
            [(item.schedule_id, item.tenant_name, item.why) for item in found.out_of_step],
        )
    if found.settings:
        typer.echo()
        show_table(("setting", "value"), sorted(found.settings.items()))
