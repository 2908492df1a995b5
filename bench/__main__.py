"""`python -m bench`: measures and prints; `--write` also puts the figures into docs/figures.md."""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from assay.wiring import ROOT
from bench import evaluation, figures, live, product

PAGE = ROOT / "docs" / "figures.md"
_INTRODUCTION = """# Figures

Written by `python -m bench --write` on {date}: {machine}.
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
}
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
    "product": """
The overhead holds the start of seven collector processes, every dataset stored compressed, one
transaction a verdict, and the workflow's own steps.
""",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/figures.md")
    parser.add_argument("--only", choices=sorted(_PARTS), help="one part; never written")
    wish = parser.parse_args()
    parts = []
    for name, (title, measure) in _PARTS.items():
        if wish.only in (None, name):
            print(f"measuring: {title.lower()}", file=sys.stderr, flush=True)
            part = f"## {title}\n\n{measure()}{_NOTES[name]}"
            print(part, flush=True)
            parts.append(part)
    if wish.write and wish.only is None:
        PAGE.write_text("\n".join([_introduction(), *parts]), "utf-8")


def _introduction() -> str:
    cores = len(os.sched_getaffinity(0))
    machine = f"{cores} cores, {platform.system()}, Python {platform.python_version()}"
    return _INTRODUCTION.format(date=f"{datetime.now(UTC):%-d %b %Y}", machine=machine)


if __name__ == "__main__":
    main()
