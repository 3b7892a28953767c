"""Short sounds that explain: a latent around the session's sound, a place of the domain's map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import BadValue, NotFound
from ..latent import LatentPath
from ..latent.domainmap import DomainMap
from ..model import Model
from . import session
from .document import Take
from .pieces import WARM, ahead
from .protocol import MapInfo

SECONDS, PAUSE = 0.7, 0.12  # of what is heard, and between its two halves
AROUND = 2.0  # σ
FADE = 0.01  # seconds
POINT, LEVEL = 0.5, -20.0  # seconds and dBFS of a place of the map


def around(take: Take, lane: int, at: float | None, open_sound: session.Open, model: Model) -> np.ndarray:
    """A piece of a take's sound with a latent 2 σ lower, then 2 σ higher: samples at the model's rate.

    at: where it begins, in seconds; None is where the sound is loudest.
    """
    path = session.paths(take, open_sound, model)[2]
    if lane >= path.dimensions:
        raise BadValue(f"there is no latent {lane + 1}: {model.name} has {path.dimensions}")
    first, last = _piece(path, at)
    pieces = []
    for by in (-AROUND, AROUND):
        values = path.values.copy()
        values[lane] += by
        moved = replace(path, values=values)
        pieces += [faded(ahead(moved, model, first, last, **session.amounts(take))[1], model.sample_rate)]
    return np.concatenate([pieces[0], np.zeros(round(PAUSE * model.sample_rate), np.float32), pieces[1]])


def map_of(model: Model) -> MapInfo:
    """The map as the page draws it; NotFound if the model has none."""
    found = _map(model)
    zero = found.places(np.zeros((model.latents, 1), np.float32))[:, 0]
    axes = (found.places(np.eye(model.latents, dtype=np.float32)) - zero[:, None]).astype(float).tolist()
    points = found.places(found.points.T).T.clip(0, 1).round(4).astype(float).tolist()
    return MapInfo(tuple((x, y) for x, y in points), (tuple(axes[0]), tuple(axes[1])), (float(zero[0]), float(zero[1])))


def spoken(model: Model, x: float, y: float) -> np.ndarray:
    """What lies at a place of the map, held for half a second: samples at the model's rate."""
    frames = WARM + round(POINT * model.frame_rate)
    values = np.repeat(_map(model).at(np.array([x]), np.array([y])), frames, axis=1)
    length = frames * model.hop - (model.config.analysis.frame - model.hop)
    path = LatentPath(values, np.full(frames, LEVEL, np.float32), model.frame_rate, length, model.sample_rate, model.name)
    return faded(ahead(path, model, WARM, frames)[1], model.sample_rate)


def _map(model: Model) -> DomainMap:
    if model.map is None:
        raise NotFound(f"{model.name} has no map of its domain: models that are trained from now on have one")
    return model.map


def piece(take: Take, open_sound: session.Open, model: Model) -> np.ndarray:
    """A piece of a take where it is loudest: samples at the model's rate."""
    path = session.paths(take, open_sound, model)[2]
    first, last = _piece(path, None)
    return faded(ahead(path, model, first, last, **session.amounts(take))[1], model.sample_rate)


def _piece(path: LatentPath, at: float | None) -> tuple[int, int]:
    """The frames from then on, or the loudest ones."""
    length = min(path.frames, round(SECONDS * path.rate))
    if at is None:
        power = np.concatenate([[0.0], np.cumsum(10 ** (path.loudness.astype(np.float64) / 10))])
        first = int(np.argmax(power[length:] - power[: len(power) - length]))
    else:
        first = min(max(0, round(at * path.rate)), path.frames - length)
    return first, first + length


def faded(sound: np.ndarray, rate: int) -> np.ndarray:
    """The sound with its ends let in and out."""
    sound = np.array(sound, np.float32)
    fade = min(round(FADE * rate), len(sound) // 2)
    if fade:
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        sound[:fade] *= ramp
        sound[-fade:] *= ramp[::-1]
    return sound
