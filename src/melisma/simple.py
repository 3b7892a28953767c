"""One call from sounds to sounds: what the commands of the same names do.

A *sound* is the name of a file, an `Audio`, or samples (T,) or (channels, T) at the model's own rate; where a sound is
asked for, a LatentPath does as well. A *model* is a name, a file, an hf:// address or a loaded Model. Sounds come first, all
else is named: `interpolate(a, b, curve=0.5)`. What comes out is an `Audio`. Whatever cannot be used gets a MelismaError of one
sentence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np

from . import latent
from .errors import BadValue
from .latent import Curve, LatentPath
from .model import Model, load
from .sound.audio import Audio, read
from .store import DEFAULT

SoundOrPath = str | os.PathLike[str] | Audio | np.ndarray | LatentPath
AnyModel = str | os.PathLike[str] | Model


def transfer(
    sound: SoundOrPath,
    *,
    model: AnyModel = DEFAULT,
    loudness: str | Curve = "input",
    match: float = 1.0,
    fine: float = 1.0,
    colour: float = 0.0,
    mono: bool = False,
) -> Audio:
    """A sound in a model's timbre, as long as it was and at its rate; stereo if it was, unless `mono` mixes it.

    loudness: "input" follows the sound's; else a level in dBFS, one a frame (L,), or (seconds, dBFS) points (P, 2).
    match: how much of the domain's timbre, from 0 to 1, it takes on, see `latent.match`. fine, from 0 to 1: how much of its
    fine structure is kept, partials and so its pitch; colour: how much of its own envelope.
    """
    played = _model(model)
    if isinstance(sound, LatentPath):
        moved = played.transferred(sound, loudness=loudness, match=match, fine=fine)
        return played.decode(moved, fine=fine, colour=colour)
    given = read(sound) if isinstance(sound, (str, os.PathLike)) else sound
    return played.transfer(given, loudness=loudness, match=match, fine=fine, colour=colour, mono=mono)


def interpolate(
    first: SoundOrPath,
    second: SoundOrPath,
    *,
    model: AnyModel = DEFAULT,
    curve: Curve | None = None,
    fine: float = 1.0,
    colour: float = 1.0,
) -> Audio:
    """From one sound to another while it plays: z[n] = z_a[n] · (1 − w[n]) + z_b[n] · w[n], the loudness likewise, in dB.

    curve: the second sound's share w, a number, one a frame (L,), or (seconds, share) points (P, 2); None is the ramp
    w[n] = n/N. The shorter sound is stretched to the longer; the rate is the first one's.
    fine, colour: how much is heard of what goes along beside the latents; see `Model.decode`.
    """
    played = _model(model)
    return played.decode(_path(first, played).interpolate(_path(second, played), curve), fine=fine, colour=colour)


def mix(
    sounds: Sequence[SoundOrPath],
    *,
    weights: Curve | None = None,
    model: AnyModel = DEFAULT,
    fine: float = 1.0,
    colour: float = 1.0,
) -> Audio:
    """A weighted mean of sounds in the latent space, as in the studio's square with one at each corner.

    weights: a share for each (P,), or for each and every frame (P, L), none below 0; None is equal shares.
    The shorter sounds are stretched to the longest; the rate is the first one's. fine, colour: as in `interpolate`.
    """
    if isinstance(sounds, (str, Audio, np.ndarray)) or not isinstance(sounds, Iterable):
        raise BadValue("mix takes its sounds in a list: mix([a, b], weights=[2, 1])")
    played = _model(model)
    return played.decode(latent.mix([_path(sound, played) for sound in sounds], weights), fine=fine, colour=colour)


def sample(
    seconds: float,
    *,
    model: AnyModel = DEFAULT,
    seed: int = 0,
    smoothness: float = 0.5,
    temperature: float = 1.0,
    loudness: Curve | None = None,
) -> Audio:
    """A sound that nothing went into: a path drawn from the prior, smooth in time, the same for the same seed, and played.

    `Model.sample` gives the path itself.

    smoothness: seconds from one drawn point to the next. temperature: standard deviations; 0 is the middle of all that was
    learnt, 1 as far about as the training set goes. loudness: a level in dBFS, one a frame (L,), or (seconds, dBFS) points; None
    is a steady level with its ends faded.
    """
    played = _model(model)
    path = played.sample(seconds, seed=seed, smoothness=smoothness, temperature=temperature, loudness=loudness)
    return played.decode(path)


def _model(model: AnyModel) -> Model:
    return model if isinstance(model, Model) else load(model)  # type: ignore[arg-type]


def _path(sound: SoundOrPath, model: Model) -> LatentPath:
    if isinstance(sound, LatentPath):
        return sound
    return model.encode(read(sound) if isinstance(sound, (str, os.PathLike)) else sound)
