"""The tables of the services: every dataset once, read as the reference says, nothing left out."""

import re
from typing import Any

import pytest
from tree_sitter import Node

import checks  # noqa: F401  (fills the registry)
from checks.registry import datasets
from tests.powershell.copies import reference
from tests.powershell.syntax import ROOT, calls, entry_nodes, strings, table, text, walk

SERVICES = ("Exchange", "Fabric", "Graph", "Purview", "SharePoint", "Teams")
TABLES: dict[str, dict[str, Node]] = {
    name: table(ROOT / "Services" / f"{name}.ps1") for name in SERVICES
}
ENTRIES: dict[str, dict[str, Node]] = {
    key: entry_nodes(next(n for n in walk(node) if n.type == "hash_literal_expression"))
    for entries in TABLES.values()
    for key, node in entries.items()
}
READ_HERE = {key: model for key, model in datasets().items() if model.service() != "dns"}
REFERENCE: dict[str, dict[str, Any]] = {
    item["dataset"]: item for item in reference("datasets.json") or []
}
REST: dict[str, dict[str, Any]] = {
    item["dataset"]: item for item in reference("graph.json") or [] if item["dataset"]
}

each = pytest.mark.parametrize("key", sorted(ENTRIES))
present = pytest.mark.skipif(not REFERENCE, reason="the reference is not beside us")


def kept(key: str) -> set[str]:
    return {name.lower() for name in strings(ENTRIES[key]["Select"])}


def test_every_dataset_of_the_checks_is_read_and_no_other() -> None:
    assert sorted(ENTRIES) == sorted(READ_HERE)


@present
def test_every_dataset_of_the_reference_is_read_and_no_other() -> None:
    assert sorted(ENTRIES) == sorted(key for key in REFERENCE if not key.startswith("dns."))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_its_own_datasets(name: str) -> None:
    assert {key.partition(".")[0] for key in TABLES[name]} == {name.lower()}


@each
def test_every_property_of_the_model_is_kept(key: str) -> None:
    assert [name for name in READ_HERE[key].select() if name.lower() not in kept(key)] == []


@each
def test_every_required_field_of_the_model_is_kept(key: str) -> None:
    fields = READ_HERE[key].model_fields.items()
    required = {(field.alias or name).lower() for name, field in fields if field.is_required()}

    assert required - kept(key) == set()


@each
def test_what_an_address_selects_holds_every_required_field(key: str) -> None:
    if "Get" not in ENTRIES[key] or "$select=" not in text(ENTRIES[key]["Get"]):
        return
    address = strings(ENTRIES[key]["Get"])[0]
    if key == "graph.device_management_settings":
        return
    selected = set(re.split(r"[,&]", address.partition("$select=")[2].lower()))
    fields = READ_HERE[key].model_fields.items()

    assert {
        (field.alias or name).lower() for name, field in fields if field.is_required()
    } - selected == set()


@each
def test_a_read_has_the_time_that_its_model_allows(key: str) -> None:
    stated = ENTRIES[key].get("TimeLimit")

    assert (int(text(stated)) if stated else 300) == READ_HERE[key].time_limit_s


@each
def test_a_read_starts_from_the_datasets_that_its_model_names(key: str) -> None:
    stated = strings(ENTRIES[key]["DependsOn"]) if "DependsOn" in ENTRIES[key] else []

    assert sorted(stated) == sorted(READ_HERE[key].depends_on)


@each
def test_an_entry_says_how_it_is_read_and_nothing_unknown(key: str) -> None:
    known = {
        "Change",
        "Commands",
        "DependsOn",
        "Fallback",
        "Get",
        "Headers",
        "List",
        "Match",
        "Read",
        "Refusal",
        "Select",
        "Shown",
        "Single",
        "TimeLimit",
        "Unlicensed",
        "Unwrap",
    }

    assert set(ENTRIES[key]) <= known
    assert len({"Get", "Read", "Refusal"} & set(ENTRIES[key])) == 1


@present
@each
def test_an_address_is_the_one_of_the_reference(key: str) -> None:
    if "Get" not in ENTRIES[key]:
        return
    rest = REST[key]
    path = re.sub(r"^https://[^/]+", "", rest["path"])

    assert strings(ENTRIES[key]["Get"]) == [path]
    fallback = strings(ENTRIES[key]["Fallback"]) if "Fallback" in ENTRIES[key] else []
    assert set(rest.get("fallback", [])) <= set(fallback)


@present
@each
def test_a_cmdlet_is_the_one_of_the_reference(key: str) -> None:
    """By name and parameters, `-ErrorAction Stop` apart, which every read adds."""
    if "Read" not in ENTRIES[key] or "DependsOn" in ENTRIES[key]:
        return
    [call] = [call for call in calls(ENTRIES[key]["Read"]) if call.name.startswith("Get-")][:1]
    name, _, rest = REFERENCE[key]["read"].partition(" ")
    expected = set(re.findall(r"-(\w+)", re.sub(r"""'[^']*'|"[^"]*\"""", "", rest)))

    assert call.name == name
    assert {given for given in call.parameters if given != "ErrorAction"} == expected
    assert call.parameters["ErrorAction"].strip("'") == "Stop"


@each
def test_a_cmdlet_that_pages_by_size_is_read_to_its_end(key: str) -> None:
    paged = {"Get-AcceptedDomain", "Get-EXOMailbox", "Get-MailboxAuditBypassAssociation"}
    paged |= {"Get-TransportRule", "Get-User"}
    found = calls(ENTRIES[key].get("Read", ENTRIES[key]["Select"]))

    assert [
        call.name
        for call in found
        if call.name in paged and call.parameters.get("ResultSize") != "Unlimited"
    ] == []
