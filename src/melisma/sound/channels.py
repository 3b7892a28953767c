"""From several channels to one: their mean, unless they cancel each other in it.

A microphone that is wired the wrong way round, or an effect that widens by turning a channel over, makes stereo that is loud
on both sides and all but gone in their mean. Then the loudest channel stands for the sound, and it is said.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from ..errors import MelismaWarning
from .rates import BLOCK, cut

LOST = 0.02  # of what uncorrelated channels would leave in their mean: below it they cancel (for two, 20 dB below each)
SHARE = 0.1  # of a sound's energy, in blocks where its channels cancel, from which one channel is taken


class Cancellation:
    """Looks at blocks (channels, n) of a sound, one after another, for channels that cancel in their mean."""

    def __init__(self) -> None:
        self._energy: np.ndarray | float = 0.0  # of each channel
        self._mixed = self._lost = 0.0

    def add(self, block: np.ndarray) -> None:
        channels, length = block.shape
        if channels == 1 or not length:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            energy = np.var(block, axis=1, dtype=np.float64) * length  # an offset is no sound, and may differ or agree
            mixed = float(np.var(block.mean(axis=0, dtype=np.float64)) * length)
        self._energy = self._energy + energy
        self._mixed += mixed
        if mixed * channels < LOST * float(energy.mean()):
            self._lost += float(energy.sum())

    @property
    def channel(self) -> int | None:
        """The channel to take for the sound, the loudest, if they cancel; None if their mean is it."""
        if np.ndim(self._energy) == 0:
            return None
        total = float(np.sum(self._energy))
        if not math.isfinite(total) or self._lost <= SHARE * total:
            return None
        return int(np.argmax(np.asarray(self._energy) > 0.99 * np.max(self._energy)))  # the first of those that are as loud

    def sentence(self, what: str) -> str:
        """What is said when a channel is taken."""
        energy = np.atleast_1d(self._energy)
        down = 10 * math.log10(max(self._mixed, 1e-12 * float(energy.max())) / float(energy.max()))
        taken = f"channel {self.channel + 1 if self.channel is not None else 1} of {len(energy)} is taken alone"
        return f"{what}: its channels cancel each other (their mean is {-down:.0f} dB softer): {taken}; turn one over to mix them"


def cancellation(samples: np.ndarray) -> Cancellation:
    """Of a whole sound (channels, T)."""
    found = Cancellation()
    if samples.shape[0] > 1:
        for block in cut(samples, BLOCK):
            found.add(block)
    return found


def channel_of(samples: np.ndarray, what: str) -> int | None:
    """The channel to take for a sound (channels, T), None for the mean of all; a MelismaWarning where one is taken."""
    found = cancellation(samples)
    if (channel := found.channel) is not None:
        warnings.warn(found.sentence(what), MelismaWarning, stacklevel=4)
    return channel


def sides(samples: np.ndarray, mono: bool = False) -> list[np.ndarray]:
    """Samples (channels, T) → what goes through a model by itself, each (channels, T) too: left and right of a stereo sound, once
    where they are equal; anything else, or with `mono` all, as one that is mixed."""
    if mono or len(samples) != 2:
        return [samples]
    return [samples[:1]] if np.array_equal(samples[0], samples[1]) else [samples[:1], samples[1:]]


def one_of(samples: np.ndarray) -> np.ndarray:
    """Samples (channels, T) → (T,): their mean, or where they cancel each other the loudest, and nothing is said."""
    return mixed(samples, cancellation(samples).channel)


def mixed(samples: np.ndarray, channel: int | None) -> np.ndarray:
    """Samples (channels, T) → (T,): that channel, or for None the mean of all."""
    return samples[channel] if channel is not None else samples[0] if len(samples) == 1 else samples.mean(axis=0)
