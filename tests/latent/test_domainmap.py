"""A map of a domain: where latents lie in its plane, and which latents lie at a place of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melisma.latent.domainmap import NEAREST, DomainMap

RANDOM = np.random.default_rng(0)
MAP = DomainMap(RANDOM.standard_normal((200, 5)).astype(np.float32), RANDOM.standard_normal((2, 5)).astype(np.float32))


def test_at_a_point_is_the_point():
    x, y = MAP.places(MAP.points.T)
    np.testing.assert_allclose(MAP.at(x, y), MAP.points.T, atol=1e-5)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_nothing_jumps_on_the_way(x, y, dx, dy):
    """A thousandth of the way further, the latents are hardly elsewhere: also where one point takes another's place."""
    steps = np.linspace(0, 0.02, 200)
    values = MAP.at(x + dx * steps, y + dy * steps)
    assert np.abs(np.diff(values)).max() < 0.5
    assert np.isfinite(values).all()


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_a_place_is_a_mean_of_points(x, y):
    value = MAP.at(np.array([x]), np.array([y]))[:, 0]
    assert (value <= MAP.points.max(0) + 1e-5).all() and (value >= MAP.points.min(0) - 1e-5).all()


def test_the_plane_is_linear_and_shows_the_points():
    a, b = RANDOM.standard_normal((2, 5, 1)).astype(np.float32)
    middle = MAP.places((a + b) / 2)
    np.testing.assert_allclose(middle, (MAP.places(a) + MAP.places(b)) / 2, atol=1e-5)
    x, y = MAP.places(MAP.points.T)
    assert np.mean((x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)) > 0.95
    up = MAP.places((a + MAP.axes[1][:, None]).astype(np.float32)) - MAP.places(a)
    assert up[1, 0] < 0  # upwards is a smaller y, as in a picture


def test_many_points_on_one_place():
    same = DomainMap(np.ones((50, 3), np.float32), np.eye(2, 3, dtype=np.float32))
    np.testing.assert_allclose(same.at(np.array([0.5, 0.1]), np.array([0.5, 0.9])), 1)


def test_kept_in_sixteenths():
    again = DomainMap.read(MAP.entry())
    assert np.abs(again.points - MAP.points).max() <= 0.5 / 16 + 1e-6
    np.testing.assert_allclose(again.axes, MAP.axes, atol=1e-4)
    assert len(MAP.points) > NEAREST


@pytest.mark.parametrize(
    "entry",
    [7, {}, {"axes": [[1, 2, 3]] * 2}, {"axes": [[1, 2, 3]] * 3, "points": [[1, 2, 3]] * 20},
     {"axes": [[1, 2, 3]] * 2, "points": [[1, 2]] * 20}, {"axes": [[1, 2, 3]] * 2, "points": [[1, 2, True]] * 20},
     {"axes": [[1, 2, 3]] * 2, "points": [[1, 2, 3]] * 5000}, {"axes": [[1, 2, 1e300]] * 2, "points": [[1, 2, 3]] * 20}],
)  # fmt: skip
def test_a_file_with_a_map_that_is_none_is_damaged(entry):
    from melisma.errors import Damaged
    from melisma.files.checks import check_map

    with pytest.raises(Damaged, match="map"):
        check_map(entry, 3)
