"""Scales, the VAE's formulas, its blindness to gain, and calibration."""

import json

import numpy as np
import pytest
import torch

from melisma.bands import a_weights, band_weights, mel_filterbank
from melisma.config import AnalysisConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.training import mel as scales
from melisma.training.calibrate import calibrate
from melisma.training.data import Prepared
from melisma.training.reference import Reference
from melisma.training.vae import LoudnessAdversary, adversary_loss, kl, sample, split

RATE = 44100
CONFIG = ModelConfig(
    vae=VAEConfig(latents=5, encoder_width=16, decoder_width=16, encoder_blocks=1, decoder_blocks=1), vocoder=PhaseConfig(width=8, blocks=1)
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    return Reference(CONFIG).eval()


def noise(seconds: float, gain: float = 0.1) -> torch.Tensor:
    return gain * torch.randn(1, 1, int(seconds * RATE), generator=torch.Generator().manual_seed(0))


def tone(frequency: float, seconds: float = 0.5) -> torch.Tensor:
    return torch.sin(2 * torch.pi * frequency * torch.arange(int(seconds * RATE), dtype=torch.float64) / RATE).float()[None, None]


def test_kl_is_that_of_gaussians():
    mean, log_variance = torch.randn(2, 3, 7), torch.randn(2, 3, 7)
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(mean, torch.exp(log_variance / 2)), normal(0.0, 1.0))
    torch.testing.assert_close(kl(mean, log_variance), wanted)


def test_samples_have_the_deviation_that_the_encoder_says():
    noise = torch.randn(1, 1, 200_000, generator=torch.Generator().manual_seed(0))
    z = sample(torch.tensor(2.0), torch.tensor(np.log(0.09)), noise)
    assert float(z.mean()) == pytest.approx(2.0, abs=0.01) and float(z.std()) == pytest.approx(0.3, rel=0.01)


@pytest.mark.parametrize("gain", [-30.0, -12.0, 9.0])
@torch.no_grad()
def test_latents_do_not_see_gain(model, gain):
    sound = noise(0.5)
    (z, loudness), (other, louder) = model.encode(sound), model.encode(sound * 10 ** (gain / 20))
    torch.testing.assert_close(other[..., 4:], z[..., 4:], atol=1e-3, rtol=0)
    torch.testing.assert_close(louder[..., 4:] - loudness[..., 4:], torch.full_like(loudness[..., 4:], gain), atol=1e-3, rtol=0)


@pytest.mark.parametrize(("frequency", "level"), [(1000.0, -3.0), (200.0, -13.8), (10000.0, -5.5)])
@torch.no_grad()
def test_loudness_of_a_full_scale_sine(model, frequency, level):
    assert float(model.analyse(tone(frequency))[1][0, 0, 20]) == pytest.approx(level, abs=0.3)


def test_a_weighting_of_the_standard():
    assert 20 * np.log10(a_weights(np.array([31.623, 100, 1000, 7943.3]))) == pytest.approx([-39.4, -19.1, 0.0, -1.1], abs=0.1)


def test_the_filterbank_has_no_empty_band_and_loses_no_power():
    for config in (AnalysisConfig(), AnalysisConfig(frame=512, hop=128, bands=200)):
        bank = mel_filterbank(config)
        assert np.allclose(bank.sum(1), 1) and (band_weights(config) > 0).all()


@torch.no_grad()
def test_relative_and_absolute_are_inverses_of_one_another(model):
    mel, loudness = model.analyse(noise(0.3))
    torch.testing.assert_close(scales.absolute(scales.relative(mel, loudness), loudness)[..., 4:], mel[..., 4:], atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_loudness_curve_sets_the_level_of_what_is_decoded(model):
    """Whatever the decoder shapes (here at random), the mel's implied loudness is the curve."""
    z, loudness = torch.randn(1, 5, 40), torch.linspace(-60, -10, 40)[None, None]
    level = scales.implied_level(scales.relative(model.decode(z, loudness), loudness), model.analysis.log_band_weights)
    assert float(level.abs().max()) < 0.005  # of 100 dB


@torch.no_grad()
def test_silence_decodes_to_silence(model):
    assert float(model.decode(torch.randn(1, 5, 20), torch.full((1, 1, 20), -100.0)).max()) == 0


def test_the_adversary_is_opposed():
    adversary, z = LoudnessAdversary(3, width=8), torch.randn(1, 3, 50, requires_grad=True)
    loudness, weight = torch.randn(1, 1, 50) * 10 - 30, torch.ones(1, 1, 50)
    before = adversary_loss(adversary(z), loudness, weight)
    before.backward()
    with torch.no_grad():
        hidden = adversary_loss(adversary(z - 0.1 * z.grad / z.grad.norm()), loudness, weight)
        assert hidden > before  # going down z's gradient makes loudness harder to tell


def test_calibration(tmp_path):
    torch.manual_seed(2)
    model = Reference(CONFIG)
    last = model.encoder.body.layers[-1].conv
    with torch.no_grad():
        last.weight[1].zero_(), last.weight[3].mul_(0.01)  # dimension 1 says nothing, dimension 3 next to nothing
        last.weight[[0, 2, 4]] *= 8
    sound = (noise(6.0) * torch.linspace(0.1, 1, 6 * RATE))[0, 0] + 0.1 * tone(440, 6.0)[0, 0] * (torch.arange(6 * RATE) % RATE < RATE // 2)
    (sound.numpy() * 32767).astype("<i2").tofile(tmp_path / "audio.i16")
    clip = {"file": "a", "start": 0, "samples": len(sound), "split": "train"}
    (tmp_path / "index.json").write_text(json.dumps({"sample_rate": RATE, "clips": [clip]}))
    report = calibrate(model, Prepared(tmp_path))
    kept = 5 - report["collapsed"]
    assert 1 <= report["collapsed"] <= 4 and len(report["percentiles"]) == len(report["effect"]) == kept and len(report["kl"]) == 5
    assert report["effect"] == sorted(report["effect"], reverse=True)
    torch.testing.assert_close(model.calibration.forth @ model.calibration.back, torch.eye(kept), atol=1e-3, rtol=0)
    with torch.no_grad():
        z, loudness = model.encode(sound[None, None])
        mean = split(model.encoder(scales.relative(*model.analyse(sound[None, None]))))[0]
    z = z[0][:, loudness[0, 0] > -60]
    assert z.std(1).numpy() == pytest.approx(np.ones(kept), abs=0.02) and z.mean(1).abs().max() < 0.02
    lost = (model.calibration.inverse(model.calibration(mean)) - mean)[..., 8:]
    assert float(lost.square().mean()) < 0.02
