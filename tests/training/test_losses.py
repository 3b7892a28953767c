"""What training minimises says what it claims to: each distance sees its own kind of error, and zero when there is none."""

import numpy as np
import pytest
import torch

from melisma.files.config import AnalysisConfig
from melisma.training import losses
from melisma.training.losses import Auditory, MelDistance, Spectra, SpectralDistance, gaussian_nll, structure_distance

torch.set_num_threads(1)
RATE = 44100


def mel(frames: int = 96, seed: int = 0) -> torch.Tensor:
    """A relative mel (1, 128, frames) with peaks that move slowly."""
    rng = np.random.default_rng(seed)
    bands, time = np.arange(128)[:, None], np.arange(frames)[None]
    shape = (
        0.6 - 0.003 * bands + 0.08 * np.sin(bands / 4 + time / 40 + rng.uniform(0, 6)) + 0.01 * rng.standard_normal((128, frames))
    )
    return torch.from_numpy(shape[None]).float()


@pytest.mark.parametrize("of_spectra", [SpectralDistance(), MelDistance(RATE)])
def test_spectral_distances_see_level_and_colour_but_not_phase(of_spectra):
    def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return of_spectra(Spectra(x, y))

    rng = torch.Generator().manual_seed(0)
    x = 0.1 * torch.randn(1, RATE, generator=rng)
    assert distance(x, x).item() == pytest.approx(0, abs=1e-5)
    assert distance(x, -x).item() == pytest.approx(0, abs=1e-5)
    dull = torch.nn.functional.avg_pool1d(x[None], 5, 1, 2)[0]
    assert distance(x, 0.97 * x) < distance(x, 0.5 * x) < distance(x, 0.1 * x)
    assert distance(x, dull) > 3 * distance(x, 0.97 * x)


@pytest.mark.parametrize("length", [8 * 128, 4 * 512 + 77, 3000])
def test_spectra_and_their_derivatives_are_those_of_torch_stft(length):
    rng = torch.Generator().manual_seed(length)
    x = torch.randn(2, length, generator=rng).requires_grad_()
    for size in (256, 512, 1024):
        stft = torch.stft(x, size, size // 4, window=torch.hann_window(size), return_complex=True).mT
        wanted, (_, got) = torch.sqrt(stft.real.square() + stft.imag.square() + 1e-12), Spectra(x.detach(), x)(size)
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-5)
        weight = torch.randn(got.shape, generator=rng)
        slopes = [torch.autograd.grad((y * weight).sum(), x)[0] for y in (got, wanted)]
        torch.testing.assert_close(*slopes, atol=1e-4, rtol=1e-4)


def test_the_likelihood_is_least_at_the_true_deviation():
    rng = torch.Generator().manual_seed(1)
    target, weight = torch.zeros(4, 128, 96), torch.ones(4, 128, 96)
    output = 0.05 * torch.randn(4, 128, 96, generator=rng)
    at = {s: gaussian_nll(output, target, torch.full((128,), s).log(), weight).item() for s in (0.025, 0.05, 0.1)}
    assert at[0.05] < min(at[0.025], at[0.1])


def test_what_does_not_count_does_not_move_the_likelihood():
    target, weight, deviation = mel(), torch.ones(1, 128, 96), torch.full((128,), -3.0)
    weight[:, 100:] = 0
    output = target.clone()
    output[:, 100:] += 0.5
    assert gaussian_nll(output, target, deviation, weight).item() == pytest.approx(
        gaussian_nll(target, target, deviation, weight).item(), abs=1e-3
    )


AUDITORY = Auditory(AnalysisConfig())


def error(target: torch.Tensor, output: torch.Tensor) -> float:
    x, y = AUDITORY(target, output)
    return (100 * (x - y)).abs().mean().item()


def test_auditory_levels_are_levels():
    """A gain of so many decibels is that difference in each band; what lies 90 dB below a frame's strongest band is not compared."""
    x, y = AUDITORY(mel(), mel() + 0.05)
    assert torch.allclose(y - x, torch.tensor(0.05), atol=1e-4) and x.shape == (1, 32, 21)
    deep = torch.full((1, 128, 96), -0.6)
    deep[:, 20:40] = 0.6
    other = deep.clone()
    other[:, 80:] -= 0.2 * torch.rand(1, 48, 96, generator=torch.Generator().manual_seed(0))
    assert error(deep, other) == pytest.approx(0, abs=1e-3)


def test_auditory_levels_hear_slow_errors_and_not_quick_ones():
    target = mel()
    quick = 0.03 * (-1.0) ** torch.arange(96).expand(1, 128, -1)
    fine = 0.03 * (-1.0) ** torch.arange(128)[None, :, None].expand(1, -1, 96)
    assert error(target, target + 0.03) == pytest.approx(3, abs=0.05)
    assert error(target, target + quick) < 1.2  # powers are averaged: what is left is a bias
    assert error(target, target + fine) < 2  # many mel bands to a critical band up there


def test_each_auditory_band_listens_where_it_should():
    x = torch.full((1, 128, 20), -0.5)
    loudest = []
    for band in range(0, 128, 8):
        y = x.clone()
        y[:, band] = 0.5
        loudest.append(AUDITORY(y, y)[0][0, :, 0].argmax().item())
    assert loudest == sorted(loudest) and loudest[0] <= 3 and loudest[-1] >= 29


def test_structure_sees_shape_not_level():
    levels = lambda mel: AUDITORY(mel, mel)[0]
    target = levels(mel())
    assert structure_distance(target, target).item() == pytest.approx(0, abs=1e-4)
    assert structure_distance(target, target + 0.05).item() == pytest.approx(0, abs=1e-3)  # a gain of 5 dB
    mirrored = 2 * target.mean(1, keepdim=True) - target
    assert structure_distance(target, mirrored) > 1  # what rises falls
    other = levels(mel(seed=3))
    assert 0 < structure_distance(target, 0.97 * target + 0.03 * other) < 0.5 * structure_distance(target, other)


def test_structure_of_a_moment_is_nothing_and_has_a_gradient_otherwise():
    assert structure_distance(torch.rand(1, 32, 2), torch.rand(1, 32, 2)).item() == 0
    output = mel(96, 1).requires_grad_()
    structure_distance(*AUDITORY(mel(), output)).backward()
    assert torch.isfinite(output.grad).all() and output.grad.abs().max() > 0


def test_adversarial_terms_pull_where_they_should():
    good, bad = [[torch.ones(1, 1, 4), torch.full((1, 1, 4), 2.0)]], [[torch.zeros(1, 1, 4), torch.full((1, 1, 4), -2.0)]]
    assert losses.discriminator_hinge(good, bad).item() == 0 and losses.discriminator_hinge(bad, good).item() == 6
    assert losses.generator_hinge(good) < losses.generator_hinge(bad)
    assert losses.feature_matching(good, good).item() == 0 and losses.feature_matching(good, bad).item() == pytest.approx(1)
