"""Pure Data: its objects and patches, put where Pd finds them."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ..errors import DiskError, NotFound, Unavailable
from ..files.modelfile import SUFFIX
from ..store import pretrained
from ..system import manifest
from ..system.home import expanded, home, known_home, needed, user
from ..system.streams import for_children
from . import folders

_OWN = Path(__file__).parents[1] / "_pd"  # the objects, compiled by hosts/puredata/build.py
# in a checkout the patches lie where they are written; a wheel carries them beside the objects
_PATCHES = (_OWN / "patches", Path(__file__).parents[3] / "hosts" / "puredata" / "patches")
_SOUNDS = Path(__file__).parents[1] / "sounds"
PLAYED = {"cat": "gpl", "bell": "cc0", "drums": "cc0", "voice": "mit"}  # sounds that the patches play, and their licences' folder
_OLDER = "melisma.txt"  # what an earlier version left in the folder instead of melisma.system.manifest's list


def objects() -> list[Path]:
    """The compiled objects; MelismaError says what to install where there are none."""
    found = sorted(_OWN.glob("melisma*.pd_*"))
    if not found:
        raise Unavailable(
            "this Melisma has no Pure Data objects: install Pd's header (Debian: apt install puredata-dev), "
            "then install melisma again, or run python hosts/puredata/build.py in its source"
        )
    return found


def patches() -> dict[str, Path]:
    """Name → patch, help patches among them."""
    folder = next((folder for folder in _PATCHES if folder.is_dir()), None)
    return {file.stem: file for file in sorted(folder.glob("*.pd"))} if folder else {}


def usual_folder() -> Path:
    """Where Pd looks for what a user installs."""
    if sys.platform == "win32" and (data := os.environ.get("APPDATA")):
        return Path(data) / "Pd" / "melisma"
    own = needed("Pd's folder for what you install lies in")
    if sys.platform == "darwin":
        return own / "Library" / "Pd" / "melisma"
    return own / "Pd" / "melisma" if sys.platform == "win32" else own / ".local" / "lib" / "pd" / "extra" / "melisma"


def install(folder: Path | None = None) -> Path:
    """Put objects, patches, models and sounds into one folder. → the folder; by default Pd's usual place.

    What lies there and was not written by Melisma, or was changed since, stays: a MelismaWarning says where the new one is.
    """
    folder, made = target(folder), objects()
    if not manifest.is_ours(folder) and _is_older(folder):
        manifest.adopt(folder, [_OLDER, *(file.name for file in folder.glob("melisma*.pd_*"))])
    folders.fill(folder, lambda into: _fill(into, made), _stamp(made))
    return folder


def target(folder: Path | None = None) -> Path:
    """Where `install` would write."""
    return expanded(folder) if folder else usual_folder()


def _is_older(folder: Path) -> bool:
    """Whether a version installed here that kept no list of its files."""
    try:
        return (folder / _OLDER).read_text("utf-8").startswith("Melisma's objects for Pure Data, installed by `melisma pd`")
    except (OSError, ValueError):
        return False


def _fill(folder: Path, made: list[Path]) -> None:
    from ..sound import audio

    for file in [*made, *patches().values()]:
        shutil.copyfile(file, folder / file.name)
    (folder / "models").mkdir()
    for name, file in pretrained.published().items():
        shutil.copyfile(file, folder / "models" / f"{name}{SUFFIX}")
    (folder / "sounds").mkdir()
    for name, licence in PLAYED.items():
        sound = audio.read(_SOUNDS / licence / f"{name}.flac")  # Pd reads no FLAC
        sound.mono().save(folder / "sounds" / f"{name}.wav", subtype="PCM_16")
        shutil.copyfile(_SOUNDS / licence / "LICENSE.md", folder / "sounds" / f"LICENSE-{licence}.md")


def _stamp(made: list[Path]) -> str:
    """What an installed folder was made of: it is filled again when that changes."""
    return folders.stamp([*made, *patches().values()])


def path() -> Path:
    """A folder with everything, for Pd's -path: where it is installed, else one in melisma.system.home, made on request."""
    usual, own = usual_folder() if user() else None, known_home()
    for folder in filter(None, (usual, own and own / "pd")):
        if manifest.is_current(folder, _stamp(objects())):
            return folder
    if usual and (manifest.is_ours(usual) or _is_older(usual)):
        return install(usual)
    try:
        return install(home() / "pd")
    except DiskError as error:
        raise DiskError(f"{error}, or set MELISMA_HOME to a folder of yours") from None


def open_patch(name: str) -> int:
    """Open a patch in Pd and wait for Pd to end. → its exit code."""
    known = patches()
    name = name.removesuffix(".pd")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise NotFound(f"there is no patch named {name!r}; {hint}there are {', '.join(known)}")
    folder = path()
    with for_children():  # what Pd says of the patch is for the user
        return subprocess.call([program(), "-path", str(folder), "-open", str(folder / f"{name}.pd")])


def program() -> str:
    """Pd itself; $PD names another."""
    found = os.environ.get("PD") or shutil.which("pd")
    for pattern in ("Pd*.app/Contents/Resources/bin/pd",) if sys.platform == "darwin" else ():
        found = found or next((str(file) for file in sorted(Path("/Applications").glob(pattern))), None)
    if not found:
        remedy = "get it at puredata.info (Debian: apt install puredata), or set PD to its program"
        raise Unavailable(f"Pure Data is not installed: {remedy}")
    return found
