"""The files of an evidence pack, format 1, read with suspicion and without loading any model.

The replayer starts with every batch of every scan: what it needs stands here, free of pydantic.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from contracts.errors import PackInvalid
from evidence.parse import UnreadableJson, loads_strict

FORMAT = 1
MANIFEST = "pack.json"
DATASETS = "datasets"
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_PACK_BYTES = 1024 * 1024 * 1024
MAX_DATASETS = 500
ROWS_FOLLOW = ("ok", "partial")
ERROR_KINDS = ("denied", "throttled", "unlicensed", "missing-cmdlet", "timeout", "other")
STATUSES = (*ROWS_FOLLOW, *ERROR_KINDS)

_NAME = re.compile(r"[a-z0-9]+\.[a-z0-9_]{1,100}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n]*")
_SCANNER = json.JSONDecoder()


@dataclass(frozen=True)
class Entry:
    """How one dataset was read. `kind` and `message` say why when it did not go well."""

    name: str
    status: str
    rows: int = 0
    read: str = ""
    kind: str = "other"
    message: str = ""
    retry_after_s: float | None = None

    @property
    def has_rows(self) -> bool:
        return self.status in ROWS_FOLLOW

    @property
    def file(self) -> str:
        return f"{DATASETS}/{self.name}.json"


@dataclass(frozen=True)
class Manifest:
    """What pack.json says. `parameters` are as they stand there, not yet understood."""

    folder: Path
    name: str
    description: str
    tenant_id: str
    tenant_name: str
    domain: str
    captured_at: datetime
    parameters: dict[str, Any]
    entries: dict[str, Entry]

    def entry(self, name: str) -> Entry:
        return self.entries.get(name) or Entry(name, "other", message="not recorded")


def is_dataset_name(name: str) -> bool:
    """Names become file names: nothing that could lead out of the pack."""
    return bool(_NAME.fullmatch(name))


def read_manifest(folder: Path) -> Manifest:
    """Raises PackInvalid. Looks at pack.json only; `look_over` compares it with the files."""
    if not folder.is_dir():
        raise PackInvalid(str(folder), "is not a folder")
    raw = _manifest_object(folder)
    tenant = _member(raw, "tenant", dict)
    tenant_id = _member(tenant, "tenant_id", str)
    if not _GUID.fullmatch(tenant_id):
        raise PackInvalid(MANIFEST, "tenant.tenant_id is not a GUID")
    return Manifest(
        folder=folder,
        name=_member(raw, "name", str),
        description=_member(raw, "description", str, ""),
        tenant_id=tenant_id,
        tenant_name=_member(tenant, "name", str),
        domain=_member(tenant, "domain", str),
        captured_at=_moment(_member(raw, "captured_at", str)),
        parameters=_member(raw, "parameters", dict, {}),
        entries=_entries(_member(raw, "datasets", dict)),
    )


def look_over(manifest: Manifest) -> None:
    """Raises PackInvalid unless the folder holds the files that pack.json lists, and no others."""
    folder = manifest.folder / DATASETS
    expected = {entry.file for entry in manifest.entries.values() if entry.has_rows}
    if expected or folder.is_symlink() or folder.exists():
        _check_folder(manifest.folder)
        with os.scandir(folder) as found:  # a million files are refused at the first
            for file in found:
                if f"{DATASETS}/{file.name}" not in expected:
                    raise PackInvalid(f"{DATASETS}/{file.name}", "has no rows in pack.json")
    sizes = [_size(manifest.folder, file, MAX_FILE_BYTES) for file in sorted(expected)]
    if sum(sizes) > MAX_PACK_BYTES:
        raise PackInvalid(DATASETS, f"the pack is larger than {MAX_PACK_BYTES >> 20} MiB")


def read_rows(manifest: Manifest, name: str) -> Iterator[dict[str, Any]]:
    """Rows one at a time; raises PackInvalid where the file is not what pack.json promises."""
    entry = manifest.entry(name)
    if not entry.has_rows:
        return
    _check_folder(manifest.folder)
    text = _text(manifest.folder, entry.file, MAX_FILE_BYTES)
    count = 0
    try:
        for element in _elements(text):
            row = loads_strict(element)
            if not isinstance(row, dict):
                raise PackInvalid(entry.file, f"row {count + 1} is not an object")
            count += 1
            yield row
    except UnreadableJson as error:
        raise PackInvalid(entry.file, f"after {count} rows: {error}") from None
    if count != entry.rows:
        raise PackInvalid(entry.file, f"{count} rows where pack.json says {entry.rows}")


def _manifest_object(folder: Path) -> dict[str, Any]:
    text = _text(folder, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        raw = loads_strict(text)
    except UnreadableJson as error:
        raise PackInvalid(MANIFEST, str(error)) from None
    if not isinstance(raw, dict):
        raise PackInvalid(MANIFEST, "is not a JSON object")
    if raw.get("format") != FORMAT or isinstance(raw.get("format"), bool):
        raise PackInvalid(MANIFEST, f"format {raw.get('format')!r} is not {FORMAT}")
    return raw


def _entries(raw: dict[str, Any]) -> dict[str, Entry]:
    if len(raw) > MAX_DATASETS:
        raise PackInvalid(MANIFEST, f"more than {MAX_DATASETS} datasets")
    return {name: _entry(name, _member(raw, name, dict)) for name in raw}


def _entry(name: str, raw: dict[str, Any]) -> Entry:
    if not is_dataset_name(name):
        raise PackInvalid(MANIFEST, f"{name[:100]!r} is not the name of a dataset")
    status = _member(raw, "status", str)
    if status not in STATUSES:
        raise PackInvalid(MANIFEST, f"{name}: unknown status {status[:50]!r}")
    rows = _member(raw, "rows", int) if status in ROWS_FOLLOW else _member(raw, "rows", int, 0)
    if rows < 0 or (rows and status not in ROWS_FOLLOW):
        raise PackInvalid(MANIFEST, f"{name}: {rows} rows cannot be, with status {status}")
    error = _member(raw, "error", dict, {})
    kind = _member(error, "kind", str, status if status in ERROR_KINDS else "other")
    if kind not in ERROR_KINDS:
        raise PackInvalid(MANIFEST, f"{name}: unknown kind of error {kind[:50]!r}")
    return Entry(
        name=name,
        status=status,
        rows=rows,
        read=_member(raw, "read", str, ""),
        kind=kind,
        message=_member(error, "message", str, ""),
        retry_after_s=_seconds(name, error.get("retry_after_s")),
    )


def _seconds(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise PackInvalid(MANIFEST, f"{name}: retry_after_s is not a number of seconds")
    return float(value)


def _member(raw: dict[str, Any], name: str, kind: type[Any], default: Any = None) -> Any:
    value = raw.get(name, default)
    if value is None:
        raise PackInvalid(MANIFEST, f"{name} is missing")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise PackInvalid(MANIFEST, f"{name} is not of the type {_SPOKEN[kind]}")
    return value


_SPOKEN: dict[type[Any], str] = {dict: "object", str: "text", int: "whole number"}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PackInvalid(MANIFEST, "captured_at is not a date and time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(folder: Path, file: str, limit: int) -> str:
    _size(folder, file, limit)
    try:
        return (folder / file).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PackInvalid(file, "is not UTF-8 text") from None
    except OSError as error:
        raise PackInvalid(file, f"cannot be read: {error.strerror}") from None


def _size(folder: Path, file: str, limit: int) -> int:
    found = _look(folder, file)
    if not S_ISREG(found.st_mode):
        raise PackInvalid(file, "is not a plain file")
    if found.st_size > limit:
        raise PackInvalid(file, f"is larger than {limit >> 20} MiB")
    return found.st_size


def _check_folder(folder: Path) -> None:
    if not S_ISDIR(_look(folder, DATASETS).st_mode):
        raise PackInvalid(DATASETS, "is not a folder")


def _look(folder: Path, file: str) -> os.stat_result:
    """Does not follow links: one could lead out of the pack."""
    try:
        found = (folder / file).lstat()
    except OSError:
        raise PackInvalid(file, "is missing") from None
    if S_ISLNK(found.st_mode):
        raise PackInvalid(file, "is a symbolic link")
    return found


def _elements(text: str) -> Iterator[str]:
    """The text of each element of a JSON array, so that only one row is an object at a time."""
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        raise UnreadableJson("not an array of rows")
    at = _after_space(text, at + 1)
    if text[at : at + 1] == "]":
        _expect_end(text, at + 1)
        return
    while True:
        end = _end_of_value(text, at)
        yield text[at:end]
        at = _after_space(text, end)
        if text[at : at + 1] == "]":
            _expect_end(text, at + 1)
            return
        if text[at : at + 1] != ",":
            raise UnreadableJson("the array is cut or broken")
        at = _after_space(text, at + 1)


def _end_of_value(text: str, at: int) -> int:
    try:
        return _SCANNER.raw_decode(text, at)[1]
    except RecursionError:
        raise UnreadableJson("nested too deeply") from None
    except ValueError as error:
        raise UnreadableJson(f"not valid JSON: {str(error)[:200]}") from None


def _expect_end(text: str, at: int) -> None:
    if _after_space(text, at) != len(text):
        raise UnreadableJson("more text after the array of rows")


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
