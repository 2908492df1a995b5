import logging
from pathlib import Path

import pytest

from activities.offline import judge_pack
from checks.catalogue import benchmark
from checks.registry import CHECKS
from contracts.scan import Profile
from evidence.packs import Pack
from tests.packs.small import write_small_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return Pack.open(write_small_pack(tmp_path_factory.mktemp("packs") / "small"))


def test_all_recommendations_are_judged_in_the_benchmarks_order(pack: Pack) -> None:
    numbers = [entry["recommendation"] for entry in judge_pack(pack)]

    assert len(numbers) == len(set(numbers)) == 130
    assert numbers[:3] == ["1.1.1", "1.1.2", "1.1.3"]
    assert numbers.index("2.1.9") < numbers.index("2.1.10")


@pytest.mark.parametrize("profile", ["E3-L1", "E5-L2"])
def test_a_profile_selects_its_recommendations(profile: str, pack: Pack) -> None:
    chosen = Profile.parse(profile)

    numbers = [entry["recommendation"] for entry in judge_pack(pack, chosen)]

    assert numbers == [item.id for item in benchmark().select(chosen)]
    assert 0 < len(numbers) <= 130


def test_a_verdict_is_plain_data(pack: Pack) -> None:
    entry = next(item for item in judge_pack(pack) if item["recommendation"] == "2.1.14")

    assert entry == {
        "recommendation": "2.1.14",
        "check": "anti_spam_no_allowed_domains",
        "verdict": "error",
        "reason": "exchange.hosted_content_filter_policies: the read failed (not recorded)",
        "affected": [],
    }


def test_what_is_not_automated_is_left_to_a_person(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(CHECKS, "anti_spam_no_allowed_domains")

    entry = next(item for item in judge_pack(pack) if item["recommendation"] == "2.1.14")

    assert (entry["verdict"], entry["reason"]) == ("manual", "not automated yet")


def test_only_a_complete_read_can_pass(pack: Pack, caplog: pytest.LogCaptureFixture) -> None:
    """Of all it lacks, the small pack knows for sure that there are no groups."""
    with caplog.at_level(logging.ERROR):
        passed = {entry["check"] for entry in judge_pack(pack) if entry["verdict"] == "pass"}

    assert passed <= {"m365_groups_not_public"}
    assert caplog.records == []


def test_judging_twice_gives_the_same(pack: Pack) -> None:
    assert judge_pack(pack) == judge_pack(pack)


def test_a_pack_in_another_place_is_judged_the_same(pack: Pack, tmp_path: Path) -> None:
    assert judge_pack(Pack.open(write_small_pack(tmp_path / "elsewhere"))) == judge_pack(pack)
