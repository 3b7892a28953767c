"""The VAE's arithmetic, the scales it reads, and the calibration that makes its latents fit for an editor."""

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melisma.errors import MelismaError
from melisma.files.bands import a_weights, band_weights, mel_filterbank
from melisma.files.config import AnalysisConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.sound.scales import LOUDNESS_FLOOR, MEL_CEILING
from melisma.training.calibrate import PERCENTILES, _turned, calibrate
from melisma.training.data import Prepared
from melisma.training.mel import Analysis, absolute, decoder_target, implied_level, levelled, relative
from melisma.training.reference import Reference
from melisma.training.vae import LOG_VARIANCE, Encoder, LoudnessAdversary, adversary_loss, kl, sample, split

torch.set_num_threads(1)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FULL = AnalysisConfig()
TINY = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=128, hop=32, bands=16, fmin=100.0, fmax=4000.0),
    VAEConfig(latents=4, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=1, kernel=3, expansion=2),
    PhaseConfig(width=4, blocks=0),
)


# ---------------------------------------------------------------- the distribution


@quick
@given(st.floats(-4, 4), st.floats(*LOG_VARIANCE))
def test_kl_is_that_of_two_gaussians(mean, log_variance):
    q = torch.distributions.Normal(torch.tensor(mean), torch.tensor(log_variance / 2).exp())
    wanted = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    got = kl(torch.tensor(mean), torch.tensor(log_variance))
    assert got.item() == pytest.approx(wanted.item(), rel=1e-4, abs=1e-5) and got >= -1e-6


@pytest.mark.parametrize("log_variance", [-6.0, -2.0, 0.0, 1.5])
def test_samples_deviate_by_half_the_log_variance(log_variance):
    """The 2020 code took exp(log-variance) for the deviation."""
    mean = torch.full((1, 2, 100_000), 0.7)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
    z = sample(mean, torch.full_like(mean, log_variance), noise)
    assert z.mean().item() == pytest.approx(0.7, abs=0.03)
    assert z.std().item() == pytest.approx(np.exp(log_variance / 2), rel=0.02)


def test_split_keeps_the_variance_within_bounds():
    encoded = torch.tensor([3.0, -2.0, 50.0, -50.0])[None, :, None]
    mean, log_variance = split(encoded)
    assert mean.flatten().tolist() == [3.0, -2.0] and log_variance.flatten().tolist() == [LOG_VARIANCE[1], LOG_VARIANCE[0]]


# ---------------------------------------------------------------- the adversary


def test_gradient_is_reversed_before_the_adversary_and_not_in_it():
    torch.manual_seed(0)
    adversary = LoudnessAdversary(3, width=8)
    z, loudness = torch.randn(2, 3, 20, requires_grad=True), -30 + 10 * torch.randn(2, 1, 20)
    weight = torch.ones_like(loudness)
    inputs = [z, *adversary.parameters()]
    reversed_, *own = torch.autograd.grad(adversary_loss(adversary(z), loudness, weight), inputs)
    plain, *theirs = torch.autograd.grad(adversary_loss(adversary.body(z), loudness, weight), inputs)
    assert torch.allclose(reversed_, -plain) and plain.abs().max() > 1e-4
    assert all(torch.allclose(a, b) for a, b in zip(own, theirs))
    weaker, *own = torch.autograd.grad(adversary_loss(adversary(z, strength=0.25), loudness, weight), inputs)
    assert torch.allclose(weaker, -plain / 4, atol=1e-7)
    assert all(torch.allclose(a, b) for a, b in zip(own, theirs))  # it learns at full strength all the same


def test_the_adversary_is_scored_on_the_frames_that_count():
    predicted, loudness = torch.zeros(1, 1, 4), torch.tensor([-30.0, -15.0, -90.0, -30.0]).view(1, 1, 4)
    assert adversary_loss(predicted, loudness, torch.tensor([1.0, 1, 0, 0]).view(1, 1, 4)).item() == pytest.approx(0.5)
    assert adversary_loss(predicted, loudness, torch.zeros(1, 1, 4)).item() == 0  # nothing counts: nothing to divide by


# ---------------------------------------------------------------- loudness and the scales


def sine(hz: float, level: float = 1.0, seconds: float = 0.5, rate: int = 44100) -> torch.Tensor:
    return (level * torch.sin(2 * torch.pi * hz * torch.arange(int(rate * seconds), dtype=torch.float64) / rate)).float()[
        None, None
    ]


def loudness_of(x: torch.Tensor, config: AnalysisConfig = FULL) -> torch.Tensor:
    """Loudness of the frames that x fills, (L,)."""
    return Analysis(config)(x)[0, -1, config.frame // config.hop :]


def test_loudness_of_a_full_scale_sine_at_1_khz():
    assert loudness_of(sine(1000)).numpy() == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("hz, weighting", [(100, -19.1), (200, -10.9), (500, -3.2), (2000, 1.2), (10000, -2.5)])
def test_loudness_is_a_weighted(hz, weighting):
    """IEC 61672-1's table. A frame of 23 ms smears 100 Hz over steep weights, so that it reads a little high."""
    assert 20 * np.log10(a_weights(np.array([hz]))[0]) == pytest.approx(weighting, abs=0.1)
    assert loudness_of(sine(hz)).mean().item() == pytest.approx(-3.01 + weighting, abs=1.2 if hz == 100 else 0.4)


def test_loudness_follows_gain_and_has_a_floor():
    x = sine(1000)
    assert (loudness_of(x) - loudness_of(0.01 * x)).numpy() == pytest.approx(40, abs=1e-3)
    assert (loudness_of(0 * x) == LOUDNESS_FLOOR).all() and (loudness_of(1e-7 * x) == LOUDNESS_FLOOR).all()


def test_log_mel_of_a_full_scale_sine():
    """A full-scale sine has magnitude one in its bin: a band that holds that bin alone would read 1, wider ones less."""
    x = sine(44100 / 1024 * 10)  # exactly on a bin
    band = Analysis(FULL)(x)[0, :-1, 8:].mean(1)
    assert 0.9 < band.max() <= 1.0001  # the highpass is flat to within a thousandth
    assert (Analysis(FULL)(0.1 * x)[0, :-1, 8:].mean(1).max() - band.max()).item() == pytest.approx(-0.2, abs=1e-4)
    assert (Analysis(FULL)(0 * x)[0, :-1] < 0).all()  # silence lies below the scale


def noisy(rate: int, seed: int = 0, seconds: float = 0.6) -> torch.Tensor:
    """A swelling note with noise; its end is near digital silence."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(rate * seconds)) / rate
    x = np.sin(2 * np.pi * 440 * time) + 0.5 * np.sin(2 * np.pi * 1230 * time) + 0.05 * rng.standard_normal(len(time))
    swell = np.where(time < 0.8 * seconds, 0.5 + 0.5 * np.sin(np.pi * time / seconds), 1e-6)
    return torch.from_numpy((0.2 * swell * x).astype(np.float32))[None, None]


@pytest.mark.parametrize("gain", [0.1, 0.5, 3.0])
@pytest.mark.parametrize("config", [FULL, TINY.analysis], ids=["44.1 kHz", "8 kHz"])
def test_the_encoder_is_blind_to_gain(config, gain):
    torch.manual_seed(1)
    analysis, encoder = Analysis(config), Encoder(Analysis(config).bands, VAEConfig(5, 16, 2))
    outputs, mels, levels = [], [], []
    for factor in (1.0, gain):
        frames = analysis(factor * noisy(config.sample_rate))
        mels.append(relative(frames[:, :-1], frames[:, -1:]))
        levels.append(frames[0, -1])
        with torch.no_grad():
            outputs.append(encoder(mels[-1]))
    near_silence = torch.minimum(*levels) < -75
    first = int(near_silence.nonzero()[0, 0])  # the encoder remembers: compare what precedes it
    assert first > 0.6 * len(levels[0])
    assert (mels[0] - mels[1])[..., :first].abs().max() < 1e-4
    assert (outputs[0] - outputs[1])[..., :first].abs().max() < 1e-4
    assert (levels[1] - levels[0])[:first].numpy() == pytest.approx(20 * np.log10(gain), abs=1e-3)
    assert mels[0][..., :first].std() > 0.05  # they are not all at a bound


@quick
@given(st.floats(-75, 0), st.integers(0, 1000))
def test_absolute_undoes_relative(loudness, seed):
    """Where neither the range about the loudness nor the log-mel's own ends cut anything off."""
    torch.manual_seed(seed)
    mel = (1 + (loudness - 60 + 90 * torch.rand(2, 8, 3)) / 100).clamp(0.001, 1.1)
    level = torch.full((2, 1, 3), loudness)
    assert torch.allclose(absolute(relative(mel, level), level), mel, atol=1e-5)
    assert torch.allclose(decoder_target(mel, level), relative(mel, level), atol=1e-5)


def test_silence_decodes_to_silence_and_excess_is_bounded():
    mel = torch.full((1, 4, 1), 1.1)  # 40 dB above the loudness, as the lowest bands may be
    assert (absolute(mel, torch.full((1, 1, 1), LOUDNESS_FLOOR)) == 0).all()
    assert (absolute(10 * mel, torch.full((1, 1, 1), 100.0)) == MEL_CEILING).all()


@quick
@given(st.floats(-1, 1), st.integers(0, 1000))
def test_levelling_leaves_the_shape_and_takes_the_level(shift, seed):
    analysis = Analysis(TINY.analysis)
    torch.manual_seed(seed)
    mel = torch.rand(2, analysis.bands, 5)
    out = levelled(mel, analysis.log_band_weights)
    assert torch.allclose(out, levelled(mel + shift, analysis.log_band_weights), atol=1e-5)
    assert implied_level(out, analysis.log_band_weights).abs().max() < 1e-5
    assert torch.allclose(out.diff(dim=1), mel.diff(dim=1), atol=1e-5)


def test_a_true_mel_implies_its_own_loudness():
    """So levelling does not move what is right already: within 1.5 dB on a note, where bands are wider than partials."""
    frames = Analysis(FULL)(noisy(44100))[..., 8:60]
    mel = relative(frames[:, :-1], frames[:, -1:])
    assert (100 * implied_level(mel, Analysis(FULL).log_band_weights)).abs().max() < 1.5


@torch.no_grad()
def test_the_loudness_curve_sets_the_level_of_what_is_decoded():
    """Whatever the decoder shapes (here at random), the mel's implied loudness is the curve."""
    torch.manual_seed(0)
    model = Reference(TINY)
    for p in model.decoder.parameters():
        p.mul_(2)
    loudness = torch.linspace(-60, -20, 40)[None, None]
    mel = model.decode(torch.randn(1, 4, 40), loudness)
    level = implied_level(decoder_target(mel, loudness), model.analysis.log_band_weights)
    assert 100 * level.abs().max() < 0.5
    assert mel.std(1).mean() > 0.02, "a flat shape proves little"


@pytest.mark.parametrize("config", [FULL, AnalysisConfig(frame=512, hop=128, bands=200), TINY.analysis])
def test_no_band_is_empty_or_without_weight(config):
    assert np.allclose(mel_filterbank(config).sum(1), 1, atol=1e-5) and (band_weights(config) > 0).all()


# ---------------------------------------------------------------- calibration


def prepared(folder, *clips: np.ndarray, rate: int = 8000) -> Prepared:
    """A prepared set of float clips, all for training."""
    index, at = [], 0
    for clip in clips:
        index.append({"start": at, "samples": len(clip), "split": "train"})
        at += len(clip)
    np.concatenate([np.round(32767 * c) for c in clips]).astype("<i2").tofile(folder / "audio.i16")
    (folder / "index.json").write_text(json.dumps({"sample_rate": rate, "clips": index}))
    return Prepared(folder)


def music(seed: int, seconds: float = 1.0) -> np.ndarray:
    """Notes of changing pitch, brightness and level: something for latents to tell apart."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(8000 * seconds)) / 8000
    parts = []
    for piece in np.array_split(time, 5):
        hz, noise, level = rng.uniform(150, 1500), rng.uniform(0, 0.3), rng.uniform(0.05, 0.5)
        parts.append(
            level
            * (
                sum(np.sin(2 * np.pi * hz * k * piece) / k ** rng.uniform(0.5, 2) for k in (1, 2, 3)) / 2
                + noise * rng.standard_normal(len(piece))
            )
        )
    return np.clip(np.concatenate(parts), -1, 1)


def spread_model(collapsed: int = 0, config: ModelConfig = TINY) -> Reference:
    """A model whose means vary enough to be alive, but for the first `collapsed` dimensions, which are constant."""
    torch.manual_seed(4)
    model = Reference(config)
    with torch.no_grad():
        last = model.encoder.body.layers[-1].conv
        last.weight.mul_(20)
        last.weight[:collapsed], last.bias[:collapsed] = 0, 0.3
        last.weight[len(last.weight) // 2 :], last.bias[len(last.bias) // 2 :] = 0, -2  # what the posterior does not know
        for p in model.decoder.parameters():
            p.mul_(2)
    return model.eval()


@torch.no_grad()
def means_of(model: Reference, data: Prepared) -> tuple[torch.Tensor, torch.Tensor]:
    """Encoder means (Z', F) and loudness (1, F) of the audible frames, one clip after another."""
    found = []
    for clip in data.clips("train"):
        mel, loudness = model.analyse(torch.from_numpy(clip.astype(np.float32) / 32768)[None, None])
        mean, _ = split(model.encoder(relative(mel, loudness)))
        keep = loudness[0, 0] > -60
        found.append((mean[0][:, keep], loudness[0][:, keep]))
    return torch.cat([m for m, _ in found], 1), torch.cat([level for _, level in found], 1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("set"), *(music(seed) for seed in range(4)), music(9, 0.01), np.zeros(4000))


@pytest.mark.parametrize("collapsed", [0, 1, 2])
def test_calibrated_latents(data, collapsed):
    model = spread_model(collapsed)
    info = calibrate(model, data)
    means, _ = means_of(model, data)
    kept = 4 - collapsed
    assert (
        info["collapsed"] == collapsed
        and model.calibration.forth.shape == (kept, 4)
        and model.calibration.back.shape == (4, kept)
    )
    latents = model.calibration(means[None])[0]
    # in standard deviations, about zero, and each for itself
    assert torch.allclose(latents.mean(1), torch.zeros(kept), atol=1e-3)
    assert torch.allclose(torch.cov(latents), torch.eye(kept), atol=1e-2)
    # there and back is the identity on latents, and on means too, as what was left out did not vary
    z = torch.randn(1, kept, 7)
    assert torch.allclose(model.calibration(model.calibration.inverse(z)), z, atol=1e-4)
    assert torch.allclose(model.calibration.inverse(latents[None])[0], means, atol=1e-3)
    assert np.allclose(info["percentiles"], np.percentile(latents.numpy(), PERCENTILES, axis=1).T, atol=1e-3)
    assert len(info["effect"]) == kept and len(info["kl"]) == 4


def test_latents_come_in_the_order_of_their_effect(data):
    """The effect is what an editor hears: decibels of mel that move with one unit of the latent. The first moves most."""
    model = spread_model()
    info = calibrate(model, data)
    assert info["effect"] == sorted(info["effect"], reverse=True) and info["effect"][0] > 1.2 * info["effect"][-1]
    means, loudness = means_of(model, data)
    z = model.calibration(means[None])
    slope = torch.linspace(-1, 1, model.analysis.bands)[:, None]
    moved = []
    with torch.no_grad():
        for k in range(4):
            step = torch.zeros(1, 4, 1)
            step[0, k] = 0.5
            up, down = (model.shape(model.calibration.inverse(z + sign * step), loudness[None])[0] for sign in (1, -1))
            moved.append(100 * (up - down).square().mean().sqrt().item())
            assert ((up - down).mean(1) * slope[:, 0]).sum() > -0.02, "more should be brighter"
    assert np.allclose(moved, info["effect"], rtol=0.1, atol=0.05 * moved[0]), (moved, info["effect"])
    assert np.argmax(moved) == 0


def test_timbre_is_told_from_pitch():
    """Responses made by hand: two directions of slopes over the bands, two of combs, mixed by a turn."""
    band = np.arange(64)
    made = np.stack([np.cos(np.pi * k * (band + 0.5) / 64) for k in (1, 3, 30, 41)])
    made = torch.tensor(made * [[2.0], [1.0], [1.5], [3.0]]).float()
    mixed = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0)))[0]
    turn, timbre = _turned(mixed @ made, 64)
    back = turn.T @ mixed @ made  # what a step along each axis does
    assert timbre.tolist() == [False, True, False, True]  # in the order of their effect: 3, 2, 1.5, 1
    for row, wanted in zip(back, made[[3, 0, 2, 1]]):
        assert min((row - wanted).abs().max(), (row + wanted).abs().max()) < 1e-2
    assert torch.allclose(turn.T @ turn, torch.eye(4), atol=1e-5)


def test_one_latent_can_be_calibrated(data):
    config = ModelConfig(TINY.analysis, VAEConfig(1, 8, 1, 8, 1, 3, 2), TINY.vocoder)
    model = spread_model(config=config)
    assert calibrate(model, data)["collapsed"] == 0
    assert torch.cov(model.calibration(means_of(model, data)[0][None])[0]).item() == pytest.approx(1, abs=0.01)


def test_when_all_latents_have_collapsed_the_strongest_stays(data):
    """A model of a few steps must still be a file that plays; the verdict says what it is."""
    model = spread_model(collapsed=4)
    info = calibrate(model, data)
    assert info["collapsed"] == 3 and model.calibration.forth.shape == (1, 4)
    assert all(torch.isfinite(p).all() and p.abs().max() < 65504 for p in model.calibration.buffers())


def test_a_direction_of_little_spread_stays_if_it_has_less_noise(data):
    """Whether a latent says something is seen against what its posterior does not know, and not against the prior."""
    model = spread_model()
    with torch.no_grad():
        last = model.encoder.body.layers[-1].conv
        last.weight[:2] *= 0.05  # the means of two latents hardly move; of one of them the posterior is sure
        last.bias[4] = -9
        means, _ = means_of(model, data)
        assert means[:2].var(1).max() < 0.01
    assert calibrate(model, data)["collapsed"] == 1
    there_and_back = model.calibration.inverse(model.calibration(means[None]))[0]
    assert torch.allclose(there_and_back[0], means[0], atol=0.05 * means[0].std().item())


def test_what_cannot_be_calibrated_says_so(data, tmp_path):
    with pytest.raises(MelismaError, match="no sound"):
        calibrate(spread_model(), prepared(tmp_path, np.zeros(8000), 1e-4 * music(0)))
