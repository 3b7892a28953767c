"""Paths that no sound gave."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import make, same

from melisma import latent
from melisma.errors import MelismaError


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 500), st.floats(0, 100), st.floats(0, 10))
def test_a_drawn_path_is_its_seeds_and_as_long_as_said(seed, frames, smoothness, temperature):
    given = {"rate": 100.0, "length": 441 * frames, "source_rate": 44100, "smoothness": smoothness, "temperature": temperature}
    path = latent.drawn(4, frames, **given, seed=seed)
    assert (path.dimensions, path.frames, path.length) == (4, frames, 441 * frames)
    assert same(path, latent.drawn(4, frames, **given, seed=seed))
    assert np.array_equal(path.values[:2], latent.drawn(2, frames, **given, seed=seed).values)
    assert np.allclose(
        path.values, temperature * latent.drawn(4, frames, **{**given, "temperature": 1}, seed=seed).values, atol=1e-4
    )


def test_drawn_paths_are_standard_smooth_and_independent():
    path = latent.drawn(4, 200000, 100.0, 441 * 200000, 44100, seed=1)
    assert np.abs(path.values.mean(1)).max() < 0.1 and np.abs(path.values.std(1) - 1).max() < 0.05
    assert np.abs(np.corrcoef(path.values) - np.eye(4)).max() < 0.1
    noise = make(200000, values=np.zeros((4, 200000)), loudness=np.zeros(200000)).randomize(1, 1, rate=2).values
    assert np.abs(np.corrcoef(path.values, noise)[:4, 4:]).max() < 0.1  # what one seed draws and adds are two things
    speed = [np.abs(np.diff(latent.drawn(1, 20000, 100.0, 441, 44100, smoothness=s).values)).mean() for s in (0, 0.1, 0.5, 2.5)]
    assert speed[0] > 3 * speed[1] > 9 * speed[2] > 27 * speed[3]


def test_the_loudness_of_a_drawn_path():
    frames = {"frames": 300, "rate": 100.0, "length": 132300, "source_rate": 44100}
    path = latent.drawn(2, **frames)
    assert (path.loudness[5:295] == -24).all() and path.loudness[0] == -100 and path.loudness[299] < -35
    assert (latent.drawn(2, **frames, loudness=-40).loudness == -40).all()
    assert latent.drawn(2, **frames, loudness=[(0, -60), (2.99, -10)]).loudness[-1] == pytest.approx(-10)
    assert latent.drawn(2, 2, 100.0, 882, 44100).loudness.max() <= -24
    for wrong in (
        {"seed": -1},
        {"seed": 1.5},
        {"smoothness": -1},
        {"smoothness": np.nan},
        {"temperature": 11},
        {"loudness": "loud"},
    ):
        with pytest.raises(MelismaError, match=next(iter(wrong)) if "loudness" not in wrong else "to must be numbers"):
            latent.drawn(2, **frames, **wrong)
