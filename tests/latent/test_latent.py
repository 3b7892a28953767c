"""Latent paths and their operators, from outside: what stays, what changes, what is refused."""

import importlib
import inspect
import pkgutil
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layered import layered
from paths import make, paths, same

from melisma import latent
from melisma.errors import MelismaError
from melisma.latent import LatentPath, declare
from melisma.latent.declare import DIMS
from melisma.latent.operators import OPERATORS


def test_a_path_is_immutable_and_does_not_share_memory():
    values = np.ones((2, 3))
    path = make(3, 2, values=values)
    values[:] = 7
    assert (path.values == 1).all() and path.values.dtype == path.loudness.dtype == np.float32
    for array in (path.values, path.loudness, path.ranges):
        with pytest.raises(ValueError):
            array[0] = 1
    with pytest.raises(AttributeError):
        path.rate = 1


def test_loudness_has_a_floor():
    assert make(2, 1, loudness=np.array([-400.0, -20])).loudness.tolist() == [-100, -20]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"values": np.zeros(9)}, "values of a path have the shape"),
        ({"values": np.zeros((0, 9))}, "values of a path have the shape"),
        ({"values": np.full((4, 300), np.nan)}, "values of a path hold NaN"),
        ({"values": np.full((4, 300), 1e300)}, "values of a path hold NaN, infinite"),
        ({"values": "nonsense"}, "must be an array of numbers"),
        ({"loudness": np.zeros(7)}, r"loudness of a path have the shape \(7,\); \(300\) is needed"),
        ({"loudness": np.full(300, np.nan)}, "loudness of a path hold NaN"),
        ({"rate": 0}, "frame rate"),
        ({"rate": np.nan}, "frame rate"),
        ({"length": 0}, "length of a path is 0"),
        ({"length": 4410000}, "lasts 100.00 s, but its frames only 3.00 s"),
        ({"source_rate": 12.5}, "source_rate"),
        ({"ranges": np.zeros((2, 2))}, "ranges of a path"),
        ({"model": None}, "not a name"),
        ({"timbre": (0, 4)}, "dimensions 0 to 3"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, reason):
    with pytest.raises(MelismaError, match=reason):
        make(**changes)


EXAMPLES = {
    "scale": {"by": 1.5},
    "bias": {"by": 0.5},
    "reverse": {},
    "randomize": {"seed": 3},
    "smooth": {"seconds": 0.2},
    "hold": {"at": 0.1},
    "match": {},
    "draw": {"points": [(0, 5), (9, 6)], "dims": [1]},
    "loudness": {"to": -20},
    "gain": {"db": 6},
    "interpolate": {"other": make(seed=5), "curve": 0.5},
    "mix": {"others": [make(seed=5), make(seed=6)], "weights": [1, 2, 3]},
}


def test_there_is_an_example_of_every_operator():
    assert set(EXAMPLES) == set(OPERATORS)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_changes_its_range_and_nothing_else(name):
    path = make()
    values = {"start": 1.0, "end": 2.0} | EXAMPLES[name]
    after = OPERATORS[name].function(path, **values)
    assert not np.array_equal(after.values, path.values) or not np.array_equal(after.loudness, path.loudness)
    outside = np.r_[0:100, 200:300]
    assert np.array_equal(after.values[:, outside], path.values[:, outside])
    assert np.array_equal(after.loudness[outside], path.loudness[outside])
    for f in fields(LatentPath):
        if f.name not in ("values", "loudness", "matched"):
            assert np.array_equal(getattr(after, f.name), getattr(path, f.name))


@pytest.mark.parametrize("name", [n for n, o in OPERATORS.items() if DIMS in o.selection])
def test_an_operator_changes_its_dimensions_and_nothing_else(name):
    path = make()
    after = OPERATORS[name].function(path, **(EXAMPLES[name] | {"dims": [1, 3]}))
    assert np.array_equal(after.values[[0, 2]], path.values[[0, 2]])
    assert not np.array_equal(after.values[1], path.values[1]) and not np.array_equal(after.values[3], path.values[3])
    if "loudness" in inspect.signature(OPERATORS[name].function).parameters:
        only = OPERATORS[name].function(path, **(EXAMPLES[name] | {"dims": [], "loudness": True}))
        assert np.array_equal(only.values, path.values) and not np.array_equal(only.loudness, path.loudness)


@pytest.mark.parametrize("name", OPERATORS)
def test_what_is_declared_is_what_the_function_takes(name):
    operator = OPERATORS[name]
    declared = {p.name: p for p in (*operator.parameters, *operator.selection)}
    taken = dict(list(inspect.signature(operator.function).parameters.items())[1:])
    assert set(taken) == set(declared)
    for key, parameter in taken.items():
        required = parameter.default is inspect.Parameter.empty
        assert required == declared[key].required
        assert required or parameter.default == declared[key].default
        low, high = declared[key].minimum, declared[key].maximum
        if isinstance(parameter.default, (int, float)) and not isinstance(parameter.default, bool):
            assert low <= parameter.default <= high
    assert operator.summary and declared


def test_no_operator_is_half_there():
    """Each function that declares itself an operator, in whatever file of latent/, is a method of LatentPath and in OPERATORS."""
    found = {}
    for file in pkgutil.iter_modules(latent.__path__):
        for value in vars(importlib.import_module(f"melisma.latent.{file.name}")).values():
            if operator := declare.declared(value):
                found[operator.name] = operator
    assert found == OPERATORS and set(vars(LatentPath).values()) >= {operator.function for operator in OPERATORS.values()}


@pytest.mark.parametrize("name", OPERATORS)
def test_a_path_of_one_frame(name):
    path = make(1, 2)
    changes = {"hold": {"at": 0}, "interpolate": {"other": make(7, 2)}, "mix": {"others": [make(1, 2)], "weights": [1, 2]}}
    assert OPERATORS[name].function(path, **(EXAMPLES[name] | changes.get(name, {}))).dimensions == 2


def test_methods_chain():
    path = make()
    after = path.scale(1.3, dims=[0]).reverse()
    assert np.allclose(after.values[0], 1.3 * path.values[0, ::-1]) and np.array_equal(after.values[1], path.values[1, ::-1])


@given(paths, st.booleans())
def test_reverse_twice_is_identity(path, loudness):
    once = path.reverse(loudness=loudness)
    assert np.array_equal(once.values, path.values[:, ::-1])
    assert same(once.reverse(loudness=loudness), path, 1e-5)


@given(paths, st.floats(0.25, 4))
def test_scale_and_bias_are_undone_by_their_inverses(path, by):
    assert same(path.scale(by).scale(1 / by), path, 1e-5)
    assert same(path.bias(by).bias(-by), path, 1e-5)
    assert same(path.scale(1), path) and same(path.bias(0), path) and not path.scale(0).values.any()


def test_on_the_loudness_a_unit_is_ten_decibels_and_silence_stays():
    path = make(4, 1, loudness=np.array([-100, -20, -40, -100.0]))
    assert np.allclose(path.bias(1, dims=[], loudness=True).loudness, [-100, -10, -30, -100])
    assert np.allclose(path.scale(0.5, dims=[], loudness=True).loudness, [-100, -25, -35, -100])
    assert np.allclose(path.randomize(dims=[], loudness=True).loudness[[0, 3]], -100)
    assert np.allclose(path.gain(6).loudness, [-100, -14, -34, -100])
    assert np.allclose(path.gain(-90).loudness, -100)


@settings(max_examples=30, deadline=None)
@given(paths, st.integers(0, 2**32 - 1))
def test_a_seed_gives_the_same_noise_whatever_is_selected(path, seed):
    full = path.randomize(0.5, seed)
    assert same(full, path.randomize(0.5, seed))
    last = path.dimensions - 1
    assert np.array_equal(path.randomize(0.5, seed, dims=[last]).values[last], full.values[last])
    if path.frames > 20:
        part = path.randomize(0.5, seed, start=0.1, end=0.2)
        assert np.array_equal(part.values[:, 10:20], full.values[:, 10:20])
        assert not same(full, path.randomize(0.5, seed ^ 1))


def test_the_noise_is_standard_smooth_and_fixed_for_good():
    noise = np.array([latent.smooth_noise(7, i, 50000, 0.04) for i in range(4)])
    assert np.abs(noise.mean(axis=1)).max() < 0.1 and np.abs(noise.std(axis=1) - 1).max() < 0.05
    assert np.abs(np.diff(noise)).max() < 0.5 and np.abs(np.corrcoef(noise) - np.eye(4)).max() < 0.1
    # computed from the definition, so that other languages can be held to it
    known = [0.48197150765918195, -0.6099966233596206, 1.6094742720015347, -0.44389170082286]
    assert latent.smooth_noise(3, 0, 4, 1.0).tolist() == known


def test_randomize_amount_is_its_standard_deviation_and_rate_its_speed():
    path = make(20000, values=np.zeros((4, 20000)), loudness=np.full(20000, -30.0))
    assert abs(path.randomize(2.0, rate=5).values.std() - 2) < 0.1
    crossings = [np.count_nonzero(np.diff(np.sign(path.randomize(1, rate=rate).values[0]))) for rate in (1, 10)]
    assert 6 < crossings[1] / crossings[0] < 15


@given(paths, st.floats(0, 3))
def test_smoothing_keeps_constants_and_stays_within_what_was_there(path, seconds):
    constant = replace(path, values=np.full_like(path.values, 1.25))
    assert same(constant.smooth(seconds), constant, 1e-6)
    after = path.smooth(seconds)
    assert after.values.max() <= path.values.max() + 1e-5 and after.values.min() >= path.values.min() - 1e-5
    assert same(path.smooth(0), path)


def test_smoothing_is_as_wide_as_said_and_centred():
    values = np.zeros((1, 301))
    values[0, 150] = 1
    bump = make(301, 1, values=values).smooth(0.4).values[0]
    assert bump.argmax() == 150 and abs(bump.sum() - 1) < 1e-5 and np.allclose(bump, bump[::-1], atol=1e-6)
    assert abs(np.count_nonzero(bump >= bump.max() / 2) - 40) <= 2


def test_hold_freezes_at_a_moment():
    path = make()
    assert (path.hold(1.5).values == path.values[:, [150]]).all()
    after = path.hold(start=1.0, loudness=True)
    assert (after.values[:, 100:] == path.values[:, [100]]).all()
    assert np.allclose(after.loudness[100:], path.loudness[100], atol=1e-5)


def test_matching_gives_the_timbre_the_domains_mean_and_covariance():
    path = make(timbre=(0, 2), loudness=np.full(300, -20.0)).smooth(0.3).scale(30).bias(3)
    path = replace(path, values=path.values + 0.8 * path.values[[2, 3, 0, 1]])  # timbre 0 and 2 go together, and pitch 1 and 3
    half, whole = path.match(0.5), path.match()
    assert np.abs(whole.values[[0, 2]].mean(1)).max() < 1e-5 and np.allclose(np.cov(whole.values[[0, 2]]), np.eye(2), atol=0.1)
    assert abs(np.corrcoef(path.values[[0, 2]])[0, 1]) > 0.5
    assert np.allclose(whole.values[[1, 3]].mean(1), (1 - latent.PITCH) * path.values[[1, 3]].mean(1), atol=1e-4)
    told = np.corrcoef(np.concatenate([path.values[[1, 3]], whole.values[[0, 2]]]))[:2, 2:]
    assert np.abs(told).max() < 0.05, "pitch still tells of the timbre"
    assert np.allclose(half.values, (path.values + whole.values) / 2, atol=1e-5) and same(path.match(0), path, 1e-6)
    assert np.array_equal(whole.loudness, path.loudness)
    assert np.abs(replace(path, timbre=None).match().values.mean(1)).max() < 1e-4  # not known: all of them
    one = path.match(dims=[1])
    assert abs(one.values[1].std() - 1) < 0.02 and np.array_equal(one.values[[0, 2, 3]], path.values[[0, 2, 3]])


def test_what_flutters_from_frame_to_frame_is_not_widened():
    """The gesture beneath it is: so there is less of the flutter beside it than there was."""
    gesture, flutter = 0.3 * np.sin(2 * np.pi * np.arange(300) / 100), 0.1 * (-1.0) ** np.arange(300)
    after = make(values=np.tile(gesture + flutter, (4, 1)), loudness=np.full(300, -20.0)).match(dims=[0]).values[0]
    shaken = np.abs(np.diff(after, 2)).mean() / np.abs(np.diff(gesture + flutter, 2)).mean()
    wider = (after @ gesture) / (gesture @ gesture)
    assert wider > 3 and shaken < 0.5 * wider


def test_matching_what_is_as_the_domain_changes_nothing():
    values = np.sqrt(2) * np.sin(2 * np.pi * np.outer([1, 2, 3, 4], np.arange(300)) / 300)  # slow, of mean 0, each its own
    path = make(values=values, loudness=np.full(300, -20.0), timbre=(0, 2))
    assert same(path.match(), path, 0.05)


@given(st.integers(1, 40), st.floats(1e-6, 1e12), st.booleans())
def test_matching_any_path_is_finite(frames, size, alike):
    values = size * np.random.default_rng(frames).standard_normal((4, 300))
    loudness = np.where(np.arange(300) < frames, -20.0, -90.0)
    path = make(values=np.repeat(values[:1], 4, 0) if alike else values, loudness=loudness, timbre=(0, 2))
    assert np.isfinite(path.match().values).all()


def test_matching_listens_to_what_sounds_and_widens_no_further_than_it_says():
    loudness = np.where(np.arange(300) < 200, -20.0, -75.0)
    path = make(timbre=(0,), loudness=loudness, values=np.where(loudness > -60, 0.001, 9.0) * make().smooth(0.3).values)
    after = path.match(dims=[0])
    assert np.allclose(after.values[0, :190].std(), latent.WIDEN * path.values[0, :190].std(), rtol=0.02)
    silent = make(loudness=np.full(300, -90.0))
    assert silent.match() is silent


def test_draw_goes_through_its_points():
    path = make()
    after = path.draw([(2.0, 3.0), (1.0, -1.0)], dims=2)
    assert np.allclose(after.values[2, 100:201], np.linspace(-1, 3, 101), atol=1e-5)
    assert np.array_equal(np.delete(after.values[2], np.s_[100:201]), np.delete(path.values[2], np.s_[100:201]))
    wide = path.draw([(1.0, -1.0), (2.0, 3.0)], dims=2, start=0.5, end=2.5).values[2]
    assert (wide[50:100] == -1).all() and (wide[200:250] == 3).all() and wide[49] == path.values[2, 49]
    with pytest.raises(MelismaError, match="which latent"):
        path.draw([(0, 1)])
    for points in ([], [1, 2], [(0, np.nan)], "x", [(-1, 2)]):
        with pytest.raises(MelismaError):
            path.draw(points, dims=0)


def test_loudness_by_hand():
    path = make()
    assert (path.set_loudness(-20).loudness == -20).all()
    assert (path.set_loudness(-400).loudness == -100).all()
    ramp = np.linspace(-60, -10, 300)
    assert np.allclose(path.set_loudness(ramp).loudness, ramp)
    assert np.allclose(path.set_loudness([(0, -60), (2.99, -10)]).loudness, ramp, atol=1e-4)
    part = path.set_loudness(-20, start=1, end=2).loudness
    assert (part[100:200] == -20).all() and np.array_equal(part[:100], path.loudness[:100])
    with pytest.raises(MelismaError, match=r"shape \(7,\); a number, 300 values"):
        path.set_loudness(np.zeros(7))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda p: p.scale(float("nan")), "by is nan, not a finite number"),
        (lambda p: p.scale("much"), "by is 'much', not a number"),
        (lambda p: p.scale(1e39), "values of a path hold NaN, infinite or far too large"),
        (lambda p: p.scale(dims=[4]), r"dims is \[4\]; this path has the dimensions 0 to 3"),
        (lambda p: p.scale(dims=-1), "dims is -1"),
        (lambda p: p.scale(dims=1.5), "dims is 1.5"),
        (lambda p: p.scale(start=3.0), "start is 3 s, but the path ends at 3 s"),
        (lambda p: p.scale(start=-1), "start is -1; it must be 0 at least"),
        (lambda p: p.scale(start=2, end=1), "ends at 1 s, which is not after its start at 2 s"),
        (lambda p: p.hold(7), "at is 7 s, but the path ends at 3 s"),
        (lambda p: p.smooth(-1), "seconds is -1"),
        (lambda p: p.randomize(seed=-1), "seed is -1, not a whole number"),
        (lambda p: p.randomize(rate=0), "rate is 0; it must be 0.001 at least and 1000 at most"),
        (lambda p: p.interpolate(p, np.zeros(5)), "curve has the shape"),
        (lambda p: p.interpolate(3), "only latent paths"),
    ],
)
def test_bad_arguments(call, reason):
    with pytest.raises(MelismaError, match=reason):
        call(make())


def test_a_range_shorter_than_a_frame_is_one_frame_and_the_end_may_lie_beyond():
    path = make()
    assert np.count_nonzero(path.bias(1, start=1.0, end=1.001).values != path.values) == 4
    assert (path.scale(0, end=1e6).values == 0).all()


def test_layers_are_read_in_db_and_kept_as_they_are():
    path = layered()
    assert path.colour.shape == (latent.FINE, 40) and path.fine.shape == (30 - latent.FINE, 40)
    assert np.array_equal(np.concatenate([path.colour, path.fine]), path.layers * np.float32(latent.LAYER_STEP))
    assert not path.layers.flags.writeable and path.layers.dtype == np.int8
    assert make().fine is None and make().colour is None
    assert replace(path, layers=np.full((30, 40), -128, np.int8)).layers.min() == -127
    for wrong in (np.zeros((30, 39)), np.zeros(40), np.full((30, 40), np.nan), "layers", np.zeros((0, 40))):
        with pytest.raises(MelismaError, match="layers of a path"):
            replace(path, layers=wrong)


@pytest.mark.parametrize("start, end", [(None, None), (0.1, 0.25)])
def test_what_moves_a_path_in_time_moves_its_layers(start, end):
    path, span = layered(), slice(*((0, 40) if start is None else (10, 25)))
    others = np.r_[0 : span.start, span.stop : 40]
    wanted = {
        "reverse": path.layers[:, span][:, ::-1],
        "hold": np.repeat(path.layers[:, [span.start]], span.stop - span.start, 1),
    }
    for name, layers in wanted.items():
        moved = getattr(path, name)(start=start, end=end)
        assert np.array_equal(moved.layers[:, span], layers) and np.array_equal(moved.layers[:, others], path.layers[:, others])
        # one latent alone is not the sound that the layers are of
        assert np.array_equal(getattr(path, name)(dims=[0], start=start, end=end).layers, path.layers)
        for every in (range(path.dimensions), iter(range(path.dimensions))):  # what can be read once moved the latents alone
            assert np.array_equal(getattr(path, name)(dims=every, start=start, end=end).layers, moved.layers)


def test_what_bends_latents_leaves_the_layers():
    path = layered()
    for other in (
        path.scale(2), path.bias(1), path.randomize(1), path.smooth(0.1), path.match(), path.draw([(0, 1)], dims=[0]),
        path.gain(-6), path.set_loudness(-20),
    ):  # fmt: skip
        assert np.array_equal(other.layers, path.layers)
