"""Slots: a stream takes another's place while it sounds, from another thread. And loops."""

import json
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import needs_core
from random_models import MELGAN, ROOT, TINY, built, file_bytes, sound
from slots import Slot

from melisma.core import binding as core
from melisma.core.loop import CoreLoop

pytestmark = needs_core
RATE = 8000
WARM = RATE // 20  # and the stream's latency
FADE = int(0.03 * RATE) + 1


@pytest.fixture(scope="module")
def models():
    return core.CoreModel(file_bytes(TINY)), core.CoreModel(file_bytes(MELGAN))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 3000))
def test_one_stream_goes_over_into_another(sizes, when):
    """As the first, then as both in their shares, then as the second, to the bit; for blocks of any size."""
    first, second = core.CoreModel(file_bytes(TINY)), core.CoreModel(file_bytes(MELGAN))
    x = sound(RATE, 6000)
    edges = np.unique([0, *np.minimum(np.cumsum([when, *sizes, 6000]), 6000)])
    slot, out = Slot(RATE), []
    slot.put(first.stream(RATE))
    for start, end in zip(edges, edges[1:]):
        if start == when:
            slot.put(second.stream(RATE))
        out.append(slot.process(x[start:end]))
    out = np.concatenate(out)
    if when == 0:
        assert np.array_equal(out, second.stream(RATE).process(x))
    else:
        check_fade(first, second, x, out, when)
    assert not slot.tidy() and not slot.tidy()


def check_fade(first, second, x, out, when):
    """The old stream's sound until the new one is warm, then from one to the other."""
    a, late = first.stream(RATE).process(x), second.stream(RATE)
    b = np.concatenate([np.zeros(when, np.float32), late.process(x[when:])])
    begin = when + WARM + late.latency
    left = np.arange(FADE - 1, -1, -1)
    share = np.concatenate([np.zeros(begin), 0.5 + 0.5 * np.cos(np.pi * left / FADE), np.ones(6000)])[:6000]
    np.testing.assert_allclose(out, a + share * (b - a), atol=2e-6)
    assert np.array_equal(out[:begin], a[:begin]) and np.array_equal(out[begin + FADE :], b[begin + FADE :])


def test_a_swap_does_not_click(models):
    x = 0.3 * np.sin(2 * np.pi * 100 / RATE * np.arange(4 * RATE)).astype(np.float32)
    slot = Slot(RATE)
    slot.put(models[0].stream(RATE))
    out, own = [], max(np.abs(np.diff(m.stream(RATE).process(x)[2000:])).max() for m in models)
    for i in range(0, len(x), 64):
        if i and i % 6400 == 0:
            slot.put([models[1], models[0], None][i // 6400 % 3] and [models[1], models[0], None][i // 6400 % 3].stream(RATE))
        out.append(slot.process(x[i : i + 64]))
        slot.tidy()
    steps = np.abs(np.diff(np.concatenate(out)[2000:]))
    assert steps.max() < 1.3 * own + 0.3 * np.pi / FADE


def test_empty_slots_are_silent_and_missed_streams_never_sound(models):
    x = sound(RATE, 2000)
    slot = Slot(RATE)
    assert not slot.process(x).any()
    signals = slot.encode_signals(x, 4)
    assert not signals[:3].any() and (signals[3] == -100).all() and not slot.decode_signals(signals).any()
    slot.put(models[0].stream(RATE))
    slot.put(None)
    assert not slot.process(x).any()
    fresh = Slot(RATE)
    fresh.put(models[0].stream(RATE))
    fresh.put(models[1].stream(RATE))
    assert np.array_equal(fresh.process(x), models[1].stream(RATE).process(x))


@pytest.mark.parametrize("width", [2, 3, 6])
def test_latents_as_signals(models, width):
    """Signals beyond the model's are silent, latents beyond the signals are 0."""
    x = sound(RATE, 3000)
    model = models[1]
    encoder, decoder = Slot(RATE), Slot(RATE)
    encoder.put(model.stream(RATE))
    decoder.put(model.stream(RATE))
    signals = np.concatenate([encoder.encode_signals(b, width) for b in np.array_split(x, 7)], 1)
    whole = model.stream(RATE).encode_signals(x)
    wanted = np.zeros((3, len(x)), np.float32)
    shared = min(width, 3) - 1
    wanted[:shared], wanted[-1] = whole[:shared], whole[-1]
    assert np.array_equal(signals[:shared], wanted[:shared]) and np.array_equal(signals[-1], wanted[-1])
    assert not signals[shared:-1].any()
    got = np.concatenate([decoder.decode_signals(b) for b in np.array_split(signals, 5, 1)])
    assert np.array_equal(got, model.stream(RATE).decode_signals(wanted))


def swap(driver, paths, seconds=2):
    done = subprocess.run([str(driver), "swap", *map(str, paths), str(seconds)], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}, done.stderr


@pytest.mark.parametrize("sanitizer", ["", "thread", "address,undefined"])
def test_swaps_from_another_thread(tmp_path_factory, model_paths, sanitizer):  # noqa: F811
    # the options are those of test_audio_thread.py, whose driver this is
    options = [f"--sanitize={sanitizer}"] if sanitizer else []
    driver = built(tmp_path_factory, "driver", f"--driver={ROOT / 'core/tests/driver.cpp'}", *options, "--optimise=1")
    pair = [path for path in model_paths if path.stem in ("phase", "melgan")]
    code, found, errors = swap(driver, pair)
    assert code == 0 and "WARNING" not in errors and "runtime error" not in errors, errors[-3000:]
    assert found["taken"] > 3 and found["puts"] > 20 and (sanitizer or found["counted"]), found


def test_frozen_latents_stay(models):
    """Frozen, the latents are those of the moment, whatever comes in; the loudness goes on unless it is frozen, too."""
    model, x = models[1], sound(RATE, 4000)
    for both in (False, True):
        stream = model.stream(RATE)
        before = stream.encode_signals(x[:2000])[:, -1]
        stream.set("hold", 1)
        stream.set("hold.loudness", both)
        after = stream.encode_signals(x[2000:])
        assert (after[:-1] == before[:-1, None]).all() and (after[-1] == before[-1]).all() == both
    latents, loudness = model.stream().encode(x)
    frames = 2000 // model.hop
    stream = model.stream()
    out = [stream.process(x[:2000])]
    stream.set("hold", 1)
    out.append(stream.process(x[2000:]))
    latents[:, frames:] = latents[:, frames - 1 : frames]
    wanted = model.stream().decode(latents, loudness)[: len(x) - model.hop]
    # by and by, as every parameter moves
    error = np.abs(np.concatenate(out)[model.hop :] - wanted)
    assert error[: 2000 - model.hop].max() < 1e-4 and error[3200:].max() < 1e-3


@settings(max_examples=30, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True, width=32), st.floats(width=32), st.floats(width=32), st.integers(1, 500))
def test_loops_are_bounded_and_the_same_for_any_block(frequency, q, gain, block):
    x = (100 * np.random.default_rng(0).standard_normal(2000)).astype(np.float32)
    x[::97] = np.nan
    turned = (frequency, q, gain, -30.0)
    whole = CoreLoop(RATE, 5).process(x, *turned)
    loop = CoreLoop(RATE, 5)
    assert np.array_equal(np.concatenate([loop.process(x[i : i + block], *turned) for i in range(0, 2000, block)]), whole)
    assert np.isfinite(whole).all() and np.abs(whole).max() <= 0.7 + 1.8 * 10 ** (-30 / 20)


def test_a_loop_is_a_bandpass_and_breathes():
    silence = np.zeros(RATE, np.float32)
    assert not CoreLoop(RATE).process(silence, 400, 2, 1, -120).any()
    breath = CoreLoop(RATE, 1).process(silence, 400, 2, 1, -60)
    assert abs(20 * np.log10(np.sqrt(np.mean(breath**2))) + 60) < 0.5
    assert not np.array_equal(breath, CoreLoop(RATE, 2).process(silence, 400, 2, 1, -60))
    time = np.arange(RATE) / RATE
    level = {}
    for frequency in (100, 400, 1600):
        x = (0.1 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)
        level[frequency] = np.abs(CoreLoop(RATE).process(x, 400, 4, 2, -120)[RATE // 2 :]).max()
    assert abs(level[400] - 0.2) < 0.01 and max(level[100], level[1600]) < 0.02
