"""The filter that takes out an offset: what it computes, in blocks of any size, and what becomes of an offset in the model."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, ModelConfig
from melisma.model import Model
from melisma.sound.highpass import at_rest, highpass
from melisma.training.export import to_file
from melisma.training.reference import Reference

RATE = 44100
SMALL = AnalysisConfig(sample_rate=16000, frame=256, hop=64, bands=32, fmin=60.0, fmax=8000.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.floats(1, 100), st.integers(1, 3))
def test_blocks_of_any_size_are_filtered_as_scipy_filters_the_whole(sizes, frequency, channels):
    x = np.random.default_rng(sum(sizes)).standard_normal((channels, sum(sizes)))
    pole = math.exp(-2 * math.pi * frequency / RATE)
    wanted = lfilter([1, -1], [1, -pole], x)
    parts, state = [], at_rest(channels)
    for piece in np.split(x, np.cumsum(sizes)[:-1], axis=1):
        part, state = highpass(piece, frequency, RATE, state)
        parts.append(part)
    assert np.abs(np.concatenate(parts, axis=1) - wanted).max(initial=0) < 1e-10


def test_an_offset_goes_and_the_lowest_notes_stay():
    time = np.arange(RATE) / RATE
    bass = 0.1 * np.sin(2 * np.pi * 41.2 * time)  # the double bass's lowest string
    heard, _ = highpass(bass + 0.3, 10, RATE, at_rest())
    later = heard[RATE // 4 :]
    assert abs(later.mean()) < 1e-3
    assert 20 * math.log10(later.std() / bass.std()) == pytest.approx(0, abs=0.3)


def test_frequency_zero_changes_nothing():
    x = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    assert highpass(x, 0, RATE, at_rest())[0] is x


@pytest.mark.parametrize("offset", [0.01, -0.3])
def test_a_model_does_not_hear_an_offset(offset):
    file = to_file(Reference(ModelConfig(SMALL)).eval(), "deaf", {"percentiles": [[-2, -1, 0, 1, 2]] * 16}, {})
    sound = 0.1 * np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    sound[4000:9000] = 0
    one, other = (Model(file).encode(x, rate=16000) for x in (sound, sound + np.float32(offset)))
    later = slice(60, 250)  # 0.24 s after its beginning the offset has died away
    assert np.abs(one.loudness[later] - other.loudness[later]).max() < 0.1
    assert np.abs(one.values[:, later] - other.values[:, later]).max() < 0.05

    older = replace(ModelConfig(SMALL), analysis=replace(SMALL, highpass=0.0))
    hearing = Model(to_file(Reference(older).eval(), "hearing", {"percentiles": [[-2, -1, 0, 1, 2]] * 16}, {}))
    one, other = (hearing.encode(x, rate=16000).loudness[later] for x in (sound, sound + np.float32(offset)))
    assert np.abs(one - other).max() > 1  # so there was something to be heard


def drop(entries, name):
    return {key: value for key, value in entries.items() if key != name}


def test_a_file_from_before_there_was_a_highpass_is_read_without_one(tmp_path, monkeypatch):
    config = ModelConfig(replace(SMALL, highpass=0.0))
    file = to_file(Reference(config).eval(), "old", {"percentiles": [[-2, -1, 0, 1, 2]] * 16}, {})
    whole = ModelConfig.to_dict
    with monkeypatch.context() as patch:
        patch.setattr(ModelConfig, "to_dict", lambda self: whole(self) | {"analysis": drop(whole(self)["analysis"], "highpass")})
        modelfile.save(file, tmp_path / "old.melisma")
    old = modelfile.load(tmp_path / "old.melisma")
    assert b"highpass" not in (tmp_path / "old.melisma").read_bytes() and old.config == config
    sound = 0.1 + 0.1 * np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    one, other = (Model(f).encode(sound, rate=16000) for f in (file, old))
    assert np.array_equal(one.values, other.values) and np.array_equal(one.loudness, other.loudness)


def test_weights_of_older_models_are_at_home_in_newer_ones():
    older = ModelConfig(replace(SMALL, highpass=0.0))
    assert older.fits(ModelConfig(SMALL)) and ModelConfig(SMALL).fits(older)
    assert not older.fits(ModelConfig(replace(SMALL, bands=31)))
