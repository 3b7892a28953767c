"""MelGAN's multi-scale discriminators (Kumar et al., 2019): the same small network on the waveform at three rates."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class ScaleDiscriminator(nn.Module):
    """Waveform (B, 1, T) → features of every layer, the last being the score (B, 1, T')."""

    def __init__(self, width: int = 16, layers: int = 4, ratio: int = 4, most: int = 512):
        super().__init__()
        stages: list[nn.Module] = [nn.Sequential(nn.ReflectionPad1d(7), weight_norm(nn.Conv1d(1, width, 15)), nn.LeakyReLU(0.2))]
        channels = width
        for _ in range(layers):
            wider = min(channels * ratio, most)
            convolution = nn.Conv1d(channels, wider, ratio * 10 + 1, ratio, ratio * 5, groups=max(1, channels // 4))
            stages.append(nn.Sequential(weight_norm(convolution), nn.LeakyReLU(0.2)))
            channels = wider
        stages.append(nn.Sequential(weight_norm(nn.Conv1d(channels, channels, 5, padding=2)), nn.LeakyReLU(0.2)))
        stages.append(weight_norm(nn.Conv1d(channels, 1, 3, padding=1)))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


class MultiScale(nn.Module):
    """The same discriminator at the full, half and quarter rate."""

    def __init__(self, scales: int = 3, width: int = 16, most: int = 512):
        super().__init__()
        self.scales = nn.ModuleList(ScaleDiscriminator(width, most=most) for _ in range(scales))

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        out = []
        for discriminator in self.scales:
            out.append(discriminator(x))
            x = F.avg_pool1d(x, 4, 2, 1, count_include_pad=False)
        return out
