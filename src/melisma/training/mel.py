"""Waveform → log-mel and loudness, frame by frame, causally.

Scales, the same everywhere: a *log-mel* value v stands for the level 100 · (v − 1) dBFS of the mean magnitude in its
band, where a full-scale sine has magnitude 1 in its bin (so 0 is −100 dBFS and 1 is 0 dBFS). A *relative mel* is the
level in its band relative to the frame's loudness, (level + 70) / 100. *Loudness* is A-weighted, in dBFS (RMS: a full-
scale 1 kHz sine reads −3).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ..files.bands import band_weights, loudness_weights, mel_filterbank
from ..files.config import AnalysisConfig
from ..latent.residual import SINKS
from ..sound.highpass import BLOCK, at_rest
from ..sound.scales import LOUDNESS_FADE, LOUDNESS_FLOOR, MEL_CEILING, RELATIVE_LEAST, RELATIVE_MOST
from .layers import State, Streaming

LEVEL_FLOOR = 1e-8  # magnitude; far below the log-mel's own floor so that relative mels do not depend on gain


class Analysis(Streaming):
    """(B, 1, T) → (B, M + 1, T / hop): log-mel above, loudness in dBFS as the last row.

    Frame l is windowed (Hann) from the `frame` samples that end at (l + 1) · hop; before the start there is silence. A highpass
    takes out the offset first.
    """

    window: Tensor
    weights: Tensor
    bank: Tensor
    log_band_weights: Tensor

    def __init__(self, config: AnalysisConfig):
        super().__init__()
        self.config = config
        window = torch.hann_window(config.frame, dtype=torch.float64)
        weights = torch.from_numpy(loudness_weights(config))
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("weights", weights.float(), persistent=False)
        self.register_buffer("bank", torch.from_numpy(mel_filterbank(config)), persistent=False)
        self.register_buffer("log_band_weights", torch.from_numpy(np.log(band_weights(config) + 1e-20)).float(), persistent=False)
        self.scale = 2.0 / float(window.sum())
        self.pole = math.exp(-2 * math.pi * config.highpass / config.sample_rate) if config.highpass else 0.0

    @property
    def bands(self) -> int:
        return len(self.bank)

    def initial(self, batch: int = 1) -> State:
        return [self.window.new_zeros(batch, self.config.frame - self.config.hop), torch.from_numpy(at_rest(batch))]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        past, filtered = state
        with torch.autocast(x.device.type, enabled=False):  # levels need all their bits
            x = x.float()
            sound, filtered = highpass(x[:, 0].cpu().double(), self.pole, filtered)
            return self.levels(torch.cat([past, sound.to(x)], -1), filtered)

    def levels(self, x: Tensor, filtered: Tensor) -> tuple[Tensor, State]:
        """Samples (B, T) without their offset → what `step` gives for the frames they complete, and the state after them."""
        hop, frame = self.config.hop, self.config.frame
        frames = max(0, (x.shape[-1] - frame) // hop + 1)
        if frames == 0:
            return x.new_zeros(x.shape[0], self.bands + 1, 0), [x, filtered]
        return self.read(x), [x[:, frames * hop :], filtered]

    def read(self, x: Tensor) -> Tensor:
        """Samples (B, T), a frame or more of them, without their offset → (B, M + 1, L)."""
        spectrum = torch.fft.rfft(x.unfold(-1, self.config.frame, self.config.hop) * self.window)
        magnitude = spectrum.abs().transpose(1, 2) * self.scale
        mel = to_logmel(torch.matmul(self.bank, magnitude))
        power = torch.matmul(self.weights, magnitude.square()).unsqueeze(1)
        loudness = (10 * torch.log10(power.clamp(min=1e-20))).clamp(min=LOUDNESS_FLOOR)
        return torch.cat([mel, loudness], 1)


def highpass(x: Tensor, pole: float, state: Tensor, piece: int = BLOCK) -> tuple[Tensor, Tensor]:
    """`sound.highpass` for sounds (B, T) in double precision, with gradients: x filtered, and the state (B, 2) after it.

    It is compiled by TorchScript, too, when a model is exported. A pole of 0 lets everything through.
    """
    length = x.shape[-1]
    if pole == 0 or length == 0:
        return x, state
    blocks = (length + piece - 1) // piece
    steps = torch.cat([x[:, :1] - state[:, :1], x[:, 1:] - x[:, :-1]], -1)
    steps = torch.nn.functional.pad(steps, [0, blocks * piece - length]).view(x.shape[0], blocks, piece)
    powers = torch.pow(torch.full([1], pole, dtype=x.dtype), torch.arange(piece + 1))
    alone = torch.cumsum(steps / powers[:-1], -1) * powers[:-1]  # each block from rest
    carried, out = state[:, 1:], torch.jit.annotate(list[Tensor], [])
    for block in range(blocks):
        y = alone[:, block] + carried * powers[1:]
        carried = y[:, -1:]
        out.append(y)
    y = torch.cat(out, -1)[:, :length]
    return y, torch.stack([x[:, -1], y[:, -1]], -1)


def to_logmel(magnitude: Tensor) -> Tensor:
    """Magnitudes → log-mel, *not* floored at 0: see LEVEL_FLOOR."""
    return 1 + torch.log10(magnitude.clamp(min=LEVEL_FLOOR)) / 5


def relative(mel: Tensor, loudness: Tensor) -> Tensor:
    """Log-mel (B, M, L) and loudness (B, 1, L) in dBFS → relative mel (B, M, L): the same at every gain."""
    level = 100 * (mel - 1) - loudness
    return (level.clamp(RELATIVE_LEAST, RELATIVE_MOST) - RELATIVE_LEAST) / 100


def decoder_target(mel: Tensor, loudness: Tensor) -> Tensor:
    """The relative mel that a decoder should give: `relative`, but as deep as the log-mel's own floor goes."""
    return (100 * (mel.clamp(min=0) - 1) - loudness - RELATIVE_LEAST) / 100


def implied_level(mel: Tensor, log_band_weights: Tensor) -> Tensor:
    """The loudness that a relative mel (B, M, L) implies, relative to the one it should have, (B, 1, L) in units of 100 dB."""
    powers = (100 * mel + RELATIVE_LEAST) * (math.log(10) / 10) + log_band_weights[:, None]
    return torch.logsumexp(powers, 1, keepdim=True) * (10 / math.log(10) / 100)


def levelled(mel: Tensor, log_band_weights: Tensor) -> Tensor:
    """A relative mel (B, M, L) moved up or down so that the loudness it implies is the one it is relative to.

    So a decoder shapes the spectrum and the loudness curve alone sets the level, also for sounds unlike any it has learnt.
    """
    return mel - implied_level(mel, log_band_weights)


def absolute(mel: Tensor, loudness: Tensor, sink: float = 0.0) -> Tensor:
    """The inverse of `relative`, floored at 0 (−100 dBFS) as the vocoder expects it, and never beyond MEL_CEILING.

    Below LOUDNESS_FADE the level falls four times as fast as the loudness, so that silence stays silence in the lowest bands
    too, which A-weighting hardly counts. A band below SINKS, relative to the loudness, falls `sink` times as far again.
    """
    loudness = loudness - 3 * (LOUDNESS_FADE - loudness).clamp(min=0)
    level = 100 * mel + RELATIVE_LEAST
    if sink:
        level = level - sink * (SINKS - level).clamp(min=0)
    return (1 + (level + loudness) / 100).clamp(0, MEL_CEILING)
