"""The user's folders: where Melisma keeps what it makes (models, prepared sets, runs, downloads), and what ~ stands for.

The objects for Pure Data look in the same places (hosts/common/names.cpp); a test holds the two together.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from pathlib import Path

from ..errors import BadValue, MelismaError, MelismaWarning


def user() -> Path | None:
    """The user's own folder; None where the system knows none, as in a container whose user has no account."""
    if told := os.environ.get("USERPROFILE" if sys.platform == "win32" else "HOME"):
        return Path(told)
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        return None


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path with ~ and ~name written out; MelismaError where there is no such user."""
    path = Path(path)
    first = path.parts[0] if path.parts else ""
    if not first.startswith("~"):
        return path
    if first == "~":
        return needed(f"{path} is meant from") / Path(*path.parts[1:])
    try:
        return path.expanduser()
    except RuntimeError:
        if path.exists():  # it is called so
            return path
        raise BadValue(f"{path}: there is no user {first[1:]}; write the folder out") from None


def needed(what: str) -> Path:
    """The user's own folder; MelismaError begins with what it is needed for."""
    folder = user()
    if folder is None:
        raise BadValue(f"{what} your own folder, and the system knows none: set HOME (or MELISMA_HOME) to a folder of yours")
    return folder


def home() -> Path:
    """`$MELISMA_HOME`, else the folder that the system keeps for programs, on Linux ~/.cache/melisma.

    MelismaError if there is none: what only reads asks `known_home`. On macOS and Windows it is the data folder: what lies in
    caches may be swept there, and a model that trained overnight is not made again in a moment. A folder ~/.cache/melisma
    that is there already, as older versions made it everywhere, stays the one.
    """
    if chosen := os.environ.get("MELISMA_HOME"):
        try:
            return expanded(chosen)
        except MelismaError as error:
            raise BadValue(f"MELISMA_HOME is {error}") from None
    own = needed("models and prepared sounds are kept in")
    if (usual := own / ".cache" / "melisma").is_dir():
        return usual
    import platformdirs

    if sys.platform in ("darwin", "win32"):
        return platformdirs.user_data_path("melisma", appauthor=False)
    cache = platformdirs.user_cache_path("melisma")
    return cache if cache.is_absolute() else usual  # without HOME it knows the account no better than `user`


def known_home() -> Path | None:
    """That folder for whoever only reads it; None where there is none, since what is published needs none.

    A MELISMA_HOME that leads nowhere is told of, once.
    """
    try:
        return home()
    except MelismaError as error:
        if os.environ.get("MELISMA_HOME"):
            _tell(f"{error}; without it only what is published is found")
        return None


@functools.cache
def _tell(sentence: str) -> None:
    warnings.warn(MelismaWarning(sentence), stacklevel=3)
