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
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soundfile

from ..errors import BadValue, Damaged, DiskError, MelismaError, NotFound
from ..system.inputs import note_input
from .door import MOST_CHANNELS, RATES
from .foreign import SUFFIXES as FOREIGN
from .foreign import Foreign, installed, needed
from .parts import Parts, SoundFile
from .rates import BLOCK

_STEP = 4096  # frames: if a decoder fails, what it gave before is kept
_SUSPECT = 0.1  # s by which the claim of a foreign format may be off before anything is said

# files of Melisma's and music's own, by their names, and the command that makes a sound of each
NO_SOUNDS = {
    "npz": ("a latent path", "decode"),
    "melisma-session": ("a session of the studio", "render"),
    "mid": ("a MIDI file", "play"),
    "midi": ("a MIDI file", "play"),
}


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
        self._parts: Parts
        self._open: SoundFile | None = None

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
        blocks = self._foreign_blocks(self._parts.foreign) if self._parts.foreign else self._own_blocks()
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
        for number, opener in enumerate(self._parts.openers):
            if number:
                with self._parts.quiet():
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

    def _blocks_of(self, file: SoundFile) -> Iterator[np.ndarray]:
        step = BLOCK if file.subtype.startswith(("PCM", "FLOAT", "DOUBLE")) and file.format != "FLAC" else _STEP
        while True:
            block, filled = np.full((BLOCK, self.channels), np.nan, np.float32), 0
            try:
                with self._parts.quiet():
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

    @staticmethod
    def _foreign_blocks(foreign: Foreign) -> Iterator[np.ndarray]:
        for block in foreign.blocks():
            for start in range(0, len(block), BLOCK):
                yield np.array(block[start : start + BLOCK], np.float32)

    def _remark(self, damaged: bool) -> None:
        path, parts, seconds = self.path, self._parts, self.done / self.rate
        claimed = self.claimed
        if parts.claim and parts.claim[1]:
            claimed = round(self.done * parts.claim[0] / parts.claim[1])
        least = _SUSPECT * self.rate if parts.foreign else 0  # encoders' padding
        if claimed is not None and self.done < claimed - least:
            what = "is damaged or cut short" if damaged or parts.mpeg else "is cut short"  # libmpg123's errors look like ends
            self.remarks.append(f"{path} {what}: it holds {seconds:.2f} s of the {claimed / self.rate:.2f} s it announces")
        elif damaged and not claimed:
            self.remarks.append(f"{path} is damaged and cannot be decoded beyond {seconds:.2f} s")
        elif claimed is not None and self.done > claimed + least:
            self.remarks.append(
                f"{path} announces {claimed / self.rate:.2f} s and holds {seconds:.2f} s: all of it is used, "
                "as when a recorder was stopped before it wrote the length"
            )
        elif parts.endless:
            self.remarks.append(f"{path} has no end, so it may be cut short: it holds {seconds:.2f} s")
        if self.replaced:
            self.remarks.append(f"{path}: {self.replaced} samples that are not numbers were replaced by silence")

    def _begin(self, file: BinaryIO) -> None:
        """Find out what the file is, and open the first of its parts."""
        self._parts = parts = Parts(self.path, file)
        self.claimed = parts.claimed
        if parts.foreign:
            foreign = parts.foreign
            self._closing.append(lambda: foreign.__exit__(None, None, None))
            self.rate, self.channels, self.expected = foreign.rate, foreign.channels, self.claimed or 0
            return
        with parts.quiet():
            self._open = parts.openers[0]()
        self.rate, self.channels = self._open.samplerate, self._open.channels
        known = self.claimed or self._open.frames
        self.expected = known if known < 1 << 48 else 0


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
        if suffix in NO_SOUNDS:
            what, command = NO_SOUNDS[suffix]
            raise BadValue(f"{path} is {what} by its name, and no sound: `melisma {command}` makes one of it") from error
        raise Damaged(f"{path} is not audio that can be read; convert it to WAV, FLAC, OGG or MP3") from error
    except BaseException:
        source.close()
        raise
    return source


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"
