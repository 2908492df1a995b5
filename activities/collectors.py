"""Which program reads which tenant, with which environment and which secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from activities.collector import CollectorCommand
from contracts.collector import ReadError


class NoCollector(Exception):
    """Nothing on this worker can read the tenant. `error` is what its checks will say."""

    def __init__(self, error: ReadError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True)
class Source:
    """One collector to start: the command, and the credential for its request alone."""

    command: CollectorCommand
    credential: dict[str, Any] = field(default_factory=dict, repr=False)


class Collectors(Protocol):
    async def source(
        self, *, tenant_id: str, connection: str, settings: Mapping[str, Any], service: str
    ) -> Source:
        """Raises NoCollector."""


@dataclass(frozen=True)
class LocalCollectors:
    """Recorded tenants are replayed; DNS is read by Python."""

    python: str
    root: Path  # where the packages of this installation lie
    environment: Mapping[str, str]  # all that a child gets

    async def source(
        self, *, tenant_id: str, connection: str, settings: Mapping[str, Any], service: str
    ) -> Source:
        if connection == "recorded":
            credential = {
                name: settings[name] for name in ("pack", "pace_ms", "faults") if name in settings
            }
            return Source(self._module("evidence.replay"), credential)
        if service == "dns":
            return Source(self._module("activities.dns_collector"))
        raise NoCollector(
            ReadError(kind="other", message="This tenant has no credential to sign in with.")
        )

    def _module(self, name: str) -> CollectorCommand:
        environment = {**self.environment, "PYTHONPATH": str(self.root)}
        return CollectorCommand((self.python, "-m", name), environment)
