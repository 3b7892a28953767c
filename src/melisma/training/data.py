"""Excerpts from a prepared set, drawn without state: what a step sees follows from the seed and the step alone."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import soxr
import torch
from torch import Tensor

SPEEDS = (-4.0, 4.0)  # semitones: how far down and up an excerpt is played at another speed
TILTS, BUMPS = 4.0, 3.0  # dB, standard deviations: of a shaped excerpt's slope over the whole spectrum, and of what it has beside


class Prepared:
    """A prepared set on disk (see melisma.training.prepare): memory-mapped, so it may be larger than memory."""

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        self.index = json.loads((folder / "index.json").read_text())
        self.fingerprint = hashlib.sha256(json.dumps(self.index["clips"], sort_keys=True).encode()).hexdigest()
        self.sample_rate: int = self.index["sample_rate"]
        self.audio = np.memmap(folder / "audio.i16", dtype="<i2", mode="r")

    def clips(self, split: str) -> list[np.ndarray]:
        """The clips of "train" or "held", int16, still on disk."""
        return [self.audio[c["start"] : c["start"] + c["samples"]] for c in self.index["clips"] if c["split"] == split]


class Excerpts:
    """Batches of random excerpts (B, samples) of a split, float32.

    A clip is drawn in proportion to its length, one shorter than the excerpt as if it had that length; it then
    lies at a random place in silence. Excerpts are at random gain (dB, from a range) and polarity; a share `mixed` are sums of
    two, a share `played` of all cuts are played faster or slower, within `speeds` semitones: a folder holds only some of the
    pitches that its sounds could have. A share `shaped` are heard in another room or through another microphone: their spectrum
    bent, smoothly in octaves, half of them with a tail: so that another player of the same instrument is not another world.
    """

    def __init__(
        self,
        clips: list[np.ndarray],
        samples: int,
        seed: int = 0,
        mixed: float = 0.0,
        played: float = 0.0,
        gain: tuple[float, float] = (-18.0, 6.0),
        speeds: tuple[float, float] = SPEEDS,
        shaped: float = 0.0,
    ):
        if not clips:
            raise ValueError("there are no clips to draw excerpts from")
        self.list, self.samples, self.seed, self.gain = clips, samples, seed, gain
        self.mixed, self.played, self.speeds, self.shaped = mixed, played, speeds, shaped
        weight = np.array([max(len(c), samples) for c in self.list], dtype=float)
        self.until = np.cumsum(weight / weight.sum())

    def batch(self, step: int, size: int, rank: int = 0) -> Tensor:
        """The batch of a step on a rank: the same whenever it is asked for."""
        rng = np.random.default_rng([self.seed, rank, step])
        return torch.from_numpy(np.stack([self._one(rng) for _ in range(size)]))

    def _one(self, rng: np.random.Generator) -> np.ndarray:
        x = self._cut(rng)
        if rng.random() < self.mixed:
            x = x + self._cut(rng) * np.float32(10 ** rng.uniform(-0.6, 0))
        if self.shaped and rng.random() < self.shaped:
            x = _shaped(x, rng)
        gain = 10 ** (rng.uniform(*self.gain) / 20) * rng.choice([-1, 1])
        return x * np.float32(gain / max(1.0, abs(gain) * np.abs(x).max()))

    def _cut(self, rng: np.random.Generator) -> np.ndarray:
        clip = self.list[min(int(np.searchsorted(self.until, rng.random(), "right")), len(self.list) - 1)]
        if rng.random() >= self.played:
            return _place(clip, self.samples, rng)
        speed = 2 ** (rng.uniform(*self.speeds) / 12)
        cut = _place(clip, math.ceil(self.samples * speed), rng)
        return _place(soxr.resample(cut, speed, 1, quality="MQ"), self.samples, rng)


def _place(clip: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """A random part of a clip, float32; one that is shorter lies at a random place in silence."""
    scale = np.float32(1 / 32768 if clip.dtype == np.int16 else 1)
    out = np.zeros(samples, np.float32)
    if len(clip) >= samples:
        at = rng.integers(0, len(clip) - samples + 1)
        out[:] = clip[at : at + samples]
    else:
        at = rng.integers(0, samples - len(clip) + 1)
        out[at : at + len(clip)] = clip
    return out * scale


def _shaped(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sound through a smooth filter, and half of the time in a room: its level stays."""
    size = 2 * len(x)  # so that nothing that rings goes round
    spectrum = np.fft.rfft(x, size)
    at = np.linspace(0, 1, 65)  # octaves, from the lowest bin to the highest
    response = TILTS * rng.standard_normal() * (2 * at - 1)
    for turns in range(1, 9):
        wave = np.cos(math.pi * turns * at + rng.uniform(0, math.pi))
        response = response + BUMPS * rng.standard_normal() / math.sqrt(turns) * wave
    spectrum *= 10 ** (np.interp(_octaves(len(spectrum)), at, response).astype(np.float32) / 20)
    # noise that dies away is what a room answers with (Moorer, "About this reverberation business", 1979)
    if rng.random() < 0.5:
        decay, level = len(x) * 10 ** rng.uniform(-1.3, 0), 10 ** rng.uniform(-1.5, -0.3)
        tail = rng.standard_normal(len(x), np.float32) * np.exp(np.float32(-6.9 / decay) * np.arange(len(x), dtype=np.float32))
        tail *= np.float32(level / max(1e-9, math.sqrt(float(np.square(tail).sum()))))
        tail[0] += 1
        spectrum *= np.fft.rfft(tail, size)
    y = np.fft.irfft(spectrum, size)[: len(x)].astype(np.float32, copy=False)
    before, after = float(np.square(x).sum()), float(np.square(y).sum())
    return y * np.float32(math.sqrt(before / after)) if after > 0 else x


@functools.cache
def _octaves(bins: int) -> np.ndarray:
    """Where the bins of a spectrum lie, from 0 to 1 in octaves."""
    octaves = np.log2(np.arange(bins) + 1.0)
    return octaves / octaves[-1]
