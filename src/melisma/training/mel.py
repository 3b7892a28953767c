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
from ..sound.highpass import at_rest, highpass
from .layers import State, Streaming

LEVEL_FLOOR = 1e-8  # magnitude; far below the log-mel's own floor so that relative mels do not depend on gain
LOUDNESS_FLOOR = -100.0  # dBFS
CEILING = 1.2  # of a decoded log-mel, +20 dBFS: latents pulled far out must not hurt ears
RELATIVE_RANGE = (-70.0, 40.0)  # dB about the frame's loudness
FADE = -80.0  # dBFS of loudness


class Analysis(Streaming):
    """(B, 1, T) → (B, M + 1, T / hop): log-mel above, loudness in dBFS as the last row.

    Frame l is windowed (Hann) from the `frame` samples that end at (l + 1) · hop; before the start there is silence. A highpass
    takes out the offset first, and gradients end there.
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

    @property
    def bands(self) -> int:
        return len(self.bank)

    def initial(self, batch: int = 1) -> State:
        return [self.window.new_zeros(batch, self.config.frame - self.config.hop), torch.from_numpy(at_rest(batch))]

    def magnitudes(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, 1, T) → magnitudes (B, bins, L) of the frames that x completes."""
        past, filtered = state
        sound = x[:, 0].detach().cpu().numpy()
        sound, filtered = highpass(sound, self.config.highpass, self.config.sample_rate, filtered.numpy())
        filtered, x = torch.from_numpy(filtered), torch.cat([past, torch.from_numpy(sound).to(x)], -1)
        hop, frame = self.config.hop, self.config.frame
        frames = max(0, (x.shape[-1] - frame) // hop + 1)
        if frames == 0:
            return x.new_zeros(x.shape[0], frame // 2 + 1, 0), [x, filtered]
        spectrum = torch.fft.rfft(x.unfold(-1, frame, hop) * self.window)
        return spectrum.abs().transpose(1, 2) * self.scale, [x[:, frames * hop :], filtered]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        with torch.autocast(x.device.type, enabled=False):  # levels need all their bits
            magnitude, state = self.magnitudes(x.float(), state)
            mel = to_logmel(torch.matmul(self.bank, magnitude))
            power = torch.matmul(self.weights, magnitude.square()).unsqueeze(1)
        loudness = (10 * torch.log10(power.clamp(min=1e-20))).clamp(min=LOUDNESS_FLOOR)
        return torch.cat([mel, loudness], 1), state


def to_logmel(magnitude: Tensor) -> Tensor:
    """Magnitudes → log-mel, *not* floored at 0: see LEVEL_FLOOR."""
    return 1 + torch.log10(magnitude.clamp(min=LEVEL_FLOOR)) / 5


def relative(mel: Tensor, loudness: Tensor) -> Tensor:
    """Log-mel (B, M, L) and loudness (B, 1, L) in dBFS → relative mel (B, M, L): the same at every gain."""
    level = 100 * (mel - 1) - loudness
    return (level.clamp(*RELATIVE_RANGE) - RELATIVE_RANGE[0]) / 100


def decoder_target(mel: Tensor, loudness: Tensor) -> Tensor:
    """The relative mel that a decoder should give: `relative`, but as deep as the log-mel's own floor goes."""
    return (100 * (mel.clamp(min=0) - 1) - loudness - RELATIVE_RANGE[0]) / 100


def implied_level(mel: Tensor, log_band_weights: Tensor) -> Tensor:
    """The loudness that a relative mel (B, M, L) implies, relative to the one it should have, (B, 1, L) in units of 100 dB."""
    powers = (100 * mel + RELATIVE_RANGE[0]) * (math.log(10) / 10) + log_band_weights[:, None]
    return torch.logsumexp(powers, 1, keepdim=True) * (10 / math.log(10) / 100)


def levelled(mel: Tensor, log_band_weights: Tensor) -> Tensor:
    """A relative mel (B, M, L) moved up or down so that the loudness it implies is the one it is relative to.

    So a decoder shapes the spectrum and the loudness curve alone sets the level, also for sounds unlike any it has learnt.
    """
    return mel - implied_level(mel, log_band_weights)


def absolute(mel: Tensor, loudness: Tensor) -> Tensor:
    """The inverse of `relative`, floored at 0 (−100 dBFS) as the vocoder expects it, and never beyond CEILING.

    Below FADE the level falls four times as fast as the loudness, so that silence stays silence in the lowest bands too, which
    A-weighting hardly counts.
    """
    loudness = loudness - 3 * (FADE - loudness).clamp(min=0)
    return (1 + (100 * mel + RELATIVE_RANGE[0] + loudness) / 100).clamp(0, CEILING)
