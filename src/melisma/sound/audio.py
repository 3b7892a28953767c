"""A sound with its rate: what is read, what models give, what is written."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadValue, MelismaWarning
from .channels import channel_of, mixed
from .door import checked_rate, samples_of
from .reading import open_sound
from .writing import write_samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Audio:
    """A sound: `samples` float32 (C, T), full scale ±1, at `rate` Hz. A (T,) array is taken as one channel.

    Integers are scaled by their type; see `sound.door`. name: what messages call it, such as its file. As an array
    (`np.asarray(sound)`) one channel is (T,), several are (C, T). In a notebook it plays.
    """

    samples: np.ndarray
    rate: int
    name: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", samples_of(self.samples))
        object.__setattr__(self, "rate", checked_rate(self.rate, "the sample rate"))

    @property
    def channels(self) -> int:
        return self.samples.shape[0]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples.shape[1] / self.rate

    def mono(self) -> Audio:
        """The mean of the channels, (1, T); the loudest alone, with a MelismaWarning, where they cancel each other."""
        if self.channels == 1:
            return self
        channel = channel_of(self.samples, self.name or "a sound")
        return Audio(mixed(self.samples, channel), self.rate, name=self.name)

    def save(self, path: str | os.PathLike[str], *, subtype: str | None = None) -> None:
        """`melisma.write(path, sound)`."""
        write(path, self, subtype=subtype)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """Its waveform over its spectrogram, as a Matplotlib figure; written to `path`, too, if there is one."""
        from .picture import figure

        return figure(self.samples, self.rate, path)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        samples = self.samples[0] if self.channels == 1 else self.samples
        if dtype is not None and np.dtype(dtype) != samples.dtype:
            return samples.astype(dtype)
        return samples.copy() if copy else samples

    def __repr__(self) -> str:
        channels = "mono" if self.channels == 1 else "stereo" if self.channels == 2 else f"{self.channels} channels"
        return f"<sound{' ' + self.name if self.name else ''}: {self.duration:.2f} s, {channels}, {self.rate} Hz>"

    def _repr_html_(self) -> str:
        """For notebooks: a player."""
        from .picture import player

        return player(self.samples, self.rate, repr(self))


def read(path: str | os.PathLike[str]) -> Audio:
    """Any file that libsndfile reads, at its own rate and with its own channels; with `melisma[formats]` AAC, M4A and more.

    It is read to the end that its decoder finds, whatever its header says. A MelismaWarning tells what was cut off, claimed
    falsely, recovered or replaced: NaN and infinite samples become 0. MelismaError if there is no sound to be had from it.
    """
    sound, remarks = read_noting(path)
    for sentence in remarks:
        warnings.warn(sentence, MelismaWarning, stacklevel=2)
    return sound


def read_noting(path: str | os.PathLike[str], most: float | None = None) -> tuple[Audio, list[str]]:
    """`read`, its remarks beside the sound. most: seconds, beyond which a MelismaError is raised before all of it is read."""
    with open_sound(path) as source:
        believed = _believed(source.expected * source.channels, path) // source.channels
        samples, filled = np.empty((source.channels, believed), np.float32), 0
        for block in source.blocks():
            end = filled + block.shape[1]
            if end > samples.shape[1]:
                more = np.empty((len(samples), max(end, samples.shape[1])), np.float32)
                samples = np.concatenate([samples, more], axis=1)
            samples[:, filled:end] = block
            filled = end
            if most is not None and filled > most * source.rate:
                raise BadValue(f"{path} is longer than {most / 60:.0f} minutes: cut out what you need")
    return Audio(samples[:, :filled], source.rate, name=Path(path).name), source.remarks


def _believed(expected: int, path: str | os.PathLike[str]) -> int:
    """Samples to make room for. A header may claim any number: beyond a sample a byte, what arrives is believed."""
    return min(max(1 << 24, os.path.getsize(path)), expected or 1 << 20)


def write(path: str | os.PathLike[str], sound: Any, rate: int | None = None, *, subtype: str | None = None) -> None:
    """Write a sound in the format that the suffix names; whole or not at all.

    sound: an Audio, or samples (T,) or (C, T), full scale ±1, at `rate` Hz. subtype: libsndfile's name for the sample
    format; 24-bit PCM unless said otherwise where the format has it ("FLOAT" clips nothing). Samples beyond full scale are
    clipped by the integer formats, with a warning that says by how much. MelismaError for NaN or infinite samples, for what the
    format cannot hold, unknown suffixes, missing folders and failing disks.
    """
    if isinstance(sound, Audio):
        if rate is not None and rate != sound.rate:
            raise BadValue(f"{path}: the sound is at {sound.rate} Hz and the call says {rate}: leave the rate out")
        samples, rate = sound.samples, sound.rate
    elif rate is None:
        raise BadValue(f"{path}: an array has no rate: write(path, samples, rate), or give an Audio")
    else:
        samples = samples_of(sound, f"the sound for {path}")
    write_samples(path, samples, rate, subtype)
