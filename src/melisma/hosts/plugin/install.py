"""Putting the plug-ins where hosts look: a folder for each format, filled and refilled by `melisma.system.manifest`."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import warnings
from pathlib import Path

from ...errors import MelismaWarning, Unavailable
from ...files.modelfile import SUFFIX
from ...store import pretrained
from ...system import manifest
from ...system.home import expanded, needed
from . import bundles, parameters

_OWN = Path(__file__).parents[2] / "_plugin"  # compiled by hosts/plugin/build.py
_NOTICES = Path(__file__).parent / "NOTICES.txt"  # of what the plug-ins are made with
_CHOICES = "models.txt"  # in each folder: the models' numbers
_NAMES = {"VST3": "Melisma", "CLAP": "Melisma", "LV2": "melisma.lv2"}


def binaries() -> dict[str, Path]:
    """Plug-in → its compiled file; MelismaError says what to install where there are none."""
    found = {file.stem: file for file in sorted(_OWN.glob("*.*")) if file.stem in bundles.PLUGINS}
    if not found:
        raise Unavailable(
            "this Melisma has no plug-ins: install DPF's source and LV2's headers (Debian: apt install dpf-source lv2-dev), "
            "then install melisma again, or run python hosts/plugin/build.py in its source"
        )
    return found


def usual_folder(format: str) -> Path:
    """Where hosts look for what a user installs, and in it Melisma's own folder."""
    own = needed("the folders for your plug-ins lie in")
    if sys.platform == "darwin":
        return own / "Library" / "Audio" / "Plug-Ins" / format / _NAMES[format]
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA") or own / "AppData" / "Local") / "Programs" / "Common" / format
        roaming = Path(os.environ.get("APPDATA") or own / "AppData" / "Roaming") / "LV2"
        return (roaming if format == "LV2" else local) / _NAMES[format]
    return own / f".{format.lower()}" / _NAMES[format]


def target(format: str, folder: Path | None = None) -> Path:
    """Where `install` would write; `folder` stands for the user's own."""
    return expanded(folder) / format.lower() / _NAMES[format] if folder else usual_folder(format)


def install(format: str, folder: Path | None = None) -> Path:
    """Put the plug-ins and the published models into the folder of a format. → that folder.

    What lies there and was not written by Melisma, or was changed since, stays: a MelismaWarning says where the new one is.
    """
    place, files = target(format, folder), binaries()
    choices = _choices(place)
    made = _stamp(files, choices)

    def fill(into: Path) -> None:
        bundles.lay(format, into, files, choices)
        (into / _CHOICES).write_text("".join(f"{name}\n" for name in choices), encoding="utf-8")
        shutil.copyfile(_NOTICES, into / _NOTICES.name)
        (into / "models").mkdir()
        for name, file in pretrained.published().items():
            bundles.link(file, into / "models" / f"{name}{SUFFIX}")

    for name, beside in manifest.fill(place, fill, made).kept.items():
        text = f"{place / name} is not as Melisma wrote it and stays; what it would be now lies beside it as {Path(beside).name}"
        warnings.warn(MelismaWarning(text), stacklevel=2)
    return place


def _choices(place: Path) -> list[str]:
    """The models by number, from 1 on: those that had one keep it, new ones follow."""
    try:
        before = (place / _CHOICES).read_text("utf-8").splitlines() if manifest.is_ours(place) else []
    except (OSError, ValueError):
        before = []
    known = pretrained.names()
    kept = [name for name in before if name]
    return list(dict.fromkeys([*kept, *sorted(pretrained.published()), *sorted(known)]))[: parameters.MODELS]


def _stamp(files: dict[str, Path], choices: list[str]) -> str:
    text = hashlib.sha256("\n".join(choices).encode())
    for file in [*files.values(), *pretrained.published().values()]:
        text.update(file.name.encode() + str((file.stat().st_size, file.stat().st_mtime_ns)).encode())
    return text.hexdigest()[:16]
