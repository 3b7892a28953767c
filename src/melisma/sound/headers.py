"""What the header of a sound file claims about its length, and where the claim stands, so that it need not be believed.

libsndfile reads no further than a header says. Recorders that crash leave a header that says 0, programs that write into a
pipe leave one that says as much as can be said, and a file may be cut off anywhere. `layout` finds the claim and what is there;
`reading` then gives libsndfile a `View` of the file whose claim is true. What a file says of itself elsewhere, in comments for
instance, is not looked at.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

UNKNOWN = 0x7E00_0000  # bytes; claims of 32 bits from here on stand for "not known": sox writes 0x7F…, others 0x7FFF… or 0xFFFF…
_STRAY = 4096  # bytes behind the samples that are no chunk, and are not taken for samples either
_AFTER = set("LIST id3  ID3  bext cue  smpl inst fact PEAK JUNK PAD  iXML axml cart acid afsp NAME AUTH ANNO COMT MARK".split())


@dataclass
class Layout:
    """What a header claims. Bytes of samples for files of chunks, frames for FLAC; None: it says that it does not know.

    patches: at which offsets which bytes must stand for a reader to go as far as the file does.
    """

    claimed: int | None = None
    there: int = 0  # bytes of samples that the file has, as far as they are claimed or recovered
    recovered: bool = False  # samples lie behind the claimed end
    frames: int | None = None  # claimed as frames
    patches: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class _Chunks:
    """How a format writes its chunks: identifier, size, body."""

    start: int  # of the first chunk
    name: int  # bytes of an identifier
    size: str  # struct's code for the size
    data: bytes  # identifier of the samples' chunk
    inclusive: bool = False  # the size counts the chunk's own head
    align: int = 2
    outer: tuple[int, str] | None = None  # where the file's own size stands, less 8


_W64 = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_FORMATS: dict[bytes, _Chunks] = {
    b"RIFF": _Chunks(12, 4, "<I", b"data", outer=(4, "<I")),
    b"RIFX": _Chunks(12, 4, ">I", b"data", outer=(4, ">I")),
    b"RF64": _Chunks(12, 4, "<I", b"data"),
    b"FORM": _Chunks(12, 4, ">I", b"SSND", outer=(4, ">I")),
    b"caff": _Chunks(8, 4, ">q", b"data", align=1),
    b"riff": _Chunks(40, 16, "<Q", b"data" + _W64, inclusive=True, align=8),
}


def layout(file: View) -> Layout:
    """What the header of a file claims; an empty layout for formats without a claim, or where it cannot be found."""
    size = file.size
    magic = _at(file, 0, 4)
    if magic in _FORMATS:
        return _chunked(file, size, _FORMATS[magic])
    if magic == b".snd":
        return _counted(file, size, int.from_bytes(_at(file, 4, 4), "big"), 8, ">I")
    begin = after_id3(file)
    if _at(file, begin, 4) == b"fLaC":
        packed = _at(file, begin + 21, 5)
        if len(packed) == 5:  # of 36 bits, 0 says "not known": libFLAC reads to the end then
            total = int.from_bytes(packed, "big") & (1 << 36) - 1
            return Layout(frames=total or None, patches={begin + 21: bytes([packed[0] & 0xF0, 0, 0, 0, 0])})
    return Layout()


def after_id3(file: BinaryIO | View) -> int:
    """Where a file begins behind its ID3v2 tags."""
    at = 0
    while (head := _at(file, at, 10))[:3] == b"ID3" and len(head) == 10:
        at += 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]) + (10 if head[5] & 0x10 else 0)
    return at


def _at(file: BinaryIO | View, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def _walk(file: View, size: int, kind: _Chunks, at: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(identifier, where its size stands, where its body begins, the body's claimed size) of one chunk after another."""
    width = struct.calcsize(kind.size)
    for _ in range(10_000):
        head = _at(file, at, kind.name + width)
        if len(head) < kind.name + width:
            return
        claimed = struct.unpack(kind.size, head[kind.name :])[0] - (len(head) if kind.inclusive else 0)
        yield head[: kind.name], at + kind.name, at + len(head), claimed
        if claimed < 0:
            return
        at += len(head) + claimed
        at += -at % kind.align if kind.align > 2 else claimed % kind.align


def _chunked(file: View, size: int, kind: _Chunks) -> Layout:
    for name, place, body, claimed in _walk(file, size, kind, kind.start):
        if name == b"ds64":  # RF64 counts in 64 bits here, and its data chunk says 0xFFFFFFFF
            wide = struct.unpack("<Q", _at(file, body + 8, 8).ljust(8, b"\0"))[0]
            if _at(file, 0, 4) == b"RF64":
                found = next((b for n, _, b, _ in _walk(file, size, kind, kind.start) if n == kind.data), None)
                return Layout() if found is None else _counted(file, size, found, body + 8, "<Q", wide)
        if name == kind.data:
            # sizes that count their chunk's head are W64's: of them nothing is recovered
            known = (lambda end: True) if kind.inclusive else (lambda end: _is_chunk(file, size, kind, end))
            made = _counted(file, size, body, place, kind.size, claimed, known)
            if made.recovered and kind.outer:
                made.patches[kind.outer[0]] = struct.pack(kind.outer[1], min(size - 8, 0xFFFF_FFFF))
            return made
    return Layout()


def _counted(
    file: View, size: int, body: int, place: int, code: str, claimed: int | None = None,
    known: Callable[[int], bool] = lambda end: False,
) -> Layout:  # fmt: skip
    """The layout of samples that begin at `body`, whose claimed size stands at `place`."""
    if claimed is None:
        claimed = struct.unpack(code, _at(file, place, struct.calcsize(code)).ljust(struct.calcsize(code), b"\0"))[0]
    rest = max(size - body, 0)
    narrow = struct.calcsize(code) == 4
    if claimed < 0 or narrow and claimed >= UNKNOWN and claimed > rest or claimed >= 1 << 62:
        return Layout(None, rest, patches={place: struct.pack(code, rest)} if claimed < 0 else {})
    behind = rest - claimed
    if behind > (0 if claimed == 0 else _STRAY) and not known(body + claimed + claimed % 2) and _sounds(file, body + claimed):
        return Layout(claimed, rest, True, patches={place: struct.pack(code, min(rest, 0xFFFF_FFFE) if narrow else rest)})
    # libsndfile reads as much as there is of all others
    return Layout(
        claimed, min(rest, claimed), patches={place: struct.pack(code, rest)} if rest < claimed and code == ">q" else {}
    )


def _sounds(file: View, at: int) -> bool:
    """Whether there is anything but zeros there: sectors are padded with them."""
    return any(_at(file, at, 1 << 16))


def _is_chunk(file: View, size: int, kind: _Chunks, at: int) -> bool:
    """Whether a chunk of the format begins there, that is, whether the samples really end before it."""
    for name, _, body, claimed in _walk(file, size, kind, at):
        text = name[:4].decode("latin1")
        return text.isascii() and text.isprintable() and (body + claimed <= size + 1 or text in _AFTER)
    return False


class View:
    """A part of a file as a file of its own, to give to soundfile. patches: at which of its offsets which other bytes stand.

    endless: it hides where it ends from all but the first who ask: libmpg123 then counts frames instead of guessing their number
    from the size.
    """

    def __init__(
        self, file: BinaryIO, begin: int = 0, end: int | None = None, patches: dict[int, bytes] | None = None,
        endless: bool = False,
    ):  # fmt: skip
        self._file, self._begin, self._at, self._asked = file, begin, 0, 0
        self.size = (os.fstat(file.fileno()).st_size if end is None else end) - begin
        self._patches, self._endless = patches or {}, endless

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 2:
            self._asked += 1
            at = 0 if self._endless and self._asked > 1 else self.size + offset
        else:
            at = offset + (self._at if whence == 1 else 0)
        self._at = max(at, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        left = max(self.size - self._at, 0)
        if not left:
            return b""
        self._file.seek(self._begin + self._at)
        data = self._file.read(left if count < 0 else min(count, left))
        for offset, new in self._patches.items():
            if self._at < offset + len(new) and offset < self._at + len(data):
                changed = bytearray(data)
                for i, byte in enumerate(new):
                    if 0 <= offset + i - self._at < len(changed):
                        changed[offset + i - self._at] = byte
                data = bytes(changed)
        self._at += len(data)
        return data

    def write(self, data: bytes) -> int:
        raise OSError("a view is for reading")
