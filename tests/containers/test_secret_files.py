"""A secret that lies in a file goes where it is needed, and is shown nowhere."""

from pathlib import Path

import pytest

from assay.settings import load

SECRET = "tr0ub4dor and 3: @/?#"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql+psycopg://assay@postgres/assay")
    return tmp_path


def test_a_password_is_put_into_its_address_whatever_it_holds(folder: Path) -> None:
    from sqlalchemy import make_url

    (folder / "assay_database_password").write_text(SECRET + "\n", "utf-8")

    settings = load()

    assert make_url(settings.database_url).password == SECRET
    assert make_url(settings.database_url).host == "postgres"


def test_settings_that_are_shown_hold_no_secret(folder: Path) -> None:
    (folder / "assay_database_password").write_text("canary-1", "utf-8")
    (folder / "assay_nats_password").write_text("canary-2", "utf-8")
    (folder / "assay_admin_password").write_text("canary-3", "utf-8")
    (folder / "assay_nats_url").write_text("nats://api@nats:4222", "utf-8")

    settings = load()

    assert settings.nats_url == "nats://api:canary-2@nats:4222"
    assert "canary" not in str(settings.masked())


def test_a_variable_outweighs_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "assay_log_level").write_text("ERROR", "utf-8")
    assert load().log_level == "ERROR"

    monkeypatch.setenv("ASSAY_LOG_LEVEL", "DEBUG")

    assert load().log_level == "DEBUG"


def test_a_file_of_ours_that_is_no_setting_stops_the_start(folder: Path) -> None:
    (folder / "assay_databse_password").write_text("canary", "utf-8")
    (folder / "somebody_elses").write_text("canary", "utf-8")

    with pytest.raises(ValueError, match="assay_databse_password") as caught:
        load()

    assert "canary" not in str(caught.value)


def test_a_password_needs_an_address_with_a_user(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql+psycopg://postgres/assay")
    (folder / "assay_database_password").write_text("canary", "utf-8")

    with pytest.raises(ValueError, match="an address with a user") as caught:
        load()

    assert "canary" not in str(caught.value)


def test_a_password_that_nats_would_misread_is_refused_without_showing_it(folder: Path) -> None:
    (folder / "assay_nats_password").write_text("canary with space", "utf-8")

    with pytest.raises(ValueError, match="letters, digits") as caught:
        load()

    assert "canary" not in str(caught.value)


def test_without_a_folder_of_secrets_settings_are_read_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_SECRETS_DIR", str(folder / "not-there"))

    assert load().database_password.get_secret_value() == ""
