"""Csound: the opcode, examples and models in a folder of their own, with a link where Csound looks for opcodes."""

from __future__ import annotations

import shutil
import sys
import warnings
from pathlib import Path

from ..errors import DiskError, MelismaWarning, Unavailable
from ..system.home import expanded, needed
from . import folders

_OWN = Path(__file__).parents[1] / "_csound"  # the opcode, compiled by hosts/csound/build.py
# in a checkout the examples lie where they are written; a wheel carries them beside the opcode
_EXAMPLES = (_OWN / "examples", Path(__file__).parents[3] / "hosts" / "csound" / "examples")
_NOTICE = """\
The opcode is Melisma's (MIT), compiled with Csound's headers, Copyright (c) John ffitch and others, which are under the GNU
Lesser General Public License, version 2.1 or later; nothing of Csound's library is in it. Each model's licence is in its card.
"""


def opcode() -> Path:
    """The compiled opcode; MelismaError says what to install where there is none."""
    found = next(iter(sorted(_OWN.glob("libmelisma.*"))), None)
    if not found:
        raise Unavailable(
            "this Melisma has no opcode for Csound: install Csound's headers (Debian: apt install libcsound64-dev), "
            "then run python hosts/csound/build.py in Melisma's source, or install melisma again from there"
        )
    return found


def _csound() -> Path:
    own = needed("Csound's folder for what you install lies in")
    return own / "Library" / "csound" if sys.platform == "darwin" else own / ".local" / "lib" / "csound"


def linked() -> Path:
    """Where Csound 6 looks for a user's opcodes: the link to ours."""
    return _csound() / "6.0" / "plugins64" / opcode().name


def target(folder: Path | None = None) -> Path:
    """Where `install` would write."""
    return expanded(folder) if folder else _csound() / "melisma"


def install(folder: Path | None = None) -> Path:
    """Put the opcode, the examples and the published models into one folder, and link to the opcode if that is Csound's. → it.

    What lies there and was not written by Melisma, or was changed since, stays: a MelismaWarning says where the new one is.
    """
    place, library = target(folder), opcode()
    examples = next((sorted(place.glob("*.csd")) for place in _EXAMPLES if place.is_dir()), [])

    def build(into: Path) -> None:
        shutil.copyfile(library, into / library.name)
        (into / "examples").mkdir()
        for file in examples:
            shutil.copyfile(file, into / "examples" / file.name)
        (into / "NOTICES.txt").write_text(_NOTICE, encoding="utf-8")
        folders.models(into)

    folders.fill(place, build, folders.stamp([library, *examples]))
    if folder is None:
        _link(place / library.name)
    return place


def _link(library: Path) -> None:
    """Let Csound find it; a file of that name that is none of our links stays."""
    link = linked()
    try:
        if link.is_symlink() and (link.readlink() == library or not link.exists()):
            link.unlink()
        if link.is_symlink() or link.exists():
            text = f"{link} is there and not Melisma's, and stays: Csound does not find the opcode while it is"
            return warnings.warn(MelismaWarning(text), stacklevel=3)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(library)
    except OSError as error:
        raise DiskError(f"{link} could not be written: {error.strerror or error}; check the permissions there") from error
