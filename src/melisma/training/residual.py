"""What the latents leave out of a sound's mel, in two layers: the reference of core/src/latent/residual.cpp."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..latent.residual import FINE, FOLLOWED, HELD, HIGHEST, LAYER_MOST, LAYER_STEP, SILENT, SOUNDING
from .layers import State, Streaming


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
    floor = ((-100 - loudness + 70) / 100).clamp(min=0)
    wanted = torch.maximum((100 * (mel - 1) - loudness + 70) / 100, floor)
    sounding = ((loudness - SILENT) / (SOUNDING - SILENT)).clamp(0, 1)
    return sounding * (wanted - torch.maximum(decoded, floor).clamp(max=HIGHEST))


def follow(
    left: Tensor,
    followed: Tensor,
    steps: Tensor,
    frame: int,
    pole: float,
    held: int,
    basis: Tensor,
    size: float = LAYER_STEP / 100,
    most: int = LAYER_MOST,
) -> tuple[Tensor, Tensor, Tensor, int]:
    """A residual (B, M, L) → the steps that are held at each frame (B, M, L), then the state: the pole's, the steps, the frame.

    It is compiled by TorchScript, too, when a model is exported.
    """
    out = torch.jit.annotate(list[Tensor], [])
    for at in range(left.shape[-1]):
        followed = followed + pole * (left[..., at] - followed)
        if frame % held == 0:
            steps = torch.floor(torch.matmul(followed, basis.t()) / size + 0.5).clamp(-most, most)
            steps = torch.cat([torch.zeros_like(steps[:, :1]), steps[:, 1:]], -1)
        frame += 1
        out.append(steps)
    return torch.stack(out, -1) if len(out) > 0 else left, followed, steps, frame


class Residual(Streaming):
    """Log-mel, loudness and decoded relative mel, stacked (B, 2 M + 1, L) → steps (B, M, L), cosines over the bands.

    One pole follows what is left out; every HELD seconds it is read, rounded and held.
    """

    basis: Tensor

    def __init__(self, bands: int, frame_rate: float):
        super().__init__()
        self.bands = bands
        self.pole = 1 / max(1.0, FOLLOWED * frame_rate)
        self.held = max(1, int(HELD * frame_rate + 0.5))
        self.register_buffer("basis", cosines(bands), persistent=False)

    def initial(self, batch: int = 1) -> State:
        nothing = self.basis.new_zeros(batch, self.bands)
        return [nothing, nothing, 0]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        left = left_out(x[:, : self.bands], x[:, self.bands : self.bands + 1], x[:, self.bands + 1 :])
        followed, steps, frame = state
        out, followed, steps, frame = follow(left, followed, steps, frame, self.pole, self.held, self.basis)
        return out, [followed, steps, frame]

    def followed(self, left: Tensor) -> Tensor:
        """A residual (B, M, L) through the pole, which stands where it begins: that of an excerpt, with gradients."""
        state, out = left[..., 0], []
        for at in range(left.shape[-1]):
            state = state + self.pole * (left[..., at] - state)
            out.append(state)
        return torch.stack(out, -1)

    def spread(self, steps: Tensor, fine: float, colour: float) -> Tensor:
        """Steps (B, M, L) → what is added to a relative mel (B, M, L)."""
        amounts = torch.full((self.bands,), fine, dtype=steps.dtype)
        amounts[:FINE] = colour
        return torch.matmul(self.basis.T, amounts[:, None] * steps * (LAYER_STEP / 100))
