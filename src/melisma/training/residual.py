"""What the latents leave out of a sound's mel, in two layers: the reference of core/src/latent/residual.cpp."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..latent.residual import BELOW, FINE, HIGHEST, LAYER_MOST, LAYER_STEP, LOWEST, SILENT, SOUNDING


def cosines(bands: int) -> Tensor:
    """An orthonormal basis over the bands (M, M), a cosine a row, the slowest first (Ahmed, Natarajan and Rao, 1974)."""
    k, j = torch.arange(bands, dtype=torch.float64)[:, None], torch.arange(bands, dtype=torch.float64)
    basis = math.sqrt(2 / bands) * torch.cos(math.pi * k * (j + 0.5) / bands)
    basis[0] /= math.sqrt(2)
    return basis.float()


def parts(residual: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """A residual (B, M, L) → its colour and its fine structure, in bands (B, M, L) each; the level is in neither."""
    c = torch.matmul(basis, residual)
    colour, fine = c.clone(), c.clone()
    colour[:, 0], colour[:, FINE:], fine[:, :FINE] = 0, 0, 0
    return torch.matmul(basis.T, colour), torch.matmul(basis.T, fine)


def left_out(mel: Tensor, loudness: Tensor, decoded: Tensor) -> Tensor:
    """Log-mel (B, M, L), loudness (B, 1, L) and the relative mel that the latents decode to (B, M, L) → residual (B, M, L).

    It is the same at every gain: a band counts down to 70 dB below the loudness, or to −100 dBFS.
    """
    deepest = (-100 - loudness + 70) / 100
    floor, below = deepest.clamp(min=0), deepest.clamp(min=-BELOW / 100)
    wanted, got = (100 * (mel - 1) - loudness + 70) / 100, decoded.clamp(LOWEST, HIGHEST)
    wanted = torch.where(wanted < floor, torch.minimum(got, below), wanted)
    sounding = ((loudness - SILENT) / (SOUNDING - SILENT)).clamp(0, 1)
    return sounding * (wanted - got)


def stepped(left: Tensor, basis: Tensor, size: float = LAYER_STEP / 100, most: int = LAYER_MOST) -> Tensor:
    """A residual (B, M, L) → its cosines in steps (B, M, L). It is compiled by TorchScript, too, when a model is exported."""
    steps = torch.floor(torch.matmul(basis, left) / size + 0.5).clamp(-most, most)
    return torch.cat([torch.zeros_like(steps[:, :1]), steps[:, 1:]], 1)


class Residual(nn.Module):
    """Log-mel, loudness and decoded relative mel, stacked (B, 2 M + 1, L) → steps (B, M, L), cosines over the bands."""

    basis: Tensor

    def __init__(self, bands: int):
        super().__init__()
        self.bands = bands
        self.register_buffer("basis", cosines(bands), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        left = left_out(x[:, : self.bands], x[:, self.bands : self.bands + 1], x[:, self.bands + 1 :])
        return stepped(left, self.basis)

    def spread(self, steps: Tensor, fine: float, colour: float) -> Tensor:
        """Steps (B, M, L) → what is added to a relative mel (B, M, L)."""
        amounts = torch.full((self.bands,), fine, dtype=steps.dtype)
        amounts[:FINE] = colour
        return torch.matmul(self.basis.T, amounts[:, None] * steps * (LAYER_STEP / 100))
