"""Modules other than the pinned ones are found before a tenant is read, and explained."""

from pathlib import Path

import pytest

from assay import wiring
from assay.modules import ModulesConflict, Pin, conflicts, module_folders, pins, would_load
from assay.settings import Settings

_PIN = Pin("MicrosoftTeams", "7.6.0", ("teams",))
_ALL = ("graph", "exchange", "purview", "sharepoint", "teams", "fabric", "dns")


def _save(
    folder: Path, name: str, version: str, *, says: str = "", encoding: str = "utf-8"
) -> Path:
    manifest = folder / name / version / f"{name}.psd1"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(f"@{{\n    ModuleVersion = '{says or version}'\n}}\n", encoding)
    return folder


def test_the_pinned_version_is_no_conflict(tmp_path: Path) -> None:
    _save(tmp_path, "MicrosoftTeams", "7.6.0")

    assert conflicts([_PIN], [tmp_path], _ALL) == []


def test_a_module_that_is_not_there_is_named_with_what_cannot_be_read(tmp_path: Path) -> None:
    (sentence,) = conflicts([_PIN], [tmp_path], _ALL)

    assert "MicrosoftTeams 7.6.0 is pinned and not installed: teams cannot be read" in sentence
    assert str(tmp_path) in sentence


def test_another_version_is_named_with_its_folder(tmp_path: Path) -> None:
    _save(tmp_path, "MicrosoftTeams", "7.1.0")

    (sentence,) = conflicts([_PIN], [tmp_path], _ALL)

    assert f"would load 7.1.0 from {tmp_path}" in sentence
    assert "Replace it by 7.6.0" in sentence


def test_a_folder_that_comes_first_hides_the_pinned_version(tmp_path: Path) -> None:
    own = _save(tmp_path / "own", "MicrosoftTeams", "6.0.0")
    shared = _save(tmp_path / "shared", "MicrosoftTeams", "7.6.0")

    (sentence,) = conflicts([_PIN], [own, shared], _ALL)

    assert f"It stands before 7.6.0 in {shared}: remove it" in sentence


def test_of_two_versions_in_one_folder_the_higher_number_is_loaded(tmp_path: Path) -> None:
    _save(tmp_path, "MicrosoftTeams", "7.6.0")
    _save(tmp_path, "MicrosoftTeams", "7.10.0")

    found = would_load("MicrosoftTeams", [tmp_path])

    assert found is not None
    assert found.version == "7.10.0"


def test_a_folder_whose_manifest_says_another_version_does_not_count(tmp_path: Path) -> None:
    _save(tmp_path, "MicrosoftTeams", "7.6.0", says="7.5.0")

    assert would_load("MicrosoftTeams", [tmp_path]) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_manifest_is_read_in_the_encodings_of_windows(tmp_path: Path, encoding: str) -> None:
    _save(tmp_path, "MicrosoftTeams", "7.6.0", encoding=encoding)

    assert conflicts([_PIN], [tmp_path], _ALL) == []


def test_a_module_without_a_folder_of_its_version_is_found(tmp_path: Path) -> None:
    manifest = tmp_path / "MicrosoftTeams" / "MicrosoftTeams.psd1"
    manifest.parent.mkdir()
    manifest.write_text("@{ \nModuleVersion='7.6.0' }", "utf-8")

    assert conflicts([_PIN], [tmp_path], _ALL) == []


def test_services_that_are_not_served_need_no_module(tmp_path: Path) -> None:
    assert conflicts(pins(wiring.ROOT), [tmp_path], ["dns", "fabric"]) == []


def test_without_powershell_there_is_no_folder(tmp_path: Path) -> None:
    assert module_folders({"PATH": str(tmp_path)}) == []


@pytest.fixture
def with_powershell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "opt" / "pwsh"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "opt" / "Modules"


def test_a_worker_that_must_match_does_not_start_with_other_modules(with_powershell: Path) -> None:
    with pytest.raises(ModulesConflict, match=r"MicrosoftTeams [0-9.]+ is pinned"):
        wiring.check_modules(Settings(modules_must_match=True))


def test_a_worker_whose_modules_are_the_pinned_ones_starts(with_powershell: Path) -> None:
    for pin in pins(wiring.ROOT):
        _save(with_powershell, pin.name, pin.version)

    wiring.check_modules(Settings(modules_must_match=True))


def test_a_worker_that_must_match_does_not_start_without_powershell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ModulesConflict, match="not installed"):
        wiring.check_modules(Settings(modules_must_match=True))


def test_other_modules_are_a_warning_where_they_are_allowed(
    with_powershell: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _save(with_powershell, "PnP.PowerShell", "2.0.0")

    wiring.check_modules(Settings())

    said = [vars(record).get("why", "") for record in caplog.records]
    assert any("would load 2.0.0" in sentence for sentence in said)
