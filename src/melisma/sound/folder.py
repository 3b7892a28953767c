"""Which files of a folder are sounds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import soundfile

from ..errors import BadValue, NotFound
from .foreign import SUFFIXES as FOREIGN
from .foreign import installed

_NOT_SOUND = {"raw", "mat4", "mat5", "wavex", "pvf", "xi", "mpc2k"}  # names of libsndfile's that are no suffix or no recording
_ALSO = {"ogg", "oga", "opus", "mp3", "flac", "wav", "aif", "aiff", "aifc", "snd", "bwf"}
EXTENSIONS = sorted(({name.lower() for name in soundfile.available_formats()} | _ALSO) - _NOT_SOUND)


def walk(folder: Path, without: str = "") -> Iterator[Path]:
    """Files beneath a folder, links followed, hidden ones left out (such as the ._ files that macOS leaves beside sounds)."""
    seen = {without} - {os.path.realpath(folder)}
    for parent, folders, files in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(parent)) in seen:  # links may run in circles
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (Path(parent, f) for f in sorted(files) if not f.startswith("."))


def sounds_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The sounds of a folder at any depth, in the order of their names; NotFound or BadValue if there are none to be had."""
    folder = Path(folder)
    if not folder.exists():
        raise NotFound(f"{folder} does not exist; check its name and the folder you are in")
    if not folder.is_dir():
        raise BadValue(f"{folder} is a file, not a folder of sounds")
    suffixes = {f".{name}" for name in (*EXTENSIONS, *(FOREIGN if installed() else ()))}
    found = sorted(file for file in walk(folder) if file.suffix.lower() in suffixes and file.is_file())
    if not found:
        looked_for = " ".join(f".{name}" for name in EXTENSIONS)
        raise NotFound(f"{folder} holds no sound file: looked for {looked_for} in it and its subfolders")
    return found
