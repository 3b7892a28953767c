"""A folder that one process at a time has in hand. The operating system holds the lock, so that of a killed process is free."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import Unavailable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

_FAR = 1 << 30  # the byte that Windows locks: nobody else can read a locked one, and what stands in the file is for reading


class Taken(Unavailable):
    """Another process holds the lock. `note`: what it left in the file, "" if nothing yet."""

    def __init__(self, message: str, note: str):
        super().__init__(message)
        self.note = note


class Lock:
    """A held lock, whose file can hold a note for those who come later."""

    def __init__(self, number: int):
        self._number = number

    def note(self, text: str) -> None:
        """What the others find in the file, where there is room for it. It goes with the lock, or with the next one."""
        with suppress(OSError):  # a full disk
            os.ftruncate(self._number, 0)
            os.lseek(self._number, 0, os.SEEK_SET)
            os.write(self._number, text.encode())


@contextmanager
def locked(file: Path) -> Iterator[Lock]:
    """`with locked(file) as lock:` nobody else has `file` locked meanwhile. Taken if somebody has.

    The file stays: removing it would let two processes lock two files of one name. Only this user reads it.
    """
    number = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if not _lock(number):
            raise Taken(f"{file.parent} is in use by another process", note(file))
        lock = Lock(number)
        lock.note("")
        try:
            yield lock
        finally:
            lock.note("")
    finally:
        os.close(number)  # and with it the lock


def note(file: Path) -> str:
    """What the owner of a lock left in its file; "" if there is nothing."""
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def _lock(number: int) -> bool:
    """False if another process has it. A file system that knows no locks is trusted to have one user only."""
    if fcntl is None:
        os.lseek(number, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]  # on Windows alone
        except OSError:
            return False
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
