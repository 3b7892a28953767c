"""The form in which each format wants a plug-in to lie on the disk."""

from __future__ import annotations

import platform
import plistlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import parameters, turtle


@dataclass(frozen=True)
class Plugin:
    """title: as hosts show it. uri: LV2's name for it."""

    title: str
    uri: str
    rows: Callable[[], list[parameters.Row]]
    instrument: bool


PLUGINS = {
    "effect": Plugin("Melisma", "urn:melisma:effect", parameters.effect, False),
    "instrument": Plugin("Melisma Instrument", "urn:melisma:instrument", parameters.instrument, True),
}
FORMATS = ("VST3", "CLAP", "LV2")
_WINDOW = b"lv2ui_descriptor"  # what a binary shows that has a window
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def lay(format: str, folder: Path, files: dict[str, Path], models: Sequence[str]) -> None:
    """Write the plug-ins into an empty folder. files: plug-in → its binary. models: their names, from choice 1 on."""
    {"VST3": _vst3, "CLAP": _clap, "LV2": _lv2}[format](folder, files, models)


def _vst3(folder: Path, files: dict[str, Path], models: Sequence[str]) -> None:
    for name, file in files.items():
        title = PLUGINS[name].title
        bundle = folder / f"{title}.vst3"
        if file.suffix == ".dylib":
            _mac(bundle, title, file)
        elif file.suffix == ".dll":
            _copy(file, bundle / "Contents" / "x86_64-win" / f"{title}.vst3")
        else:
            machine = platform.machine().lower()
            _copy(file, bundle / "Contents" / f"{_MACHINES.get(machine, machine)}-linux" / f"{title}.so")


def _clap(folder: Path, files: dict[str, Path], models: Sequence[str]) -> None:
    for name, file in files.items():
        title = PLUGINS[name].title
        if file.suffix == ".dylib":
            _mac(folder / f"{title}.clap", title, file)
        else:
            _copy(file, folder / f"{title}.clap")


def _lv2(folder: Path, files: dict[str, Path], models: Sequence[str]) -> None:
    uris = {}
    for name, file in files.items():
        p = PLUGINS[name]
        uris[name] = p.uri
        _copy(file, folder / file.name)
        text = turtle.plugin(p.uri, p.title, p.rows(), models, p.instrument)
        (folder / f"{name}.ttl").write_text(text, encoding="utf-8")
    suffix = next(iter(files.values())).suffix
    windows = [name for name, file in files.items() if _WINDOW in file.read_bytes()]
    (folder / "manifest.ttl").write_text(turtle.manifest(uris, suffix, windows), encoding="utf-8")


def _mac(bundle: Path, title: str, file: Path) -> None:
    _copy(file, bundle / "Contents" / "MacOS" / title)
    (bundle / "Contents" / "PkgInfo").write_text("BNDL????")
    says = {"CFBundleExecutable": title, "CFBundleName": title, "CFBundlePackageType": "BNDL", "CFBundleVersion": "1"}
    says |= {"CFBundleIdentifier": f"melisma.{title.replace(' ', '-').lower()}", "CFBundleSignature": "????"}
    (bundle / "Contents" / "Info.plist").write_bytes(plistlib.dumps(says))


def _copy(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
    place.chmod(0o755)
