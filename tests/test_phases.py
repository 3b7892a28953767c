"""The phase vocoder's mathematics: draft, integration, overlap-add, before any training."""

import numpy as np
import pytest
import torch

from melisma.bands import mel_filterbank
from melisma.config import AnalysisConfig, ModelConfig, PhaseConfig
from melisma.training.reference import Reference
from melisma.training.vocoders.integration import FLOOR, draft, initial_phases, integrate
from melisma.training.vocoders.phase import _extent

RATE, FRAME, HOP = 44100, 1024, 256


@pytest.fixture(scope="module")
def model():
    return Reference(ModelConfig(vocoder=PhaseConfig(width=8, blocks=1))).eval()


def chord(*frequencies: float, seconds: float = 1.0) -> torch.Tensor:
    t = torch.arange(int(seconds * RATE), dtype=torch.float64) / RATE
    fade = torch.clamp(torch.minimum(t, seconds - t) * 50, 0, 1)
    return (0.2 * fade * sum(torch.sin(2 * torch.pi * f * t) for f in frequencies)).float()[None, None]


def convergence(wanted: np.ndarray, got: np.ndarray) -> float:
    """Spectral convergence in dB of waveforms."""
    spectra = [torch.stft(torch.from_numpy(x), FRAME, HOP, window=torch.hann_window(FRAME), return_complex=True).abs() for x in (wanted, got)]
    return float(20 * torch.log10((spectra[1] - spectra[0]).norm() / spectra[0].norm()))


@pytest.mark.parametrize("frequencies", [(440.0,), (233.0, 391.0, 1170.0), (5000.0, 5300.0)])
@torch.no_grad()
def test_true_magnitudes_with_integrated_phases_give_the_sound_back(model, frequencies):
    x = chord(*frequencies)
    magnitude, _ = model.analysis.magnitudes(torch.nn.functional.pad(x, (0, FRAME)), model.analysis.initial(1))
    magnitude = magnitude.transpose(1, 2)
    phasor, _ = model.vocoder.phases(magnitude, initial_phases(1, FRAME // 2 + 1))
    y, _ = model.vocoder.overlap_add(magnitude * phasor, model.vocoder.initial(1)[2])
    y = y[0, 0, model.delay : model.delay + x.shape[-1]].numpy()
    assert convergence(x[0, 0].numpy(), y) < -15


@torch.no_grad()
def test_an_untrained_vocoder_keeps_level_and_makes_no_clicks(model):
    x = chord(330.0, 495.0)
    y = model.synthesize(model.analyse(torch.nn.functional.pad(x, (0, FRAME)))[0])[0, 0, : x.shape[-1]].numpy()
    x = x[0, 0].numpy()
    assert abs(20 * np.log10(y.std() / x.std())) < 1.5
    assert np.abs(np.diff(y)).max() < 2 * np.abs(np.diff(x)).max()


@torch.no_grad()
def test_silence_stays_silence(model):
    assert float(model.synthesize(torch.zeros(1, model.analysis.bands, 30)).abs().max()) < 1e-4


def test_phases_are_the_same_in_one_piece_or_many_and_every_time():
    magnitude = np.random.default_rng(0).gamma(0.5, 0.01, (2, 40, 513)).astype(np.float32)
    whole, _ = integrate(magnitude, initial_phases(2, 513), FRAME, HOP)
    assert np.array_equal(whole, integrate(magnitude, initial_phases(2, 513), FRAME, HOP)[0])
    state, parts = initial_phases(2, 513), []
    for piece in np.split(magnitude, [1, 3, 17, 39], axis=1):
        phasor, state = integrate(np.ascontiguousarray(piece), state, FRAME, HOP)
        parts.append(phasor)
    assert np.array_equal(np.concatenate(parts, 1), whole)
    assert np.allclose(np.square(whole).sum(-1), 1, atol=1e-5)


def test_a_draft_has_the_mel_that_it_was_drafted_from():
    config = AnalysisConfig()
    bank = mel_filterbank(config)
    rng = np.random.default_rng(1)
    smooth = np.exp(np.cumsum(rng.normal(0, 0.05, (1, 5, 513)), -1)) * 1e-2
    mel = smooth @ bank.T.astype(float)
    again = draft(mel, *_extent(bank), bank, 4) @ bank.T
    assert np.abs(20 * np.log10(again / mel)).mean() < 0.5
    rough = draft(mel, *_extent(bank), bank, 0) @ bank.T
    assert np.abs(np.log(again / mel)).mean() < np.abs(np.log(rough / mel)).mean()


def test_a_draft_of_silence_is_the_floor():
    bank = mel_filterbank(AnalysisConfig())
    assert (draft(np.zeros((1, 2, len(bank))), *_extent(bank), bank, 4) == np.float32(FLOOR)).all()
