"""`python -m tests.powershell.copies` writes the two files that are made from others:
facts.json from the reference of cmdlets, checks.json of the scripts from the catalogue."""

import json
from pathlib import Path
from typing import Any

import checks  # noqa: F401  (fills the registry)
from checks.catalogue import benchmark
from checks.permissions import reads_of
from tests.powershell.syntax import ROOT, calls, functions, parse, scripts

REFERENCE = ROOT.parents[1] / "shared" / "reference"
FACTS = Path(__file__).with_name("facts.json")
CHECKS = ROOT / "checks.json"
_KEPT = ("module", "session", "use", "read_only", "parameters", "switches", "values", "newer")


def reference(name: str) -> Any:
    path = REFERENCE / name
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def used_commands() -> set[str]:
    roots = [parse(path.read_text("utf-8")) for path in scripts()]
    own = set().union(*(functions(root) for root in roots))
    return {call.name for root in roots for call in calls(root)} - own


def facts_of(cmdlets: dict[str, Any]) -> dict[str, Any]:
    """Of the commands that our scripts use, what their use can be held against."""
    found = {"$common": {"parameters": cmdlets["$common"]["parameters"]}}
    for name in sorted(used_commands() & set(cmdlets)):
        known = {key: cmdlets[name][key] for key in _KEPT if cmdlets[name].get(key)}
        found[name] = {"parameters": []} | known
    return found


def checks_for_scripts() -> dict[str, Any]:
    """By recommendation: its level, and the datasets that PowerShell reads for it."""
    listed = sorted(benchmark().recommendations, key=lambda item: item.sort_key)
    return {
        item.public_id: {
            "level": item.level,
            "datasets": sorted(
                name for name in reads_of(item.check) if not name.startswith("dns.")
            ),
        }
        for item in listed
    }


def as_text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    CHECKS.write_text(as_text(checks_for_scripts()), "utf-8")
    cmdlets = reference("cmdlets.json")
    if cmdlets is not None:
        FACTS.write_text(as_text(facts_of(cmdlets)), "utf-8")


if __name__ == "__main__":
    main()
