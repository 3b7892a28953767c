"""Formats that libsndfile does not know (AAC, M4A, WMA, …), read by PyAV, which has FFmpeg's decoders: an optional extra."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from ..errors import Unavailable

SUFFIXES = {"m4a", "m4b", "mp4", "aac", "wma", "webm", "mka", "ape", "wv", "ac3", "amr", "dsf"}
# FFmpeg's name of the format → (offset, bytes) that a file of it has: nothing else is given to FFmpeg, which knows formats
# that name other files and addresses
_MAGIC: dict[str, tuple[int, bytes]] = {
    "mov": (4, b"ftyp"),
    "matroska": (0, b"\x1aE\xdf\xa3"),
    "asf": (0, b"0&\xb2u\x8ef\xcf\x11"),
    "wv": (0, b"wvpk"),
    "ape": (0, b"MAC "),
    "amr": (0, b"#!AMR"),
    "dsf": (0, b"DSD "),
    "ac3": (0, b"\x0bw"),
}


def format_of(head: bytes) -> str | None:
    """FFmpeg's name of the format that a file of these first bytes has; None if it is none that is read here."""
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # ADTS: layer 0, which MPEG audio has not
        return "aac"
    return next((name for name, (at, magic) in _MAGIC.items() if head[at : at + len(magic)] == magic), None)


def installed() -> bool:
    try:
        import av  # noqa: F401
    except ImportError:
        return False
    return True


class Foreign:
    """An open file's first audio stream: `rate`, `channels`, and `blocks`. ValueError if FFmpeg finds none in it."""

    def __init__(self, file: BinaryIO, name: str):
        import av

        av.logging.set_level(None)  # it is said in exceptions
        try:
            self._container: Any = av.open(file, format=name, metadata_errors="ignore")
            self._stream = self._container.streams.audio[0]
            context = self._stream.codec_context
            self.rate, self.channels = int(context.rate or 0), int(context.channels or 0)
        except (av.FFmpegError, IndexError, AttributeError) as error:
            raise ValueError(str(error)) from error
        self.claimed: int | None = None
        if self._stream.duration and self._stream.time_base:
            self.claimed = round(self._stream.duration * self._stream.time_base * self.rate)

    def blocks(self) -> Iterator[np.ndarray]:
        """float32 (n, channels), one after another. ValueError where it cannot be decoded further."""
        import av

        resampler = av.AudioResampler(format="flt", layout=self._stream.codec_context.layout.name, rate=self.rate)
        try:
            for frame in self._container.decode(self._stream):
                for made in resampler.resample(frame):
                    yield made.to_ndarray().reshape(-1, self.channels)
            for made in resampler.resample(None):
                yield made.to_ndarray().reshape(-1, self.channels)
        except av.FFmpegError as error:
            raise ValueError(str(error)) from error

    def __enter__(self) -> Foreign:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._container.close()


def needed(path: object, suffix: str) -> Unavailable:
    """What is said of a file in a format that only the extra reads, where that is not installed."""
    return Unavailable(
        f"{path} is in a format ({suffix or 'without a suffix'}) that needs PyAV: "
        "pip install 'melisma[formats]', or convert it to WAV or FLAC"
    )
