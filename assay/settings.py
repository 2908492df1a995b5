"""Every knob, typed, from `ASSAY_…` variables. The only place that reads the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.names import SERVICES

PREFIX = "ASSAY_"
_SIGN_IN = re.compile(r"://\S*@")
_SECRET = ("password", "secret", "token", "key")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
_SECRETS = Path("/run/secrets")
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
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        secrets_dir=None,
        hide_input_in_errors=True,
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
    max_scans: int = Field(default=20, ge=1)  # tenants of an organisation scanned side by side
    collector_failures: int = Field(default=3, ge=1)
    dataset_limit_s: float = Field(default=3600, gt=0)
    sign_in_limit_s: float = Field(default=180, gt=0)
    demo_pace_ms: int = Field(default=700, ge=0)  # pause before each dataset of the demo tenant
    checks_dir: Path | None = None  # an organisation's own checks
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    url: str = ""  # of the service that commands talk to; empty: public_url
    secret_keys_file: Path | None = None  # key ring of stored secrets; absent: data_dir/keys.json
    remote_first_s: float = Field(default=14400, gt=0)  # wait for a remote collector's first line
    remote_silence_s: float = Field(default=120, gt=0)  # between two of its posts
    token_file: Path | None = None  # of the commands; absent: data_dir/token
    secrets_dir: Path = _SECRETS  # a file named like a variable, in lower case, gives its value
    database_password: SecretStr = SecretStr("")  # goes into database_url
    nats_password: SecretStr = SecretStr("")  # goes into nats_url
    admin_password: SecretStr = SecretStr("")  # of the first administrator: `assay setup`
    modules_must_match: bool = False  # no start with PowerShell modules other than the pinned ones
    metrics_port: int = Field(default=0, ge=0, le=65535)  # of figures, at `host`; 0: none
    failpoints: str = ""  # tests only: see contracts/failpoints.py
    failpoints_allowed: Literal["", "yes-this-is-a-test"] = ""

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        changes = {
            "database_url": self.database_url
            or f"sqlite+aiosqlite:///{(self.data_dir / 'assay.db').absolute()}",
            "public_url": self.public_url.rstrip("/") or f"http://{self.host}:{self.port}",
            "token_file": self.token_file or self.data_dir / "token",
            "secret_keys_file": self.secret_keys_file or self.data_dir / "keys.json",
        }
        changes["url"] = self.url.rstrip("/") or changes["public_url"]
        if not _PLAIN.fullmatch(self.nats_password.get_secret_value()):
            raise ValueError("the password of NATS may hold letters, digits and . _ ~ - alone")
        changes["database_url"] = _signed_in(str(changes["database_url"]), self.database_password)
        changes["nats_url"] = _signed_in(self.nats_url, self.nats_password)
        for name, value in changes.items():
            object.__setattr__(self, name, value)
        if self.failpoints and not self.failpoints_allowed:
            raise ValueError("failpoints are for tests and were not allowed")
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

    def masked(self) -> dict[str, str]:
        """Every setting as text; passwords and what an address signs in with are replaced."""
        found = self.model_dump(mode="json")
        return {
            name: "***" if value and name.endswith(_SECRET) else _SIGN_IN.sub("://***@", str(value))
            for name, value in found.items()
        }

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
    return Settings(_secrets_dir=_secret_files(known))


def _secret_files(known: set[str]) -> Path | None:
    """The folder whose files give settings, if it is there. A name is checked like a variable."""
    folder = Path(os.environ.get(f"{PREFIX}SECRETS_DIR", _SECRETS))
    if not folder.is_dir():
        return None
    names = [file.name.upper() for file in folder.iterdir()]
    unknown = sorted(name for name in names if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise ValueError(f"{folder} holds what is no setting: {', '.join(unknown).lower()}.")
    return folder


def _signed_in(address: str, password: SecretStr) -> str:
    """The address with the password put behind its user."""
    secret = password.get_secret_value()
    scheme, _, rest = address.partition("://")
    user, _, where = rest.rpartition("@")
    if not secret:
        return address
    if not user or ":" in user:
        raise ValueError("a password of its own needs an address with a user and no password")
    return f"{scheme}://{user}:{quote(secret, safe='')}@{where}"


def child_environment() -> Mapping[str, str]:
    """All that a collector gets to see of ours."""
    return {name: os.environ[name] for name in _FOR_CHILDREN if name in os.environ}


def whole_environment() -> dict[str, str]:
    """For processes of our own, which read their settings from it."""
    return dict(os.environ)
