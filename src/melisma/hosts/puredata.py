"""Pure Data: its objects and patches, put where Pd finds them."""

from __future__ import annotations

import difflib
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from ..errors import BadValue, DiskError, NotFound, Unavailable
from ..store import pretrained
from ..system.home import home

_OWN = Path(__file__).parents[1] / "_pd"  # the objects, compiled by hosts/puredata/build.py
# in a checkout the patches lie where they are written; a wheel carries them beside the objects
_PATCHES = (_OWN / "patches", Path(__file__).parents[3] / "hosts" / "puredata" / "patches")
_SOUNDS = Path(__file__).parents[1] / "sounds"
PLAYED = {"cat": "gpl", "bell": "cc0", "drums": "cc0", "voice": "mit"}  # sounds that the patches play, and their licences' folder
STAMP = "melisma.txt"


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
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Pd" / "melisma"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / "Pd" / "melisma"
    return Path.home() / ".local" / "lib" / "pd" / "extra" / "melisma"


def install(folder: Path | None = None) -> Path:
    """Put objects, patches, models and sounds into one folder, whole or not at all. → the folder; by default Pd's usual place."""
    folder = Path(folder or usual_folder()).expanduser()
    made = objects()
    if folder.exists() and not (folder / STAMP).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadValue(f"{folder} is there and not of Melisma's making: name another folder, or move it away")
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir(parents=True)
        _fill(part, made)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(part, folder)
    except OSError as error:
        raise DiskError(f"{folder} could not be written: {error.strerror or error}; check its permissions") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _fill(folder: Path, made: list[Path]) -> None:
    from ..sound import audio

    for file in [*made, *patches().values()]:
        shutil.copy(file, folder)
    (folder / "models").mkdir()
    for file in pretrained.published().values():
        shutil.copy(file, folder / "models")
    (folder / "sounds").mkdir()
    for name, licence in PLAYED.items():
        sound = audio.read(_SOUNDS / licence / f"{name}.flac")  # Pd reads no FLAC
        audio.write(folder / "sounds" / f"{name}.wav", sound.mono().samples, sound.rate, "PCM_16")
        shutil.copy(_SOUNDS / licence / "LICENSE.md", folder / "sounds" / f"LICENSE-{licence}.md")
    (folder / STAMP).write_text(_stamp(made) + "\n", "utf-8")


def _stamp(made: list[Path]) -> str:
    """What an installed folder was made of: it is made again when that changes."""
    text = hashlib.sha256()
    for file in [*made, *patches().values(), *pretrained.published().values()]:
        text.update(file.name.encode() + str((file.stat().st_size, file.stat().st_mtime_ns)).encode())
    return f"Melisma's objects for Pure Data, installed by `melisma pd`; {text.hexdigest()[:16]}"


def path() -> Path:
    """A folder with everything, for Pd's -path: where it is installed, else one in melisma.system.home, made on request."""
    for folder in (usual_folder(), home() / "pd"):
        stamp = folder / STAMP
        if stamp.is_file() and stamp.read_text("utf-8").strip() == _stamp(objects()):
            return folder
    return install(usual_folder() if (usual_folder() / STAMP).is_file() else home() / "pd")


def open_patch(name: str) -> int:
    """Open a patch in Pd and wait for Pd to end. → its exit code."""
    known = patches()
    name = name.removesuffix(".pd")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise NotFound(f"there is no patch named {name!r}; {hint}there are {', '.join(known)}")
    folder = path()
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
