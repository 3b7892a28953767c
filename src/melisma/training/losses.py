"""What training minimises: spectral distances, the Gaussian likelihood of a mel, and MelGAN's adversarial terms."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..files.bands import mel_filterbank
from ..files.config import AnalysisConfig

FLOOR_DB = -90.0  # spectra are compared above this level re full scale: logs near digital silence train backwards


class Spectra:
    """Magnitude spectra of two waveforms (B, T), each (B, L, bins): for any FFT size in samples, hop a quarter, each once."""

    def __init__(self, target: Tensor, output: Tensor):
        self.pair = target, output
        self.known: dict[int, tuple[Tensor, Tensor]] = {}

    def __call__(self, size: int) -> tuple[Tensor, Tensor]:
        if size not in self.known:
            target, output = (cast("Tensor", _Magnitude.apply(x.float(), size)) for x in self.pair)
            self.known[size] = target, output
        return self.known[size]


class SpectralDistance(nn.Module):
    """Multi-resolution STFT distance (Yamamoto et al., "Parallel WaveGAN", 2020): log-magnitude L1 + spectral convergence.

    Of two waveforms' spectra, the mean over resolutions (FFT sizes in samples, hop a quarter of each).
    """

    def __init__(self, sizes: tuple[int, ...] = (512, 1024, 2048)):
        super().__init__()
        self.sizes = sizes

    def forward(self, spectra: Spectra) -> Tensor:
        total: Tensor | float = 0.0
        for size in self.sizes:
            x, y = spectra(size)
            floor = 10 ** (FLOOR_DB / 20) * size / 4
            total = total + (torch.log(x + floor) - torch.log(y + floor)).abs().mean()
            total = total + (x - y).norm() / (x.norm() + floor * math.sqrt(x.numel()))
        return torch.as_tensor(total / len(self.sizes))


class MelDistance(nn.Module):
    """Multi-scale mel distance: L1 of log-mels (Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023).

    Of two waveforms' spectra, the mean over scales (FFT size in samples, bands), hop a quarter, in the log-mel's unit of 100
    dB. Bands gather what a frame's phases scatter among bins, so noise does not drown the gradient.
    """

    def __init__(
        self, sample_rate: int, scales: tuple[tuple[int, int], ...] = ((256, 24), (512, 48), (1024, 96), (2048, 160), (4096, 240))
    ):
        super().__init__()
        self.scales = scales
        for size, bands in scales:
            bank = mel_filterbank(AnalysisConfig(sample_rate=sample_rate, frame=size, hop=size // 4, bands=bands))
            self.register_buffer(f"bank{size}", torch.from_numpy(bank), persistent=False)

    def forward(self, spectra: Spectra) -> Tensor:
        total: Tensor | float = 0.0
        for size, _ in self.scales:
            bank = getattr(self, f"bank{size}")
            x, y = (F.linear(magnitude, bank) * (4 / size) for magnitude in spectra(size))
            floor = 10 ** (FLOOR_DB / 20)
            total = total + (torch.log10(x + floor) - torch.log10(y + floor)).abs().mean() / 5
        return torch.as_tensor(total / len(self.scales))


@functools.cache
def _window(size: int, device: torch.device) -> Tensor:
    return torch.hann_window(size, device=device)


class _Magnitude(torch.autograd.Function):
    """What torch.stft gives, as magnitudes. Its derivative is written out: autograd goes back through a complex transform of
    all bins where a real one does, and adds frames up sample by sample."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        frames = F.pad(x[:, None], (size // 2, size // 2), mode="reflect")[:, 0].unfold(-1, size, size // 4)
        spectrum = torch.fft.rfft(frames * _window(size, x.device))
        magnitude = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag).add_(1e-12).sqrt_()
        if x.requires_grad:
            ctx.save_for_backward(spectrum, magnitude)
            ctx.size, ctx.length = size, x.shape[-1]
        return magnitude

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        spectrum, magnitude = ctx.saved_tensors
        size, hop, half = ctx.size, ctx.size // 4, ctx.size // 2
        turned = spectrum * (gradients[0] / magnitude)
        turned[..., 1:-1] *= 0.5  # the inverse counts each of them twice
        frames = torch.fft.irfft(turned, size, norm="forward") * _window(size, spectrum.device)
        batch, count, _ = frames.shape
        padded = frames.new_zeros(batch, count + 3, hop)
        for quarter, part in enumerate(frames.view(batch, count, 4, hop).unbind(2)):
            padded[:, quarter : quarter + count] += part
        padded = F.pad(padded.view(batch, -1), (0, max(0, ctx.length + size - (count + 3) * hop)))
        x = padded[:, half : half + ctx.length].clone()
        x[:, 1 : half + 1] += padded[:, :half].flip(-1)  # what was reflected
        x[:, -half - 1 : -1] += padded[:, half + ctx.length : ctx.length + size].flip(-1)
        return x, None


def gaussian_nll(output: Tensor, target: Tensor, log_deviation: Tensor, weight: Tensor) -> Tensor:
    """Gaussian negative log-likelihood of levels (B, M, L), a learnt deviation per band (M,), in nats, the mean over bands.

    weight (B, M, L) or (B, 1, L) says how much each value counts (see `prominence`); its mean over all is divided out.
    """
    deviation = log_deviation[:, None]
    nll = 0.5 * (output - target).square() * torch.exp(-2 * deviation) + deviation
    return weighted_mean(nll, weight.expand_as(nll))


def weighted_mean(x: Tensor, weight: Tensor) -> Tensor:
    """Mean of x under a weight of the same shape."""
    return (x * weight).sum() / weight.sum().clamp(min=1)


def prominence(target: Tensor, loudness: Tensor) -> Tensor:
    """Weight (B, M, L) of the values of a relative mel: full within 60 dB of the frame's strongest band, 0.3 at 80 dB
    below it; less in frames that are hardly audible. Faint high bands are most of what makes a copy sound dull: see
    docs/lab/choices.md."""
    below = 100 * (target - target.amax(1, keepdim=True)) + 60
    return (1 + below / 30).clamp(0.3, 1) * audible(loudness)


def audible(loudness: Tensor) -> Tensor:
    """Weight of a frame by its loudness in dBFS: 1 above −60, falling to 0 at −80, where a mel is noise."""
    return ((loudness + 80) / 20).clamp(0, 1)


def partials_distance(target: Tensor, output: Tensor, basis: Tensor, first: int, weight: Tensor) -> Tensor:
    """1 − how alike the fine structures of two relative mels (B, M, L) are, 0 when their partials stand at the same places.

    A correlation over bands, so whatever their depth; frames count by how much fine structure the target has, within the bands
    that `weight` (B, M, L) says are heard. basis (M, M): cosines over the bands, fine structure from the `first` on.
    """
    fine = basis[first:]
    x, y = (torch.matmul(fine.T, torch.matmul(fine, v)) * weight for v in (target, output))
    depth = x.square().sum(1)
    alike = (x * y).sum(1) / torch.sqrt(depth * y.square().sum(1) + 1e-6)
    depth = torch.sqrt(depth)
    return 1 - (depth * alike).sum() / depth.sum().clamp(min=1e-6)


def _sum(values: Iterable[Tensor]) -> Tensor:
    return functools.reduce(torch.add, values)


def discriminator_hinge(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """Hinge loss of the discriminators; each scale gives its features, the last being the score."""
    return _sum(F.relu(1 - r[-1]).mean() + F.relu(1 + f[-1]).mean() for r, f in zip(real, fake)) / len(real)


def generator_hinge(fake: list[list[Tensor]]) -> Tensor:
    """The generator's side of the hinge loss."""
    return -_sum(f[-1].mean() for f in fake) / len(fake)


def feature_matching(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """Mean L1 distance of the discriminators' features (Kumar et al., 2019)."""
    pairs = [(r, f) for rs, fs in zip(real, fake) for r, f in zip(rs[:-1], fs[:-1])]
    return _sum(F.l1_loss(f, r.detach()) / r.detach().abs().mean().clamp(min=1e-3) for r, f in pairs) / len(pairs)


class Auditory(nn.Module):
    """A mel as an ear resolves it: levels of ERB bands over 80 ms, every fourth hop, in units of 100 dB.

    Two relative mels (B, M, L) → the levels of both (B, bands, L'), floored 90 dB below the first's strongest band. The bands
    are those of fourth-order gammatone filters equally spaced on the ERB scale (Glasberg and Moore, 1990).
    """

    bank: Tensor
    STRIDE = 4  # frames
    DEPTH = 0.9
    BANDS = 32

    def __init__(self, config: AnalysisConfig):
        super().__init__()
        bank = mel_filterbank(config)
        extent = bank.sum(1)
        centre = bank @ (np.arange(bank.shape[1]) * config.sample_rate / config.frame) / extent
        quality, least = 9.26449, 24.7
        corner = quality * least
        middle = np.geomspace(corner + 50, corner + min(15000.0, config.sample_rate / 2), self.BANDS) - corner
        erb = least + middle / quality
        gammatone = (1 + ((centre - middle[:, None]) / (1.019 * erb[:, None])) ** 2) ** -4
        width = np.maximum(extent / bank.max(1), 1)  # in bins: a mel is their mean magnitude, its power counts once for each
        self.register_buffer("bank", torch.from_numpy(gammatone * width).float(), persistent=False)
        self.window = max(1, round(0.08 * config.sample_rate / config.hop))

    def forward(self, target: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(target.device.type, enabled=False):  # levels need all their bits
            x, y = (self._levels(mel.float()) for mel in (target, output))
        floor = x.amax(1, keepdim=True) - self.DEPTH
        return torch.maximum(x, floor), torch.maximum(y, floor)

    def _levels(self, mel: Tensor) -> Tensor:
        return torch.log10(self.slow(torch.matmul(self.bank, torch.pow(10.0, 10 * mel.clamp(max=2) - 10))) + 1e-14) / 10

    def slow(self, x: Tensor) -> Tensor:
        """(B, C, L) → its means over 80 ms, (B, C, L')."""
        return F.avg_pool1d(x, min(self.window, x.shape[-1]), self.STRIDE)


_NEAR = torch.tensor([[0.0113, 0.0838, 0.0113], [0.0838, 0.6196, 0.0838], [0.0113, 0.0838, 0.0113]])
STEADY = 8e-6  # variance of levels, in (100 dB)², under which a neighbourhood counts as flat


def structure_distance(x: Tensor, y: Tensor) -> Tensor:
    """1 − the mean local correlation of two pictures of levels (B, bands, L), 0 when they are alike but for a level.

    The structure term of NSIM (Hines and Harte, "Speech intelligibility prediction using a neurogram similarity index measure",
    2012), on neighbourhoods of three bands and three steps.
    """
    if x.shape[-1] < 3:
        return y.new_zeros(())  # too short to have a neighbourhood
    with torch.autocast(x.device.type, enabled=False):  # small variances of large levels
        near = (_NEAR / _NEAR.sum()).to(x)[None, None]
        x, y = (v.float()[:, None] for v in (x, y))
        x, y = x - x.mean(), y - x.mean()
        mean_x, mean_y = F.conv2d(x, near), F.conv2d(y, near)
        variance_x, variance_y = ((F.conv2d(v * v, near) - m * m).clamp(min=0) for v, m in ((x, mean_x), (y, mean_y)))
        covariance = F.conv2d(x * y, near) - mean_x * mean_y
        return 1 - ((covariance + STEADY) / (torch.sqrt(variance_x * variance_y + 1e-14) + STEADY)).mean()
