"""The ways that a sound goes in an evaluation, each a row: what it becomes, and how many bits a second it is then made of."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..latent.residual import LAYER_STEP
from ..sound.audio import Audio
from . import baselines

# key in a result → heading. "chain" is what version 1 called the latents alone, which was all there was
ROWS = {
    "chain": "latents alone",
    "fine": "+ fine",
    "colour": "+ fine + colour",
    "played": "+ phases, as played",
    "copy synthesis": "copy synthesis",
    "Griffin-Lim": "Griffin-Lim",
    "Opus": "Opus, same rate",
}
# the same where there is little room: columns of 80
HEADS = ROWS | {
    "chain": "latents",
    "colour": "+ colour",
    "played": "played",
    "copy synthesis": "copy",
    "Griffin-Lim": "Griffin",
    "Opus": "Opus",
}
LAYERS = {"chain": (0.0, 0.0), "fine": (1.0, 0.0), "colour": (1.0, 1.0)}  # row → how much of fine and colour
NO_LAYERS = "this version decodes from the latents alone"
NO_PHASES = "this version takes no phases from a sound"
LOUDNESS_STEP = 0.5  # dB, of a loudness curve as it would be sent
MEL_STEP = 0.01  # 1 dB in a mel's unit


class Row(NamedTuple):
    """A row of one sound: its key, what was heard (T,), and the bits a second that it was made of."""

    key: str
    output: np.ndarray
    bits: float


def missing_rows(model: Any) -> dict[str, str]:
    """The rows that cannot be had, and why."""
    found = {} if layered(model) else {key: NO_LAYERS for key in LAYERS if key != "chain"}
    found |= {} if "sound" in inspect.signature(model.decode).parameters else {"played": NO_PHASES}
    return found if baselines.has_opus() else found | {"Opus": baselines.OPUS_MISSING}


def layered(model: Any) -> bool:
    """Whether a model gives residual layers beside its latents."""
    return {"fine", "colour"} <= set(inspect.signature(model.decode).parameters)


def decoded(model: Any, path: Any, key: str) -> np.ndarray:
    """A latent path's sound in one of the rows of LAYERS."""
    if not layered(model):
        return np.asarray(model.decode(path))
    fine, colour = LAYERS[key]
    return np.asarray(model.decode(path, fine=fine, colour=colour))


def layers(path: Any) -> np.ndarray:
    """All that a path holds beside its loudness: latents, fine and colour, as rows of (N, L)."""
    return np.concatenate([path.values, *(curves for name in ("fine", "colour") if (curves := layer(path, name)) is not None)])


def layer(path: Any, name: str) -> np.ndarray | None:
    """A path's curves (N, L) of one residual layer; None if it has none."""
    curves = getattr(path, name, None)
    return curves if curves is not None and curves.size else None


def rows(model: Any, path: Any, samples: np.ndarray, rate: int, nats: float) -> Iterator[Row]:
    """Every row that can be had of a sound (T,), whose latent path and nats a frame are known."""
    absent, bits = missing_rows(model), path.rate * nats / math.log(2) + curve_bits(path.loudness, LOUDNESS_STEP, path.rate)
    for key in LAYERS:
        if key not in absent:
            added = None if key == "chain" else layer(path, key)
            bits += 0.0 if added is None else curve_bits(added, LAYER_STEP, path.rate)
            yield Row(key, decoded(model, path, key), bits)
    if "played" not in absent:  # no code: as a stream plays it, and a transfer, which have the sound itself beside it
        yield Row("played", np.asarray(model.decode(path, sound=Audio(samples[None], rate))), math.nan)
    mel_bits = curve_bits(model.mel(samples, rate=rate), MEL_STEP, path.rate)
    yield Row("copy synthesis", np.asarray(model.copy_synthesis(samples, rate=rate)), mel_bits)
    yield Row("Griffin-Lim", baselines.griffin_lim(samples, rate), mel_bits)
    if "Opus" not in absent:
        yield Row("Opus", *baselines.opus(samples, rate, bits))


def curve_bits(curves: np.ndarray, step: float, rate: float) -> float:
    """Bits a second that curves (L,) or (N, L) of so many frames a second take in steps of `step`.

    The empirical entropy of each curve's change from frame to frame: what an adaptive entropy coder comes near.
    """
    total = 0.0
    for curve in np.atleast_2d(curves):
        _, counts = np.unique(np.diff(np.rint(curve / step).astype(int)), return_counts=True)
        share = counts / max(counts.sum(), 1)
        total -= float(np.sum(share * np.log2(share)))
    return total * rate
