"""What training minimises says what it claims to: each distance sees its own kind of error, and zero when there is none."""

import math

import numpy as np
import pytest
import torch

from melisma.config import AnalysisConfig
from melisma.training import losses
from melisma.training.losses import TIMES, AuditoryStructure, MelDistance, SpectralDistance, gaussian_nll

torch.set_num_threads(1)
RATE = 44100


def mel(frames: int = 96, seed: int = 0) -> torch.Tensor:
    """A relative mel (1, 128, frames) with peaks that move slowly."""
    rng = np.random.default_rng(seed)
    bands, time = np.arange(128)[:, None], np.arange(frames)[None]
    shape = 0.6 - 0.003 * bands + 0.08 * np.sin(bands / 4 + time / 40 + rng.uniform(0, 6)) + 0.01 * rng.standard_normal((128, frames))
    return torch.from_numpy(shape[None]).float()


@pytest.mark.parametrize("distance", [SpectralDistance(), MelDistance(RATE)])
def test_spectral_distances_see_level_and_colour_but_not_phase(distance):
    rng = torch.Generator().manual_seed(0)
    x = 0.1 * torch.randn(1, RATE, generator=rng)
    assert distance(x, x).item() == pytest.approx(0, abs=1e-5)
    assert distance(x, -x).item() == pytest.approx(0, abs=1e-5)
    dull = torch.nn.functional.avg_pool1d(x[None], 5, 1, 2)[0]
    assert distance(x, 0.97 * x) < distance(x, 0.5 * x) < distance(x, 0.1 * x)
    assert distance(x, dull) > 3 * distance(x, 0.97 * x)


def test_slow_errors_weigh_more_than_quick_ones_of_the_same_size():
    target, weight = mel(), torch.ones(1, 128, 96)
    # deviations as training finds them: the longer the average, the smaller
    deviation = torch.tensor([0.05 / math.sqrt(time) for time in TIMES]).log()[:, None].expand(-1, 128)
    quick = 0.03 * (-1.0) ** torch.arange(96).expand(1, 128, -1)
    still, fast, slow = (gaussian_nll(target + e, target, deviation, weight).item() for e in (torch.tensor(0.0), quick, torch.tensor(0.03)))
    assert still < fast < slow and slow - still > 5 * (fast - still)


def test_the_likelihood_is_least_at_the_true_deviation():
    rng = torch.Generator().manual_seed(1)
    target, weight = torch.zeros(4, 128, 96), torch.ones(4, 128, 96)
    output = 0.05 * torch.randn(4, 128, 96, generator=rng)
    scale = torch.tensor([1 / math.sqrt(time) for time in TIMES])[:, None]
    at = {s: gaussian_nll(output, target, (s * scale).log().expand(-1, 128), weight).item() for s in (0.025, 0.05, 0.1)}
    assert at[0.05] < min(at[0.025], at[0.1])


def test_what_does_not_count_does_not_move_the_likelihood():
    target, weight, deviation = mel(), torch.ones(1, 128, 96), torch.full((len(TIMES), 128), -3.0)
    weight[:, 100:] = 0
    output = target.clone()
    output[:, 100:] += 0.5
    assert gaussian_nll(output, target, deviation, weight).item() == pytest.approx(gaussian_nll(target, target, deviation, weight).item(), abs=1e-3)


def test_structure_sees_shape_not_level():
    distance, target = AuditoryStructure(AnalysisConfig()), mel()
    assert distance(target, target).item() == pytest.approx(0, abs=1e-4)
    assert distance(target, target + 0.05).item() == pytest.approx(0, abs=0.02)  # a gain of 5 dB
    mirrored = 2 * target.mean(1, keepdim=True) - target
    assert distance(target, mirrored) > 1  # what rises falls
    nearly = target + 0.02 * mel(seed=3)
    assert 0 < distance(target, nearly) < 0.5 * distance(target, mel(seed=3))


def test_structure_ignores_what_lies_deep_below():
    """90 dB under a frame's strongest band nothing is compared."""
    target = torch.full((1, 128, 96), -0.6)
    target[:, 20:40] = 0.6
    output = target.clone()
    output[:, 80:] -= 0.2 * torch.rand(1, 48, 96, generator=torch.Generator().manual_seed(0))
    assert AuditoryStructure(AnalysisConfig())(target, output).item() == pytest.approx(0, abs=1e-3)


def test_structure_of_a_moment_is_nothing_and_has_a_gradient_otherwise():
    distance = AuditoryStructure(AnalysisConfig())
    assert distance(mel(8), mel(8, 1)).item() == 0
    output = mel(96, 1).requires_grad_()
    distance(mel(), output).backward()
    assert torch.isfinite(output.grad).all() and output.grad.abs().max() > 0


def test_adversarial_terms_pull_where_they_should():
    good, bad = [[torch.ones(1, 1, 4), torch.full((1, 1, 4), 2.0)]], [[torch.zeros(1, 1, 4), torch.full((1, 1, 4), -2.0)]]
    assert losses.discriminator_hinge(good, bad).item() == 0 and losses.discriminator_hinge(bad, good).item() == 6
    assert losses.generator_hinge(good) < losses.generator_hinge(bad)
    assert losses.feature_matching(good, good).item() == 0 and losses.feature_matching(good, bad).item() == pytest.approx(1)
