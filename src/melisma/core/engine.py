"""Engine: one model on the core, for whole sounds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..files import modelfile
from ..sound.rates import cut
from .binding import CoreModel, CoreStream

Samples = np.ndarray | Iterable[np.ndarray]
Coded = tuple[np.ndarray, np.ndarray, np.ndarray | None]  # latents (Z, L), loudness (L,), a residual's steps (M, L)

CHUNK_SECONDS = 20  # sounds are read in pieces of this length, so that a long one needs little memory beside itself


class Engine:
    """One model on the core: what `Model` needs, as the tests have it of the PyTorch reference.

    Waveforms are float32 (T,) at the model's rate, whole or as an iterable of their pieces; L = ⌈T / hop⌉ + frame / hop − 1
    frames. Samples that are no numbers are read as silence, and the absurd as ±10⁴.
    """

    def __init__(self, file: modelfile.ModelFile, kernels: str | None = None):
        self.model = CoreModel(file.source or modelfile.to_bytes(file, exact=True), kernels)
        self.hop, self.delay = self.model.hop, self.model.delay
        self.chunk = CHUNK_SECONDS * self.model.sample_rate

    @property
    def _frames(self) -> int:
        return max(1, self.chunk // self.hop)

    def encode(self, x: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Waveform → latents (Z, L), loudness (L,) in dBFS."""
        return self._whole("encode", x)

    def encode_layers(self, x: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Waveform → latents (Z, L), loudness (L,) in dBFS, and the residual's steps, int8 (M, L)."""
        latents, loudness, layers = self._whole("encode_layers", x)
        layers.setflags(write=False)  # a path takes it as it is
        return latents, loudness, layers

    def kl(self, x: Samples) -> np.ndarray:
        """Waveform → KL of each of the encoder's dimensions at every frame, in nats (Z', L)."""
        mean, log_variance = self._whole("posterior", x)
        # as expm1, or rounding would make it negative where the posterior is the prior
        return 0.5 * (mean**2 + np.maximum(np.expm1(log_variance) - log_variance, 0))

    def mel(self, x: Samples) -> np.ndarray:
        """Waveform → log-mel (M, L), 0 at −100 dBFS."""
        return self._whole("analyse", x)[0]

    def decode(self, z: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) in dBFS → waveform (L · hop − delay,)."""
        return np.concatenate([np.zeros(0, np.float32), *self.decoded(z, loudness)])

    def decoded(
        self,
        z: np.ndarray,
        loudness: np.ndarray,
        layers: np.ndarray | None = None,
        fine: float = 0.0,
        colour: float = 0.0,
        frames: Iterable[int] | None = None,
    ) -> Iterator[np.ndarray]:
        """The same, piece by piece; with layers, steps int8 (M, L), so much of each is added to what is decoded.

        frames: so many each time, to the bit the same.
        """
        stream = self.model.stream()

        def piece(part: slice) -> np.ndarray:
            if layers is None:
                return stream.decode(z[:, part], loudness[part])
            return stream.decode_layers(z[:, part], loudness[part], layers[:, part], fine, colour)

        return self._on_time(map(piece, self._parts(len(loudness), frames)))

    def decoded_heard(
        self,
        paths: Sequence[Coded],
        heard: Iterator[np.ndarray],
        phases: np.ndarray,
        fine: float = 0.0,
        colour: float = 0.0,
        frames: Iterable[int] | None = None,
        matched: float = 0.0,
    ) -> Iterator[np.ndarray]:
        """One or two of what `decoded` takes, of one length, and their sound, in pieces (channels, n) → pieces (channels, n).

        phases: how far each frame has those of the sound, (L,) from 0 to 1. Between two channels they differ as they do there.
        matched: how far what lies below the sound's lowest partial stays low, from 0 to 1.
        """
        stream, sound = self.model.stream(channels=len(paths)), _Taken(heard, len(paths))

        def piece(part: slice) -> np.ndarray:
            parts = [(z[:, part], level[part], None if layers is None else layers[:, part]) for z, level, layers in paths]
            return stream.decode_heard(parts, sound.take(len(parts[0][1]) * self.hop), phases[part], fine, colour, matched)

        return self._on_time(map(piece, self._parts(len(phases), frames)))

    def decode_mel(
        self, z: np.ndarray, loudness: np.ndarray, layers: np.ndarray | None = None, fine: float = 0.0, colour: float = 0.0
    ) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → the decoder's log-mel (M, L); with layers as in `decoded`."""
        stream = self.model.stream()
        if layers is None:
            return np.ascontiguousarray(stream.decode_mel(z, loudness))
        return np.ascontiguousarray(stream.decode_layers(z, loudness, layers, fine, colour, mel=True))

    def keep_layers(self, before: Coded, after: Coded) -> np.ndarray:
        """The steps, int8 (M, L), with which `after` has the fine structure of `before`, whose steps are given."""
        (z, loudness, layers), (moved, level, _), stream = before, after, self.model.stream()
        assert layers is not None  # else there is nothing to keep
        parts = [slice(i, i + self._frames) for i in range(0, len(loudness), self._frames)]
        kept = [stream.keep_layers(z[:, p], loudness[p], moved[:, p], level[p], layers[:, p]) for p in parts]
        return np.concatenate(kept, -1)

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Log-mel (M, L) → waveform (L · hop − delay,)."""
        return np.concatenate([np.zeros(0, np.float32), *self.synthesized(mel)])

    def synthesized(self, mel: np.ndarray) -> Iterator[np.ndarray]:
        """The same, piece by piece."""
        stream = self.model.stream()
        return self._on_time(stream.synthesize(piece) for piece in cut(mel, self._frames))

    def stream(self, rate: int = 0, channels: int = 1) -> CoreStream:
        return self.model.stream(rate, channels)

    def _whole(self, name: str, x: Samples) -> Any:
        stream = self.model.stream()
        return tuple(np.concatenate(parts, -1) for parts in zip(*(getattr(stream, name)(piece) for piece in self._padded(x))))

    def _padded(self, x: Samples) -> Iterator[np.ndarray]:
        # the last frames are centred beyond the end, as the first are before the start: nothing of the sound is lost
        length = 0
        for piece in cut(x, self.chunk) if isinstance(x, np.ndarray) else x:
            length += len(piece)
            yield piece
        yield np.zeros(-length % self.hop + self.delay, np.float32)

    def _parts(self, length: int, sizes: Iterable[int] | None) -> Iterator[slice]:
        """Of so many frames so many each time."""
        begin = 0
        for size in itertools.repeat(self._frames) if sizes is None else sizes:
            if begin >= length:
                return
            yield slice(begin, begin + size)
            begin += size

    def _on_time(self, pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Without the delay at their start, which no sound lies in."""
        late = self.delay
        for piece in pieces:
            yield piece[..., late:]
            late -= min(late, piece.shape[-1])


class _Taken:
    """Pieces (channels, n) of a sound as they are asked for: silence beyond its end."""

    def __init__(self, pieces: Iterator[np.ndarray], channels: int):
        self._pieces, self._held = pieces, np.zeros((channels, 0), np.float32)

    def take(self, samples: int) -> np.ndarray:
        parts, missing = [self._held], samples - self._held.shape[1]
        while missing > 0:
            piece = next(self._pieces, None)
            parts.append(np.zeros((len(self._held), missing), np.float32) if piece is None else piece)
            missing -= parts[-1].shape[1]
        whole = np.concatenate(parts, axis=1)
        self._held = whole[:, samples:]
        return whole[:, :samples]
