"""The `melgan` vocoder: MelGAN's generator, causal.

Kumar et al., "MelGAN", NeurIPS 2019, with the modifications of the 2020 seed that make it a stream: every convolution
reads only the past, nothing is padded by reflection, and no normalisation runs over time. Transposed convolutions are
written as convolution and pixel shuffle.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...files.bands import mel_filterbank
from ...files.config import AnalysisConfig, MelganConfig
from ..layers import Chain, Conv, Pointwise, Residual, State, Streaming, Upsample, Vocoder


class MelganVocoder(Vocoder):
    """Log-mel (B, M, L) → waveform (B, 1, L · hop).

    `delay` samples: a frame's mel arrives at the frame's end, so the network may place its sound that much later; it
    is trained against the input delayed as the `phase` vocoder is, with which it shares the model's latency.
    """

    def __init__(self, analysis: AnalysisConfig, config: MelganConfig):
        super().__init__()
        if math.prod(config.ratios) != analysis.hop:
            raise ValueError(
                f"melgan ratios {config.ratios} multiply to {math.prod(config.ratios)}, not to the hop {analysis.hop}"
            )
        self.delay = analysis.frame - analysis.hop
        width = config.width
        layers: list[Streaming] = [Conv(mel_filterbank(analysis).shape[0], width, config.kernel)]
        for ratio in config.ratios:
            layers += [Pointwise(nn.LeakyReLU(0.2)), Upsample(width, width // 2, ratio)]
            width //= 2
            layers += [Residual(width, dilation) for dilation in config.dilations]
        layers += [Pointwise(nn.LeakyReLU(0.2)), Conv(width, 1, config.kernel)]
        self.body = Chain(*layers)

    def initial(self, batch: int = 1) -> State:
        return self.body.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, state = self.body.step(2 * x - 1, state)
        return torch.tanh(y), state


VOCODER = MelganVocoder
