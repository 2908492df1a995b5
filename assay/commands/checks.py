"""`assay check …`: what is checked, and how it is put."""

from pathlib import Path
from typing import Annotated

import typer

from assay.commands.output import show_json, show_table, stop

app = typer.Typer(no_args_is_help=True, help="The checks and their words.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]


@app.command("list")
def list_checks(
    profile: Annotated[str, typer.Option(help="E5-L1, E5-L2, E3-L1, E3-L2, or all.")] = "all",
    as_json: AsJson = False,
) -> None:
    """Every recommendation of a profile with its check."""
    from checks.catalogue import benchmark, words
    from contracts.errors import UnknownProfile
    from contracts.scan import Profile

    try:
        chosen = benchmark().select(Profile.parse(profile))
    except UnknownProfile as reason:
        stop(str(reason))
    if as_json:
        show_json([item.model_dump() | words()[item.check].model_dump() for item in chosen])
        return
    show_table(
        ("recommendation", "check", "level", "assessment", "title"),
        [
            (item.id, item.check, str(item.level), item.assessment, words()[item.check].title)
            for item in chosen
        ],
    )


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(help="custom_<name>.py, with its .toml beside it.")],
) -> None:
    """Say whether a check of your own may be used, and if not, why."""
    import checks  # noqa: F401  (fills the registry)
    from checks.custom import CustomCheckRefused, load

    try:
        recommendation, text = load(file)
    except CustomCheckRefused as reason:
        stop(str(reason))
    typer.echo(f"{recommendation.public_id} {text.title}: may be used (version {text.version})")


@app.command()
def explain(
    check: Annotated[str, typer.Argument(help="Its name, or the number of a recommendation.")],
    as_json: AsJson = False,
) -> None:
    """When a check passes, why it matters, how to mend it, and what it reads."""
    import checks  # noqa: F401  (fills the registry)
    from checks.catalogue import benchmark, words
    from checks.registry import CHECKS

    number = check.removeprefix("CIS_").replace("_", ".")
    named = {item.id: item.check for item in benchmark().recommendations}
    slug = named.get(number, check)
    if slug not in CHECKS:
        stop(f"There is no check {check}. `assay check list` names them.")
    text = words()[slug]
    reads = [f"{dataset.key} ({dataset.__doc__ or ''})" for dataset in CHECKS[slug].datasets]
    numbers = [item.id for item in benchmark().recommendations if item.check == slug]
    if as_json:
        show_json({"check": slug, "recommendations": numbers, "reads": reads, **text.model_dump()})
        return
    for head, body in (
        (slug, text.title),
        ("recommendations", ", ".join(numbers)),
        ("severity", text.severity),
        ("passes when", text.passes_when),
        ("why", text.rationale),
        ("remediation", text.remediation),
        ("a person is asked", text.prompt),
        ("reads", "\n".join(reads) or "nothing"),
    ):
        if body:
            typer.echo(f"{head}\n    " + body.replace("\n", "\n    ") + "\n")
