"""Evidence packs: a recorded tenant in a folder. Read, verified, written, turned into evidence."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from contracts.collector import DatasetStatus, ReadError, TenantRef
from contracts.errors import PackInvalid
from contracts.parameters import TenantParameters
from evidence import (
    access_reviews,
    authentication,
    conditional_access,
    directory_policies,
    dns,
    entra,
    exchange,
    fabric,
    idle_sessions,
    intune,
    licences,
    mail_protection,
    mail_reporting,
    mail_rules,
    microsoft365,
    privileged_identity,
    privileged_roles,
    purview,
    recipients,
    sharepoint,
    teams,
)
from evidence.dataset import Dataset
from evidence.evidence import CHUNK_ROWS, Evidence, Recorded
from evidence.pack_files import (
    DATASETS,
    FORMAT,
    MANIFEST,
    Manifest,
    is_dataset_name,
    look_over,
    read_manifest,
    read_rows,
)

_MODELS = (
    access_reviews,
    authentication,
    conditional_access,
    directory_policies,
    dns,
    entra,
    exchange,
    fabric,
    idle_sessions,
    intune,
    licences,
    mail_protection,
    mail_reporting,
    mail_rules,
    microsoft365,
    privileged_identity,
    privileged_roles,
    purview,
    recipients,
    sharepoint,
    teams,
)


class PackDataset(BaseModel):
    name: str
    status: DatasetStatus
    rows: int = 0
    read: str = ""
    message: str = ""


class PackReport(BaseModel):
    """What a valid pack holds. A warning is something a person should know; it stops nothing."""

    name: str
    description: str = ""
    tenant: TenantRef
    captured_at: datetime
    datasets: list[PackDataset] = Field(default_factory=list)
    parameters: TenantParameters = Field(default_factory=TenantParameters)
    warnings: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class DatasetToWrite:
    """One read as it goes into a pack. Rows belong to `ok` and `partial` only."""

    name: str
    rows: Iterable[Mapping[str, Any]] = ()
    status: DatasetStatus = DatasetStatus.OK
    read: str = ""
    error: ReadError | None = None


@dataclass(frozen=True)
class Pack:
    """A pack that was read to its last row."""

    manifest: Manifest
    parameters: TenantParameters
    recorded: Mapping[str, Recorded] = field(repr=False)

    @classmethod
    def open(cls, folder: Path) -> "Pack":
        """Raises PackInvalid with the file and the reason for everything that is malformed."""
        manifest = read_manifest(folder)
        look_over(manifest)
        return cls(
            manifest=manifest,
            parameters=_parameters(manifest),
            recorded={name: _recorded(manifest, name) for name in manifest.entries},
        )

    @property
    def tenant(self) -> TenantRef:
        found = self.manifest
        return TenantRef(tenant_id=found.tenant_id, name=found.tenant_name, domain=found.domain)

    def evidence(self) -> Evidence:
        return Evidence(self.recorded, self.manifest.captured_at, self.parameters)

    def report(self) -> PackReport:
        names = sorted(self.manifest.entries)
        known = known_datasets()
        return PackReport(
            name=self.manifest.name,
            description=self.manifest.description,
            tenant=self.tenant,
            captured_at=self.manifest.captured_at,
            datasets=[self._line(name) for name in names],
            parameters=self.parameters,
            warnings=[
                *(f"there is no dataset {name}" for name in names if name not in known),
                *(f"unknown parameter {name}" for name in self.parameters.unknown_names),
            ],
        )

    def _line(self, name: str) -> PackDataset:
        entry = self.manifest.entries[name]
        return PackDataset(
            name=name,
            status=DatasetStatus(entry.status),
            rows=entry.rows,
            read=entry.read,
            message=entry.message,
        )


def verify(folder: Path) -> PackReport:
    """Reads the whole pack. Raises PackInvalid; what it returns may hold warnings."""
    return Pack.open(folder).report()


def known_datasets() -> frozenset[str]:
    """The keys of all dataset models."""
    return frozenset(
        found.key
        for module in _MODELS
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Dataset) and "key" in vars(found)
    )


def write_pack(
    folder: Path,
    *,
    name: str,
    tenant: TenantRef,
    captured_at: datetime,
    datasets: Iterable[DatasetToWrite],
    description: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """The same content gives the same bytes. A reader sees the old pack or the new one, whole.

    Replaces a pack, never another folder: PackInvalid when there is one without pack.json.
    """
    if folder.exists() and not (folder / MANIFEST).is_file():
        raise PackInvalid(str(folder), "exists and is not a pack")
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = workshop / "new"
        (fresh / DATASETS).mkdir(parents=True)
        entries = {item.name: _write_dataset(fresh, item) for item in datasets}
        manifest = {
            "format": FORMAT,
            "name": name,
            "description": description,
            "tenant": {key: getattr(tenant, key) for key in ("tenant_id", "name", "domain")},
            "captured_at": captured_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "parameters": dict(parameters or {}),
            "datasets": entries,
        }
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (fresh / MANIFEST).write_text(text + "\n", "utf-8")
        Pack.open(fresh)
        _put_in_place(fresh, folder, workshop / "old")
    finally:
        shutil.rmtree(workshop)


def _put_in_place(fresh: Path, folder: Path, old: Path) -> None:
    if folder.exists():
        os.rename(folder, old)
    try:
        os.rename(fresh, folder)
    except OSError:
        if old.exists():
            os.rename(old, folder)
        raise


def _write_dataset(folder: Path, item: DatasetToWrite) -> dict[str, Any]:
    if not is_dataset_name(item.name):
        raise PackInvalid(MANIFEST, f"{item.name[:100]!r} is not the name of a dataset")
    entry: dict[str, Any] = {"status": str(item.status)}
    if item.status in (DatasetStatus.OK, DatasetStatus.PARTIAL):
        entry["rows"] = _write_rows(folder / DATASETS / f"{item.name}.json", item.rows)
    if item.read:
        entry["read"] = item.read
    if item.error is not None:
        entry["error"] = item.error.model_dump(exclude_none=True)
    return entry


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for row in rows:
            text = json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False)
            file.write(f"{',' if count else ''}\n{text}")
            count += 1
        file.write("\n]\n" if count else "]\n")
    return count


def _recorded(manifest: Manifest, name: str) -> Recorded:
    entry = manifest.entries[name]
    return Recorded(
        status=DatasetStatus(entry.status),
        chunks=list(_chunks(read_rows(manifest, name))),
        rows=entry.rows,
        message=entry.message,
    )


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    while batch := list(islice(rows, CHUNK_ROWS)):
        yield json.dumps(batch, ensure_ascii=False).encode()


def _parameters(manifest: Manifest) -> TenantParameters:
    try:
        return TenantParameters.model_validate(manifest.parameters)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PackInvalid(MANIFEST, f"parameters.{where}: {first['msg']}") from None
