"""Streams: blocks of any size, host rates, the latency that is declared."""

import numpy as np
import pytest
import reference_engine as reference
from hypothesis import given
from hypothesis import strategies as st
from needs import needs_core
from random_models import CLOSE, MELGAN, ROOT, SMALL, SMALL_MELGAN, TINY, file_bytes, quick, random_file, sound

from melisma.core import binding as core
from melisma.core.engine import Engine
from melisma.core.library import library

pytestmark = needs_core


@quick
@given(
    st.sampled_from([TINY, MELGAN]),
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from([0, 8000, 11025, 12345, 48000]),
    st.sampled_from([8, 16]),
)
def test_blocks_of_any_size_give_the_same_samples(config, sizes, rate, bits):
    x = sound(8000, 3000)
    model = core.CoreModel(file_bytes(config, bits=bits))
    whole = model.stream(rate).process(x)
    blocks = np.split(x, np.minimum(np.cumsum(sizes), len(x))) if sizes else [x]
    stream = model.stream(rate)
    assert np.array_equal(np.concatenate([stream.process(block) for block in blocks]), whole)
    stream.reset()
    assert np.array_equal(stream.process(x), whole)
    single = model.stream(rate)
    assert np.array_equal(np.concatenate([single.process(x[i : i + 1]) for i in range(500)]), whole[:500])


@pytest.mark.parametrize("config", [TINY, MELGAN], ids=["phase", "melgan"])
def test_streams_of_one_model_do_not_meet(config):
    model = core.CoreModel(file_bytes(config))
    sounds = [sound(8000, 2000, seed) for seed in range(3)]
    alone = [model.stream().process(x) for x in sounds]
    streams = [model.stream() for _ in sounds]
    parts = [[] for _ in sounds]
    for i in range(0, 2000, 77):
        for x, stream, kept in zip(sounds, streams, parts):
            kept.append(stream.process(x[i : i + 77]))
    for kept, wanted in zip(parts, alone):
        assert np.array_equal(np.concatenate(kept), wanted)


@pytest.mark.parametrize("block", [7, 128, 1000])
def test_the_last_frame_is_what_is_played(block):
    model, x = core.CoreModel(file_bytes(TINY)), sound(8000, 3000)
    latents, loudness = model.stream().encode(x)
    mel = model.stream().decode_mel(latents, loudness)
    stream = model.stream()
    assert stream.last_frame()[0] == 0
    for at in range(0, len(x), block):
        stream.process(x[at : at + block])
        count, z, level, bands = stream.last_frame()
        assert count == min(at + block, len(x)) // model.hop
        if count:
            assert np.array_equal(z, latents[:, count - 1]) and level == loudness[count - 1]
            assert np.array_equal(bands, mel[:, count - 1])
    stream.reset()
    stream.set("bias.1", 1)
    stream.reset()
    stream.process(x)
    assert np.allclose(stream.last_frame()[1][0], latents[0, -1] + 1, atol=1e-5)


def test_streams_outlive_their_model():
    model = core.CoreModel(file_bytes(TINY))
    stream, x = model.stream(), sound(8000, 500)
    wanted = stream.process(x)
    stream.reset()
    handle = model._handle
    model._give()
    library().melisma_close(handle)
    assert np.array_equal(stream.process(x), wanted)


def test_the_stream_equals_the_references():
    file = random_file(MELGAN)
    ours, theirs, x = Engine(file).stream(), reference.Engine(file).stream(), sound(8000, 4000)
    assert ours.latency == theirs.latency
    for block in np.array_split(x, 9):
        np.testing.assert_allclose(ours.process(block), theirs.process(block), atol=CLOSE)


@pytest.mark.parametrize("config", [TINY, MELGAN, SMALL], ids=["phase", "melgan", "usual frames"])
@pytest.mark.parametrize("rate", [0, 11025, 48000])
def test_latents_as_signals_equal_the_chain(config, rate):
    model = core.CoreModel(file_bytes(config))
    x = sound(rate or model.sample_rate, 5000)
    wanted = model.stream(rate).process(x)
    encoder, decoder = model.stream(rate), model.stream(rate)
    blocks = [decoder.decode_signals(encoder.encode_signals(block)) for block in np.array_split(x, 23)]
    assert np.array_equal(np.concatenate(blocks), wanted)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 88200, 96000, 192000])
def test_host_rates(rate):
    """As the model between two resamplers that hear everything at once, but `latency` samples late, as declared."""
    from melisma.sound.rates import resample

    model = core.CoreModel(file_bytes(SMALL_MELGAN))
    # nothing near the band's edges, where resamplers differ
    time = np.arange(rate) / rate
    x = (0.3 * np.sin(2 * np.pi * 440 * time) * np.minimum(1, 20 * time) + 0.1 * np.sin(2 * np.pi * 3000 * time * time)).astype(
        np.float32
    )
    stream = model.stream(rate)
    got = stream.process(x)[stream.latency :]
    own = model.stream()
    inner = own.process(np.concatenate([resample(x, rate, 44100), np.zeros(own.latency, np.float32)]))[own.latency :]
    wanted = resample(inner, 44100, rate)[: len(got)]
    # a random MelGAN is broadband: leave out what lies above both pass bands
    low = slice(0, int(0.4 * min(rate, 44100) * len(got) / rate))
    a, b = (np.fft.rfft(v * np.hanning(len(got)))[low] for v in (got, wanted))
    assert 20 * np.log10(np.linalg.norm(a - b) / np.linalg.norm(b)) < -60


@pytest.mark.parametrize("rate", [0, 48000, 96000])
@pytest.mark.parametrize("block", [1, 64, 512, 5000])
def test_declared_latency_is_measured(rate, block):
    """Dry and wet meet: clicks come out of the model where the delayed dry clicks lie, within a hop, for blocks of any size."""
    model = core.CoreModel(ROOT / "models" / "strings.melisma")
    host, blocks = rate or model.sample_rate, block if block > 1 else 41
    places = [host // 5, host // 2 + 77]
    x = np.zeros(host * 4 // 5, np.float32)
    for place in places:
        x[place : place + 8] = 0.9
    stream = model.stream(rate)

    def run(mix: float) -> np.ndarray:
        stream.set("mix", mix)
        stream.reset()
        if block == 1:  # one sample at a time about the first click
            start = places[0] - 200
            split = [0, start, *range(start + 1, start + 400), len(x)]
        else:
            split = [*range(0, len(x), blocks), len(x)]
        return np.concatenate([stream.process(x[a:b]) for a, b in zip(split, split[1:])])

    dry = run(0)
    assert np.array_equal(dry[stream.latency :], x[: -stream.latency]) and not dry[: stream.latency].any()
    energy, hop = run(1).astype(float) ** 2, model.hop * host / model.sample_rate
    for place in places:
        near = energy[place : place + 2 * stream.latency + 16]
        centre = place + (near * np.arange(len(near))).sum() / near.sum()
        assert abs(centre - (place + 4 + stream.latency)) < hop
