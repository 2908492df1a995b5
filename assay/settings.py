"""Every knob, typed, from `ASSAY_…` variables. The only place that reads the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.names import SERVICES

PREFIX = "ASSAY_"
_FOR_CHILDREN = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "NO_PROXY",
)


class Settings(BaseSettings):
    """Defaults are those of one machine. Temporal's address and TLS come from Temporal's own
    variables (`TEMPORAL_ADDRESS`, …)."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", secrets_dir=None
    )

    data_dir: Path = Path("var")
    database_url: str = ""  # empty: SQLite in data_dir
    nats_url: str = "nats://127.0.0.1:4222"
    temporal_web_url: str = "http://127.0.0.1:8233"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = ""  # empty: http://host:port
    allowed_origins: list[str] = Field(default_factory=list)
    max_upload_mb: int = Field(default=64, ge=1)
    services: list[str] = Field(default_factory=lambda: list(SERVICES))  # what a worker serves
    max_batches: int = Field(default=8, ge=1)  # collectors side by side on one worker
    collector_failures: int = Field(default=3, ge=1)
    dataset_limit_s: float = Field(default=3600, gt=0)
    sign_in_limit_s: float = Field(default=180, gt=0)
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    url: str = ""  # of the service that commands talk to; empty: public_url
    token_file: Path | None = None  # of the commands; absent: data_dir/token

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        changes = {
            "database_url": self.database_url
            or f"sqlite+aiosqlite:///{(self.data_dir / 'assay.db').absolute()}",
            "public_url": self.public_url.rstrip("/") or f"http://{self.host}:{self.port}",
            "token_file": self.token_file or self.data_dir / "token",
        }
        changes["url"] = self.url.rstrip("/") or changes["public_url"]
        for name, value in changes.items():
            object.__setattr__(self, name, value)
        unknown = sorted(set(self.services) - set(SERVICES))
        if unknown:
            raise ValueError(f"no such service: {', '.join(unknown)}")
        return self

    def at_port(self, port: int) -> "Settings":
        own = f"http://{self.host}:{self.port}"
        there = f"http://{self.host}:{port}"
        changes: dict[str, object] = {"port": port}
        changes |= {name: there for name in ("public_url", "url") if getattr(self, name) == own}
        return self.model_copy(update=changes)

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load() -> Settings:
    """Raises ValueError on a variable that has our prefix and no meaning: a typing error must not
    pass for a default."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise ValueError(f"There is no setting {', '.join(unknown)}.")
    return Settings()


def child_environment() -> Mapping[str, str]:
    """All that a collector gets to see of ours."""
    return {name: os.environ[name] for name in _FOR_CHILDREN if name in os.environ}


def whole_environment() -> dict[str, str]:
    """For processes of our own, which read their settings from it."""
    return dict(os.environ)
