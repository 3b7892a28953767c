"""Feedback shaping: a model hears itself through a delay line, a band and a gain, whose curves shape what it sings.

    delay line → model → [output] → band, gain, limiter → delay line

Block by block on the real-time core, as the Pure Data patch feedback.pd does it with Pd's 64 samples: the same curves give
the same sound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BadValue
from ..latent.live import LOOP
from ..latent.reading import split_points
from ..system.inputs import note_input
from .binding import CoreModel, CoreStream
from .loop import CoreLoop

BLOCK = 64  # samples; Pd's
# name → column in a file that has all three, and what the loop says of it
CURVES = {name: (column, p) for column, (name, p) in enumerate(zip(("freq", "q", "gain"), LOOP, strict=False), 1)}


@dataclass(frozen=True)
class Curve:
    """A value over time: straight lines between points (s, value); before the first and after the last it stays."""

    times: np.ndarray
    values: np.ndarray

    def __call__(self, seconds: np.ndarray | float) -> np.ndarray:
        return np.interp(seconds, self.times, self.values)


def curve(text: str, name: str) -> Curve:
    """A number, points such as "0:200,10:2000" (seconds:value), or a file of them, one point a line.

    A file has two numbers a line, time and value, or four, time, freq, q and gain, as feedback.pd writes them.
    MelismaError names what is wrong.
    """
    column, setting = CURVES[name]
    unit, minimum, maximum = setting.unit, float(setting.minimum or 0), float(setting.maximum or 0)
    try:
        points = [(0.0, float(text))]
    except ValueError:
        points = _points(text, name, column)
    both = np.array(points, float)
    times, values = both[:, 0], both[:, 1]
    if not np.isfinite(points).all() or not ((minimum <= values) & (values <= maximum)).all():
        raise BadValue(f"--{name} {text}: values from {minimum:g} to {maximum:g}{unit and ' ' + unit} are needed")
    if (np.diff(times) < 0).any():
        raise BadValue(f"--{name} {text}: its times do not rise")
    return Curve(times, values)


def _points(text: str, name: str, column: int) -> list[tuple[float, float]]:
    how = "give a number, points such as 0:200,10:2000, or a file with a time and a value on each line"
    try:
        return [(float(time), float(value)) for time, value in split_points(text)]
    except ValueError:
        pass
    note_input(text)
    try:
        rows = [line.rstrip(";, \t").split() for line in Path(text).read_text("utf-8").splitlines()]
        rows = [row for row in rows if row and not row[0].startswith("#")]
        points = [(float(row[0]), float(row[1 if len(row) == 2 else column])) for row in rows]
    except OSError as error:
        raise BadValue(f"--{name} {text} is no number, no points and no file to read ({error.strerror}): {how}") from None
    except (ValueError, IndexError):
        points = []
    if not points:
        raise BadValue(f"--{name} {text} does not say a curve: {how}")
    return points


def sing(
    model: CoreModel,
    seconds: float,
    freq: Curve,
    q: Curve,
    gain: Curve,
    delay: float = 0.05,
    breath: float = float(LOOP[3].default),
    seed: int = 0,
    settings: dict[str, float] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> np.ndarray:
    """What the model sings, float32 (T,) at its rate, out of silence and a faint noise.

    delay: of the line, in seconds; the model's latency comes on top. breath: of that noise, in dBFS; seed: which noise.
    settings: parameters of the stream, by name.
    """
    rate = model.sample_rate
    stream, loop = CoreStream(model), CoreLoop(rate, seed)
    for name, value in (settings or {}).items():
        stream.set(name, value)
    stream.reset()
    blocks = max(1, math.ceil(seconds * rate / BLOCK))
    behind = max(BLOCK, int(0.5 + delay * rate))
    times = np.arange(blocks) * BLOCK / rate
    turned = np.stack([freq(times), q(times), gain(times)], 1)
    heard = np.zeros(behind + blocks * BLOCK, np.float32)  # what goes into the model, from the beginning of time
    out = np.empty(blocks * BLOCK, np.float32)
    for i, (f, quality, g) in enumerate(turned.tolist()):
        at = i * BLOCK
        out[at : at + BLOCK] = made = stream.process(heard[at : at + BLOCK])
        heard[behind + at : behind + at + BLOCK] = loop.process(made, f, quality, g, breath)
        if progress and i % 4096 == 0:
            progress(i / blocks, f"{at / rate:.0f} s")
    return out[: round(seconds * rate)]
