"""What a sound file consists of: its parts, how each is opened, and what its headers claim. Nothing is decoded for that."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import soundfile

from ..errors import Damaged
from .foreign import Foreign, format_of, installed, needed
from .headers import View, after_id3, layout
from .quiet import without_decoders_lines
from .rows import flac_parts, mp3_parts, ogg_links, riff_parts

_OTHERS = (b"caff", b".snd", b"RF64", b"riff")  # how files begin that are no MPEG audio: they need not be tried for it


class SoundFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile declares no types
    """libsndfile's file, read forwards: it is asked for frames until it has no more, and never seeks."""

    def seekable(self) -> bool:
        return False


Opener = Callable[[], SoundFile]


class Parts:
    """Of an open file.

    openers: of its parts, one after another; foreign: what decodes it instead, where libsndfile cannot. claimed: the frames
    that its headers announce, None if they do not. claim: bytes of samples, or frames of MPEG: claimed, there. mpeg: it is
    MPEG audio. endless: it is an Ogg file without its end.
    """

    def __init__(self, path: str | os.PathLike[str], file: BinaryIO):
        """MelismaError or soundfile's error if it is no sound. The file is read as long as the parts are."""
        self._path, self._file = path, file
        self.openers: list[Opener] = []
        self.foreign: Foreign | None = None
        self.claimed: int | None = None
        self.claim: tuple[int, int] | None = None
        self.mpeg = self.endless = False
        head = file.read(16)
        self._caf = head[:4] == b"caff"  # it may hold ALAC
        if name := format_of(head):
            self.foreign = self._foreign(name)
            self.claimed = self.foreign.claimed
        elif head[:4] == b"OggS":
            links, ends = ogg_links(file)
            self.endless = not ends
            self._add(links)
        elif head[:4] in (b"RIFF", b"RIFX", b"FORM"):
            self._add(riff_parts(file))
        elif head[:4] == b"fLaC" or head[:3] == b"ID3" and self._is_flac():
            self._add(flac_parts(file))
        elif head[:4] not in _OTHERS and self._is_mpeg():
            found = mp3_parts(file, after_id3(file))
            self.openers = [self._mpeg_part(*part, alone=len(found) == 1) for part in found]
        else:
            self._add([(0, os.fstat(file.fileno()).st_size)])

    def quiet(self) -> AbstractContextManager[None]:
        """What to decode within: some decoders write lines of their own."""
        return without_decoders_lines() if self.mpeg or self._caf else nullcontext()

    def _foreign(self, name: str) -> Foreign:
        if not installed():
            raise needed(self._path, Path(self._path).suffix.lstrip("."))
        self._file.seek(0)
        try:
            return Foreign(self._file, name)
        except ValueError as error:
            raise Damaged(f"{self._path} is not audio that can be read ({error}); convert it to WAV or FLAC") from error

    def _is_flac(self) -> bool:
        self._file.seek(after_id3(self._file))
        return self._file.read(4) == b"fLaC"

    def _is_mpeg(self) -> bool:
        self.mpeg = True  # perhaps: it is not known before it is opened, and opening it may make libmpg123 speak
        with self.quiet(), self._whole() as whole:
            self.mpeg = whole.format == "MP3"
        return self.mpeg

    def _add(self, parts: list[tuple[int, int]]) -> None:
        self.openers = [self._part(*part, alone=len(parts) == 1) for part in parts]

    def _part(self, begin: int, end: int, alone: bool) -> Opener:
        """How a part of the file is opened, whose claims are added to the others'."""
        found = layout(View(self._file, begin, end))
        if found.frames is not None:
            self.claimed = (self.claimed or 0) + found.frames
        if found.claimed is not None:
            self._claims(found.claimed, found.there)
        return self._whole if alone and not found.patches else self._viewed(begin, end, found.patches)

    def _mpeg_part(self, begin: int, end: int, count_at: int | None, alone: bool) -> Opener:
        """How one of the MP3s in the file is opened, with the number of frames that it has, counted."""
        if count_at is None:
            return self._viewed(begin, end, endless=True)
        tag = count_at - 8 - begin
        with self.quiet(), SoundFile(View(self._file, begin, end, {tag: bytes(4)}, endless=True)) as counted:
            self._file.seek(count_at)
            said = int.from_bytes(self._file.read(4), "big")
            size = 1152 if counted.samplerate >= 32000 else 576
            true = counted.frames // size - 1  # the frame that says it holds no sound
        self._claims(said, max(true, 0))
        if true == said or true < 1:
            return self._whole if alone else self._viewed(begin, end)
        return self._viewed(begin, end, {tag + 8: true.to_bytes(4, "big")})

    def _claims(self, claimed: int, there: int) -> None:
        before = self.claim or (0, 0)
        self.claim = (before[0] + claimed, before[1] + there)

    def _whole(self) -> SoundFile:
        return SoundFile(native(self._path))

    def _viewed(self, begin: int, end: int, patches: dict[int, bytes] | None = None, endless: bool = False) -> Opener:
        return lambda: SoundFile(View(self._file, begin, end, patches, endless))


def native(path: str | os.PathLike[str]) -> str | bytes:
    """A name as libsndfile takes it: where names are bytes, some are no Unicode, and soundfile would refuse them."""
    return os.fsencode(path) if os.name == "posix" else os.fspath(path)
