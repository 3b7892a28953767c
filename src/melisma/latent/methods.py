"""LatentPath: what a path holds, and the operators as its methods."""

from __future__ import annotations

from . import blends, edits
from .path import PathData


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
