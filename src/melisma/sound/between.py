"""What lies between two channels: how far the phase of one is ahead of the other's, frame by frame and bin by bin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


class Between:
    """Reads pieces (2, n) of a sound; `take` gives the next frames, which are those of a model's analysis.

    Interchannel phase differences, as parametric stereo codes them (Breebaart, van de Par, Kohlrausch and Schuijers, 2005).
    """

    def __init__(self, pieces: Iterator[np.ndarray], frame: int, hop: int):
        self._pieces, self._frame, self._hop = pieces, frame, hop
        self._held = np.zeros((2, frame - hop), np.float32)
        self._window = np.hanning(frame + 1)[:-1]

    def take(self, frames: int) -> np.ndarray:
        """→ cosines and sines, float32 (frames, 2, bins); beyond the sound's end there is no difference."""
        needed = self._frame + (frames - 1) * self._hop
        while self._held.shape[1] < needed:
            piece = next(self._pieces, None)
            more = np.zeros((2, needed - self._held.shape[1]), np.float32) if piece is None else piece
            self._held = np.concatenate([self._held, more], axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(self._held, self._frame, axis=1)[
            :, : needed - self._frame + 1 : self._hop
        ]
        found = np.empty((frames, 2, self._frame // 2 + 1), np.float32)
        for i in range(0, frames, 256):  # little memory beside what comes out
            first, second = np.fft.rfft(windows[:, i : i + 256] * self._window)
            cross = first * np.conj(second)
            size = np.abs(cross)
            with np.errstate(invalid="ignore", divide="ignore"):
                cross = np.where(size > 1e-30, cross / size, 1)
            found[i : i + 256, 0], found[i : i + 256, 1] = cross.real, cross.imag
        self._held = self._held[:, frames * self._hop :]
        return found
