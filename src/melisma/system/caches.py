"""A folder for what Numba compiles, where neither the packages nor the user's own folders can be written (containers, kiosks)."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from .home import user


def compiled() -> None:
    """Called before Numba is imported: NUMBA_CACHE_DIR is set if Numba would find no place and refuse to start."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    own = user()
    base = os.environ.get("XDG_CACHE_HOME") or (own / ".cache" if own else None)
    if base is None or not _takes(Path(base) / "numba"):
        os.environ["NUMBA_CACHE_DIR"] = str(_temporary())


def _temporary() -> Path:
    """The same one every time if it is the user's alone: what is kept there is run."""
    if not hasattr(os, "getuid"):
        return Path(tempfile.gettempdir()) / "melisma-compiled"
    folder = Path(tempfile.gettempdir()) / f"melisma-compiled-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if found.st_uid == os.getuid() and found.st_mode & 0o170077 == 0o040000 and _takes(folder):
            return folder
        fresh = Path(tempfile.mkdtemp(prefix="melisma-compiled-"))
    except OSError:
        return folder  # Numba says that it cannot
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    return fresh


def _takes(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
