"""The reference behind arrays: what `Model` needs of an engine, and no more. The real-time core offers the same."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from melisma.files import modelfile
from melisma.latent.residual import FINE, HIGHEST, LAYER_MOST, LAYER_STEP, LOWEST
from melisma.training.export import from_file, latency
from melisma.training.mel import absolute, levelled, relative
from melisma.training.residual import Residual
from melisma.training.vae import kl, split

CEILING = 4.0  # samples go no further, +12 dBFS: latents pulled far out must not hurt ears, however many bands add up
Path = tuple[np.ndarray, np.ndarray, np.ndarray | None]  # latents (Z, L), loudness (L,), a residual's steps (M, L)
RELEASE = 0.1  # seconds in which what holds them there lets go
CHUNK_SECONDS = 20  # sounds are read in pieces of this length, so that an hour needs no more memory than a minute


class Engine:
    """One model on PyTorch. Waveforms are float32 (T,) at the model's rate; L = ⌈T / hop⌉ + frame / hop − 1 frames."""

    def __init__(self, file: modelfile.ModelFile):
        # the phase integration magnifies the last bit of what it reads until, in noise, nothing is left of the phases: in
        # single precision a stream would part from the whole, whose sums are rounded in another order
        self.model = from_file(file).double()
        analysis = file.config.analysis
        self.hop, self.delay = analysis.hop, self.model.delay
        self.residual = Residual(self.model.analysis.bands).double()
        self.chunk = CHUNK_SECONDS * analysis.sample_rate // self.hop * self.hop

    @torch.no_grad()
    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Waveform → latents (Z, L), loudness (L,) in dBFS."""
        parts = [(self.model.calibration(mean), loudness) for _, loudness, mean, _ in self._encoded(x)]
        return _join([z for z, _ in parts]), _join([loudness for _, loudness in parts])[0]

    @torch.no_grad()
    def encode_layers(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Waveform → latents (Z, L), loudness (L,) in dBFS, and the residual's steps, int8 (M, L)."""
        decoder, found = self.model.decoder.initial(1), []
        for mel, loudness, mean, _ in self._encoded(x):
            # rounded as a latent path keeps them: what is left out is of what a path decodes to
            z, level = (v.float().double() for v in (self.model.calibration(mean), loudness))
            decoded, decoder = self.model.decoder.step(torch.cat([self.model.calibration.inverse(z), level], 1), decoder)
            shape = levelled(decoded, self.model.analysis.log_band_weights)
            found.append((z, level, self.residual(torch.cat([mel, level, shape], 1))))
        z, level, steps = (_join(list(part)) for part in zip(*found, strict=True))
        return z, level[0], steps.astype(np.int8)

    @torch.no_grad()
    def kl(self, x: np.ndarray) -> np.ndarray:
        """Waveform → KL of each of the encoder's dimensions at every frame, in nats (Z', L)."""
        return _join([kl(mean, log_variance) for _, _, mean, log_variance in self._encoded(x)])

    @torch.no_grad()
    def mel(self, x: np.ndarray) -> np.ndarray:
        """Waveform → log-mel (M, L), 0 at −100 dBFS."""
        state, parts = self.model.analysis.initial(1), []
        for piece in self._pieces(x):
            frames, state = self.model.analysis.step(piece, state)
            parts.append(frames[:, :-1].clamp(min=0))
        return _join(parts)

    @torch.no_grad()
    def decode(
        self, z: np.ndarray, loudness: np.ndarray, layers: np.ndarray | None = None, fine: float = 0.0, colour: float = 0.0
    ) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) in dBFS → waveform (L · hop − delay,); with layers, so much of each beside them."""
        return self._synthesized(self._decoded(*_doubles(z, loudness, layers), fine, colour))

    @torch.no_grad()
    def decode_mel(
        self, z: np.ndarray, loudness: np.ndarray, layers: np.ndarray | None = None, fine: float = 0.0, colour: float = 0.0
    ) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → the decoder's log-mel (M, L); with layers as in `decode`."""
        return _join(list(self._decoded(*_doubles(z, loudness, layers), fine, colour)))

    @torch.no_grad()
    def keep_layers(self, before: Path, after: Path) -> np.ndarray:
        """The steps, int8 (M, L), with which `after` has the fine structure of `before`, whose steps are given."""
        (*own, steps), (*moved, _) = (_doubles(*path) for path in (before, after))
        assert steps is not None
        shapes, others = (torch.cat(list(self._shapes(*path)), -1) for path in (own, moved))
        away = shapes.clamp(LOWEST, HIGHEST) - others.clamp(LOWEST, HIGHEST)
        kept = torch.floor(steps + self.residual.basis @ away / (LAYER_STEP / 100) + 0.5).clamp(-LAYER_MOST, LAYER_MOST)
        return torch.cat([steps[:, :FINE], kept[:, FINE:]], 1)[0].numpy().astype(np.int8)

    @torch.no_grad()
    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Log-mel (M, L) → waveform (L · hop − delay,)."""
        frames = self.chunk // self.hop
        return self._synthesized(torch.from_numpy(mel[None, :, i : i + frames]).double() for i in range(0, mel.shape[1], frames))

    def stream(self) -> EngineStream:
        return EngineStream(self)

    def _pieces(self, x: np.ndarray) -> Iterator[Tensor]:
        # the last frames are centred beyond the end, as the first are before the start: nothing of the sound is lost
        padded = np.pad(np.asarray(x, np.float64), (0, -len(x) % self.hop + self.delay))
        for i in range(0, len(padded), self.chunk):
            yield torch.from_numpy(padded[i : i + self.chunk])[None, None]

    def _encoded(self, x: np.ndarray) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Log-mel, loudness, mean and log-variance of each piece."""
        analysis, encoder = self.model.analysis.initial(1), self.model.encoder.initial(1)
        for piece in self._pieces(x):
            frames, analysis = self.model.analysis.step(piece, analysis)
            mel, loudness = frames[:, :-1], frames[:, -1:]
            encoded, encoder = self.model.encoder.step(relative(mel, loudness), encoder)
            yield mel, loudness, *split(encoded)

    def _shapes(self, z: Tensor, loudness: Tensor) -> Iterator[Tensor]:
        """The relative mel of each piece."""
        state, frames = self.model.decoder.initial(1), self.chunk // self.hop
        for i in range(0, z.shape[-1], frames):
            own = self.model.calibration.inverse(z[..., i : i + frames])
            mel, state = self.model.decoder.step(torch.cat([own, loudness[..., i : i + frames]], 1), state)
            yield levelled(mel, self.model.analysis.log_band_weights)

    def _decoded(self, z: Tensor, loudness: Tensor, layers: Tensor | None, fine: float, colour: float) -> Iterator[Tensor]:
        frames = self.chunk // self.hop
        for i, mel in zip(itertools.count(0, frames), self._shapes(z, loudness)):
            level = loudness[..., i : i + frames]
            if layers is not None and (fine or colour):
                mel = mel + self.residual.spread(layers[..., i : i + frames], fine, colour)
                mel = levelled(mel, self.model.analysis.log_band_weights)
            yield absolute(mel, level, self.model.config.vae.sink)

    def _synthesized(self, mels: Iterator[Tensor]) -> np.ndarray:
        state, parts = self.model.vocoder.initial(1), [torch.zeros(1, 1, 0, dtype=torch.float64)]
        rate, envelope = self.model.config.analysis.sample_rate, CEILING
        for mel in mels:
            waveform, state = self.model.vocoder.step(mel, state)
            waveform, envelope = bounded(waveform, rate, envelope)
            parts.append(waveform)
        return _join(parts)[0, self.delay :]


class EngineStream:
    """The chain block by block: see `melisma.model.Stream`."""

    def __init__(self, engine: Engine):
        self.model = engine.model
        self.latency = latency(engine.model)
        self.reset()

    def reset(self) -> None:
        self.state, self.envelope = self.model.initial(1), CEILING
        # a hop of silence in hand lets every block be answered in full, whatever its size
        self.ready = torch.zeros(1, 1, self.model.config.analysis.hop, dtype=torch.float64)

    @torch.no_grad()
    def process(self, block: np.ndarray) -> np.ndarray:
        waveform, self.state = self.model.step(torch.from_numpy(np.array(block, np.float64))[None, None], self.state)
        waveform, self.envelope = bounded(waveform, self.model.config.analysis.sample_rate, self.envelope)
        ready = torch.cat([self.ready, waveform], -1)
        self.ready = ready[..., len(block) :]
        return ready[0, 0, : len(block)].float().numpy()


def bounded(x: Tensor, rate: int, envelope: float = CEILING) -> tuple[Tensor, float]:
    """A limiter, at once down and slowly up: x (…, T) within ±CEILING, and the envelope to go on with; the rest is as it was."""
    if not x.numel():
        return x, envelope
    fall = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype) / (RELEASE * rate)
    peaks = torch.cummax(x.abs().clamp(min=1e-30).log() + fall, -1).values.clamp(min=math.log(envelope))
    envelopes = (peaks - fall).exp().clamp(min=CEILING)
    return x * (CEILING / envelopes), float(envelopes[..., -1].max())


def _doubles(z: np.ndarray, loudness: np.ndarray, layers: np.ndarray | None) -> tuple[Tensor, Tensor, Tensor | None]:
    own, level = torch.from_numpy(np.array(z, np.float64)), torch.from_numpy(np.array(loudness, np.float64))
    steps = None if layers is None else torch.from_numpy(np.array(layers, np.float64))[None]
    return own[None], level[None, None], steps


def _join(parts: list[Tensor]) -> np.ndarray:
    return torch.cat(parts, -1)[0].float().numpy()
