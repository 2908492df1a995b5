"""What a run of the matrix came to, as tables: `python -m tests.faults.harness.report XML FIGURES`.

XML is pytest's `--junitxml`, FIGURES the lines that the worlds wrote (FAULTS_FIGURES).
"""

import json
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

_ROW = re.compile(r"(?<![a-z0-9])([fgi]\d\d)(?![0-9])")
_SEED = re.compile(r"\[(\d+)")


def rows(xml: Path) -> dict[str, list[tuple[int, str, float]]]:
    """Seed, outcome and seconds of every try, by row of the matrix."""
    found = defaultdict(list)
    for case in ElementTree.parse(xml).iter("testcase"):
        name = case.get("name", "")
        outcome = "failed" if {child.tag for child in case} & {"failure", "error"} else "held"
        seed = _SEED.search(name)
        for row in _rows_of(name):
            found[row].append((int(seed[1]) if seed else 0, outcome, float(case.get("time", 0))))
    return dict(sorted(found.items()))


def _rows_of(name: str) -> list[str]:
    """A parameter that names its row belongs to that one alone."""
    words, _, parameters = name.partition("[")
    own = _ROW.findall(parameters.replace("-", " "))
    return list(dict.fromkeys(own or _ROW.findall(words.replace("_", " "))))


def rows_table(xml: Path) -> Iterable[str]:
    yield "| row | tries | seeds | held | seconds |"
    yield "| --- | --- | --- | --- | --- |"
    for row, tries in rows(xml).items():
        seeds = {seed for seed, _, _ in tries}
        held = sum(outcome == "held" for _, outcome, _ in tries)
        span = f"{min(seeds)}" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}"
        slowest = max(seconds for _, _, seconds in tries)
        yield f"| {row.upper()} | {len(tries)} | {span} | {held} | {slowest:.0f} |"


def figures_table(file: Path) -> Iterable[str]:
    found = defaultdict(list)
    for line in file.read_text("utf-8").splitlines():
        entry = json.loads(line)
        found[entry["what"]].append(entry["figure"])
    yield "| figure | measured | smallest | median | largest |"
    yield "| --- | --- | --- | --- | --- |"
    for what, values in sorted(found.items()):
        middle = statistics.median(values)
        yield f"| {what} | {len(values)} | {min(values):g} | {middle:g} | {max(values):g} |"


def main(arguments: list[str]) -> int:
    xml, figures = map(Path, arguments)
    for line in (*rows_table(xml), "", *figures_table(figures)):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
