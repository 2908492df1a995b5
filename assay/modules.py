"""The PowerShell modules that collectors are meant to load, against those they would load."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PINS = "powershell/modules.json"
SHARED = Path("/usr/local/share/powershell/Modules")
_VERSION = re.compile(r"^\s*ModuleVersion\s*=\s*['\"]([\d.]+)['\"]", re.MULTILINE)


class ModulesConflict(Exception):
    """A line for each module that is not the pinned one, and what to do."""

    def __init__(self, conflicts: Sequence[str]) -> None:
        super().__init__("\n".join(conflicts))


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    version: str
    folder: Path


def pins(root: Path) -> list[Pin]:
    raw = json.loads((root / PINS).read_text("utf-8"))
    return [Pin(item["name"], item["version"], tuple(item["services"])) for item in raw["modules"]]


def module_folders(environment: Mapping[str, str]) -> list[Path]:
    """Where PowerShell looks with this environment, in its order; nothing without PowerShell."""
    program = shutil.which("pwsh", path=environment.get("PATH", ""))
    if program is None:
        return []
    home = environment.get("HOME")
    own = [Path(home, ".local/share/powershell/Modules")] if home else []
    return [*own, SHARED, Path(program).resolve().parent / "Modules"]


def conflicts(pinned: Iterable[Pin], folders: Sequence[Path], services: Iterable[str]) -> list[str]:
    """Sentences for the modules of these services; none when each is the pinned one."""
    served = set(services)
    return [
        sentence
        for pin in pinned
        if served & set(pin.services) and (sentence := _conflict(pin, folders))
    ]


def _conflict(pin: Pin, folders: Sequence[Path]) -> str:
    loaded = would_load(pin.name, folders)
    if loaded is None:
        return (
            f"{pin.name} {pin.version} is pinned and not installed: {', '.join(pin.services)} "
            f"cannot be read. Save that version into {folders[0] if folders else SHARED}."
        )
    if loaded.version == pin.version:
        return ""
    elsewhere = [folder for folder in folders if pin.version in _versions(pin.name, folder)]
    remedy = (
        f"It stands before {pin.version} in {elsewhere[0]}: remove it."
        if elsewhere
        else f"Replace it by {pin.version}."
    )
    return (
        f"{pin.name} {pin.version} is pinned, and PowerShell would load {loaded.version} from "
        f"{loaded.folder}, with which {', '.join(pin.services)} was not tried. {remedy}"
    )


def would_load(name: str, folders: Iterable[Path]) -> Found | None:
    """The first folder that has the module decides; of several versions there, the highest."""
    for folder in folders:
        if versions := _versions(name, folder):
            return Found(max(versions, key=_ordered), folder)
    return None


def _versions(name: str, folder: Path) -> list[str]:
    """A folder named by a version counts when its manifest says the same, as in PowerShell."""
    base = folder / name
    nested = [
        path.parent.name
        for path in base.glob(f"*/{name}.psd1")
        if _version(path) == path.parent.name
    ]
    flat = _version(base / f"{name}.psd1")
    return [*nested, *([flat] if flat else [])]


def _version(manifest: Path) -> str:
    try:
        raw = manifest.read_bytes()
    except OSError:
        return ""
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    found = _VERSION.search(raw.decode(encoding, "replace"))
    return found[1] if found else ""


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)
