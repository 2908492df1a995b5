"""Which program reads which tenant, with which environment and which secrets."""

import base64
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from activities.collector import CollectorCommand
from activities.credentials import Credentials, NoCredential
from contracts.collector import ReadError

NO_POWERSHELL = "PowerShell 7 is not installed on this worker"
_NO_DOMAIN = "The tenant's initial domain is not known; test its connection, or set it."
_NEEDS_DOMAIN = ("exchange", "purview", "sharepoint")
_QUIET = {"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off"}


class NoCollector(Exception):
    """Nothing on this worker can read the tenant. `error` is what its checks will say."""

    def __init__(self, error: ReadError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True)
class Remote:
    """No process: a collector elsewhere sends its lines to the webhook."""


@dataclass(frozen=True)
class Source:
    """One collector to start: the command, and the credential for its request alone."""

    command: CollectorCommand | Remote
    credential: dict[str, Any] = field(default_factory=dict, repr=False)


class Collectors(Protocol):
    async def source(
        self,
        *,
        organisation_id: str,
        tenant_id: str,
        connection: str,
        settings: Mapping[str, Any],
        domain: str,
        service: str,
    ) -> Source:
        """Raises NoCollector."""


@dataclass(frozen=True)
class LocalCollectors:
    """Recorded tenants are replayed; DNS is read by Python; live tenants by PowerShell."""

    python: str
    root: Path  # where the packages of this installation lie
    environment: Mapping[str, str]  # all that a child gets
    credentials: Credentials | None = None

    async def source(
        self,
        *,
        organisation_id: str,
        tenant_id: str,
        connection: str,
        settings: Mapping[str, Any],
        domain: str,
        service: str,
    ) -> Source:
        if connection == "recorded":
            credential = {
                name: settings[name] for name in ("pack", "pace_ms", "faults") if name in settings
            }
            return Source(self._module("evidence.replay"), credential)
        if service == "dns":
            return Source(self._module("activities.dns_collector"))
        if settings.get("remote"):
            return Source(Remote())
        command = self._powershell()
        if service in _NEEDS_DOMAIN and not domain:
            raise _refusal(_NO_DOMAIN)
        credential = {"client_id": str(settings.get("client_id", ""))}
        credential["certificate"] = await self._certificate(organisation_id, tenant_id)
        return Source(command, credential)

    def _module(self, name: str) -> CollectorCommand:
        environment = {**self.environment, "PYTHONPATH": str(self.root)}
        return CollectorCommand((self.python, "-m", name), environment)

    def _powershell(self) -> CollectorCommand:
        """Never a prompt: what would ask a person fails instead."""
        program = shutil.which("pwsh", path=self.environment.get("PATH", ""))
        if program is None:
            raise _refusal(NO_POWERSHELL)
        script = str(self.root / "powershell" / "Invoke-Collector.ps1")
        return CollectorCommand(
            (program, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", script),
            {**self.environment, **_QUIET},
        )

    async def _certificate(self, organisation_id: str, tenant_id: str) -> str:
        if self.credentials is None:
            raise _refusal("This worker has no key ring to open credentials with.")
        try:
            opened = await self.credentials.open(
                organisation_id=organisation_id, tenant_id=tenant_id
            )
        except NoCredential as reason:
            kind = "denied" if reason.denied else "other"
            raise NoCollector(
                ReadError.model_validate({"kind": kind, "message": str(reason)})
            ) from None
        return base64.b64encode(opened.pfx).decode()


def _refusal(sentence: str) -> NoCollector:
    return NoCollector(ReadError(kind="other", message=sentence))
