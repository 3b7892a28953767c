"""What the path of a sound through a model's latent space holds, and that it fits together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ..errors import BadValue
from ..sound.door import RATES
from ..sound.scales import LOUDNESS_FLOOR
from .reading import frozen, read_integer, read_number, read_rows
from .residual import FINE, LAYER_MOST, LAYER_STEP


@dataclass(frozen=True, eq=False)
class PathData:
    """A latent path without its operators, which LatentPath has: what an encoder inferred from a sound, or an edit of it.

    The arrays are read-only.

    values: float32 (Z, L), in standard deviations of the training set. loudness: float32 (L,), A-weighted dBFS, no
    less than −100. rate: frames per second. length: samples that the sound has at source_rate Hz; the frames may go on a
    little after it. model: name of the model that encoded it. ranges: float32 (Z, 2), 1st and 99th percentile of every
    dimension on the training set, or None. timbre: the dimensions that shape a spectrum's envelope, while the others shape
    what is in it, pitch above all; None if that is not known. layers: int8 (M, L) or None, what the latents leave out of the
    sound's mel, its residual, as cosines over the M bands in steps of LAYER_STEP dB; the first FINE are its `colour`, the others
    its `fine` structure. A path that no sound gave has none. in_time: bool (L,) or None, which frames still are when their sound
    has them, so that it can lend them its phases. matched: how far it was matched to the domain, from 0 to 1: as far, nothing is
    lifted below the lowest partial of its sound, where that is at hand. No file keeps these two, as it keeps no sound.
    MelismaError for anything that does not fit together.
    """

    values: np.ndarray
    loudness: np.ndarray
    rate: float
    length: int
    source_rate: int
    model: str = ""
    ranges: np.ndarray | None = None
    timbre: tuple[int, ...] | None = None
    layers: np.ndarray | None = None
    in_time: np.ndarray | None = None
    matched: float = 0.0

    def __post_init__(self) -> None:
        values = frozen(self.values, "values", (None, None))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "loudness", frozen(self.loudness, "loudness", (values.shape[1],), LOUDNESS_FLOOR))
        object.__setattr__(self, "rate", read_number(self.rate, "the frame rate of a path", 0.1, 1e5))
        object.__setattr__(self, "source_rate", read_integer(self.source_rate, "source_rate of a path", *RATES))
        object.__setattr__(self, "length", read_integer(self.length, "length of a path", 1, 1 << 48))
        if self.ranges is not None:
            object.__setattr__(self, "ranges", frozen(self.ranges, "ranges", (values.shape[0], 2)))
        if self.timbre is not None:
            object.__setattr__(self, "timbre", tuple(read_rows(self, self.timbre)))
        if self.layers is not None:
            object.__setattr__(self, "layers", _layers(self.layers, values.shape[1]))
        if self.in_time is not None:
            object.__setattr__(self, "in_time", _in_time(self.in_time, values.shape[1]))
        object.__setattr__(self, "matched", read_number(self.matched, "matched of a path", 0, 1))
        if not isinstance(self.model, str):
            raise BadValue(f"the model of a path is {self.model!r}, not a name")
        if self.duration > self.frames / self.rate + 1:
            frames = self.frames / self.rate
            raise BadValue(f"the path says its sound lasts {self.duration:.2f} s, but its frames only {frames:.2f} s")

    @property
    def dimensions(self) -> int:
        return len(self.values)

    @property
    def frames(self) -> int:
        return len(self.loudness)

    @property
    def fine(self) -> np.ndarray | None:
        """The residual's fine structure, partials above all: cosines from FINE on, float32 (M − FINE, L) in dB, or None."""
        return None if self.layers is None else self.layers[FINE:] * np.float32(LAYER_STEP)

    @property
    def colour(self) -> np.ndarray | None:
        """The residual's envelope, what is this sound's own: the first cosines, float32 (FINE, L) in dB, or None."""
        return None if self.layers is None else self.layers[:FINE] * np.float32(LAYER_STEP)

    @property
    def duration(self) -> float:
        """Of the sound, in seconds."""
        return self.length / self.source_rate

    @property
    def times(self) -> np.ndarray:
        """When each frame begins, in seconds (L,)."""
        return np.arange(self.frames) / self.rate


P = TypeVar("P", bound=PathData)  # what an operator is given, and gives


def _in_time(array: Any, frames: int) -> np.ndarray:
    array = np.array(array, bool)
    if array.shape != (frames,):
        raise BadValue(f"in_time of a path has the shape {array.shape}; ({frames},) is needed")
    array.setflags(write=False)
    return array


def _layers(array: Any, frames: int) -> np.ndarray:
    """Layers (M, L), read-only; numbers that are no steps yet are rounded to them."""
    array = np.asarray(array)
    if array.ndim != 2 or not array.size or array.shape[1] != frames:
        raise BadValue(f"layers of a path have the shape {array.shape}; (bands, {frames}) is needed")
    if array.dtype == np.int8 and not array.flags.writeable and array.flags.c_contiguous:
        return array  # another path's
    if array.dtype != np.int8:
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise BadValue("layers of a path must be finite numbers")
        array = np.rint(np.clip(array, -LAYER_MOST, LAYER_MOST))
    array = np.array(array, np.int8, order="C")
    np.maximum(array, -LAYER_MOST, out=array)
    array.setflags(write=False)
    return array


def elsewhere(path: PathData, span: slice | np.ndarray) -> np.ndarray | None:
    """`in_time` of the path once the layers of the span are those of other moments."""
    if path.in_time is None:
        return None
    in_time = path.in_time.copy()
    in_time[span] = False
    return in_time
