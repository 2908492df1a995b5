"""The scripts as text: they parse, they call what exists, and a collector only reads."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.powershell.copies import FACTS, as_text, facts_of, reference
from tests.powershell.signatures import Signature, signatures, undefined
from tests.powershell.syntax import (
    ROOT,
    Call,
    calls,
    dynamic_calls,
    errors,
    functions,
    parse,
    scripts,
    walk,
)

SCRIPTS = scripts()
PESTER = sorted((ROOT / "tests").glob("*.Tests.ps1"))
FACTS_OF: dict[str, Any] = json.loads(FACTS.read_text("utf-8"))
COMMON = set(FACTS_OF["$common"]["parameters"])
OWN: dict[str, Signature] = {
    found.name: found for path in SCRIPTS for found in signatures(parse(path.read_text("utf-8")))
}

# Run by a person: one sets up what collectors sign in with, the other starts collectors and
# posts what they say to the platform.
NOT_COLLECTORS = {"New-AssayApplication.ps1", "Start-Checks.ps1", "Callback.psm1", "Pack.psm1"}
BUILT_INS = {
    "ConvertFrom-Json",
    "ConvertTo-Json",
    "Export-ModuleMember",
    "ForEach-Object",
    "Import-Module",
    "Join-Path",
    "Out-Null",
    "Select-Object",
    "Set-StrictMode",
    "Sort-Object",
    "Start-Sleep",
    "Where-Object",
    "Write-Output",
}
READ_BY_METHOD = {"Invoke-MgGraphRequest", "Invoke-PnPSPRestMethod", "Invoke-WebRequest"}
SIGN_IN = {("Connect.psm1", "Invoke-WebRequest", "Post")}  # the token endpoint alone
FORBIDDEN = {"Write-Host", "Invoke-Expression", "Read-Host", "Write-Warning", "Add-Type"}

each = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)


def called(path: Path) -> list[Call]:
    return calls(parse(path.read_text("utf-8")))


def unknown_use(call: Call) -> list[str]:
    """What is wrong with a call, by the facts or by our own function's signature."""
    if call.name in OWN:
        return OWN[call.name].complaints(call)
    facts = FACTS_OF.get(call.name)
    if facts is None:
        return [f"{call.name} is not a known command"]
    known = set(facts["parameters"]) | COMMON
    unknown = [f"{call.name} has no -{name}" for name in call.parameters if name not in known]
    valued = [
        f"{call.name} -{name} takes no value"
        for name in set(facts.get("switches", [])) & set(call.parameters)
        if call.parameters[name] not in ("", "$true", "$false")
    ]
    return unknown + valued + _unknown_values(call, facts)


def _unknown_values(call: Call, facts: dict[str, Any]) -> list[str]:
    found = []
    for name, allowed in facts.get("values", {}).items():
        quoted = re.fullmatch(r"'([^']*)'|([A-Za-z]+)", call.parameters.get(name, ""))
        value = (quoted[1] or quoted[2]) if quoted else None
        if value is not None and value.lower() not in {item.lower() for item in allowed}:
            found.append(f"{call.name} -{name} does not take {value}")
    return found


def changing_use(script: str, call: Call) -> list[str]:
    """What in a collector would be more than reading."""
    if call.name in OWN or call.name in BUILT_INS:
        return []
    if call.name in READ_BY_METHOD:
        method = call.parameters.get("Method", "").strip("'")
        reads = method.lower() == "get" or (script, call.name, method) in SIGN_IN
        return [] if reads else [f"{call.name} with {method or 'no method'}"]
    facts = FACTS_OF.get(call.name, {})
    is_reading = re.match(r"(Get|Connect|Disconnect)-", call.name) and facts.get("read_only")
    if is_reading and facts["use"] in ("collector", "connect", "builtin"):
        return []
    return [f"{call.name} is not for a collector"]


@pytest.mark.parametrize("path", [*SCRIPTS, *PESTER], ids=lambda path: path.name)
def test_a_script_parses(path: Path) -> None:
    assert errors(parse(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "path", [*SCRIPTS, *PESTER, ROOT / "PSScriptAnalyzerSettings.psd1"], ids=lambda p: p.name
)
def test_a_script_is_ascii_with_line_feeds_and_no_blank_ends(path: Path) -> None:
    data = path.read_bytes()

    assert data.isascii()
    assert b"\r" not in data
    assert b"\t" not in data
    assert data.endswith(b"\n")
    assert [line for line in data.splitlines() if line != line.rstrip()] == []


@each
def test_strict_mode_and_stopping_at_errors_are_set(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()

    assert "Set-StrictMode -Version Latest" in lines
    assert "$ErrorActionPreference = 'Stop'" in lines


@each
def test_every_command_and_parameter_exists(path: Path) -> None:
    assert [(call.line, said) for call in called(path) for said in unknown_use(call)] == []


@each
def test_every_splatted_table_can_be_read(path: Path) -> None:
    assert [(call.line, call.splats) for call in called(path) if call.splats] == []


@each
def test_a_function_reads_no_variable_that_it_does_not_set(path: Path) -> None:
    root = parse(path.read_text("utf-8"))
    found = {
        next(iter(functions(node))): names
        for node in walk(root)
        if node.type == "function_statement" and (names := undefined(node))
    }

    assert found == {}


@pytest.mark.parametrize(
    "path", [p for p in SCRIPTS if p.name not in NOT_COLLECTORS], ids=lambda path: path.name
)
def test_a_collector_only_reads(path: Path) -> None:
    found = [said for call in called(path) for said in changing_use(path.name, call)]

    assert found == []


@each
def test_nothing_is_run_that_was_put_together(path: Path) -> None:
    """Only our own files and the script blocks of our own tables are called by expression."""
    allowed = re.compile(
        r"\(Join-Path -Path \$PSScriptRoot .*\)|\$Entry\['Read'\]|\$Change\[\$name\]|\$Read"
    )
    text = path.read_text("utf-8")

    assert [found for found in dynamic_calls(parse(text)) if not allowed.fullmatch(found)] == []
    assert not FORBIDDEN & {call.name for call in called(path)}
    assert not re.search(r"-Command\b(?!\s+')", _without_own_calls(text), re.IGNORECASE)
    assert "[scriptblock]::Create" not in text


def _without_own_calls(text: str) -> str:
    """`Invoke-Worker -Command 'Name'` names one of our own functions."""
    return re.sub(r"Invoke-Worker (?:-Command '|-Parameter )", "", text)


@each
def test_a_script_never_names_the_pipeline_variable(path: Path) -> None:
    """With it `pwsh -File` would read stdin itself, and take the request away from us."""
    assert "$input" not in path.read_text("utf-8").lower()


@each
def test_only_one_function_writes_to_stdout(path: Path) -> None:
    text = path.read_text("utf-8")
    writers = re.findall(r"OpenStandardOutput|\[Console\]::(?:Out\.|Write)", text)

    assert len(writers) == (1 if path.name == "Protocol.psm1" else 0)


@each
def test_secrets_are_neither_arguments_nor_environment(path: Path) -> None:
    text = path.read_text("utf-8")
    names = set(re.findall(r"\$env:(\w+)", text, re.IGNORECASE))

    assert names <= {"PNPPOWERSHELL_UPDATECHECK", "PNPPOWERSHELL_DISABLETELEMETRY"}
    assert "SetEnvironmentVariable" not in text
    assert "AsPlainText" not in text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Set-Mailbox -Identity 'x' -AuditEnabled $false", "Set-Mailbox is not for a collector"),
        ("Invoke-MgGraphRequest -Method POST -Uri $u", "Invoke-MgGraphRequest with POST"),
        ("Invoke-MgGraphRequest -Uri $u", "Invoke-MgGraphRequest with no method"),
        ("$o = @{ Method = 'Delete' }\nInvoke-WebRequest -Uri $u @o", "Invoke-WebRequest with "),
        ("Get-M365UnifiedTenantSettings", "Get-M365UnifiedTenantSettings is not for a collector"),
        ("Remove-Item -Path $p", "Remove-Item is not for a collector"),
    ],
)
def test_a_planted_change_is_found(source: str, expected: str) -> None:
    found = [said for call in calls(parse(source)) for said in changing_use("Graph.ps1", call)]

    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Get-AcceptedDomain -Everything", "Get-AcceptedDomain has no -Everything"),
        ("$o = @{ Everyting = 1 }\nGet-User @o", "Get-User has no -Everyting"),
        ("Get-Domain", "Get-Domain is not a known command"),
        ("gcm Get-User", "gcm is not a known command"),
        ("Get-User -IsVIP 'yes'", "Get-User -IsVIP takes no value"),
        (
            "Get-UnifiedGroupLinks -Identity $g -LinkType Guests",
            "Get-UnifiedGroupLinks -LinkType does not take Guests",
        ),
        ("Send-Log -Mesage 'x' -Message 'y'", "Send-Log has no -mesage"),
        ("Send-Log", "Send-Log wants -message"),
        ("Send-Log -Message 'x' 'y'", "Send-Log is given a value without a name"),
    ],
)
def test_a_planted_mistake_is_found(source: str, expected: str) -> None:
    assert [said for call in calls(parse(source)) for said in unknown_use(call)] == [expected]


def test_a_planted_error_node_is_found() -> None:
    assert errors(parse("function Get-X {\n    if ($a {\n}\n")) != []


def test_a_planted_unset_variable_is_found() -> None:
    root = parse("function Get-X {\n    param([string] $A)\n    $b = $A\n    $b + $c\n}\n")

    assert undefined(next(node for node in walk(root) if node.type == "function_statement")) == {
        "c"
    }


def test_a_splat_that_is_no_literal_is_found() -> None:
    assert calls(parse("$o = Get-Option\nGet-User @o"))[-1].splats == ("o",)


@pytest.mark.skipif(reference("cmdlets.json") is None, reason="the reference is not beside us")
def test_the_copy_of_the_facts_is_up_to_date() -> None:
    accepted = FACTS.read_text("utf-8")

    assert as_text(facts_of(reference("cmdlets.json"))) == accepted, (
        "python -m tests.powershell.copies"
    )


def test_a_script_stays_small() -> None:
    sizes = {path.name: len(path.read_text("utf-8").splitlines()) for path in SCRIPTS}
    long = {
        f"{path.name}:{next(iter(functions(node)))}"
        for path in SCRIPTS
        for node in walk(parse(path.read_text("utf-8")))
        if node.type == "function_statement" and _lines(node) > 45
    }

    assert {name: lines for name, lines in sizes.items() if lines > 400} == {}
    assert long == {"Cloud.psm1:Get-Cloud"}  # a table


def _lines(node: Any) -> int:
    return int(node.end_point[0] - node.start_point[0] + 1)
