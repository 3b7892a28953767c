"""Reading sound files: as a stream of blocks, to the end that the decoder finds, whatever a header says.

    with open_sound("take.wav") as source:
        for block in source.blocks():   # float32 (channels, n)
            …
        print(source.remarks)           # what was cut, falsely claimed or recovered, a sentence each

PCM, FLAC, Ogg and MPEG audio is libsndfile's to decode; what it does not know is `foreign`'s.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soundfile

from ..errors import BadValue, Damaged, DiskError, MelismaError, NotFound
from ..system.inputs import note_input
from .door import MOST_CHANNELS, RATES
from .foreign import SUFFIXES as FOREIGN
from .foreign import Foreign, format_of, installed, needed
from .headers import View, after_id3, layout
from .quiet import without_decoders_lines
from .rates import BLOCK
from .rows import flac_parts, mp3_parts, ogg_links, riff_parts

_STEP = 4096  # frames: if a decoder fails, what it gave before is kept
_SUSPECT = 0.1  # s by which the claim of a foreign format may be off before anything is said
_OTHERS = (b"caff", b".snd", b"RF64", b"riff")  # how files begin that are no MPEG audio: they need not be tried for it


class _SoundFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile declares no types
    """libsndfile's file, read forwards: it is asked for frames until it has no more, and never seeks."""

    def seekable(self) -> bool:
        return False


Opener = Callable[[], _SoundFile]


class Source:
    """An open sound file: `rate` in Hz, `channels`, and `blocks`.

    claimed: the frames that its header announces, None if it does not. expected: how many there will probably be, 0 if nobody
    knows. done: the frames that were read. replaced: samples
    that were NaN or infinite, and are 0. remarks: sentences about the file, complete when all blocks were read.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = path
        self.rate = self.channels = self.done = self.replaced = self.expected = 0
        self.claimed: int | None = None
        self.remarks: list[str] = []
        self._closing: list[Callable[[], None]] = []
        self._parts: list[Opener] = []
        self._open: _SoundFile | None = None
        self._foreign: Foreign | None = None
        self._mpeg = self._caf = False
        self._claim: tuple[int, int] | None = None  # bytes of samples, or frames of MPEG: claimed, there
        self._endless = False  # an Ogg file without its end

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._open:
            self._open.close()
            self._open = None
        while self._closing:
            self._closing.pop()()

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound from its beginning, as float32 (channels, n), n ≤ 65536. NaN and infinite samples are 0.

        What a damaged file holds before its damage is given, and the damage is a remark; MelismaError if that is nothing.
        """
        damage = ""
        blocks = self._foreign_blocks() if self._foreign else self._own_blocks()
        try:
            for block in blocks:
                finite = np.isfinite(block)
                bad = block.size - int(np.count_nonzero(finite))
                if bad:
                    block[~finite] = 0
                self.replaced += bad
                self.done += len(block)
                yield block.T
        except (soundfile.SoundFileError, ValueError) as error:
            if isinstance(error, MelismaError):
                raise
            damage = str(error)
        if not self.done:
            raise Damaged(
                f"{self.path} is damaged and cannot be decoded; export it again"
                if damage
                else f"{self.path} holds no samples; record or export it again"
            )
        self._remark(bool(damage))

    def _own_blocks(self) -> Iterator[np.ndarray]:
        for number, opener in enumerate(self._parts):
            if number:
                with self._quiet():
                    file, before = opener(), self._open
                if before:
                    before.close()
                self._open = file
                if (file.samplerate, file.channels) != (self.rate, self.channels):
                    other = f"goes on at {file.samplerate} Hz in {_channels(file.channels)} after {self.done / self.rate:.2f} s"
                    self.remarks.append(f"{self.path} {other}: that part is left out; cut it off and read it on its own")
                    return
            assert self._open is not None  # as long as its blocks are read
            yield from self._blocks_of(self._open)

    def _blocks_of(self, file: _SoundFile) -> Iterator[np.ndarray]:
        step = BLOCK if file.subtype.startswith(("PCM", "FLOAT", "DOUBLE")) and file.format != "FLAC" else _STEP
        while True:
            block, filled = np.full((BLOCK, self.channels), np.nan, np.float32), 0
            try:
                with self._quiet():
                    while filled < BLOCK:
                        got = len(file.read(min(step, BLOCK - filled), out=block[filled : filled + step]))
                        filled += got
                        if not got:
                            break
            except soundfile.SoundFileError:
                # how far the decoder came before it failed: it writes numbers over what is none
                filled += int(np.argmax(np.append(np.isnan(block[filled:, 0]), True)))
                if filled:
                    yield block[:filled]
                raise
            if not filled:
                return
            yield block[:filled]

    def _foreign_blocks(self) -> Iterator[np.ndarray]:
        assert self._foreign is not None
        for block in self._foreign.blocks():
            for start in range(0, len(block), BLOCK):
                yield np.array(block[start : start + BLOCK], np.float32)

    def _quiet(self) -> AbstractContextManager[None]:
        return without_decoders_lines() if self._mpeg or self._caf else nullcontext()

    def _remark(self, damaged: bool) -> None:
        path, seconds = self.path, self.done / self.rate
        claimed = self.claimed
        if self._claim and self._claim[1]:
            claimed = round(self.done * self._claim[0] / self._claim[1])
        least = _SUSPECT * self.rate if self._foreign else 0  # encoders' padding
        if claimed is not None and self.done < claimed - least:
            what = "is damaged or cut short" if damaged or self._mpeg else "is cut short"  # libmpg123's errors look like ends
            self.remarks.append(f"{path} {what}: it holds {seconds:.2f} s of the {claimed / self.rate:.2f} s it announces")
        elif damaged and not claimed:
            self.remarks.append(f"{path} is damaged and cannot be decoded beyond {seconds:.2f} s")
        elif claimed is not None and self.done > claimed + least:
            self.remarks.append(
                f"{path} announces {claimed / self.rate:.2f} s and holds {seconds:.2f} s: all of it is used, "
                "as when a recorder was stopped before it wrote the length"
            )
        elif self._endless:
            self.remarks.append(f"{path} has no end, so it may be cut short: it holds {seconds:.2f} s")
        if self.replaced:
            self.remarks.append(f"{path}: {self.replaced} samples that are not numbers were replaced by silence")

    # --- how it is opened ---

    def _begin(self, file: BinaryIO) -> None:
        """Find out what the file is, and open the first of its parts."""
        head = file.read(16)
        self._caf = head[:4] == b"caff"  # it may hold ALAC
        if name := format_of(head):
            return self._begin_foreign(file, name)
        if head[:4] == b"OggS":
            parts, ends = ogg_links(file)
            self._endless = not ends
        elif head[:4] in (b"RIFF", b"RIFX", b"FORM"):
            parts = riff_parts(file)
        elif head[:4] == b"fLaC" or head[:3] == b"ID3" and self._is_flac(file):
            parts = flac_parts(file)
        elif head[:4] not in _OTHERS and self._is_mpeg():
            parts = None
            self._parts = self._mpeg_parts(file)
        else:
            parts = [(0, os.fstat(file.fileno()).st_size)]
        if parts:
            self._parts = [self._part(file, *part, alone=len(parts) == 1) for part in parts]
        with self._quiet():
            self._open = self._parts[0]()
        self.rate, self.channels = self._open.samplerate, self._open.channels
        known = self.claimed or self._open.frames
        self.expected = known if known < 1 << 48 else 0

    @staticmethod
    def _is_flac(file: BinaryIO) -> bool:
        file.seek(after_id3(file))
        return file.read(4) == b"fLaC"

    def _is_mpeg(self) -> bool:
        self._mpeg = True  # perhaps: it is not known before it is opened, and opening it may make libmpg123 speak
        with self._quiet(), self._native() as whole:
            self._mpeg = whole.format == "MP3"
        return self._mpeg

    def _part(self, file: BinaryIO, begin: int, end: int, alone: bool) -> Opener:
        """How a part of the file is opened, whose claims are added to the others'."""
        found = layout(View(file, begin, end))
        if found.frames is not None:
            self.claimed = (self.claimed or 0) + found.frames
        if found.claimed is not None:
            before = self._claim or (0, 0)
            self._claim = (before[0] + found.claimed, before[1] + found.there)
        return self._native if alone and not found.patches else self._viewed(file, begin, end, found.patches)

    def _begin_foreign(self, file: BinaryIO, name: str) -> None:
        if not installed():
            raise needed(self.path, Path(self.path).suffix.lstrip("."))
        file.seek(0)
        try:
            self._foreign = foreign = Foreign(file, name)
        except ValueError as error:
            raise Damaged(f"{self.path} is not audio that can be read ({error}); convert it to WAV or FLAC") from error
        self._closing.append(lambda: foreign.__exit__(None, None, None))
        self.rate, self.channels, self.claimed = self._foreign.rate, self._foreign.channels, self._foreign.claimed
        self.expected = self.claimed or 0

    def _native(self) -> _SoundFile:
        return _SoundFile(native(self.path))

    def _viewed(
        self, file: BinaryIO, begin: int, end: int, patches: dict[int, bytes] | None = None, endless: bool = False
    ) -> Opener:
        return lambda: _SoundFile(View(file, begin, end, patches, endless))

    def _mpeg_parts(self, file: BinaryIO) -> list[Opener]:
        """A part for each MP3 in the file, each with the number of frames that it has, counted."""
        parts = mp3_parts(file, after_id3(file))
        return [self._mpeg_part(file, *part, alone=len(parts) == 1) for part in parts]

    def _mpeg_part(self, file: BinaryIO, begin: int, end: int, count_at: int | None, alone: bool) -> Opener:
        if count_at is None:
            return self._viewed(file, begin, end, endless=True)
        tag = count_at - 8 - begin
        with self._quiet(), _SoundFile(View(file, begin, end, {tag: bytes(4)}, endless=True)) as counted:
            file.seek(count_at)
            said = int.from_bytes(file.read(4), "big")
            size = 1152 if counted.samplerate >= 32000 else 576
            true = counted.frames // size - 1  # the frame that says it holds no sound
        before = self._claim or (0, 0)
        self._claim = (before[0] + said, before[1] + max(true, 0))
        if true == said or true < 1:
            return self._native if alone else self._viewed(file, begin, end)
        return self._viewed(file, begin, end, {tag + 8: true.to_bytes(4, "big")})


def open_sound(path: str | os.PathLike[str]) -> Source:
    """The open file, for streaming; MelismaError says why a file is no sound."""
    path, source = Path(path), Source(path)
    try:
        if path.is_dir():
            raise BadValue(f"{path} is a folder, not a sound file; name a file inside it")
        if not path.exists():
            raise NotFound(f"{path} does not exist; check its name and the folder you are in")
        if not path.is_file():
            raise BadValue(f"{path} is not an ordinary file; save the sound to a file first")
        if path.stat().st_size == 0:
            raise Damaged(f"{path} is empty (0 bytes); record or export it again")
        file = path.open("rb")  # for the reason that the system gives, too
        source._closing.append(file.close)
        note_input(path)
        source._begin(file)
        if not RATES[0] <= source.rate <= RATES[1]:
            span = f"outside {RATES[0]} to {RATES[1]} Hz"
            raise Damaged(f"{path} claims a sample rate of {source.rate} Hz, {span}; export it again")
        if not 0 < source.channels <= MOST_CHANNELS:
            raise Damaged(f"{path} claims {source.channels} channels, more than {MOST_CHANNELS}; export it again")
    except OSError as error:
        source.close()
        raise DiskError(f"{path} cannot be opened: {error.strerror}; check its permissions") from error
    except TypeError as error:  # soundfile asks for the rate of a .raw file
        source.close()
        raise Damaged(f"{path} is raw audio without a header; convert it to WAV or FLAC") from error
    except soundfile.SoundFileError as error:
        source.close()
        suffix = path.suffix.lower().lstrip(".")
        if suffix in FOREIGN and not installed():
            raise needed(path, suffix) from error
        raise Damaged(f"{path} is not audio that can be read; convert it to WAV, FLAC, OGG or MP3") from error
    except BaseException:
        source.close()
        raise
    return source


def native(path: str | os.PathLike[str]) -> str | bytes:
    """A name as libsndfile takes it: where names are bytes, some are no Unicode, and soundfile would refuse them."""
    return os.fsencode(path) if os.name == "posix" else os.fspath(path)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"
