import filecmp
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import checks  # noqa: F401
from activities.offline import judge_pack
from checks.registry import datasets
from contracts.verdict import Outcome
from demo.make_pack import PACK, differences, main, make
from evidence.packs import Pack, verify

UNREAD = {
    "1.3.5": "permission denied",
    "3.3.1": "time limit",
    "6.1.3": "throttled",
    "7.3.3": "time limit",
}


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.open(PACK)


def test_the_committed_pack_is_what_the_generator_makes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == "up to date\n"


def test_a_changed_missing_or_added_file_is_noticed(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(PACK, tmp_path / "contoso"))
    (copy / "datasets" / "graph.users.json").write_text("[]\n")
    (copy / "datasets" / "graph.domains.json").unlink()
    (copy / "datasets" / "graph.new.json").write_text("[]\n")

    assert differences(copy) == [
        "datasets/graph.domains.json",
        "datasets/graph.new.json",
        "datasets/graph.users.json",
    ]


def test_making_it_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        make(tmp_path / name)

    compared = filecmp.dircmp(tmp_path / "first" / "datasets", tmp_path / "second" / "datasets")
    assert (compared.diff_files, compared.left_only, compared.right_only) == ([], [], [])


def test_the_pack_is_valid_without_a_warning() -> None:
    assert verify(PACK).warnings == []


def test_every_dataset_of_a_check_was_recorded(pack: Pack) -> None:
    assert set(datasets()) - set(pack.recorded) == set()


def test_every_row_can_be_read_whole(pack: Pack) -> None:
    assert list(_gaps(pack)) == []


def test_every_kind_of_verdict_appears_as_in_a_real_tenant(pack: Pack) -> None:
    found = Counter(entry["verdict"] for entry in judge_pack(pack))

    assert found.total() == 130
    assert set(found) == set(Outcome)
    assert found["pass"] >= 40
    assert found["fail"] >= 35
    assert found["not_applicable"] >= 4


def test_only_what_could_not_be_read_is_an_error(pack: Pack) -> None:
    errors = {
        entry["recommendation"]: entry["reason"]
        for entry in judge_pack(pack)
        if entry["verdict"] == "error"
    }

    assert set(errors) == set(UNREAD)
    assert all(UNREAD[number] in reason for number, reason in errors.items())


def _gaps(pack: Pack) -> Iterator[str]:
    for name, dataset in datasets().items():
        for raw in pack.recorded[name].raw_rows():
            gaps = vars(dataset.read_row(raw)).get("__gaps__", {})
            yield from (f"{name}: {why}" for why in gaps.values())
