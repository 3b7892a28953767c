"""A path as a table, for pandas and its like; and as a picture."""

from __future__ import annotations

import base64
import html
import os
from typing import TYPE_CHECKING

import numpy as np

from ..errors import extra
from ..sound.picture import PICTURES, finished, png
from ..system.atomic import check_target
from .path import PathData

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def table(path: PathData) -> dict[str, np.ndarray]:
    """A row a frame: `time` in seconds (when it begins), `loudness` in dBFS, and `z1`, `z2` … in standard deviations; each (L,).

    Latents are counted from 1, as in every text. `pandas.DataFrame(path.table())` is a data frame.
    """
    latents = {f"z{k + 1}": row for k, row in enumerate(path.values)}
    return {"time": path.times, "loudness": path.loudness, **latents}


def told(path: PathData) -> str:
    """A path in one line."""
    by = f" by {path.model}" if path.model else ""
    beside = ", loudness" if path.layers is None else ", loudness, fine structure and colour"
    long = f"{path.duration:.2f} s, {path.frames} frames at {path.rate:.1f} a second"
    return f"<latent path{by}: {long}, {path.dimensions} latents{beside}>"


def figure(path: PathData, file: str | os.PathLike[str] | None = None) -> Figure:
    """The loudness over the latents, a lane each, shaded between the 1st and the 99th percentile of the training set.

    As a Matplotlib figure, which a notebook shows; written to `file`, whole or not at all, if there is one.
    """
    with extra("plots"):
        from matplotlib.figure import Figure

    if file is not None:
        check_target(file, PICTURES)
    rows = path.dimensions + 1
    drawn = Figure(figsize=(9, 1.2 + 0.45 * rows), layout="constrained")
    lanes = drawn.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    for lane, name, line in zip(lanes, ("dBFS", *(f"z{k + 1}" for k in range(rows - 1))), (path.loudness, *path.values)):
        lane.plot(path.times, line, lw=0.9)
        lane.set_ylabel(name, rotation=0, ha="right", va="center")
        lane.tick_params(labelsize=6)
    for k, lane in enumerate(lanes[1:]):
        if path.ranges is not None:
            lane.axhspan(float(path.ranges[k, 0]), float(path.ranges[k, 1]), alpha=0.12, lw=0)
        lane.axhline(0, alpha=0.3, lw=0.5)
    lanes[-1].set_xlim(0, max(path.frames, 1) / path.rate)
    lanes[-1].set_xlabel("s")
    return finished(drawn, file)


def page(path: PathData) -> str:
    """For notebooks: what it is, and its picture."""
    image = base64.b64encode(png(figure(path))).decode()
    return f'<div>{html.escape(told(path))}</div><img alt="" src="data:image/png;base64,{image}">'
