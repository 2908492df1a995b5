"""A pack that travels as one zip file: made by who sends it, taken in with suspicion."""

import re
import shutil
import zipfile
from pathlib import Path
from uuid import uuid4

from contracts.errors import PackInvalid
from contracts.results import RecordedTenant
from evidence.pack_files import (
    DATASETS,
    MANIFEST,
    MAX_DATASETS,
    MAX_FILE_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_PACK_BYTES,
)
from evidence.packs import verify

_MEMBER = re.compile(rf"(?:[^/\\]{{1,100}}/)?({MANIFEST}|{DATASETS}/[a-z0-9_.]{{1,120}}\.json)")
_PIECE = 1024 * 1024


def zip_pack(folder: Path, file: Path) -> None:
    """Raises PackInvalid before anything is written."""
    verify(folder)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / MANIFEST, MANIFEST)
        for path in sorted((folder / DATASETS).glob("*.json")):
            archive.write(path, f"{DATASETS}/{path.name}")


def import_pack(file: Path, keep_in: Path) -> RecordedTenant:
    """Unpacks and verifies; a pack that is not valid leaves nothing behind. Raises PackInvalid.

    Only the files of a pack are taken, by name and never by the path the archive gives; a zip
    that unpacks to more than a pack may hold is refused while it is unpacked.
    """
    keep_in.mkdir(parents=True, exist_ok=True)
    folder = keep_in / str(uuid4())
    try:
        _unpack(file, folder)
        report = verify(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return RecordedTenant(
        folder=str(folder.absolute()),
        microsoft_id=report.tenant.tenant_id.lower(),
        name=report.tenant.name,
        domain=report.tenant.domain,
        captured_at=report.captured_at,
        parameters=report.parameters,
        warnings=report.warnings,
    )


def _unpack(file: Path, folder: Path) -> None:
    (folder / DATASETS).mkdir(parents=True)
    try:
        with zipfile.ZipFile(file) as archive:
            members = [item for item in archive.infolist() if _MEMBER.fullmatch(item.filename)]
            if len(members) > MAX_DATASETS + 1:
                raise PackInvalid(MANIFEST, f"more than {MAX_DATASETS} datasets")
            left = MAX_PACK_BYTES
            for item in members:
                left -= _copy(archive, item, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise PackInvalid("upload", f"not a zip file that can be read ({error})") from None


def _copy(archive: zipfile.ZipFile, item: zipfile.ZipInfo, folder: Path, left: int) -> int:
    found = _MEMBER.fullmatch(item.filename)
    name = found[1] if found else MANIFEST
    limit = min(left, MAX_MANIFEST_BYTES if name == MANIFEST else MAX_FILE_BYTES)
    target = folder / name
    if target.exists():
        raise PackInvalid(name, "is there twice")
    size = 0
    with archive.open(item) as source, target.open("xb") as copy:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > limit:
                raise PackInvalid(name, "is larger than a pack may be")
            copy.write(piece)
    return size
