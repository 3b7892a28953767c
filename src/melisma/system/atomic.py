"""Outputs that appear whole or not at all."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import BadValue, DiskError, NotFound
from .inputs import is_input
from .temporary import file_beside


def check_target(path: str | os.PathLike[str], suffixes: Iterable[str] = ()) -> Path:
    """The file that a path leads to; MelismaError if nothing can be written there, or it does not end in one of the suffixes.

    For saying so before the work instead of after it; `write` and `atomic` check again.
    """
    suffixes = list(suffixes)
    if suffixes and Path(path).suffix.lower() not in suffixes:
        raise BadValue(f"{path} does not end in a format that can be written; use one of {' '.join(suffixes)}")
    target = Path(os.path.realpath(path))  # through links: they should stay, and point to the new file
    if target.is_dir():
        raise BadValue(f"{path} is a folder; name a file to write in it")
    if not target.parent.is_dir():
        raise NotFound(f"{path} cannot be written: the folder {target.parent} does not exist; create it first")
    if target.exists() and not target.is_file():
        raise BadValue(f"{path} is a device or a pipe, not an ordinary file; name a file to write")
    if target.exists() and not _writable(target):  # it could be replaced all the same, for that asks its folder alone
        raise DiskError(f"{path} is write-protected; write to another file, or take the protection off")
    if is_input(target):
        raise BadValue(f"{path} is a file that is read here: write to another")
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise _refused(path, target, error) from error
    return target


def _refused(path: str | os.PathLike[str], target: Path, error: OSError) -> DiskError:
    remedy = f"check the free space and the permissions of {target.parent}"
    return DiskError(f"{path} could not be written: {error.strerror or error}; {remedy}")


def _writable(file: Path) -> bool:
    """Whether somebody protected a file from being written to: whoever may do anything (root) is asked by the mode alone."""
    return bool(file.stat().st_mode & 0o222) and os.access(file, os.W_OK)


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """`with atomic(path) as temporary:` write the output to `temporary`; it becomes `path` when the block ends well.

    The temporary file lies in the same folder and has the same suffix. If anything fails nothing stays and an older
    file at `path` is left as it was; failures of the disk become a MelismaError.
    """
    target = check_target(path)
    try:
        with file_beside(target) as temporary:
            yield temporary
            os.replace(temporary, target)
    except OSError as error:
        raise _refused(path, target, error) from error


def aside(file: Path) -> Path:
    """A name beside `file` for what cannot be read of it, which nothing has yet: "NAME-unreadable", "NAME-unreadable-2" …"""
    for number in itertools.count(1):
        tail = "" if number == 1 else f"-{number}"
        free = file.with_name(f"{file.stem}-unreadable{tail}{file.suffix}")
        if not os.path.lexists(free):
            return free
    raise AssertionError
