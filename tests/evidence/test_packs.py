import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.collector import DatasetStatus
from contracts.errors import PackInvalid
from evidence import pack_files
from evidence.dataset import EvidenceMissing
from evidence.entra import User
from evidence.licences import SubscribedSku
from evidence.packs import DatasetToWrite, Pack, known_datasets, verify, write_pack
from tests.packs.small import CAPTURED_AT, TENANT, USERS, write_small_pack


def change(pack: Path, edit: Callable[[Any], object]) -> None:
    raw = json.loads((pack / "pack.json").read_text("utf-8"))
    edit(raw)
    (pack / "pack.json").write_text(json.dumps(raw), "utf-8")


def users(pack: Path) -> Path:
    return pack / "datasets" / "graph.users.json"


def test_a_pack_reports_what_it_holds(pack: Path) -> None:
    report = verify(pack)

    assert (report.name, report.tenant, report.captured_at) == ("small", TENANT, CAPTURED_AT)
    assert {line.name: (line.status, line.rows) for line in report.datasets} == {
        "exchange.transport_rules": ("ok", 1),
        "graph.domains": ("partial", 1),
        "graph.forms_settings": ("denied", 0),
        "graph.groups": ("ok", 0),
        "graph.organization": ("ok", 1),
        "graph.subscribed_skus": ("throttled", 0),
        "graph.users": ("ok", 1200),
    }


def test_a_pack_becomes_evidence_with_its_gaps(pack: Path) -> None:
    evidence = Pack.open(pack).evidence()

    assert evidence.captured_at == CAPTURED_AT
    assert [user.id for user in evidence.each(User)] == [row["id"] for row in USERS]
    assert len(evidence.recorded["graph.users"].chunks) == 3
    assert evidence.recorded["graph.domains"].status is DatasetStatus.PARTIAL
    with pytest.raises(EvidenceMissing, match="throttled by Microsoft"):
        evidence.all(SubscribedSku)
    with pytest.raises(EvidenceMissing, match="not recorded"):
        Pack.open(write_small(pack.parent / "empty")).evidence().all(User)


def test_parameters_of_a_pack_are_understood_and_unknown_names_are_a_warning(
    tmp_path: Path,
) -> None:
    parameters = {"exclusion_allowance": 2, "favourite_colour": "blue"}

    pack = Pack.open(write_small_pack(tmp_path / "small", parameters=parameters))

    assert pack.evidence().parameter("exclusion_allowance") == 2
    assert "unknown parameter favourite_colour" in pack.report().warnings


def test_an_unknown_dataset_is_a_warning(tmp_path: Path) -> None:
    pack = write_small(tmp_path / "odd", DatasetToWrite("graph.horoscopes", [{"id": "1"}]))

    assert verify(pack).warnings == ["there is no dataset graph.horoscopes"]


def test_every_dataset_of_a_check_is_known() -> None:
    import checks  # noqa: F401
    from checks.registry import datasets

    assert set(datasets()) - known_datasets() == set()


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_small_pack(tmp_path / name) for name in ("first", "second"))

    files = sorted(path.relative_to(first) for path in first.rglob("*.json"))
    assert [(first / file).read_bytes() for file in files] == [
        (second / file).read_bytes() for file in files
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_writing_again_replaces_the_pack(pack: Path) -> None:
    write_small(pack, DatasetToWrite("graph.users", [{"id": "1"}]))

    assert [(line.name, line.rows) for line in verify(pack).datasets] == [("graph.users", 1)]


def test_a_failed_writing_leaves_the_old_pack(pack: Path) -> None:
    before = verify(pack)

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_small(pack, DatasetToWrite("graph.users", [{"id": float("nan")}]))

    assert verify(pack) == before
    assert [path.name for path in pack.parent.iterdir()] == ["small"]


def test_a_folder_that_is_no_pack_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()

    with pytest.raises(PackInvalid, match="is not a pack"):
        write_small(tmp_path / "letters")


def test_a_name_that_leads_out_of_the_pack_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid, match="not the name of a dataset"):
        write_small(tmp_path / "pack", DatasetToWrite("../graph.users", [{"id": "1"}]))

    assert list(tmp_path.iterdir()) == []


def _broken(pack: Path) -> dict[str, tuple[str, str, Callable[[], object]]]:
    """What is broken → the file named, part of the reason, and how to break it."""
    manifest, file = "pack.json", "datasets/graph.users.json"

    def entry(**members: Any) -> Callable[[], object]:
        return lambda: change(pack, lambda raw: raw["datasets"]["graph.users"].update(members))

    def top(**members: Any) -> Callable[[], object]:
        return lambda: change(pack, lambda raw: raw.update(members))

    def text(content: str) -> Callable[[], object]:
        return lambda: users(pack).write_text(content, "utf-8")

    def linked() -> None:
        target = users(pack).rename(pack.parent / "outside.json")
        users(pack).symlink_to(target)

    def linked_folder() -> None:
        target = (pack / "datasets").rename(pack.parent / "outside")
        (pack / "datasets").symlink_to(target)

    def named(name: str) -> Callable[[], object]:
        return lambda: change(
            pack, lambda raw: raw["datasets"].update({name: {"status": "ok", "rows": 0}})
        )

    exclusion = {"exclusion_register": [{"kind": "planet"}]}
    return {
        "no manifest": (manifest, "is missing", (pack / manifest).unlink),
        "manifest is text": (
            manifest,
            "not valid JSON",
            lambda: (pack / manifest).write_text("hello"),
        ),
        "manifest is a list": (
            manifest,
            "not a JSON object",
            lambda: (pack / manifest).write_text("[]"),
        ),
        "a key twice": (
            manifest,
            "the same key twice",
            lambda: (pack / manifest).write_text('{"format":1,"format":1}'),
        ),
        "another format": (manifest, "format 2 is not 1", top(format=2)),
        "no format": (manifest, "format None", lambda: change(pack, lambda raw: raw.pop("format"))),
        "format is true": (manifest, "format True", top(format=True)),
        "no tenant": (manifest, "tenant is missing", top(tenant=None)),
        "tenant is text": (manifest, "not of the type object", top(tenant="Contoso")),
        "tenant id is a name": (
            manifest,
            "not a GUID",
            top(tenant={"tenant_id": "x", "name": "n", "domain": "d"}),
        ),
        "no moment": (manifest, "not a date and time", top(captured_at="yesterday")),
        "unknown status": (manifest, "unknown status 'fine'", entry(status="fine")),
        "unknown kind": (manifest, "unknown kind of error", entry(error={"kind": "tired"})),
        "retry in words": (
            manifest,
            "not a number of seconds",
            entry(error={"kind": "throttled", "retry_after_s": "soon"}),
        ),
        "no count": (manifest, "rows is missing", entry(rows=None)),
        "count is text": (manifest, "not of the type whole number", entry(rows="1200")),
        "negative count": (manifest, "-1 rows cannot be", entry(rows=-1)),
        "denied with rows": (manifest, "1200 rows cannot be", entry(status="denied")),
        "denied with a file": (file, "has no rows in pack.json", entry(status="denied", rows=0)),
        "wrong count": (file, "1200 rows where pack.json says 1199", entry(rows=1199)),
        "parameters are a list": (manifest, "not of the type object", top(parameters=[])),
        "unreadable parameters": (manifest, "exclusion_register.0.kind", top(parameters=exclusion)),
        "no file": (file, "is missing", users(pack).unlink),
        "file without entry": (
            "datasets/graph.extra.json",
            "has no rows in pack.json",
            lambda: (pack / "datasets" / "graph.extra.json").write_text("[]"),
        ),
        "rows are an object": (file, "not an array of rows", text('{"id": "1"}')),
        "a row is text": (file, "row 2 is not an object", text('[{"id": "1"}, "2"]')),
        "array is cut": (file, "cut or broken", text('[{"id": "1"}')),
        "row is cut": (file, "after 1 rows: not valid JSON", text('[{"id": "1"}, {"id": ')),
        "more after the array": (file, "more text after", text("[] []")),
        "more after the rows": (file, "more text after", text('[{"id": "1"}]]')),
        "a comma too many": (file, "not valid JSON", text('[{"id": "1"},]')),
        "not a number": (file, "NaN is not a JSON number", text('[{"id": NaN}]')),
        "a key of a row twice": (file, "the same key twice", text('[{"id": "1", "id": "2"}]')),
        "deep nesting": (file, "nested", text('[{"id": ' + "[" * 100 + "]" * 100 + "}]")),
        "very deep nesting": (file, "nested", text('[{"id": ' + "[" * 99_999)),
        "not UTF-8": (file, "not UTF-8", lambda: users(pack).write_bytes(b'[{"id": "\xff"}]')),
        "a link": (file, "symbolic link", linked),
        "a linked folder": ("datasets", "symbolic link", linked_folder),
        "a name with a path": (manifest, "not the name", named("../../etc/passwd")),
        "a name with a slash": (manifest, "not the name", named("graph.a/b")),
        "an absolute name": (manifest, "not the name", named("/etc/graph.users")),
    }


CASES = sorted(_broken(Path("x")))


@pytest.mark.parametrize("case", CASES)
def test_a_malformed_pack_is_refused_with_file_and_reason(case: str, pack: Path) -> None:
    file, why, break_it = _broken(pack)[case]
    break_it()

    with pytest.raises(PackInvalid) as refused:
        Pack.open(pack)

    assert refused.value.file == file
    assert why in str(refused.value)


def test_a_pack_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid, match="is not a folder"):
        Pack.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("limit", "value", "file"),
    [
        ("MAX_FILE_BYTES", 1000, "datasets/graph.users.json"),
        ("MAX_PACK_BYTES", 1000, "datasets"),
        ("MAX_MANIFEST_BYTES", 100, "pack.json"),
        ("MAX_DATASETS", 3, "pack.json"),
    ],
)
def test_a_pack_that_is_too_large_is_refused(
    limit: str, value: int, file: str, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_files, limit, value)

    with pytest.raises(PackInvalid, match=r"larger than|more than") as refused:
        Pack.open(pack)

    assert refused.value.file == file


def write_small(folder: Path, *datasets: DatasetToWrite) -> Path:
    write_pack(folder, name="odd", tenant=TENANT, captured_at=CAPTURED_AT, datasets=datasets)
    return folder
