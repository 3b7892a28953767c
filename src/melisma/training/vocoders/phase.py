"""The `phase` vocoder: phases from mathematics, magnitudes from a network.

log-mel → linear magnitudes drafted by non-negative least squares → a small ConvNeXt refines them → phases integrated
from the refined magnitudes → inverse FFT → overlap-add. Trained through the inverse transform, each step's phases held.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from ...files.bands import mel_filterbank, spreading
from ...files.config import AnalysisConfig, PhaseConfig
from ..layers import Chain, Conv, ConvNeXt, State, Vocoder
from .integration import draft, initial_phases, integrate

CORRECTION = 3.0  # nepers: how far the network may move a magnitude from its draft
# Hz: below it the draft stays. Between the bins of low partials a correction, however small, undoes their beats, and so the
# pitch of a contrabass: docs/lab/lows.md
LOWEST_REFINED = 310.0


class PhaseVocoder(Vocoder):
    """Log-mel (B, M, L) → waveform (B, 1, L · hop), delayed by `delay` samples: frame l is complete once its overlaps are."""

    spread: Tensor
    window: Tensor
    refined: Tensor

    def __init__(self, analysis: AnalysisConfig, config: PhaseConfig):
        super().__init__()
        self.analysis, self.config = analysis, config
        self.frame, self.hop = analysis.frame, analysis.hop
        self.delay = self.frame - self.hop
        self.bins = self.frame // 2 + 1
        bank = mel_filterbank(analysis)
        self.bank, self.start, self.width = bank, *_extent(bank)
        spread = spreading(bank)
        window = torch.hann_window(self.frame)
        overlap = float(window.square().sum()) / self.hop
        self.register_buffer("spread", torch.from_numpy(spread), persistent=False)
        self.register_buffer("window", window * (float(window.sum()) / 2 / overlap), persistent=False)
        bands = bank.shape[0]
        self.body = Chain(
            Conv(bands, config.width, 3),
            *[ConvNeXt(config.width, config.kernel, config.expansion) for _ in range(config.blocks)],
        )
        self.norm = nn.LayerNorm(config.width)
        self.magnitude = nn.Linear(config.width, self.bins)
        nn.init.zeros_(self.magnitude.weight), nn.init.zeros_(self.magnitude.bias)
        if config.turns_phase:
            self.turn = nn.Linear(config.width, self.bins)
            nn.init.zeros_(self.turn.weight), nn.init.zeros_(self.turn.bias)
        frequencies = torch.arange(self.bins) * analysis.sample_rate / self.frame
        self.register_buffer("refined", frequencies >= LOWEST_REFINED, persistent=False)

    @torch.no_grad()
    def settle(self) -> None:
        self.magnitude.weight[~self.refined] = 0
        self.magnitude.bias[~self.refined] = 0

    def initial(self, batch: int = 1) -> State:
        tail = self.window.new_zeros(batch, self.frame - self.hop)
        return [self.body.initial(batch), initial_phases(batch, self.bins), tail]

    def draft(self, mel: Tensor) -> Tensor:
        """Log-mel (B, M, L) → draft magnitudes (B, L, bins). No gradient flows here: see `step`."""
        level = mel.detach().transpose(1, 2).float().cpu().double().numpy()
        linear = np.maximum(10.0 ** (5 * (level - 1)) - 1e-5, 0)  # 0 is silence, not noise at −100 dBFS
        magnitude = draft(linear, self.start, self.width, self.bank, self.config.draft_iterations)
        return torch.from_numpy(magnitude).to(mel.device)

    def phases(self, magnitude: Tensor, state: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """Magnitudes (B, L, bins) → unit phasors, complex (B, L, bins), and the state after them. No gradient either."""
        phasor, state = integrate(magnitude.detach().float().cpu().numpy(), state, self.frame, self.hop)
        return torch.view_as_complex(torch.from_numpy(phasor)).to(magnitude.device), state

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if x.shape[-1] == 0:
            return x.new_zeros(x.shape[0], 1, 0), state
        past, phases, tail = state
        features, past = self.features(x, past)
        log = self.log_correction(features)
        log = torch.where(self.refined, log, log.detach())  # what is not refined is not learnt, but played as a file has it
        if x.requires_grad:
            # the draft's own derivative is nearly that of spreading the mel over the bins: pass that on to the decoder
            with torch.autocast(x.device.type, enabled=False):
                moved = (x - x.detach()).transpose(1, 2).float()
                log = log + (5 * math.log(10)) * torch.matmul(moved, self.spread.T)
        magnitude = self.draft(x) * torch.exp(log)
        phasor, phases = self.phases(magnitude, phases)
        if self.config.turns_phase:
            phasor = phasor * torch.polar(torch.ones_like(magnitude), self.turn(features).float())
        waveform, tail = self.overlap_add(magnitude * phasor, tail)
        return waveform, [past, phases, tail]

    def features(self, x: Tensor, past: State) -> tuple[Tensor, State]:
        """Log-mel (B, M, L) → what the network makes of it (B, L, width), and its state."""
        features, past = self.body.step(2 * x - 1, past)
        return self.norm(features.transpose(1, 2)), past

    def log_correction(self, features: Tensor) -> Tensor:
        """Features (B, L, width) → what is added to the draft's log-magnitudes, in nepers (B, L, bins)."""
        return CORRECTION * torch.tanh(self.magnitude(features).float() / CORRECTION)

    def overlap_add(self, spectrum: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Spectra (B, L, bins) → waveform (B, 1, L · hop) and the tail (B, frame - hop) that later frames add to."""
        frames = torch.fft.irfft(spectrum, self.frame) * self.window
        length = spectrum.shape[1]
        total = (length - 1) * self.hop + self.frame
        out = nn.functional.fold(frames.transpose(1, 2), (1, total), (1, self.frame), stride=(1, self.hop))[:, 0, 0]
        out = torch.cat([out[:, : self.frame - self.hop] + tail, out[:, self.frame - self.hop :]], 1)
        return out[:, None, : length * self.hop], out[:, length * self.hop :]


def _extent(bank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    start = (bank > 0).argmax(1)
    return start.astype(np.int64), (bank.shape[1] - (bank[:, ::-1] > 0).argmax(1) - start).astype(np.int64)


VOCODER = PhaseVocoder
