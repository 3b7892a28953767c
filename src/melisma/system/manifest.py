"""Folders that Melisma fills and people work in, such as the patches for Pure Data.

`melisma.json` in such a folder says which files Melisma wrote, by their SHA-256. Only those are ever replaced or removed, and
only while they are as they were written. All else, and whatever was changed, stays.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import BadValue, DiskError
from .atomic import atomic
from .temporary import folder_beside, is_noise

NAME = "melisma.json"
_NOTE = "Files that Melisma wrote and may replace, by their SHA-256. Others, and those that you change, stay."


@dataclass
class Filled:
    """What became of a folder. Files are named relative to it."""

    folder: Path
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)  # somebody's own or changed → where Melisma's lies beside it


def is_ours(folder: Path) -> bool:
    """Whether Melisma has filled the folder, whole or as far as it came."""
    return (folder / NAME).is_file()


def is_current(folder: Path, made: str) -> bool:
    """Whether the folder was filled from what `made` stands for, and nothing of it is missing."""
    told, files = _read(folder)
    return told == made and all((folder / name).exists() for name in files)


def adopt(folder: Path, names: Iterable[str], made: str = "") -> None:
    """Count files that are there as written by Melisma."""
    told, files = _read(folder)
    files |= {name: [digest] for name in names if (digest := _digest(folder / name))}
    _write(folder, made or told, files)


def fill(folder: Path, build: Callable[[Path], None], made: str) -> Filled:
    """Put what `build` writes into an empty folder into this one, file by file, each whole or not at all.

    The folder may be a link. It is made if it is not there; MelismaError if it holds anything and was not filled by Melisma,
    or if something cannot be written. Wherever this stops, what was not changed by hand is known as Melisma's the next time.
    """
    real = Path(os.path.realpath(folder))
    _check(folder, real)
    try:
        real.mkdir(parents=True, exist_ok=True)
        with folder_beside(real / "fill") as stage:
            build(stage)
            new = {file.relative_to(stage).as_posix(): file for file in sorted(stage.rglob("*")) if file.is_file()}
            return _exchange(Filled(folder), real, new, made)
    except OSError as error:
        culprit = error.filename2 or error.filename  # a copy names its source first, which could be read
        if not culprit or ".melisma-" in str(culprit):
            culprit = folder
        remedy = f"check the free space and the permissions of {folder}"
        raise DiskError(f"{culprit} could not be written: {error.strerror or error}; {remedy}") from error


def _check(folder: Path, real: Path) -> None:
    if real.exists() and not real.is_dir():
        raise BadValue(f"{folder} is a file; name a folder")
    if real.is_dir() and not is_ours(real) and (found := [name for name in os.listdir(real) if not is_noise(name)]):
        raise BadValue(f"{folder} is there, holds {min(found)} and is not of Melisma's making: name another folder")


def _exchange(filled: Filled, real: Path, new: dict[str, Path], made: str) -> Filled:
    digests = {name: _digest(file) for name, file in new.items()}
    _, old = _read(real)
    places: dict[str, str] = {}  # where each goes
    for name in new:
        places[name] = _free(real, name, digests[name], old)
        if places[name] != name:
            filled.kept[name] = places[name]
    wanted = {places[name]: digests[name] for name in new}
    # first what may be there from now on, so that nothing of ours is foreign if this stops in the middle
    _write(real, "", {name: sorted({*old.get(name, []), wanted.get(name, "")} - {""}) for name in old | wanted})
    for name, place in places.items():
        if _digest(real / place) != digests[name]:
            _put(new[name], real / place)
            filled.written.append(place)
    for name in sorted(old.keys() - wanted.keys()):
        if _unchanged(real / name, old[name]):
            (real / name).unlink()
            filled.removed.append(name)
            _prune(real, (real / name).parent)
    _write(real, made, {name: [digest] for name, digest in wanted.items()})
    return filled


def _free(real: Path, name: str, digest: str, old: dict[str, list[str]]) -> str:
    """The name itself where nothing would be lost, else one beside it: a.pd → a.new.pd."""
    path, number = PurePosixPath(name), 1
    while True:
        place = real / name
        if not os.path.lexists(place) or _unchanged(place, [*old.get(name, []), digest]) or _digest(place) == digest:
            return name
        name = path.with_name(f"{path.stem}.new{number if number > 1 else ''}{path.suffix}").as_posix()
        number += 1


def _put(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(file, place)
    except OSError as error:
        if error.errno != errno.EXDEV:  # a folder in the folder is a link to another disk
            raise
        with atomic(place) as temporary:
            shutil.copyfile(file, temporary)


def _prune(real: Path, folder: Path) -> None:
    while folder != real:
        try:
            folder.rmdir()
        except OSError:  # not empty, or a link
            return
        folder = folder.parent


def _unchanged(place: Path, digests: list[str]) -> bool:
    """Whether it is the file that was written: a link in its place is somebody's doing."""
    return place.is_file() and not place.is_symlink() and _digest(place) in digests


def _digest(file: Path) -> str:
    """ "" for what is no file or cannot be read."""
    try:
        with open(file, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return ""


def _read(folder: Path) -> tuple[str, dict[str, list[str]]]:
    """What the folder was made from ("" while it is being filled), and name → hashes. A damaged list knows nothing."""
    try:
        data = json.loads((folder / NAME).read_text("utf-8"))
        files = {str(name): [str(digest) for digest in digests] for name, digests in data["files"].items()}
        inside = {name: digests for name, digests in files.items() if _inside(name)}
        return str(data["made"]), inside
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", {}


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name and name not in ("", NAME)


def _write(folder: Path, made: str, files: dict[str, list[str]]) -> None:
    with atomic(folder / NAME) as temporary:
        text = json.dumps({"note": _NOTE, "made": made, "files": files}, indent=1, sort_keys=True)
        temporary.write_text(text + "\n", "utf-8")
