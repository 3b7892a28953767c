"""ViSQOL: the mean opinion score that listeners would give. Needs visqol-python, imported where it is used."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..sound.rates import resample
from .threads import threads_as_they_were
from .waveforms import level_of, pair

VISQOL_RATE = 48000
VISQOL_SECONDS = (1.0, 10.0)  # ViSQOL needs 45 frames of 20 ms; its cost grows faster than the length
VISQOL_SILENT = -80.0  # dBFS
VISQOL_WORST = 1.0  # the lowest mean opinion score


class Visqol(NamedTuple):
    """Mean opinion score (1 to 4.73); why there is none, or why it is the lowest, else an empty reason."""

    mos: float
    reason: str = ""


def visqol(reference: np.ndarray, output: np.ndarray, rate: int) -> Visqol:
    """ViSQOL's mean opinion score, audio mode (Chinen et al., ViSQOL v3, 2020), of two (T,) waveforms; equal ones get 4.73.

    Both are resampled to 48 kHz and cut into equal pieces of at most 10 s; the mean of the pieces with sound in the
    reference is returned. A piece whose output is silent though its reference is not counts as 1, the worst score.
    Less than 1 s, or silence, is NaN with a reason. ViSQOL aligns the two in time: it does not hear a delay.
    """
    reference, output = pair(reference, output, rate)
    seconds = len(reference) / rate
    shortest, longest = VISQOL_SECONDS
    if seconds < shortest:
        return Visqol(math.nan, f"{seconds:.2f} s is shorter than the {shortest:g} s that ViSQOL needs")
    pieces = math.ceil(seconds / longest)
    scores, silent = [], 0
    for r, o in zip(*(np.array_split(resample(x, rate, VISQOL_RATE), pieces) for x in (reference, output)), strict=True):
        if level_of(r) <= VISQOL_SILENT:
            continue
        if level_of(o) <= VISQOL_SILENT:
            silent += 1
            scores.append(VISQOL_WORST)
        else:
            with threads_as_they_were():
                scores.append(_visqol_api().measure_from_arrays(r.astype(float), o.astype(float), VISQOL_RATE).moslqo)
    if not scores:
        return Visqol(math.nan, "the reference is silent")
    # Its parallel sums differ in the last bits from run to run.
    return Visqol(round(float(np.mean(scores)), 6), "the output is silent where the reference is not" if silent else "")


@cache
def _visqol_api() -> Any:
    from visqol import VisqolApi

    api = VisqolApi()
    api.create(mode="audio")
    return api
