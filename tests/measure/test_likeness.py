"""Timbre's likeness: level does not matter, colour does, and domains are told apart."""

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from melisma.measure.likeness import Ear, distance, timbre

RATE = 44100


def noise(seed: int, band: tuple[float, float], gain: float = 0.1, seconds: float = 1.0) -> np.ndarray:
    white = np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    b, a = butter(2, band, "bandpass", fs=RATE)
    x = lfilter(b, a, white)
    return (gain * x / x.std()).astype(np.float32)


DULL, BRIGHT = (100, 500), (2000, 6000)


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear(
        {name: [timbre(noise(k, band), RATE) for k in range(8)] for name, band in {"dull": DULL, "bright": BRIGHT}.items()}
    )


def test_gain_changes_nothing():
    loud, soft = (timbre(noise(1, DULL, gain), RATE) for gain in (0.2, 0.02))
    assert loud.shape == soft.shape and np.allclose(loud, soft, atol=0.5)


def test_silence_has_no_frames_and_a_click_some():
    assert len(timbre(np.zeros(RATE), RATE)) == 0
    click = np.zeros(200)
    click[100] = 0.9
    assert len(timbre(click, RATE)) > 0


def test_distance_is_small_within_and_large_between(ear):
    assert ear.distance(timbre(noise(50, DULL), RATE), "dull") < 0.5 * ear.distance(timbre(noise(50, DULL), RATE), "bright")
    frames = timbre(noise(3, DULL), RATE)
    assert distance(frames, frames) == pytest.approx(0, abs=0.1)
    assert np.isnan(distance(frames[:5], frames))


@pytest.mark.parametrize(("name", "band"), [("dull", DULL), ("bright", BRIGHT)])
def test_the_ear_tells_sounds_that_it_has_not_heard(ear, name, band):
    assert [ear.tell(timbre(noise(seed, band, gain), RATE)) for seed, gain in ((90, 0.3), (91, 0.01))] == [name] * 2
