"""SuperCollider: the units, their classes, help and examples, put where its server and its language look."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ..errors import Unavailable
from ..system.home import expanded, needed
from . import folders

_OWN = Path(__file__).parents[1] / "_supercollider"  # the units, compiled by hosts/supercollider/build.py
_CHECKOUT = Path(__file__).parents[3] / "hosts" / "supercollider"
_COPYING = Path(__file__).parents[1] / "sounds" / "gpl" / "COPYING"
# part of the source → where SuperCollider looks for it, beside the units; a wheel carries the parts beside them
_PARTS = {"classes": "classes", "help": "HelpSource/Classes", "examples": "examples"}
_NOTICE = """\
Melisma.so (Melisma.scx on macOS) is compiled with SuperCollider's headers, Copyright (c) 2002-2026 James McCartney and
others, which are under the GNU General Public License, version 2 or later; so is that binary. Its source is Melisma's
(MIT), with the headers of SuperCollider: python hosts/supercollider/build.py makes it anew. COPYING.txt is the licence,
in its version 3. The classes, the help and the examples are Melisma's, MIT; each model's licence is in its card.
"""


def units() -> Path:
    """The compiled units; MelismaError says what to install where there are none."""
    found = next((_OWN / name for name in ("Melisma.so", "Melisma.scx") if (_OWN / name).is_file()), None)
    if not found:
        raise Unavailable(
            "this Melisma has no units for SuperCollider: install its headers (Debian: apt install supercollider-dev), "
            "then run python hosts/supercollider/build.py in Melisma's source, or install melisma again from there"
        )
    return found


def _part(name: str) -> list[Path]:
    folder = next((place / name for place in (_OWN, _CHECKOUT) if (place / name).is_dir()), None)
    return sorted(file for file in folder.iterdir() if file.is_file()) if folder else []


def usual_folder() -> Path:
    """Where SuperCollider looks for what a user installs."""
    own = needed("SuperCollider's folder for what you install lies in")
    if sys.platform == "darwin":
        return own / "Library" / "Application Support" / "SuperCollider" / "Extensions" / "Melisma"
    data = os.environ.get("XDG_DATA_HOME")  # as SuperCollider does
    return (Path(data) if data else own / ".local" / "share") / "SuperCollider" / "Extensions" / "Melisma"


def target(folder: Path | None = None) -> Path:
    """Where `install` would write."""
    return expanded(folder) if folder else usual_folder()


def install(folder: Path | None = None) -> Path:
    """Put units, classes, help, examples and the published models into one folder. → the folder; by default SuperCollider's.

    What lies there and was not written by Melisma, or was changed since, stays: a MelismaWarning says where the new one is.
    """
    place, binary = target(folder), units()
    parts = {name: _part(name) for name in _PARTS}

    def build(into: Path) -> None:
        shutil.copyfile(binary, into / binary.name)
        for name, goes in _PARTS.items():
            (into / goes).mkdir(parents=True)
            for file in parts[name]:
                shutil.copyfile(file, into / goes / file.name)
        (into / "NOTICES.txt").write_text(_NOTICE, encoding="utf-8")
        shutil.copyfile(_COPYING, into / "COPYING.txt")
        folders.models(into)

    folders.fill(place, build, folders.stamp([binary, *(file for files in parts.values() for file in files)]))
    return place
