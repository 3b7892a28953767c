"""LatentPath: what a path holds, and the operators as its methods."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from . import blends, edits, table
from .path import PathData

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LatentPath(PathData):
    """The path of a sound through a model's latent space, and the operators that edit it: each gives a new path.

        path.scale(1.3, dims=[0]).reverse(start=1, end=2)

    `dims` counts the latents from 0, as Python does; every text that a person reads counts them from 1.
    """

    scale = edits.scale
    bias = edits.bias
    reverse = edits.reverse
    randomize = edits.randomize
    smooth = edits.smooth
    hold = edits.hold
    draw = edits.draw
    match = edits.match
    set_loudness = edits.set_loudness
    gain = edits.gain
    interpolate = blends.interpolate
    mix = blends.mix_with

    def table(self) -> dict[str, np.ndarray]:
        """A row a frame: `time` in seconds, `loudness` in dBFS, `z1`, `z2` … in standard deviations; each (L,).

        Latents are counted from 1, as in every text. `pandas.DataFrame(path.table())` is a data frame.
        """
        return table.table(self)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """Its loudness and latents, a lane each, as a Matplotlib figure; written to `path`, too, if there is one."""
        return table.figure(self, path)

    def __repr__(self) -> str:
        return table.told(self)

    def _repr_html_(self) -> str:
        """For notebooks: the line, and the picture."""
        return table.page(self)
