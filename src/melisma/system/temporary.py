"""Files and folders that are there for a while, and what a killed process leaves of them.

They are named `.NAME.melisma-<12 hexadecimal digits><suffix>` and locked by the process that made them for as long as it
uses them. The operating system lets go of the lock when the process ends, however it ends: what bears such a name
and is not locked belongs to nobody, and the next run removes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_OURS = re.compile(r"\.(?:.+\.)?melisma-[0-9a-f]{12}(?:\.[^.]*)?", re.DOTALL)
_OLDER = re.compile(r"\.(?:.+\.)?[0-9a-f]{12}\.(?:part|old)(?:\.[^.]*)?", re.DOTALL)  # of versions that locked nothing
_UNLOCKED_AGE = 24 * 3600  # s; where nothing can be locked, what has not changed for so long belongs to nobody
_NOISE = {
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "icon\r",
    "lost+found",
    "@eadir",
    "$recycle.bin",
    "system volume information",
}
_swept: set[str] = set()


def is_noise(name: str) -> bool:
    """Whether a file was put there by an operating system or a file server and says nothing about a folder.

    Hidden files (.DS_Store, ._x, .nfs0123, .directory) are, and what Windows and storage boxes leave (Thumbs.db, @eaDir).
    """
    return name.startswith(".") or name.lower() in _NOISE


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """A new file in the target's folder, with its suffix, for the block; it may be moved away. Nothing of it stays."""
    sweep_once(target.parent)
    with _made(target.parent, "", target.suffix, _new_file) as path:
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _new_file(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # unlike tempfile's, the mode follows the umask


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """A new folder in the target's, named after it, for the block; it may be moved away. Nothing of it stays."""
    sweep_once(target.parent)
    with _made(target.parent, f"{target.name[:80]}.", "", lambda path: path.mkdir()) as path:
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _made(parent: Path, name: str, suffix: str, make: Callable[[Path], None]) -> Iterator[Path]:
    while True:
        path = parent / f".{name}melisma-{secrets.token_hex(6)}{suffix}"
        make(path)
        lock = _lock(path)
        if lock is None or _same(lock, path):  # else somebody swept it before it was locked
            break
        os.close(lock)
    try:
        yield path
    finally:
        if lock is not None:
            os.close(lock)


def _lock(path: Path) -> int | None:
    """A lock on a file or folder, to be closed; None where it cannot be had. BlockingIOError if another process has it."""
    if fcntl is None:
        return None
    try:
        found = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(found)
        raise
    except OSError:  # file systems without locks
        os.close(found)
        return None
    return found


def _same(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), os.stat(path, follow_symlinks=False))
    except OSError:
        return False


def sweep_once(folder: Path) -> None:
    """`sweep`, the first time in this process."""
    if (key := os.path.realpath(folder)) not in _swept:
        _swept.add(key)
        sweep(folder)


def sweep(folder: Path) -> int:
    """Remove what killed processes left in a folder. → how many files and folders; others' troubles are not ours to tell."""
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    return sum(_remove(folder / name) for name in names if _OURS.fullmatch(name) or _OLDER.fullmatch(name))


def _remove(path: Path) -> bool:
    try:
        lock = _lock(path)
    except BlockingIOError:
        return False
    try:
        if (lock is None or not _OURS.fullmatch(path.name)) and time.time() - _changed(path) < _UNLOCKED_AGE:
            return False
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        return not path.exists()
    except OSError:
        return False
    finally:
        if lock is not None:
            os.close(lock)


def _changed(path: Path) -> float:
    """When something in it was last changed."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else ()
    return max((file.lstat().st_mtime for file in (path, *inside)), default=0.0)
