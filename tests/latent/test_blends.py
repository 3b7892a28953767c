"""Several paths in one: interpolation, the square, paths of unequal length."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layered import layered
from paths import make, paths, same

from melisma import latent
from melisma.errors import MelismaError


@given(paths, st.integers(0, 9))
def test_interpolation_follows_the_paper(a, seed):
    b = make(a.frames, a.dimensions, seed)
    n = np.arange(a.frames) / a.frames
    z = a.interpolate(b)
    assert np.allclose(z.values, a.values * (1 - n) + b.values * n, atol=1e-5)
    assert np.allclose(z.loudness, a.loudness * (1 - n) + b.loudness * n, atol=1e-4)
    assert np.array_equal(z.values[:, 0], a.values[:, 0])
    assert same(a.interpolate(b, 0), a) and same(a.interpolate(b, 1), b)
    assert same(a.interpolate(a), a, 1e-5)
    assert np.array_equal(a.interpolate(b, loudness=False).loudness, a.loudness)
    assert same(a.interpolate(b, n), z) and same(a.interpolate(b, 0.3), b.interpolate(a, 0.7), 1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_the_shorter_path_is_stretched_to_the_longer(first, second):
    a, b = make(first, 2, 1), make(second, 2, 2)
    for z in (a.interpolate(b, 0.0), b.interpolate(a, 1.0)):
        assert z.frames == max(first, second) and z.length == max(a.length, b.length)
        assert np.allclose(z.values[:, 0], a.values[:, 0], atol=1e-6)
        assert np.allclose(z.values[:, -1], a.values[:, -1 if first > 1 else 0], atol=1e-6)
        assert z.values.max() <= a.values.max() + 1e-6


def test_interpolation_across_rates_keeps_the_first_ones():
    a, b = make(300), make(150, seed=1, rate=50.0, source_rate=22050, length=66150)
    z = a.interpolate(b, 1.0)
    assert (z.frames, z.rate, z.source_rate, z.length) == (300, 100.0, 44100, 132300)


def test_mixing_the_square():
    corners = [make(100 * (i + 1), seed=i) for i in range(4)]
    for i in range(4):
        assert same(latent.mix(corners, np.eye(4)[i]), corners[3].interpolate(corners[i], 1.0), 1e-6)
    assert same(latent.mix(corners[:2], [1, 3]), corners[0].interpolate(corners[1], 0.75), 1e-5)
    assert same(corners[0].mix(corners[1:]), latent.mix(corners, [2, 2, 2, 2]), 1e-6)
    curve = np.stack([1 - np.arange(200) / 200, np.arange(200) / 200])
    assert same(latent.mix(corners[:2], curve), corners[0].interpolate(corners[1]), 1e-5)
    for scale in (1e308, 1e-307):  # their sum was infinite, and what was mixed as loud as can be
        assert same(latent.mix(corners[:2], [scale, scale]), latent.mix(corners[:2]), 0)
    for weights in ([0, 0, 0, 0], [-1, 1, 1, 1], [1, 1], [np.nan] * 4, "abcd"):
        with pytest.raises(MelismaError, match="weights"):
            latent.mix(corners, weights)
    with pytest.raises(MelismaError, match="at least one"):
        latent.mix([])


def test_paths_of_different_models_are_told_apart():
    with pytest.raises(MelismaError, match=r"4 latents \(strings\) and one of 3 \(voice\) .* encode both with one model"):
        make().interpolate(make(dimensions=3, model="voice"))


def test_layers_are_blended_as_latents_are():
    a, b = layered(), layered(seed=1)
    between = a.interpolate(b)
    share = np.arange(40) / 40
    wanted = a.layers * (1 - share) + b.layers * share
    assert np.abs(between.layers - wanted).max() <= 0.5 + 1e-4
    assert np.array_equal(a.mix([b], [1, 0]).layers, a.layers) and np.array_equal(a.interpolate(b, 1).layers, b.layers)
    assert np.array_equal(a.interpolate(b, dims=[1]).layers, a.layers)
    part = a.interpolate(b, 1, start=0.1, end=0.2).layers
    assert np.array_equal(part[:, 10:20], b.layers[:, 10:20]) and np.array_equal(part[:, :10], a.layers[:, :10])
    # a path that no sound gave has none: half of it is half of the other's
    for half in (a.mix([make(40)]), make(40).mix([a])):
        assert np.abs(half.layers - a.layers / 2).max() <= 0.5
    assert make().mix([make()]).layers is None
    assert np.array_equal(a.mix([layered(80, seed=2)], [0, 1]).layers, layered(80, seed=2).layers)
    assert latent.stretched(a, make(79)).layers.shape == (30, 79) and np.array_equal(
        latent.stretched(a, make(79)).layers[:, ::2], a.layers
    )
    with pytest.raises(MelismaError, match="different bands"):
        a.mix([replace(b, layers=b.layers[:-1])])
