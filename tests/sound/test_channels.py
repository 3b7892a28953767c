"""Channels that cancel each other in their mean: noticed wherever several become one, and said."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import melisma
from melisma import Audio
from melisma.errors import MelismaWarning
from melisma.sound.channels import cancellation

RATE = 16000


def noise(seed=0, seconds=1.0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def mono(samples):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sound = Audio(samples, RATE, name="x.wav").mono()
    return sound.samples[0], [str(w.message) for w in caught if issubclass(w.category, MelismaWarning)]


def test_the_loudest_channel_stands_for_channels_that_cancel():
    x = noise()
    for samples, channel in (([x, -x], 0), ([x * 0.98, -x], 1), ([x, -x, 0.01 * noise(1)], 0), ([x + 0.3, 0.3 - x], 0)):
        got, said = mono(np.stack(samples))
        assert np.array_equal(got, np.stack(samples)[channel].astype(np.float32))
        assert len(said) == 1 and "x.wav: its channels cancel each other (their mean is " in said[0]
        assert f"channel {channel + 1} of {len(samples)} is taken alone; turn one over" in said[0]


def test_other_channels_are_mixed_and_nothing_is_said():
    x, y, silence = noise(), noise(1), np.zeros(RATE, np.float32)
    for samples in ([x, x], [x, y], [x, silence], [silence, silence], [x, -0.5 * x], [x, 0.1 * y], [noise(k) for k in range(64)]):
        got, said = mono(np.stack(samples))
        assert said == [] and np.allclose(got, np.mean(samples, 0), atol=1e-6)


def test_a_passage_that_cancels_is_enough():
    """A take whose last third was recorded through an effect: its mean would be silent there."""
    x = noise(seconds=30)
    turned = x.copy()
    turned[20 * RATE :] *= -1
    got, said = mono(np.stack([x, turned]))
    assert np.array_equal(got, x) and len(said) == 1
    turned[: 29 * RATE] = x[: 29 * RATE]
    assert mono(np.stack([x, turned]))[1] == []  # a moment is not


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5), st.floats(-1, 1), st.floats(0.01, 10), st.integers(0, 99))
def test_what_is_taken_is_never_far_softer_than_the_channels(count, correlation, level, seed):
    base = noise(seed, 0.3)
    samples = np.stack(
        [level * (correlation**k * base + (1 - abs(correlation)) * noise(seed + k + 1, 0.3)) for k in range(count)]
    )
    got, _ = mono(samples)
    energy = np.square(samples, dtype=np.float64).mean(1)
    assert np.square(got, dtype=np.float64).mean() >= 0.019 * energy.mean() / count


def test_numbers_that_are_none_do_not_decide():
    x = noise()
    x[5] = np.nan
    assert cancellation(np.stack([x, -x])).channel is None and cancellation(np.zeros((2, 0), np.float32)).channel is None


def level(x):
    """dB."""
    return 10 * np.log10(np.square(x).mean())


@pytest.mark.parametrize("call", ["encode", "mel", "interpolate", "mix"])
def test_wherever_a_model_hears_one_channel(model, call, tmp_path):
    x = noise()
    melisma.write(tmp_path / "x.wav", np.stack([x, -x]), RATE, subtype="FLOAT")
    stereo, one = melisma.read(tmp_path / "x.wav"), Audio(x, RATE)
    calls = {
        "encode": lambda sound: model.encode(sound).values, "mel": model.mel,
        "interpolate": lambda sound: np.asarray(melisma.interpolate(one, sound, model=model)),
        "mix": lambda sound: np.asarray(melisma.mix([one, sound], model=model)),
    }  # fmt: skip
    with pytest.warns(MelismaWarning, match=r"^x\.wav: its channels cancel"):
        got = calls[call](stereo)
    assert np.array_equal(got, calls[call](one))


@pytest.mark.parametrize("call", ["method", "one call"])
def test_a_transfer_keeps_both_channels_of_a_sound_that_cancels(model, call):
    x = noise()
    stereo = Audio(np.stack([x, -x]), RATE)
    got = np.asarray(model.transfer(stereo) if call == "method" else melisma.transfer(stereo, model=model))
    alone = np.asarray(model.transfer(Audio(x, RATE)))
    assert got.shape == (2, len(x))
    for channel in got:
        assert level(channel) > level(alone) - 6
