"""Files that are several in a row: `cat a.ogg b.ogg`, a radio's recording, joined MP3s. libsndfile reads the first of them.

Each function gives the parts of an open file as (first byte, one after the last): one for a file that is whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Literal

from .headers import after_id3

Part = tuple[int, int]  # its first byte, and the one after its last

BOS, EOS = 2, 4  # flags of Ogg pages (RFC 3533): the beginning and the end of a logical stream
_SEARCH = 1 << 16
MOST = 10_000  # parts; what comes after is left to the last
_HEAD = 4096  # bytes within which a file's first frame begins: some have a few of padding


def ogg_links(file: BinaryIO) -> tuple[list[Part], bool]:
    """The links of a chained Ogg file, and whether the last one has its end: a page with the flag for it, whole."""
    size, at, ends, first_pages = os.fstat(file.fileno()).st_size, 0, False, False
    begins: list[int] = []
    while at < size:
        file.seek(at)
        head = file.read(27)
        if len(head) < 27:
            ends = False
            break
        if head[:4] != b"OggS":
            at = next(_places(file, at + 1, b"OggS"), size)
            continue
        beginning = bool(head[5] & BOS)
        if beginning and not first_pages and len(begins) < MOST:  # several first pages together are the streams of one link
            begins.append(at)
        first_pages = beginning
        at += 27 + head[26] + sum(file.read(head[26]))
        ends = bool(head[5] & EOS) and at <= size
    begins = begins or [0]
    return list(zip(begins, [*begins[1:], size])), ends


def flac_parts(file: BinaryIO) -> list[Part]:
    """FLAC files in a row: each begins with its name and the head of the block that describes it."""
    size, begins = os.fstat(file.fileno()).st_size, [0]
    for at in islice(_places(file, 8, b"fLaC\0\0\0\x22", 8), MOST):
        begins.append(at)
    if begins[1:] and after_id3(file) == begins[1]:  # the first one, behind its tags
        begins.pop(1)
    return list(zip(begins, [*begins[1:], size]))


def riff_parts(file: BinaryIO) -> list[Part]:
    """WAV or AIFF files in a row: where the first one's size says that it ends, another of the same kind begins."""
    size, begins, at = os.fstat(file.fileno()).st_size, [], 0
    file.seek(0)
    magic = file.read(4)
    order: Literal["little", "big"] = "little" if magic == b"RIFF" else "big"
    while True:
        begins.append(at)
        file.seek(at + 4)
        said = int.from_bytes(file.read(4), order)
        at += 8 + said + said % 2
        file.seek(at)
        if at + 12 > size or file.read(4) != magic or len(begins) == MOST:
            return list(zip(begins, [*begins[1:], size]))


def _places(file: BinaryIO, at: int, what: bytes, length: int = 4) -> Iterator[int]:
    """Where a pattern that matches so many bytes is found, from an offset on."""
    pattern, kept = re.compile(what), b""
    while True:
        file.seek(at + len(kept))
        if not (block := file.read(_SEARCH)):
            return
        block = kept + block
        yield from (at + match.start() for match in pattern.finditer(block))
        kept = block[1 - length :]
        at += len(block) - len(kept)


def mp3_parts(file: BinaryIO, begin: int) -> list[tuple[int, int, int | None]]:
    """(first byte, one after the last, where the number of frames stands or None) of MP3s in a row.

    begin: where the first one begins behind its ID3 tag. An encoder's information frame ("Xing" or "Info", in the place that the
    header of an MPEG frame leaves for it) begins a file.
    """
    size = os.fstat(file.fileno()).st_size
    parts: list[tuple[int, int | None]] = []
    for found in islice(_places(file, begin, b"Xing|Info"), MOST):
        frame = _frame_of(file, found)
        if frame is not None and not parts and frame - begin < _HEAD:
            parts.append((0, _count_at(file, found)))
        elif frame is not None and frame > begin:
            parts = parts or [(0, None)]  # the first has no such frame
            parts.append((_tag_before(file, frame, parts[-1][0]), _count_at(file, found)))
    parts = parts or [(0, None)]
    ends = [start for start, _ in parts[1:]] + [size]
    return [(start, end, count) for (start, count), end in zip(parts, ends)]


def _frame_of(file: BinaryIO, tag: int) -> int | None:
    """Where the MPEG frame begins that the tag lies in, None if there is none: behind the header and the side information."""
    for behind in (36, 21, 13):  # MPEG 1 stereo; MPEG 1 mono or MPEG 2 stereo; MPEG 2 mono
        if tag < behind:
            continue
        file.seek(tag - behind)
        head = file.read(4)
        if head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[2] & 0x0C == 0x0C or head[2] & 0xF0 == 0xF0:
            continue
        one, mono = head[1] & 0x18 == 0x18, head[3] & 0xC0 == 0xC0
        if behind == (36 if one and not mono else 13 if mono and not one else 21):
            return tag - behind
    return None


def _count_at(file: BinaryIO, tag: int) -> int | None:
    file.seek(tag)
    head = file.read(12)
    return tag + 8 if len(head) == 12 and head[7] & 1 else None


def _tag_before(file: BinaryIO, frame: int, least: int) -> int:
    """Where an ID3v2 tag that ends at the frame begins, else the frame's own place."""
    start = max(least, frame - (1 << 20))
    file.seek(start)
    before = file.read(frame - start)
    at = before.rfind(b"ID3")
    if at >= 0 and len(before) >= at + 10:
        head = before[at : at + 10]
        length = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        if start + at + length == frame and start + at > least:
            return start + at
    return frame
