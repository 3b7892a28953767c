"""What installing into another program's folder is like, whatever the program."""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import MelismaWarning
from ..files.modelfile import SUFFIX
from ..store import pretrained
from ..system import manifest


def fill(folder: Path, build: Callable[[Path], None], made: str) -> None:
    """`melisma.system.manifest.fill`; a MelismaWarning for each file that is not Melisma's any more says where the new one is."""
    for name, beside in manifest.fill(folder, build, made).kept.items():
        text = f"{folder / name} is not as Melisma wrote it and stays; what it would be now lies beside it as {Path(beside).name}"
        warnings.warn(MelismaWarning(text), stacklevel=3)


def stamp(files: Iterable[Path], *texts: str) -> str:
    """What an installed folder was made of: it is filled again when that changes. The published models are always of it."""
    text = hashlib.sha256("\n".join(texts).encode())
    for file in [*files, *pretrained.published().values()]:
        text.update(file.name.encode() + str((file.stat().st_size, file.stat().st_mtime_ns)).encode())
    return text.hexdigest()[:16]


def models(folder: Path) -> None:
    """The published models, in a new folder `models` there; without taking more room where the disk allows it."""
    (folder / "models").mkdir()
    for name, file in pretrained.published().items():
        link(file, folder / "models" / f"{name}{SUFFIX}")


def link(file: Path, place: Path) -> None:
    """The same file there, without taking more room where the disk allows it."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)
