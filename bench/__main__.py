"""`python -m bench`: measures and prints; `--write` also puts the figures into docs/figures.md,
each part under its title: what is not measured now stays as it was."""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from assay.wiring import ROOT
from bench import evaluation, figures, fleet, live, product

PAGE = ROOT / "docs" / "figures.md"
_INTRODUCTION = """# Figures

Written by `python -m bench --write`, each part on the day it names.
Everything runs on one machine, on loopback, on SQLite. **Seconds depend on the machine and on what
else it did, and this one was shared: read ratios and growth first.** `make bench` shows those of
your own.
"""
_PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "evaluation": (
        "Judging, by size of the tenant",
        lambda: figures.of_evaluation([evaluation.measure(size) for size in evaluation.SIZES]),
    ),
    "live": ("From a verdict to a browser", lambda: figures.of_live(live.measure())),
    "product": ("The whole product", lambda: figures.of_product(product.measure())),
    "fleet": ("Hundreds of tenants", lambda: figures.of_fleet(fleet.measure())),
}
_SLOW = {"fleet"}  # takes half an hour: only when it is named
_NOTES = {
    "evaluation": """
Generated tenants (`bench/tenant.py`): the demo tenant with cloned accounts, registrations,
mailboxes, audit associations, OneDrive sites, groups and sites. Each size in a process of its own;
time of the processor. Datasets of up to 2,000 rows stay parsed between checks, larger ones are
parsed anew by each check, so that memory stays flat: that is why rows of the smallest tenant are
cheaper. The yardstick is to parse one row of accounts once, taken in turns with the checks.
""",
    "live": """
The worker's side (one transaction, then the event through JetStream) and the client are one
process, the API another. NATS alone: two connections, 500 bytes, no JetStream.
""",
    "fleet": """
The demo's pack as so many recorded tenants, uploaded one by one, then one campaign over all of
them: one worker, twenty tenants side by side, seven collectors each, without pacing. The pages are
the list of scans and the campaign's own, asked for all the time. `python -m bench --only fleet`.
""",
    "product": """
The overhead holds the start of seven collector processes, every dataset stored compressed, one
transaction a verdict, and the workflow's own steps.
""",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/figures.md")
    parser.add_argument("--only", choices=sorted(_PARTS), help="one part")
    wish = parser.parse_args()
    for name, (title, measure) in _PARTS.items():
        if name == wish.only or (wish.only is None and name not in _SLOW):
            print(f"measuring: {title.lower()}", file=sys.stderr, flush=True)
            part = f"## {title}\n\n{_when()}\n\n{measure()}{_NOTES[name]}"
            print(part, flush=True)
            if wish.write:
                PAGE.write_text(_with(PAGE.read_text("utf-8"), part), "utf-8")


def _with(page: str, part: str) -> str:
    """The page, with this part in the place of the one of the same title."""
    _, *parts = page.split("\n## ")
    kept = {f"## {text.strip()}".partition("\n")[0]: f"## {text.strip()}" for text in parts}
    kept[part.partition("\n")[0]] = part.strip()
    titles = [f"## {title}" for title, _ in _PARTS.values()]
    return (
        "\n\n".join([_INTRODUCTION.strip(), *(kept[title] for title in titles if title in kept)])
        + "\n"
    )


def _when() -> str:
    cores = len(os.sched_getaffinity(0))
    machine = f"{cores} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{datetime.now(UTC):%-d %b %Y}, {machine}."


if __name__ == "__main__":
    main()
