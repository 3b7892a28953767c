"""`melisma space MODEL OUT.html`: a model's latent space on one page, to see and to hear. All of it is in the one file.

Points: moments of the training set where the model has a map of them, else draws of the prior. Traversals: one latent goes from
−REACH to REACH σ while all others stand still, at a moment of the training set, or at 0.
"""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from ..latent import LatentPath
from ..measure import plot, png
from ..model import Model
from ..sound.audio import Audio
from ..store.summary import facts
from ..system.atomic import atomic, check_target
from .page import part, template

REACH = 2.0  # σ
SWEEP, TOUCH = 2.5, 0.7  # seconds of a traversal, of a point
LEVEL = -20.0  # dBFS of all that is heard
HEARD = 48  # points that can be played, spread over all
DRAWN = 600  # points of the prior, where there is no map
PLANE = 3.0  # σ that the plane of the prior shows on either side
CONTRAST = 65.0  # dB that the pictures show
EDGE = 0.03  # seconds in which every sound begins and ends
Step = Callable[[float, str], None]


def space(model: Model, file: str | os.PathLike[str], step: Step = lambda share, what: None) -> None:
    """Write the page. step: is told the share that is done and what comes next."""
    check_target(file, [".html"])
    points, places, known = _points(model)
    heard = _spread(places, HEARD)
    centre = points[np.argmin(np.square(points - points.mean(0)).sum(1))] if known else np.zeros(model.latents, np.float32)
    total, swept, mels, dots = model.latents + len(heard), [], [], []
    for k in range(model.latents):
        step(k / total, f"latent {k + 1}")
        values = np.repeat(centre[:, None], _frames(model, SWEEP), axis=1)
        values[k] = np.linspace(-REACH, REACH, values.shape[1])
        swept.append(_played(model, values, SWEEP))
        mels.append(model.mel(swept[-1])[:, : round(SWEEP * model.frame_rate)])
    for n, index in enumerate(heard):
        step((model.latents + n) / total, "points")
        dots.append(_played(model, np.repeat(points[index][:, None], _frames(model, TOUCH), axis=1), TOUCH))
    high = plot.shared_limits(mels)[1]
    limits = (high - CONTRAST, high)
    told, count = facts(model.file), len(points)
    moments = f"{count} moments of what it was trained on: the nearer, the more alike they sound"
    drawn = f"It has no map of what it was trained on, so {count} points are drawn from the normal distribution its latents have"
    text = template("space.html").substitute(
        style=part("page.css"),
        script=part("player.js"),
        title=html.escape(f"{model.name}: its latent space"),
        name=html.escape(model.name),
        about=html.escape(f"{told['sound']} of sound, {told['latents']} latents. {moments if known else drawn}."),
        across="" if known else "latent 1 →",
        upwards="" if known else "↑ latent 2",
        dots=_scatter(places, heard, dots),
        still="a moment in the middle of them" if known else "0, the mean of the training set",
        sweeps="".join(_traversal(model, k, swept[k], mels[k], limits) for k in range(model.latents)),
    )
    with atomic(file) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")
    step(1.0, "")


def _points(model: Model) -> tuple[np.ndarray, np.ndarray, bool]:
    """Latents (N, Z); their places in the plane (N, 2), x to the right, y downwards, from 0 to 1; whether they are of the map."""
    found = model.map
    if found is not None:
        return found.points, found.places(found.points.T).T.clip(0, 1), True
    points = np.random.default_rng(0).standard_normal((DRAWN, model.latents)).astype(np.float32)
    x, y = points[:, 0], points[:, min(1, model.latents - 1)]
    places = np.stack([(x + PLANE) / (2 * PLANE), (PLANE - y) / (2 * PLANE)], axis=1)
    return points, places.clip(0, 1), False


def _spread(places: np.ndarray, most: int) -> list[int]:
    """Indices of points that lie as far from each other as they can: each next one is that which is furthest from all before."""
    chosen = [int(np.argmin(np.square(places - places.mean(0)).sum(1)))]
    off = np.full(len(places), np.inf)
    while len(chosen) < min(most, len(places)):
        off = np.minimum(off, np.square(places - places[chosen[-1]]).sum(1))
        chosen.append(int(off.argmax()))
    return chosen


def _frames(model: Model, seconds: float) -> int:
    analysis = model.config.analysis
    return -(-round(seconds * model.sample_rate) // analysis.hop) + analysis.frame // analysis.hop - 1


def _played(model: Model, values: np.ndarray, seconds: float) -> Audio:
    """Latents (Z, L) at an even loudness, faded in and out."""
    length = round(seconds * model.sample_rate)
    path = LatentPath(
        values, np.full(values.shape[1], LEVEL), model.frame_rate, length, model.sample_rate, model.name, model.ranges
    )
    samples = np.array(model.decode(path))
    samples *= min(1.0, 0.97 / max(float(np.abs(samples).max()), 1e-9))
    edge = max(1, min(length // 2, round(EDGE * model.sample_rate)))
    samples[:edge] *= np.linspace(0, 1, edge)
    samples[-edge:] *= np.linspace(1, 0, edge)
    return Audio(samples, model.sample_rate)


def _scatter(places: np.ndarray, heard: list[int], sounds: list[Audio]) -> str:
    """Circles in a box of 100 by 100; those that are heard are links that the script makes buttons."""
    quiet = "".join(f'<circle cx="{100 * x:.2f}" cy="{100 * y:.2f}" r=".35"/>' for x, y in places)
    loud = ""
    for number, (index, sound) in enumerate(zip(heard, sounds, strict=True), 1):
        x, y = 100 * places[index]
        loud += (
            f'<a class="play dot" href="{_flac(sound)}" data-title="point {number}" data-seconds="{sound.duration:.3f}" '
            f'aria-label="Play point {number}"><circle cx="{x:.2f}" cy="{y:.2f}" r="1.1"/></a>'
        )
    return f'<g class="quiet">{quiet}</g>{loud}'


def _traversal(model: Model, k: int, sound: Audio, mel: np.ndarray, limits: tuple[float, float]) -> str:
    """A latent's sound, its mel, and what kind of latent it is."""
    kind = "" if model.timbre is None else "timbre" if k in model.timbre else "pitch"
    image = base64.b64encode(png.bare_png(mel, limits)).decode()
    return (
        f'<a class="play" href="{_flac(sound)}" data-title="latent {k + 1}, from −2 to +2 σ" data-seconds="{sound.duration:.3f}" '
        f'aria-label="Play latent {k + 1} from −2 to +2 σ">'
        f'<span class="name">latent {k + 1}<i aria-hidden="true"></i><small>{kind}</small></span>'
        f'<span class="view"><img src="data:image/png;base64,{image}" alt="Mel-spectrogram of that"></span>'
        '<span class="scale" aria-hidden="true"><small>−2 σ</small><small>0</small><small>+2 σ</small></span></a>'
    )


def _flac(sound: Audio) -> str:
    data = io.BytesIO()
    soundfile.write(data, sound.samples.T, sound.rate, "PCM_16", format="FLAC")
    return f"data:audio/flac;base64,{base64.b64encode(data.getvalue()).decode()}"
