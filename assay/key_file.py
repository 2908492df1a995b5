"""The key ring's file: outside the database, readable by its owner alone."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from contracts.errors import NoKeyRing
from contracts.sealing import BadKeyRing, KeyRing, open_sealed, seal
from store import secrets
from store.database import Database

logger = logging.getLogger(__name__)


class KeyFile:
    """Read again when the file has changed: a rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._ring: KeyRing | None = None

    def __call__(self) -> KeyRing:
        """Raises NoKeyRing."""
        try:
            facts = self.path.stat()
            seen = (facts.st_mtime_ns, facts.st_ino)
            if self._ring is None or seen != self._seen:
                self._ring = KeyRing.parse(self.path.read_text("utf-8"))
                self._seen = seen
        except (OSError, BadKeyRing) as error:
            logger.error("no usable key ring", extra={"why": str(error), "file": str(self.path)})
            raise NoKeyRing from None
        return self._ring

    def make(self) -> None:
        """Unless it is there: a lost key ring must not be papered over by a new one."""
        if not self.path.exists():
            self.write(KeyRing.new(datetime.now(UTC)))

    def write(self, ring: KeyRing) -> None:
        write_secret(self.path, ring.dump())


def write_secret(file: Path, secret: str) -> None:
    """Readable by its owner alone, from the first byte on; whole or not at all."""
    part = file.with_name(f"{file.name}.new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(secret + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(file)


async def rotate(database: Database, file: KeyFile, *, drop_old: bool = False) -> int:
    """A new key, in the file before anything is sealed with it; then every secret anew. How many.

    A rotation that was broken off is finished by the next one. Old keys are dropped only when
    asked for: a backup of the database still needs them.
    """
    ring = file().rotated(datetime.now(UTC))
    file.write(ring)
    async with database.begin() as session:
        rows = await secrets.every_credential(session)
        for row in rows:
            names = {"tenant_id": row.tenant_id, "secret_id": row.id}
            secret = open_sealed(ring, secrets.sealed_of(row), **names)
            secrets.reseal(row, seal(ring, secret, **names))
    if drop_old:
        async with database.begin() as session:  # whatever was sealed meanwhile keeps its key
            used = {row.key_id for row in await secrets.every_credential(session)}
        file.write(ring.only(used))
    return len(rows)
