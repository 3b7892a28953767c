"""Session files: `NAME.melisma-session` is a ZIP archive with `session.json` and the sounds that it names, `sounds/HASH`.

Nothing else in one is looked at.
"""

from __future__ import annotations

import errno
import json
import lzma
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import Damaged, MelismaError
from .document import MOST_DOCUMENT, KeptCorner, Session, SoundCorner, SoundRef, Take, read
from .library import MOST_BYTES, Library

# what zipfile and the decompressors below it raise for bytes that are no archive
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, KeyError, ValueError, RuntimeError)
_OURS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EROFS}  # a disk's errors, not the file's


def pack(library: Library, session: Session, file: BinaryIO | Path) -> None:
    """Write a session file. MelismaError if a sound of it is gone or damaged."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("session.json", msgspec.json.format(msgspec.json.encode(session), indent=1))
        for ref in references(session):
            archive.write(library.file(ref), f"sounds/{ref.hash}")


def unpack(library: Library, file: BinaryIO | Path, name: str) -> Session:
    """Read a session file, and take in its sounds. MelismaError for what is none; nothing but its sounds is written."""
    try:
        with zipfile.ZipFile(file) as archive:
            session = _document(archive, name)
            for ref in references(session):
                _extract(library, archive, ref, name)
            return session
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, MelismaError) or getattr(error, "errno", None) in _OURS:
            raise
        raise Damaged(f"{name} is not a session of the studio, or is damaged: save it again") from error


def references(session: Session) -> list[SoundRef]:
    """The sounds that a session needs, each once."""
    found: dict[str, SoundRef] = {}
    for take in (session.take, *(snapshot.take for snapshot in session.snapshots)):
        for ref in _of(take):
            found.setdefault(ref.hash, ref)
    return list(found.values())


def _of(take: Take) -> Iterator[SoundRef]:
    if take.input is not None:
        yield take.input
    for corner in take.square.corners:
        if isinstance(corner, SoundCorner):
            yield corner.sound
        elif isinstance(corner, KeptCorner):
            yield corner.input


def _document(archive: zipfile.ZipFile, name: str) -> Session:
    info = archive.getinfo("session.json")
    if info.file_size > MOST_DOCUMENT:
        raise Damaged(f"{name} claims a document of {info.file_size >> 20} MiB: it is damaged")
    data = archive.read(info)
    version = _format(data)
    if version != 1:
        raise Damaged(f"{name} is of format {version}, and this version of Melisma reads format 1: update Melisma")
    return read(data, Session)  # type: ignore[return-value]


def _extract(library: Library, archive: zipfile.ZipFile, ref: SoundRef, name: str) -> None:
    if library.holds(ref.hash):
        return
    info = archive.getinfo(f"sounds/{ref.hash}")
    if info.file_size > MOST_BYTES:
        raise Damaged(f"{name} claims a sound of {info.file_size >> 20} MiB: it is damaged")
    with library.receive() as incoming, archive.open(info) as source:
        shutil.copyfileobj(source, incoming)
        if incoming.finish() != ref.hash:
            raise Damaged(f"{name} is damaged: its sound {ref.name} is not what it was")
        library.add(incoming, ref.name)


def _format(data: bytes) -> object:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value.get("format") if isinstance(value, dict) else None
