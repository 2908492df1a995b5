"""A temporary folder for each collector: 0700, and gone when its collector is."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

_PREFIX = "assay-collector-"
_NAMES = ("TMPDIR", "TMP", "TEMP")


@contextlib.asynccontextmanager
async def scratch_folder() -> AsyncIterator[Path]:
    """Removed however the body ends, cancellation included."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        removing = asyncio.ensure_future(asyncio.to_thread(shutil.rmtree, folder, True))
        try:
            await asyncio.shield(removing)
        except asyncio.CancelledError:
            await removing
            raise


def with_scratch(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {**environment, **dict.fromkeys(_NAMES, str(folder))}


def sweep() -> None:
    """Removes what a killed worker of this machine left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
