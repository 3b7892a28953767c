"""What the studio keeps: sounds by their content, the autosaved session, and session files.

Sounds lie in `sounds/` under the SHA-256 of their bytes, as they were given. A **session file** (`NAME.melisma-session`)
is a ZIP archive with `session.json` and the sounds that it names, `sounds/HASH`; nothing else in one is looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import MelismaError, MelismaWarning
from ..sound.audio import Audio, open_sound, read
from ..system.atomic import atomic
from ..system.home import home
from .protocol import KeptCorner, Session, SoundCorner, SoundInfo, SoundRef, Take
from .protocol import read as read_json

MOST_BYTES = 1 << 30  # of an upload
MOST_SECONDS = 1800.0  # of a sound
MOST_DOCUMENT = 64 << 20  # bytes of JSON
SUFFIX = ".melisma-session"


class Library:
    """The studio's folder: `folder`, or `studio` in the user's own (see `melisma.system.home`). Safe to use from any thread."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder or home() / "studio"
        self.sounds = self.folder / "sounds"
        try:
            self.sounds.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise MelismaError(f"the folder {self.sounds} cannot be made: {error.strerror}; set MELISMA_HOME") from error
        self._opened: OrderedDict[str, Audio] = OrderedDict()
        self._lock = threading.Lock()

    # --- sounds ---

    def open(self, ref: SoundRef) -> Audio:
        """The sound, in one channel."""
        with self._lock:
            if ref.hash in self._opened:
                self._opened.move_to_end(ref.hash)
                return self._opened[ref.hash]
        file = self.sounds / ref.hash
        if not file.is_file():
            raise MelismaError(f"the sound {ref.name} is not here any more: drop it onto the page again")
        with warnings.catch_warnings(), _called(file, ref.name):
            warnings.simplefilter("ignore", MelismaWarning)  # said when it was added
            audio = read(file).mono()
        with self._lock:
            self._opened[ref.hash] = audio
            while len(self._opened) > 4:
                self._opened.popitem(last=False)
        return audio

    async def add(self, chunks: AsyncIterator[bytes], name: str) -> SoundInfo:
        """Take in an upload, streamed to the disk. MelismaError says why something is no sound for the studio."""
        with self.receive() as file:
            digest, size = hashlib.sha256(), 0
            async for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise MelismaError(f"{name} is larger than {MOST_BYTES >> 20} MiB: cut it, or convert it to FLAC")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            return self._enter(Path(file.name), digest.hexdigest(), name)

    def add_file(self, path: Path) -> SoundInfo:
        """Take in a copy of a file of this machine."""
        with self.receive() as file, path.open("rb") as source:
            shutil.copyfileobj(source, file)
            file.flush()
            digest = hashlib.file_digest(path.open("rb"), "sha256").hexdigest()
            return self._enter(Path(file.name), digest, path.name)

    @contextmanager
    def receive(self) -> Iterator[BinaryIO]:
        """A file in the studio's folder to write to, which is gone afterwards."""
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="incoming-", delete=False) as file:
            try:
                yield file  # type: ignore[misc]
            finally:
                Path(file.name).unlink(missing_ok=True)

    def _enter(self, file: Path, digest: str, name: str) -> SoundInfo:
        name = (name.strip() or "sound")[:200]
        with _called(file, name), open_sound(file) as sound:
            seconds, rate, channels = sound.frames / sound.samplerate, sound.samplerate, sound.channels
        if seconds > MOST_SECONDS:
            length = f"{seconds / 60:.0f} minutes long, and the studio takes {MOST_SECONDS / 60:.0f}"
            raise MelismaError(f"{name} is {length}: cut out what you need (`melisma transfer` takes it whole)")
        target = self.sounds / digest
        if not target.exists():
            os.replace(file, target)
        ref = SoundRef(digest, name)
        audio = self.open(ref)  # a damaged file is found now, and a header may be wrong about the length
        if audio.duration > MOST_SECONDS:
            raise MelismaError(f"{name} is longer than the {MOST_SECONDS / 60:.0f} minutes that the studio takes: cut it")
        return SoundInfo(ref, audio.duration, rate, channels)

    # --- the autosave ---

    @property
    def _autosave(self) -> Path:
        return self.folder / "autosave.json"

    def save(self, session: Session) -> None:
        """Write the autosave, whole or not at all."""
        with atomic(self._autosave) as temporary:
            temporary.write_bytes(msgspec.json.encode(session))

    def restore(self) -> Session | None:
        """The autosave; None if there is none. One that cannot be read is put aside, never written over."""
        if not self._autosave.is_file():
            return None
        try:
            return read_json(self._autosave.read_bytes(), Session)  # type: ignore[return-value]
        except MelismaError:
            os.replace(self._autosave, self.folder / "autosave-unreadable.json")
            return None

    # --- session files ---

    def pack(self, session: Session, file: BinaryIO | Path) -> None:
        """Write a session file."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("session.json", msgspec.json.format(msgspec.json.encode(session), indent=1))
            for ref in references(session):
                sound = self.sounds / ref.hash
                if not sound.is_file():
                    raise MelismaError(f"the sound {ref.name} is not here any more: the session cannot be saved whole")
                archive.write(sound, f"sounds/{ref.hash}")

    def unpack(self, file: BinaryIO | Path, name: str) -> Session:
        """Read a session file, and take in its sounds. MelismaError for what is none; nothing but its sounds is written."""
        try:
            with zipfile.ZipFile(file) as archive:
                session = self._document(archive, name)
                for ref in references(session):
                    self._extract(archive, ref, name)
                return session
        except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError, ValueError, OSError) as error:
            if isinstance(error, MelismaError):
                raise
            raise MelismaError(f"{name} is not a session of the studio, or is damaged: save it again") from error

    def _document(self, archive: zipfile.ZipFile, name: str) -> Session:
        info = archive.getinfo("session.json")
        if info.file_size > MOST_DOCUMENT:
            raise MelismaError(f"{name} claims a document of {info.file_size >> 20} MiB: it is damaged")
        data = archive.read(info)
        version = _format(data)
        if version != 1:
            raise MelismaError(f"{name} is of format {version}, and this version of Melisma reads format 1: update Melisma")
        return read_json(data, Session)  # type: ignore[return-value]

    def _extract(self, archive: zipfile.ZipFile, ref: SoundRef, name: str) -> None:
        if (self.sounds / ref.hash).is_file():
            return
        info = archive.getinfo(f"sounds/{ref.hash}")
        if info.file_size > MOST_BYTES:
            raise MelismaError(f"{name} claims a sound of {info.file_size >> 20} MiB: it is damaged")
        with self.receive() as into, archive.open(info) as source:
            shutil.copyfileobj(source, into)
            into.flush()
            with open(into.name, "rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            if digest != ref.hash:
                raise MelismaError(f"{name} is damaged: its sound {ref.name} is not what it was")
            self._enter(Path(into.name), digest, ref.name)


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


def _format(data: bytes) -> object:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value.get("format") if isinstance(value, dict) else None


@contextmanager
def _called(file: Path, name: str) -> Iterator[None]:
    """Errors that name a file of the studio's own say what people call it."""
    try:
        yield
    except MelismaError as error:
        raise MelismaError(str(error).replace(str(file), name)) from error
