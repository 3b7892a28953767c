"""The mel VAE: relative mel → latents → relative mel, with loudness beside the latents."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..files.config import VAEConfig
from .layers import Chain, Conv, ConvNeXt, State, Streaming

LOG_VARIANCE = (-9.0, 3.0)


class Encoder(Streaming):
    """Relative mel (B, M, L) → mean and log-variance stacked, (B, 2 · Z, L)."""

    def __init__(self, bands: int, config: VAEConfig):
        super().__init__()
        width = config.encoder_width
        self.body = Chain(
            Conv(bands, width, 3),
            *[ConvNeXt(width, config.kernel, config.expansion) for _ in range(config.encoder_blocks)],
            Conv(width, 2 * config.latents, 1),
        )

    def initial(self, batch: int = 1) -> State:
        return self.body.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self.body.step(2 * x - 1, state)


class Decoder(Streaming):
    """Latents and loudness in dBFS stacked, (B, Z + 1, L) → relative mel (B, M, L)."""

    def __init__(self, bands: int, config: VAEConfig):
        super().__init__()
        width = config.decoder_width
        self.body = Chain(
            Conv(config.latents + 1, width, 3),
            *[ConvNeXt(width, config.kernel, config.expansion) for _ in range(config.decoder_blocks)],
            Conv(width, bands, 1),
        )

    def initial(self, batch: int = 1) -> State:
        return self.body.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        z, loudness = x[:, :-1], x[:, -1:]
        y, state = self.body.step(torch.cat([z, loudness / 50 + 1], 1), state)
        return 0.5 + 0.5 * y, state


def split(encoded: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 2 · Z, L) → mean, log-variance, each (B, Z, L)."""
    mean, log_variance = encoded.float().chunk(2, 1)
    return mean, log_variance.clamp(*LOG_VARIANCE)


def sample(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = mean + standard deviation · noise, the deviation being exp(log-variance / 2)."""
    return mean + torch.exp(0.5 * log_variance) * noise


def kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z | x) ‖ N(0, I)) per latent and frame, in nats (B, Z, L)."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return -gradient


class LoudnessAdversary(nn.Module):
    """Predicts loudness (standardised) from z behind gradient reversal (Ganin and Lempitsky, 2015), (B, Z, L) → (B, 1, L).

    It sees some frames of context on both sides, so that it is no weaker than a probe with context.
    """

    def __init__(self, latents: int, width: int = 128):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(latents, width, 5, padding=2),
            nn.GELU(),
            nn.Conv1d(width, width, 5, padding=4, dilation=2),
            nn.GELU(),
            nn.Conv1d(width, 1, 1),
        )

    def forward(self, z: Tensor, strength: float = 1.0) -> Tensor:
        """strength: how much of the reversed gradient reaches z, 0 to 1. The network itself learns all the same."""
        reverse: Any = _Reverse.apply  # torch declares no types for it
        predicted: Tensor = self.body(reverse(strength * z + (1 - strength) * z.detach()))
        return predicted


def adversary_loss(predicted: Tensor, loudness: Tensor, weight: Tensor) -> Tensor:
    """Mean squared error of the standardised loudness on the frames that weight (B, 1, L) counts."""
    return (F.mse_loss(predicted, (loudness + 30) / 15, reduction="none") * weight).sum() / weight.sum().clamp(min=1)
