"""Mel-spectrograms as bare pictures, without axes and without a library to draw them: for the page of sounds."""

from __future__ import annotations

import os
import struct
import zlib

import numpy as np

from ..system.atomic import atomic
from .plot import levels

_RAMP = [(0, "#0f1114"), (0.25, "#15363b"), (0.55, "#2f9592"), (0.78, "#7fe6da"), (1, "#ffffff")]


def bare(mel: np.ndarray, path: str | os.PathLike[str], limits: tuple[float, float]) -> None:
    """`bare_png` in a file, as PNG."""
    with atomic(path) as temporary:
        temporary.write_bytes(bare_png(mel, limits))


def bare_png(mel: np.ndarray, limits: tuple[float, float]) -> bytes:
    """A log-mel (M, L) alone: a pixel for each band and frame, from the page's ground to its accent over `limits` in dBFS."""
    low, high = limits
    level, _ = levels(np.nan_to_num(mel))
    places = [place for place, _ in _RAMP]
    colours = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for _, colour in _RAMP])
    share = np.clip((level[::-1] - low) / (high - low), 0, 1)  # the lowest band is the last row
    return _png(np.stack([np.interp(share, places, row) for row in colours.T], axis=-1).round().astype(np.uint8))


def _png(pixels: np.ndarray) -> bytes:
    """uint8 (rows, columns, 3) as a file, as the PNG specification (third edition) has it: what the page needs no library for."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # a 0 before each: no filter
    lines[:, 1:] = pixels.reshape(rows, -1)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)) + chunk(b"IEND", b"")
