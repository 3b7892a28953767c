"""From latent paths to sounds: what `Model.decode` and all that is like it share."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from .core.engine import Coded, Engine
from .errors import BadValue
from .latent import LatentPath
from .latent.reading import read_number
from .sound.arrival import arriving
from .sound.audio import Audio
from .sound.rates import fill, resampled, resampled_length


class Decoder:
    """A model's paths, one or those of two channels of one length, with or without the sound that they came from, as sounds.

    name, latents, frame_rate: the model's, which a path has to have, too.
    """

    def __init__(self, engine: Engine, name: str, latents: int, frame_rate: float):
        self._engine, self._rate = engine, engine.model.sample_rate
        self._name, self._latents, self._frame_rate = name, latents, frame_rate

    def whole(self, paths: Sequence[LatentPath], sound: Audio | None, fine: float, colour: float) -> Audio:
        """At the rate and of the length of the sound that they came from, a channel for each."""
        paths = checked(paths, sound)
        rate, length = paths[0].source_rate, paths[0].length
        channels, pieces = np.empty((len(paths), length), np.float32), self._made(paths, sound, fine, colour, None)
        for c, each in enumerate(itertools.tee(pieces, len(paths))):
            fill(channels[c], resampled((piece[c] for piece in each), self._rate, rate))
        return Audio(channels, rate)

    def pieces(
        self, paths: Sequence[LatentPath], sound: Audio | None, fine: float, colour: float, frames: Iterable[int]
    ) -> Iterator[np.ndarray]:
        """At the model's rate, float32 (channels, n), so many frames each time; to the bit what `whole` resamples."""
        paths = checked(paths, sound)
        missing = resampled_length(paths[0].length, paths[0].source_rate, self._rate)
        for piece in self._made(paths, sound, fine, colour, frames):
            yield piece[:, :missing]
            missing -= min(missing, piece.shape[1])
            if not missing:
                return
        yield np.zeros((len(paths), missing), np.float32)

    def _made(
        self, paths: Sequence[LatentPath], sound: Audio | None, fine: float, colour: float, frames: Iterable[int] | None
    ) -> Iterator[np.ndarray]:
        if len({(path.length, path.frames) for path in paths}) > 1:
            raise BadValue("an edit makes the two channels of different lengths: give it to one at a time")
        fine, colour = amounts(fine, colour)
        coded = [self.fitting(path) for path in paths]
        if sound is None:
            return (piece[None] for piece in self._engine.decoded(*coded[0], fine, colour, frames))
        # a channel of the sound for each path, or all of it mixed for one
        parts = [
            Audio(side, sound.rate, name=sound.name) for side in (sound.samples[:, None] if len(paths) > 1 else [sound.samples])
        ]
        heard = (np.stack(each) for each in zip(*(arriving(part, None, self._rate, self._engine.chunk)[0] for part in parts)))
        in_time = [np.zeros(path.frames, bool) if path.in_time is None else path.in_time for path in paths]
        far = max(path.matched for path in paths)
        return self._engine.decoded_heard(coded, heard, fine * np.all(in_time, axis=0), fine, colour, frames, far)

    def fitting(self, path: LatentPath) -> Coded:
        """What the core takes of a path; MelismaError if it is none, or of another model."""
        checked_path(path)
        if path.values.shape[0] != self._latents:
            has = f"the path has {path.values.shape[0]} latents, model {self._name} has {self._latents}"
            raise BadValue(f"{has}: encode the sound with {self._name}")
        if abs(path.rate - self._frame_rate) > 1e-3:
            runs = f"the path runs at {path.rate:.2f} frames a second, model {self._name} at {self._frame_rate:.2f}"
            raise BadValue(f"{runs}: encode the sound with {self._name}")
        if path.layers is not None and len(path.layers) != self._engine.model.bands:
            has = f"the path's layers have {len(path.layers)} bands, model {self._name} has {self._engine.model.bands}"
            raise BadValue(f"{has}: encode the sound with {self._name}")
        return path.values, path.loudness, path.layers


def checked(paths: Any, sound: Any) -> list[LatentPath]:
    """The paths, one or two, if they are some, and the sound, if there is one, is one for them."""
    paths = list(paths) if isinstance(paths, Iterable) else [paths]
    for path in paths:
        checked_path(path)
    if not 1 <= len(paths) <= 2:
        raise BadValue(f"{len(paths)} paths are given: a sound is made of one, or of two, left's and right's")
    if sound is not None and not isinstance(sound, Audio):
        raise BadValue(f"the sound beside the path is of the type {type(sound).__name__}: give an Audio, as melisma.read does")
    if sound is not None and len(paths) == 2 != sound.channels:
        raise BadValue(f"two paths are given and a sound of {sound.channels} channels: give one of two, or decode one path")
    return paths


def checked_path(path: Any) -> LatentPath:
    if not isinstance(path, LatentPath):
        remedy = "Model.encode gives one, and melisma.files.pathfile.load reads one"
        raise BadValue(f"a latent path is needed, not something of the type {type(path).__name__}: {remedy}")
    return path


def amounts(fine: float, colour: float) -> tuple[float, float]:
    """How much of each layer is heard, read as numbers from 0 to 1."""
    return read_number(fine, "fine", 0, 1), read_number(colour, "colour", 0, 1)
