"""Putting the plug-ins where hosts look: a folder for each format, filled and refilled by `melisma.system.manifest`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ...errors import Unavailable
from ...store import pretrained
from ...system import manifest
from ...system.home import expanded, needed
from .. import folders
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

    def fill(into: Path) -> None:
        bundles.lay(format, into, files, choices)
        (into / _CHOICES).write_text("".join(f"{name}\n" for name in choices), encoding="utf-8")
        shutil.copyfile(_NOTICES, into / _NOTICES.name)
        folders.models(into)

    folders.fill(place, fill, folders.stamp(files.values(), *choices))
    return place


def _choices(place: Path) -> list[str]:
    """The models by number, from 1 on: those that had one keep it, new ones follow; one a domain first."""
    try:
        before = (place / _CHOICES).read_text("utf-8").splitlines() if manifest.is_ours(place) else []
    except (OSError, ValueError):
        before = []
    known = pretrained.names()
    kept = [name for name in before if name]
    return list(dict.fromkeys([*kept, *pretrained.published(), *sorted(known)]))[: parameters.MODELS]
