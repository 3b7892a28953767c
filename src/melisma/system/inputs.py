"""Within a command, what was read is not written over: the last guard behind `melisma.cli.files`, which looks before the work.

Readers note what they open, `check_target` asks. Files are told apart as the disk does it, so links and other names are no way
around. A file that is gone is none any more: the disk gives its number to the next one, which may be an output. Outside of a
command nothing is noted: a program may write over what it read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NOTED: ContextVar[dict[tuple[int, int], str] | None] = ContextVar("noted", default=None)


@contextmanager
def inputs_stay() -> Iterator[None]:
    """Within it, `is_input` knows the files that were noted."""
    token = _NOTED.set({})
    try:
        yield
    finally:
        _NOTED.reset(token)


def note_input(path: str | os.PathLike[str]) -> None:
    """This file is read."""
    noted, identity = _NOTED.get(), _identity(path)
    if noted is not None and identity is not None:
        noted[identity] = os.path.abspath(path)


def is_input(path: str | os.PathLike[str]) -> bool:
    """Whether this file was read by the command that runs."""
    noted, identity = _NOTED.get() or {}, _identity(path)
    return identity is not None and identity in noted and _identity(noted[identity]) == identity


def _identity(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return state.st_dev, state.st_ino
