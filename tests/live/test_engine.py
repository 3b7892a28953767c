"""The engine of `melisma live`, driven by a test in the place of a sound card: the same stream as everywhere, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import needs_core

from melisma.core.binding import CoreModel
from melisma.core.exciter import Exciter
from melisma.errors import MelismaError
from melisma.live.engine import LARGEST, Engine
from melisma.store import pretrained

pytestmark = needs_core
RATE = 44100


@pytest.fixture(scope="module")
def model():
    return CoreModel(pretrained.locate("strings"))


def played(engine, sound, blocks, outputs=2):
    """sound (n, channels) or a length, in blocks of these sizes, again and again."""
    length = sound if isinstance(sound, int) else len(sound)
    out, at, turn = np.full((length, outputs), np.nan, np.float32), 0, 0
    while at < length:
        end = min(length, at + blocks[turn % len(blocks)])
        engine.process(None if isinstance(sound, int) else sound[at:end], out[at:end])
        at, turn = end, turn + 1
    return out


def noise(n, channels, seed=1):
    return np.random.default_rng(seed).normal(0, 0.1, (n, channels)).astype(np.float32)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=5))
def test_a_microphone_is_the_stream_whatever_the_blocks(model, blocks):
    engine = Engine(model, RATE, notes=False)
    engine.start({"match": 1.0, "fine": 1.0})
    x = noise(12000, 1)
    out = played(engine, x, blocks)
    stream = model.stream(RATE)
    stream.set("match", 1)
    stream.set("fine", 1)
    stream.reset()
    expected = np.clip(stream.process(x[:, 0]), -1, 1)
    np.testing.assert_array_equal(out, np.stack([expected, expected], 1))


def test_two_channels_stay_two_and_a_cards_others_are_silent(model):
    engine = Engine(model, RATE, channels=2, notes=False)
    engine.start({})
    x = noise(9000, 2)
    out = played(engine, x, [512], outputs=4)
    np.testing.assert_array_equal(out[:, :2].T, np.clip(model.stream(RATE, 2).process(x.T.copy()), -1, 1))
    assert not out[:, 2:].any()


def test_a_keyboard_sounds_and_its_settings_are_the_exciters(model):
    engine = Engine(model, RATE, microphone=False)
    engine.start({"fine": 1.0, "exciter.attack": 0.2})
    engine.midi(bytes([0x90, 60, 100]))
    out = played(engine, 20000, [256])
    source = Exciter(RATE, attack=0.2)
    source.midi(bytes([0x90, 60, 100]))
    stream = model.stream(RATE)
    stream.set("fine", 1)
    stream.reset()
    np.testing.assert_array_equal(out[:, 0], np.clip(stream.process(source.process(20000)), -1, 1))
    assert np.abs(out[12000:]).max() > 0.01


def test_microphone_and_keyboard_add(model):
    both = Engine(model, RATE)
    both.start({"mix": 0.0})
    x = noise(4000, 1)
    both.midi(bytes([0x90, 60, 100]))
    out = played(both, x, [100])
    source = Exciter(RATE)
    source.midi(bytes([0x90, 60, 100]))
    stream = model.stream(RATE)
    stream.set("mix", 0)
    stream.reset()
    np.testing.assert_array_equal(out[:, 0], np.clip(stream.process(x[:, 0] + source.process(4000)), -1, 1))


def test_a_block_larger_than_any(model):
    engine = Engine(model, RATE, notes=False)
    engine.start({})
    x = noise(2 * LARGEST + 5, 1)
    np.testing.assert_array_equal(
        played(engine, x, [len(x)])[:, 0], np.clip(model.stream(RATE).process(x[:, 0]), -1, 1)
    )  # fmt: skip


def test_a_block_makes_no_array(model):
    """Nothing in a block asks for memory of a block's size."""
    import tracemalloc

    engine = Engine(model, RATE)
    engine.start({})
    x, out = noise(4096, 1), np.zeros((4096, 2), np.float32)
    engine.process(x, out)
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(4):
            engine.process(x, out)
        assert tracemalloc.get_traced_memory()[1] - before < 4096 * 4
    finally:
        tracemalloc.stop()


def test_what_it_counts(model):
    engine = Engine(model, RATE)
    engine.start({})
    played(engine, 4000, [1000])
    assert (engine.blocks, engine.samples, engine.underruns) == (4, 4000, 0)
    assert engine.share > 0 and engine.worst > 0
    assert engine.latency == model.stream(RATE).latency


def test_values_are_asked_for_turned_and_kept(model):
    engine = Engine(model, RATE)
    engine.start({"match": 2.0, "attack": 0.5})
    assert engine.get("match") == 1 and engine.get("exciter.attack") == engine.get("attack") == 0.5
    assert engine.values() == {"match": 1.0, "exciter.attack": 0.5}
    for name, value in (("mach", 1), ("match", float("nan"))):
        with pytest.raises(MelismaError):
            engine.set(name, value)
    with pytest.raises(MelismaError, match="no knobs"):
        engine.learn("match")
    with pytest.raises(MelismaError, match="nothing here makes notes"):
        Engine(model, RATE, notes=False).midi(b"\x90\x40\x40")


def test_no_name_is_two_parameters(model):
    """The exciter's may be written without "exciter."."""
    bare = [row.bare for row in Engine(model, RATE).table.values()]
    assert len(set(bare)) == len(bare)


def test_another_rate_is_the_cores(model):
    engine = Engine(model, 48000, notes=False)
    engine.start({})
    x = noise(6000, 1)
    np.testing.assert_array_equal(played(engine, x, [480])[:, 0], np.clip(model.stream(48000).process(x[:, 0]), -1, 1))
