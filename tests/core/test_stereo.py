"""Streams of two channels: each as a stream of its own but for its phases; equal ones stay equal; any block; any buffers."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import needs_core
from random_models import MELGAN, TINY, file_bytes, quick, sound
from slots import Slot

from melisma.core import binding as core
from melisma.core.library import address, addresses, call
from melisma.errors import BadValue

pytestmark = needs_core
TURNED = st.dictionaries(
    st.sampled_from(["mix", "match", "fine", "colour", "randomize", "feedback", "scale.1", "bias.2", "hold", "loudness.offset"]),
    st.floats(0, 1, width=32),
    max_size=4,
)


@quick
@given(
    st.sampled_from([TINY, MELGAN]),
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from([0, 11025, 48000]),
    st.sampled_from([8, 16]),
    TURNED,
)
def test_two_channels_are_two_streams(config, sizes, rate, bits, turned):
    x = np.stack([sound(8000, 3000, 1), sound(8000, 3000, 2)])
    model = core.CoreModel(file_bytes(config, bits=bits))

    def made(channels):
        stream = model.stream(rate, channels)
        for name, value in turned.items():
            stream.set(name, value)
        stream.reset()  # so they are there at once
        return stream

    edges = np.unique([0, *np.minimum(np.cumsum(sizes), 3000), 3000]).astype(int)
    both = made(2)
    assert both.channels == 2 and both.latency == made(1).latency
    got = np.concatenate([both.process(x[:, a:b]) for a, b in zip(edges, edges[1:])], 1)
    whole = made(2).process(x) if rate == 0 or not sizes else got
    assert np.array_equal(got, whole)
    for channel in range(2):
        alone = made(1)
        wanted = np.concatenate([alone.process(x[channel, a:b]) for a, b in zip(edges, edges[1:])])
        if config is MELGAN:  # else its phases are common
            assert np.array_equal(got[channel], wanted)
    both.reset()
    equal, alone = both.process(np.stack([x[0], x[0]])), made(1)
    assert np.array_equal(equal[0], equal[1]) and np.array_equal(equal[0], alone.process(x[0]))
    # a first channel alone is a stream of one
    both.reset()
    out = np.empty(3000, np.float32)
    call("process", both._handle, address(x[0]), address(out), 3000)
    assert np.array_equal(out, equal[0])


@settings(max_examples=20, deadline=None)
@given(st.permutations([0, 1]), st.integers(0, 5000))
def test_any_buffer_may_be_any_other(order, length):
    """Out may be in, and of the other channel."""
    model = core.CoreModel(file_bytes(TINY))
    x = np.stack([sound(8000, length, 1), sound(8000, length, 2)]) if length else np.zeros((2, 0), np.float32)
    for rate in (0, 48000):
        wanted, stream, both = model.stream(rate, 2).process(x), model.stream(rate, 2), x.copy()
        rows = addresses(both)
        to = (ctypes.c_void_p * 2)(*(rows[i] for i in order))
        call("process_channels", stream._handle, rows, to, length)
        assert np.array_equal(both[list(order)], wanted)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=8), st.integers(0, 2000), st.sampled_from([(1, 2), (2, 1), (2, 2)]))
def test_slots_take_streams_of_either(sizes, when, kinds):
    """One of one channel hears the mean and sounds on both; what fades is the same on each channel as it is alone."""
    rate, length = 8000, 4000
    model = core.CoreModel(file_bytes(TINY))
    x = np.stack([sound(rate, length, 1), sound(rate, length, 2)])
    edges = np.unique([0, *np.minimum(np.cumsum([when, *sizes, length]), length)])
    slot, parts = Slot(rate), []
    slot.put(model.stream(rate, kinds[0]))
    for a, b in zip(edges, edges[1:]):
        if a == when:
            slot.put(model.stream(rate, kinds[1]))
        parts.append(slot.process_channels(x[:, a:b]))
    got = np.concatenate(parts, 1)
    assert got.shape == x.shape and np.isfinite(got).all()
    if kinds == (2, 2):
        out, x2 = [], model.stream(rate, 2)
        for i, j in zip(edges, edges[1:]):
            out.append(x2.process(x[:, i:j]))
        assert np.array_equal(got[:, :when], np.concatenate(out, 1)[:, :when])
    else:
        mean = model.stream(rate).process(0.5 * x[0] + 0.5 * x[1])
        quiet = slice(0, when if kinds[0] == 1 else 0)
        assert np.array_equal(got[0, quiet], mean[quiet]) and np.array_equal(got[1, quiet], mean[quiet])
    equal = Slot(rate)
    equal.put(model.stream(rate, kinds[0]))
    out = equal.process_channels(np.stack([x[0], x[0]]))
    assert np.array_equal(out[0], out[1]) and np.array_equal(out[0], model.stream(rate).process(x[0]))


@pytest.mark.parametrize("channels", [0, -1, 3, 1000])
def test_other_numbers_are_refused(channels):
    with pytest.raises(BadValue, match=f"1 or 2 channels, not {channels}"):
        core.CoreModel(file_bytes(TINY)).stream(0, channels)


def test_a_block_of_another_shape_is_refused():
    stream = core.CoreModel(file_bytes(TINY)).stream(0, 2)
    for bad in (np.zeros(5, np.float32), np.zeros((1, 5), np.float32), np.zeros((3, 5), np.float32)):
        with pytest.raises(BadValue, match=r"takes \(2, T\)"):
            stream.process(bad)


def test_where_a_sound_stands_it_stays():
    """Phases between the channels are the input's: what is turned to one side, late on one side, or turned over, is so after."""
    rate = 8000
    model = core.CoreModel(file_bytes(TINY))
    random = np.random.default_rng(5)
    x = (0.2 * np.convolve(random.standard_normal(12000), np.ones(4) / 4, "same")).astype(np.float32)

    def apart(a, b):
        a, b = model.stream(rate, 1).process(a), model.stream(rate, 1).process(b)
        return np.corrcoef(a, b)[0, 1]

    for right, wanted in ((0.4 * x, 1), (-x, -1)):
        out = model.stream(rate, 2).process(np.stack([x, right]))[:, 1000:]
        assert np.corrcoef(out)[0, 1] * wanted > 0.9
    hall = np.stack([x, random.permutation(x)])
    assert abs(np.corrcoef(model.stream(rate, 2).process(hall)[:, 1000:])[0, 1]) < 0.4
    assert apart(x, 0.4 * x) < 0.9  # as two streams of their own they are not


@pytest.mark.parametrize("before", [1000, 1024, 20000])
def test_after_a_reset_nothing_is_left_of_what_was_heard(before):
    """To the bit, in all that is turned up: the amounts by which a sound is matched, and its layers."""
    model = core.CoreModel(Path(__file__).resolve().parents[2] / "models" / "strings.melisma")
    x = np.stack([sound(8000, 8192, 1), sound(8000, 8192, 2)])

    def made():
        stream = model.stream(0, 2)
        for name in ("match", "fine", "colour"):
            stream.set(name, 1)
        stream.reset()
        return stream

    used = made()
    used.process(np.stack([sound(8000, before, 3), sound(8000, before, 4)]))
    used.reset()
    assert np.array_equal(used.process(x), made().process(x))
