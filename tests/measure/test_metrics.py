"""Each figure is perfect on equal signals, and worse the worse the output."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from melisma.errors import MelismaError
from melisma.measure import baselines, metrics, probe

RATE = 24000


def tone(seconds=2.0, hz=220.0, level=0.2, rate=RATE):
    """A harmonic tone with a swell, so that its level moves."""
    t = np.arange(int(seconds * rate)) / rate
    partials = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 9) if hz * k < rate / 2)
    return (level * partials * (0.6 + 0.4 * np.sin(2 * np.pi * t))).astype(np.float32)


def noisy(x, amount, seed=0):
    return (x + amount * np.random.default_rng(seed).standard_normal(len(x))).astype(np.float32)


@pytest.fixture(scope="module")
def sound():
    return tone()


def is_increasing(values):
    return all(a < b for a, b in zip(values, values[1:], strict=False))


@pytest.mark.parametrize("distance", [metrics.stft_distance, metrics.mel_distance])
def test_distances_grow_with_noise(distance, sound):
    assert distance(sound, sound, RATE) == 0
    assert is_increasing([distance(sound, noisy(sound, a), RATE) for a in (1e-4, 1e-3, 1e-2)])


def test_stft_distance_is_its_formula(sound):
    """Half the level: every magnitude above the floor is half, so both terms are known."""
    loud = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.2
    assert metrics.stft_distance(loud, loud / 2, RATE) == pytest.approx(0.5 + math.log(2), abs=1e-3)


def test_mel_distance_is_in_decibels_and_deaf_to_silence():
    loud = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.2
    assert metrics.mel_distance(loud, loud / 2, RATE) == pytest.approx(20 * math.log10(2), abs=0.05)
    assert math.isnan(metrics.mel_distance(np.zeros_like(loud), loud, RATE))


def test_distances_to_silence_are_finite(sound):
    silence = np.zeros_like(sound)
    for a, b in ((sound, silence), (silence, sound), (silence, silence)):
        assert math.isfinite(metrics.stft_distance(a, b, RATE))
    assert math.isfinite(metrics.mel_distance(sound, silence, RATE))


def test_visqol_falls_with_noise_and_repeats(sound):
    scores = [metrics.visqol(sound, noisy(sound, amount), RATE).mos for amount in (3e-2, 3e-3, 3e-4, 0)]
    assert is_increasing(scores)
    assert scores[-1] > 4.7
    assert metrics.visqol(sound, noisy(sound, 3e-3), RATE).mos == scores[1]


def test_visqol_says_why_there_is_no_score(sound):
    short, silent = metrics.visqol(sound[:2000], sound[:2000], RATE), metrics.visqol(0 * sound, sound, RATE)
    assert math.isnan(short.mos) and "shorter" in short.reason
    assert math.isnan(silent.mos) and "silent" in silent.reason
    assert metrics.visqol(sound, 0 * sound, RATE).mos == 1


def test_visqol_cuts_long_sounds_and_skips_silent_pieces(sound):
    """12 s are two pieces of 6 s; the silent one counts for nothing."""
    long = np.concatenate([np.tile(sound, 3), np.zeros(6 * RATE, np.float32)])
    assert metrics.visqol(long, noisy(long, 3e-3), RATE).mos == pytest.approx(
        metrics.visqol(long[: 6 * RATE], noisy(long, 3e-3)[: 6 * RATE], RATE).mos, abs=0.05
    )


def test_visqol_leaves_the_threads_alone(monkeypatch):
    """Whatever the threads under ViSQOL do to OpenMP's, a training in the same process keeps the number that it chose."""
    torch = pytest.importorskip("torch")

    class Meddling:
        moslqo = 4.0

        def measure_from_arrays(self, *_):
            torch.set_num_threads(3)
            return self

    monkeypatch.setattr("melisma.measure.opinion._visqol_api", Meddling)
    before = torch.get_num_threads()
    x = np.tile(0.1 * np.sin(np.arange(44100) * 0.1), 2).astype(np.float32)
    assert before != 3 and metrics.visqol(x, x, 44100).mos == 4 and torch.get_num_threads() == before


def test_level_curve_is_a_weighted():
    t = np.arange(RATE) / RATE
    for hz, weight in ((1000, 0.0), (100, -19.1), (4000, 1.0)):
        level = metrics.level_curve(np.sin(2 * np.pi * hz * t).astype(np.float32), RATE)[10:-10]
        np.testing.assert_allclose(level, weight - 3.01, atol=0.2)


def test_level_error_is_the_gain(sound):
    assert metrics.level_error(sound, sound, RATE) == (0, 0)
    softer = metrics.level_error(sound, sound / 2, RATE)
    assert softer.rms == pytest.approx(6.02, abs=0.01) and softer.mean == pytest.approx(-6.02, abs=0.01)
    assert all(math.isnan(v) for v in metrics.level_error(0 * sound, sound, RATE))


@pytest.mark.parametrize("hz", [55.0, 220.0, 1760.0])
def test_pitch_error_is_the_detuning(hz):
    reference = tone(hz=hz)
    assert metrics.pitch_error(reference, reference, RATE) == (0, 0, 0)
    for cents in (10, 30, 80):
        error = metrics.pitch_error(reference, tone(hz=hz * 2 ** (cents / 1200)), RATE)
        assert error.cents == pytest.approx(cents, abs=4)
        assert error.gross == pytest.approx(float(cents > 50), abs=0.1)


def test_pitch_lost_is_told(sound):
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(sound)).astype(np.float32)
    lost = metrics.pitch_error(sound, noise, RATE)
    assert math.isnan(lost.cents) and lost.lost > 0.95
    assert all(math.isnan(v) for v in metrics.pitch_error(noise, sound, RATE))


def paths(files, share, seed):
    """Latent paths (4, 300) that hold loudness in the size of one dimension, under noise, as far as share says."""
    rng = np.random.default_rng(seed)
    swells = [np.sin(np.linspace(0, rng.uniform(5, 20), 300) + rng.uniform(0, 6)) for _ in range(files)]
    curves = [(-25 + 8 * swell).astype(np.float32) for swell in swells]
    zs = []
    for curve in curves:
        z = rng.standard_normal((4, 300))
        z[2] = share * np.sign(z[2]) * (curve + 34) / 8 + (1 - share) * z[2]
        zs.append(z.astype(np.float32))
    return zs, curves


def test_leak_finds_what_is_hidden():
    shares = [probe.leak(*paths(12, share, 0), *paths(6, share, 1)) for share in (0.0, 0.7, 1.0)]
    assert is_increasing(shares)
    assert -0.3 < shares[0] < 0.03 and shares[-1] > 0.9
    assert probe.leak(*paths(12, 0.7, 0), *paths(6, 0.7, 1)) == shares[1]


def test_leak_counts_heard_frames_only():
    """Loudness below −50 dBFS shows in z but does not count."""
    z, loudness = paths(12, 0.0, 0)
    for path, curve in zip(z, loudness, strict=True):
        path[:, :100], curve[:100] = 9, -90
    assert probe.leak(z[:8], loudness[:8], z[8:], loudness[8:]) < 0.05
    silent = [np.full(300, -90.0)] * 12
    assert math.isnan(probe.leak(z[:8], silent[:8], z[8:], silent[8:]))


def test_leak_refuses_what_does_not_match():
    z, loudness = paths(2, 0.0, 0)
    with pytest.raises(MelismaError, match="shape"):
        probe.leak(z, [curve[:10] for curve in loudness], z, loudness)
    with pytest.raises(MelismaError, match="2 latent paths but 1"):
        probe.leak(z, loudness[:1], z, loudness)


def test_follow_is_slope_and_error():
    ramp = np.linspace(-36, -12, 200)
    assert metrics.follow(ramp, ramp) == pytest.approx((1, 0))
    assert metrics.follow(ramp, ramp + 2) == pytest.approx((1, 2))
    assert metrics.follow(ramp, ramp / 2).slope == pytest.approx(0.5)
    heard = np.where(np.arange(200) < 100, -20, -70)
    change = np.where(np.arange(200) < 100, ramp, 99)
    assert metrics.follow(ramp, change, heard).slope == pytest.approx(1)
    assert math.isnan(metrics.follow(ramp, ramp - 90).slope)
    with pytest.raises(MelismaError, match="do not match"):
        metrics.follow(ramp, ramp[:5])


def test_griffin_lim_is_close_repeats_and_keeps_length(sound):
    sound = noisy(sound, 1e-2)  # between pure partials there would be nothing to come close to
    output = baselines.griffin_lim(sound, RATE)
    assert output.shape == sound.shape and output.dtype == np.float32
    assert metrics.mel_distance(sound, output, RATE) < 3
    assert metrics.level_error(sound, output, RATE).rms < 0.5
    np.testing.assert_array_equal(output, baselines.griffin_lim(sound, RATE))


@pytest.mark.parametrize("length", [1, 100, 1023, 1025])
def test_any_length_is_taken(length):
    x = tone()[:length]
    output = baselines.griffin_lim(x, RATE)
    assert output.shape == x.shape and np.isfinite(output).all()
    for metric in (metrics.stft_distance, metrics.mel_distance, metrics.visqol, metrics.level_error, metrics.pitch_error):
        metric(x, output, RATE)


def test_what_is_no_waveform_is_refused(sound):
    for bad, word in ((sound[None], "shape"), (sound[:0], "shape"), (sound * np.nan, "finite")):
        with pytest.raises(MelismaError, match=word):
            metrics.stft_distance(bad, bad, RATE)
    with pytest.raises(MelismaError, match="samples where its reference"):
        metrics.mel_distance(sound, sound[:-1], RATE)
    with pytest.raises(MelismaError, match="too low"):
        metrics.visqol(sound, sound, 4000)


def test_processes_that_compile_librosa_at_once_leave_it_whole(tmp_path):
    """Without the lock they left functions that ended every later process with a segmentation fault, five times of six."""
    code = "import numpy as np; from melisma.measure.metrics import pitch_error; x = np.zeros(9000, np.float32); pitch_error(x, x, 16000)"
    fresh = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    start = lambda: subprocess.Popen([sys.executable, "-c", code], env=fresh)
    assert [process.wait() for process in [start() for _ in range(2)]] == [0, 0]
    assert start().wait() == 0
    assert len(list(tmp_path.rglob("*.nbc"))) > 4  # it was compiled there, by the first of them


def test_envelope_distance_hears_timbre_but_neither_level_nor_pitch(sound):
    assert metrics.envelope_distance(sound, sound, RATE) == 0
    assert metrics.envelope_distance(sound, 0.5 * sound, RATE) < 0.5
    filtered = np.convolve(sound, np.ones(12) / 12, "same").astype(np.float32)
    shifted = tone(hz=227.0)
    assert metrics.envelope_distance(sound, filtered, RATE) > 1.5 * metrics.envelope_distance(sound, shifted, RATE)
    assert math.isnan(metrics.envelope_distance(0 * sound, sound, RATE))


@pytest.mark.skipif(not baselines.has_opus(), reason="needs Opus: apt install opus-tools")
def test_opus_keeps_time_and_length_and_gains_from_bits(sound):
    few, many = (baselines.opus(sound, RATE, bits) for bits in (8000, 64000))
    assert len(few[0]) == len(many[0]) == len(sound) and (few[1], many[1]) == (8000, 64000)
    off = [np.abs(output - sound)[2000:-2000].mean() for output, _ in (few, many)]
    assert off[1] < off[0] and off[1] < 0.02, "a codec that shifted the sound would be further off"
    assert baselines.opus(sound, RATE, 1.0)[1] == baselines.OPUS_BITS[0]


def test_opus_that_is_not_there_is_named(sound, monkeypatch):
    monkeypatch.setattr(baselines.shutil, "which", lambda program: None)
    with pytest.raises(MelismaError, match="opus-tools"):
        baselines.opus(sound, RATE, 16000)


def test_a_probe_of_many_curves_still_finds_the_one_that_tells():
    def path(seed, leaky):
        rng = np.random.default_rng(seed)
        loudness = -30 + 6 * np.sin(np.arange(300) / 17 + seed)
        curves = rng.standard_normal((144, 300))
        curves[100] = loudness / 20 if leaky else curves[100]
        return curves, loudness

    for leaky, least, most in ((True, 0.9, 1.0), (False, -1.0, 0.1)):
        (z, loudness), (unseen, levels) = (list(zip(*(path(s, leaky) for s in seeds))) for seeds in (range(10), range(10, 14)))
        assert least < probe.leak(z, loudness, unseen, levels) <= most
