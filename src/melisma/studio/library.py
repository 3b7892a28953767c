"""What the studio keeps: sounds by their content, and the autosaved session.

Sounds lie in `sounds/` under the SHA-256 of their bytes, as they were given. What a file holds is trusted, not that it is
there: a crash may have emptied it. Nothing here belongs on an event loop: all of it waits for the disk.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from ..errors import Damaged, DiskError, MelismaError, NotFound
from ..sound.audio import Audio, read_noting
from ..sound.channels import cancellation, mixed
from ..system.atomic import aside, atomic
from ..system.home import home
from .document import MOST_NAME, Session, SoundRef
from .document import read as read_json
from .protocol import SoundInfo

MOST_BYTES = 1 << 30  # of an upload, which whoever receives it heeds
MOST_SECONDS = 1800.0  # of a sound
MOST_OPENED = 1 << 30  # bytes of samples that are kept beside the last sound's
# what a killed server may have left: its uploads, takes and session files, and parts of files that were to be whole
LEFT = re.compile(r"incoming-[a-z0-9_]{8}|\.([0-9a-f]{12}\.part|melisma-[0-9a-f]{12})(\.jsonl?)?")
LEFT_FOLDERS = re.compile(r"(take-|tmp)[a-z0-9_]{8}")  # with a take.wav, or a part of one, and nothing else
LEFT_TAKES = re.compile(r"take\.wav|\.([0-9a-f]{12}\.part|melisma-[0-9a-f]{12})\.wav")


class Incoming:
    """A file in the studio's folder that is being received, and is gone when it is closed unless the library took it."""

    def __init__(self, folder: Path):
        self._file = tempfile.NamedTemporaryFile(dir=folder, prefix="incoming-", delete=False)
        self.path = Path(self._file.name)
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Some more of it."""
        self._file.write(data)
        self._digest.update(data)

    def finish(self) -> str:
        """All of it is on the disk. → its SHA-256."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Library:
    """The studio's folder: `folder`, or `studio` in the user's own (see `melisma.system.home`). Safe to use from any thread."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder or home() / "studio"
        self.sounds = self.folder / "sounds"
        try:
            self.sounds.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise DiskError(f"the folder {self.sounds} cannot be made: {error.strerror}; set MELISMA_HOME") from error
        self._opened: OrderedDict[str, Audio] = OrderedDict()
        self._lock = threading.Lock()

    def sweep(self) -> None:
        """Remove what killed servers left half-written. Only for whoever has the folder to itself."""
        for file in [*self.folder.iterdir(), *self.sounds.iterdir()]:
            with suppress(OSError):
                if file.is_symlink():
                    continue
                if LEFT.fullmatch(file.name) and file.is_file():
                    file.unlink()
                elif LEFT_FOLDERS.fullmatch(file.name) and file.is_dir():
                    inside = list(file.iterdir())
                    if all(LEFT_TAKES.fullmatch(one.name) for one in inside):
                        for one in inside:
                            one.unlink()
                        file.rmdir()

    # --- sounds ---

    def open(self, ref: SoundRef) -> Audio:
        """The sound: both channels of a stereo one, any other mixed to one."""
        with self._lock:
            if ref.hash in self._opened:
                self._opened.move_to_end(ref.hash)
                return self._opened[ref.hash]
        audio = _decoded(self.file(ref), ref.name)[0]
        self._remember(ref, audio)
        return audio

    def file(self, ref: SoundRef) -> Path:
        """The sound's file, which holds what it was given; MelismaError if it is gone or damaged."""
        file = self.sounds / ref.hash
        if not file.is_file():
            raise NotFound(f"the sound {ref.name} is not here any more: drop it onto the page again")
        if not self.holds(ref.hash):
            raise Damaged(f"the sound {ref.name} is damaged ({file} is not what it was): drop it onto the page again")
        return file

    def holds(self, digest: str) -> bool:
        """Whether the sound of that hash is here, whole."""
        try:
            with (self.sounds / digest).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except OSError:
            return False

    def receive(self) -> Incoming:
        """A file in the studio's folder to write to, for `add`."""
        return Incoming(self.folder)

    def add(self, incoming: Incoming, name: str) -> SoundInfo:
        """Take in what was received. MelismaError says why something is no sound for the studio."""
        digest, name = incoming.finish(), (name.strip() or "sound")[:MOST_NAME]
        audio, channels, notes = _decoded(incoming.path, name)  # whole: a header may be wrong, and damage is found now
        os.replace(incoming.path, self.sounds / digest)  # whatever is there by that name: this one is whole
        ref = SoundRef(digest, name)
        self._remember(ref, audio)
        return SoundInfo(ref, audio.duration, audio.rate, channels, notes)

    def add_file(self, path: Path) -> SoundInfo:
        """Take in a copy of a file of this machine."""
        with self.receive() as incoming, path.open("rb") as source:
            shutil.copyfileobj(source, incoming)
            return self.add(incoming, path.name)

    def _remember(self, ref: SoundRef, audio: Audio) -> None:
        with self._lock:
            self._opened[ref.hash] = audio
            while len(self._opened) > 1 and (len(self._opened) > 4 or self._bytes > MOST_OPENED):
                self._opened.popitem(last=False)

    @property
    def _bytes(self) -> int:
        return sum(audio.samples.nbytes for audio in self._opened.values())

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
            os.replace(self._autosave, aside(self._autosave))
            return None


def _decoded(file: Path, name: str) -> tuple[Audio, int, tuple[str, ...]]:
    """A file's sound in two channels or one, how many it has, and what there is to say of it; MelismaError if it is too long."""
    with _called(file, name):
        sound, remarks = read_noting(file, MOST_SECONDS)
    if sound.channels == 2:
        return Audio(sound.samples, sound.rate, name=name), 2, _told(remarks, file, name)
    found = cancellation(sound.samples)
    if found.channel is not None:
        remarks.append(found.sentence(name))
    return Audio(mixed(sound.samples, found.channel), sound.rate, name=name), sound.channels, _told(remarks, file, name)


def _told(remarks: list[str], file: Path, name: str) -> tuple[str, ...]:
    return tuple(remark.replace(str(file), name) for remark in remarks)


@contextmanager
def _called(file: Path, name: str) -> Iterator[None]:
    """Errors that name a file of the studio's own say what people call it."""
    try:
        yield
    except MelismaError as error:
        error.args = (str(error).replace(str(file), name),)
        raise
