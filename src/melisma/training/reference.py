"""The whole model in PyTorch: the reference that files are exported from and the real-time core is tested against."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..files.config import ModelConfig
from .layers import State, Streaming
from .mel import Analysis, absolute, levelled, relative
from .vae import Decoder, Encoder, split
from .vocoders import build


class Calibration(nn.Module):
    """Encoder means (B, Z', L) → latents (B, Z, L) along principal axes in standard deviations, and back.

    Latents are ordered by how much they matter; dimensions that collapsed are left out, so Z ≤ Z'.
    """

    mean: Tensor
    forth: Tensor
    back: Tensor

    def __init__(self, latents: int, kept: int | None = None):
        super().__init__()
        kept = latents if kept is None else kept
        self.register_buffer("mean", torch.zeros(latents))
        self.register_buffer("forth", torch.eye(latents)[:kept].clone())
        self.register_buffer("back", torch.eye(latents)[:, :kept].clone())

    def forward(self, mean: Tensor) -> Tensor:
        return torch.matmul(self.forth, mean - self.mean[:, None])

    def inverse(self, z: Tensor) -> Tensor:
        return torch.matmul(self.back, z) + self.mean[:, None]


class Reference(Streaming):
    """Waveform (B, 1, T) → waveform (B, 1, T // hop · hop), delayed by `delay` samples.

    encode, decode and synthesize are its parts, each over the whole; `step` is the chain as a stream.
    """

    def __init__(self, config: ModelConfig, kept: int | None = None):
        super().__init__()
        self.config = config
        self.analysis = Analysis(config.analysis)
        self.encoder = Encoder(self.analysis.bands, config.vae)
        self.decoder = Decoder(self.analysis.bands, config.vae)
        self.vocoder = build(config.analysis, config.vocoder)
        self.calibration = Calibration(config.vae.latents, kept)

    @property
    def delay(self) -> int:
        """Samples by which the output lags the input when whole frames are given; a host's block adds up to a hop."""
        return self.vocoder.delay

    def analyse(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Waveform (B, 1, T) → log-mel (B, M, L), loudness (B, 1, L) in dBFS."""
        frames = self.analysis(x)
        return frames[:, :-1], frames[:, -1:]

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Waveform (B, 1, T) → latents (B, Z, L), loudness (B, 1, L)."""
        mel, loudness = self.analyse(x)
        mean, _ = split(self.encoder(relative(mel, loudness)))
        return self.calibration(mean), loudness

    def decode(self, z: Tensor, loudness: Tensor) -> Tensor:
        """Latents (B, Z, L), loudness (B, 1, L) → log-mel (B, M, L)."""
        return absolute(self.shape(self.calibration.inverse(z), loudness), loudness, self.config.vae.sink)

    def shape(self, mean: Tensor, loudness: Tensor) -> Tensor:
        """The encoder's own latents (B, Z', L) and loudness (B, 1, L) → relative mel (B, M, L)."""
        return levelled(self.decoder(torch.cat([mean, loudness], 1)).float(), self.analysis.log_band_weights)

    def synthesize(self, mel: Tensor) -> Tensor:
        """Log-mel (B, M, L) → waveform (B, 1, L · hop − delay), not delayed: sample t lies where it lay in the input."""
        return self.vocoder(mel.clamp(min=0))[..., self.delay :]

    def initial(self, batch: int = 1) -> State:
        return [part.initial(batch) for part in (self.analysis, self.encoder, self.decoder, self.vocoder)]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        analysis, encoder, decoder, vocoder = state
        frames, analysis = self.analysis.step(x, analysis)
        mel, loudness = frames[:, :-1], frames[:, -1:]
        encoded, encoder = self.encoder.step(relative(mel, loudness), encoder)
        # rounded as a latent path keeps them: in double precision the stream would part from decode(encode(…)) else, see Engine
        z, loudness = (v.float().to(self.calibration.back.dtype) for v in (self.calibration(split(encoded)[0]), loudness))
        z = self.calibration.inverse(z)
        decoded, decoder = self.decoder.step(torch.cat([z, loudness], 1), decoder)
        decoded = levelled(decoded, self.analysis.log_band_weights)
        waveform, vocoder = self.vocoder.step(absolute(decoded, loudness, self.config.vae.sink), vocoder)
        return waveform, [analysis, encoder, decoder, vocoder]
