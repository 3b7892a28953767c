"""Phases from magnitudes: the draft, the integration, and the vocoder that is made of them, before any training."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melisma.files.bands import mel_filterbank
from melisma.files.config import AnalysisConfig, PhaseConfig
from melisma.training.mel import Analysis
from melisma.training.vocoders.integration import FLOOR, draft, initial_phases, integrate
from melisma.training.vocoders.phase import PhaseVocoder

torch.set_num_threads(1)
RATE, FRAME, HOP = 44100, 1024, 256
CONFIG = AnalysisConfig(RATE, FRAME, HOP)
UNTRAINED = PhaseConfig(width=8, blocks=1)
QUIET = 3e-5  # a step of 16 bits
WINDOW = np.hanning(FRAME + 1)[:-1]


def tone(*hz: float, seconds: float = 0.7, level: float = 0.3) -> np.ndarray:
    time = np.arange(int(RATE * seconds)) / RATE
    return level / len(hz) * sum(np.sin(2 * np.pi * f * time + i) for i, f in enumerate(hz))


SOUNDS = {"sine": (440.0,), "between bins": (1000.0 + RATE / FRAME / 2,), "high": (9000.3,), "chord": (440.0, 659.26, 1108.73)}
sounds = pytest.mark.parametrize("name", SOUNDS)


def spectrum(x: np.ndarray) -> np.ndarray:
    """Complex frames (L, bins), every one within x."""
    frames = np.lib.stride_tricks.sliding_window_view(x, FRAME)[::HOP]
    return np.fft.rfft(frames * WINDOW)


def resynthesized(magnitude: np.ndarray, phasor: np.ndarray) -> np.ndarray:
    """Overlap-add of the least-squares inverse."""
    frames = np.fft.irfft(magnitude * phasor, FRAME) * WINDOW
    out, norm = np.zeros(HOP * (len(frames) - 1) + FRAME), np.zeros(HOP * (len(frames) - 1) + FRAME)
    for i, frame in enumerate(frames):
        out[i * HOP : i * HOP + FRAME] += frame
        norm[i * HOP : i * HOP + FRAME] += WINDOW**2
    return out / np.maximum(norm, 1e-3)


def integrated(magnitude: np.ndarray, state: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes (L, bins), unscaled → complex phasors (L, bins) and the state."""
    scaled = (magnitude * 2 / WINDOW.sum()).astype(np.float32)
    phasor, state = integrate(scaled[None], initial_phases(1, magnitude.shape[1]) if state is None else state, FRAME, HOP)
    return phasor[0, ..., 0] + 1j * phasor[0, ..., 1], state


def convergence(wanted: np.ndarray, got: np.ndarray) -> float:
    """Spectral convergence in dB."""
    return 20 * np.log10(np.linalg.norm(got - wanted) / np.linalg.norm(wanted))


# ---------------------------------------------------------------- integration


@sounds
def test_a_stationary_sounds_phases_advance_at_its_frequency(name):
    magnitude = np.abs(spectrum(tone(*SOUNDS[name])))
    phasor, _ = integrated(magnitude)
    if len(SOUNDS[name]) == 1:
        peak = magnitude.sum(0).argmax()
        advance = np.angle(phasor[1:, peak] / phasor[:-1, peak])[10:]
        error = np.angle(np.exp(1j * (advance - 2 * np.pi * SOUNDS[name][0] * HOP / RATE)))
        # a Hann window is not quite the Gaussian that the derivative supposes: up to 1.7 Hz off, 0.06 in a hop
        assert np.abs(error).max() < 0.07
    again = np.abs(spectrum(resynthesized(magnitude, phasor)))[8:-8]
    assert convergence(magnitude[8:-8], again) < -25
    # which is what the phases do: the same magnitudes at zero phase fail
    assert convergence(magnitude[8:-8], np.abs(spectrum(resynthesized(magnitude, 1)))[8:-8]) > -12


SECOND = np.arange(RATE) / RATE
MOVING = {
    "glide": (np.sin(2 * np.pi * (300 * SECOND + 2000 * SECOND**2)), -33),
    "swell": (np.sin(2 * np.pi * 700 * SECOND) * (1 + np.sin(2 * np.pi * 12 * SECOND)) / 2, -29),
    "strikes": (sum((SECOND >= t) * np.exp(8 * (t - SECOND)) * np.sin(2 * np.pi * 700 * SECOND) for t in (0.2, 0.5, 0.8)), -21.5),
}


@pytest.mark.parametrize("name", MOVING)
def test_a_moving_sound_is_followed(name):
    """Where derivatives over time and over frequency both count: with the sign of one wrong, each is 5 dB worse at least."""
    sound, bound = MOVING[name]
    magnitude = np.abs(spectrum(0.3 * sound))
    again = np.abs(spectrum(resynthesized(magnitude, integrated(magnitude)[0])))
    assert convergence(magnitude[8:-8], again[8:-8]) < bound


def test_phasors_are_of_length_one_and_deterministic():
    rng = np.random.default_rng(0)
    magnitude = np.abs(spectrum(tone(440) + 0.1 * rng.standard_normal(int(0.7 * RATE))))
    magnitude[20:30] = 0
    phasor, state = integrated(magnitude)
    assert np.allclose(np.abs(phasor), 1, atol=1e-6)
    again, same = integrated(magnitude)
    assert np.array_equal(phasor, again) and np.array_equal(state, same)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 999))
def test_blocks_equal_the_whole_bit_for_bit(cuts, seed):
    """Noise, where the slightest difference grows from frame to frame: nothing but equal bits stays equal."""
    magnitude = np.random.default_rng(seed).rayleigh(size=(40, 129)).astype(np.float32)
    magnitude[10:12] = 0
    initial = initial_phases(1, 129)
    whole, end = integrate(magnitude[None], initial, 256, 64)
    assert np.array_equal(initial, initial_phases(1, 129))
    state, parts = initial, []
    for block in np.split(magnitude, sorted(cuts)):
        phasor, state = integrate(block[None], state, 256, 64)
        parts.append(phasor)
    assert np.array_equal(np.concatenate(parts, 1), whole) and np.array_equal(state, end)


def test_rows_of_a_batch_are_integrated_each_for_itself():
    magnitude = np.random.default_rng(0).rayleigh(size=(3, 10, 129)).astype(np.float32)
    together, _ = integrate(magnitude, initial_phases(3, 129), 256, 64)
    for row in range(3):
        assert np.array_equal(integrate(magnitude[row : row + 1], initial_phases(1, 129), 256, 64)[0][0], together[row])


@pytest.mark.parametrize("value", [0.0, 1e-30, 1e6, np.inf, np.nan])
def test_phases_outlive_any_magnitudes(value):
    """Frames of silence, of overflow and of no number at all leave phasors, and three frames later a tone is whole again."""
    magnitude = np.abs(spectrum(tone(1000)))
    broken = magnitude.copy()
    broken[20:24] = value
    phasor, state = integrated(broken)
    assert np.isfinite(phasor[26:]).all() and np.isfinite(state).all()
    part = slice(40, -8)
    again = np.abs(spectrum(resynthesized(magnitude[40 - 8 :], phasor[40 - 8 :])))
    assert convergence(magnitude[part], again[8:-8]) < -15


# ---------------------------------------------------------------- the draft


def drafted(linear: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Mel magnitudes (L, M) → linear magnitudes (L, bins)."""
    vocoder = PhaseVocoder(CONFIG, UNTRAINED)
    return draft(linear[None].astype(float), vocoder.start, vocoder.width, vocoder.bank, rounds)[0]


def test_the_draft_has_the_mel_it_was_made_from():
    bank = mel_filterbank(CONFIG)
    linear = (np.abs(spectrum(tone(*SOUNDS["chord"]))) * 2 / WINDOW.sum()) @ bank.T
    errors = [np.linalg.norm(drafted(linear, rounds) @ bank.T - linear) / np.linalg.norm(linear) for rounds in (0, 1, 4, 16)]
    assert errors == sorted(errors, reverse=True) and errors[2] < 0.2 * errors[0], "each round comes nearer"


def test_the_draft_of_any_mel_is_positive_and_of_none_is_silence():
    bank = mel_filterbank(CONFIG)
    rng = np.random.default_rng(0)
    out = drafted(np.abs(rng.standard_cauchy((20, len(bank)))) * (rng.random((20, len(bank))) < 0.5))
    assert np.isfinite(out).all() and (out >= np.float32(FLOOR)).all()
    assert (drafted(np.zeros((3, len(bank)))) == np.float32(FLOOR)).all()


# ---------------------------------------------------------------- the vocoder before training


@torch.no_grad()
def copied(x: np.ndarray, config: AnalysisConfig = CONFIG) -> np.ndarray:
    """Copy synthesis by the untrained vocoder, laid where the input lies, as long as whole frames reach."""
    vocoder = PhaseVocoder(config, UNTRAINED)
    mel = Analysis(config)(torch.from_numpy(x.astype(np.float32))[None, None])[:, :-1].clamp(min=0)
    return vocoder(mel)[0, 0, vocoder.delay :].numpy()


def level(x: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(x)))


@pytest.mark.parametrize("frame, hop", [(1024, 256), (768, 192), (1024, 128)])
@pytest.mark.parametrize("name", ["sine", "between bins", "chord"])  # at 9 kHz bands are wide, and the draft needs its network
def test_copy_synthesis_keeps_the_level(name, frame, hop):
    x = tone(*SOUNDS[name])
    y = copied(x, AnalysisConfig(RATE, frame, hop))
    part = slice(RATE // 5, RATE // 2)
    assert abs(level(y[part]) - level(x[part])) < 1.5


@sounds
def test_copy_synthesis_does_not_click(name):
    """A click is energy where the sound has none: far from its partials, and in one hop more than in the next."""
    x = tone(*SOUNDS[name])
    y = copied(x)[RATE // 5 : RATE // 2]
    power = np.abs(spectrum(y)) ** 2
    hz = np.arange(power.shape[1]) * RATE / FRAME
    far = np.min([np.abs(hz - f) for f in SOUNDS[name]], 0) > np.maximum(1000, 0.4 * np.max(SOUNDS[name]))
    outside = 10 * np.log10(power[:, far].sum(1).max() / power.sum(1).mean())
    assert outside < -30
    steps = np.abs(np.diff(y, 2))
    assert steps.max() < 6 * np.sqrt(np.mean(steps**2)), "one jump stands out"
    # and a click of a twentieth of the level would have been found
    clicked = np.abs(spectrum(y + 0.05 * np.abs(y).max() * RATE**0.25 * (np.arange(len(y)) == 3000))) ** 2
    assert 10 * np.log10(clicked[:, far].sum(1).max() / power.sum(1).mean()) > outside


def test_silence_gives_silence():
    x = np.zeros(RATE // 2)
    assert np.abs(copied(x)).max() < QUIET
    x[: RATE // 4] = tone(440)[: RATE // 4]
    y = copied(x)
    later = RATE // 4 + FRAME + RATE // 20  # when the highpass has forgotten where the tone broke off
    assert np.abs(y[later:]).max() < QUIET, "a tone rings on in silence"
    assert np.abs(y[: RATE // 4]).max() > 0.1


def test_the_delay_is_the_delay():
    """A swelling and fading tone comes out `delay` samples later than it went in, to a quarter of a hop."""
    time, at = np.arange(RATE // 2), 9000
    x = tone(1000, seconds=0.5) * np.exp(-0.5 * ((time - at) / 1500) ** 2)
    y = copied(x) ** 2  # `copied` takes the delay off
    centre = (np.arange(len(y)) * y).sum() / y.sum()
    assert abs(centre - at) < HOP / 4


def test_untrained_networks_leave_the_draft_as_it_is():
    """Zero-initialised outputs: the refinement does nothing before training, whatever the rest holds."""
    torch.manual_seed(0)
    mel = torch.rand(1, len(mel_filterbank(CONFIG)), 12)
    outputs = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        outputs.append(PhaseVocoder(CONFIG, PhaseConfig(width=8, blocks=1))(mel))
    assert all(torch.allclose(outputs[0], other, atol=1e-6) for other in outputs[1:]) and outputs[0].abs().max() > 1e-3


def test_gradients_reach_the_mel_and_every_weight():
    """Training goes through the inverse transform, and the decoder before it learns through the draft."""
    torch.manual_seed(0)
    vocoder = PhaseVocoder(CONFIG, UNTRAINED)
    with torch.no_grad():  # from zero the layers below the outputs would rightly get none
        for p in vocoder.parameters():
            p.add_(0.05 * torch.randn_like(p))
    mel = torch.rand(1, vocoder.bank.shape[0], 10, requires_grad=True)
    vocoder(mel).square().mean().backward()
    assert mel.grad.abs().sum(2).min() > 0
    for name, p in vocoder.named_parameters():
        if not name.startswith("turn."):  # a turned phase does not change the power, nearly
            assert p.grad.abs().max() > 0, name
    assert (mel.grad.sum(1) > 0).all(), "a louder mel is a louder sound"
