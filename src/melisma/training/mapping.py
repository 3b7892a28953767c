"""A map of a model's domain, from what the model was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..latent import LatentPath
from ..latent.domainmap import DomainMap
from ..model import Model

POINTS = 1000
SECONDS = 0.5  # of each excerpt, whose loudest frame is a point
AUDIBLE = -55.0  # dBFS
SETTLED = 64  # frames, after which the decoder has forgotten what was before
LEVEL = -20.0  # dBFS


def domain_map(model: Model, clips: Sequence[np.ndarray], points: int = POINTS, seed: int = 0) -> DomainMap | None:
    """Moments of clips (T,) at the model's rate, int16 or floats, spread over all of them. None if too little of them sounds.

    The plane is the one in which most of what the latents do to the decoded mel is seen: the mels are regressed on the latents,
    and what that explains is turned to its principal axes (reduced-rank regression; Izenman, 1975). It is linear, so that paths
    can be drawn in it. To the right, and upwards, is brighter.
    """
    values = _moments(model, clips, points, np.random.default_rng(seed))
    if values.shape[1] < 4 * model.latents:
        return None
    mels = _settled(model, values)
    if not np.isfinite(mels).all():  # a training that has failed: its verdict says so
        return None
    centred, response = values.T - values.mean(1), mels.T - mels.mean(1)
    slope = np.linalg.lstsq(centred, response, rcond=None)[0]  # (Z, M)
    _, _, turned = np.linalg.svd(centred @ slope, full_matrices=False)
    axes = (slope @ turned[:2].T).T
    axes /= np.maximum((axes @ centred.T).std(1, keepdims=True), 1e-9)
    tilt = axes @ centred.T @ (response @ np.linspace(-1, 1, response.shape[1]))  # of the upper bands against the lower
    axes *= np.where(tilt < 0, -1, 1)[:, None]
    return DomainMap(values.T.astype(np.float32), axes.astype(np.float32))


def _moments(model: Model, clips: Sequence[np.ndarray], points: int, random: np.random.Generator) -> np.ndarray:
    """Latents (Z, N) of the loudest frames of excerpts that begin at places drawn evenly from all of the sound."""
    ends = np.cumsum([len(clip) for clip in clips])
    found: list[np.ndarray] = []
    if not len(ends) or ends[-1] == 0:
        return np.zeros((model.latents, 0), np.float32)
    length = round(SECONDS * model.sample_rate)
    for place in np.sort(random.integers(0, ends[-1], points)):
        k = int(np.searchsorted(ends, place, side="right"))
        clip = clips[k]
        begin = max(0, min(int(place - (ends[k] - len(clip))), len(clip) - length))
        path = model.encode(np.asarray(clip[begin : begin + length]))
        loudest = int(path.loudness.argmax())
        if path.loudness[loudest] > AUDIBLE:
            found.append(path.values[:, loudest])
    return np.array(found, np.float32).T if found else np.zeros((model.latents, 0), np.float32)


def _settled(model: Model, values: np.ndarray) -> np.ndarray:
    """The mel (M, N) of each point, held until the decoder has settled, in dB."""
    held = np.repeat(values, SETTLED, axis=1)
    frames = held.shape[1]
    length = frames * model.hop - (model.config.analysis.frame - model.hop)
    path = LatentPath(held, np.full(frames, LEVEL, np.float32), model.frame_rate, length, model.sample_rate, model.name)
    return 100.0 * model.decode_mel(path, fine=0, colour=0)[:, SETTLED - 1 :: SETTLED]
