"""Phases of the sound that is played, where fine structure is heard: notes that magnitudes alone do not tell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from needs import needs_core
from random_models import MELGAN, ROOT, TINY, file_bytes, quick, sound

from melisma.core import binding as core
from melisma.core.exciter import Exciter
from melisma.latent import LatentPath
from melisma.model import load
from melisma.sound.audio import Audio

pytestmark = needs_core
shares = st.sampled_from([0.0, 0.3, 1.0])


def turned(model, channels=1, **values):
    stream = model.stream(0, channels)
    for name, value in values.items():
        stream.set(name, value)
    stream.reset()
    return stream


@quick
@given(
    st.sampled_from([TINY, MELGAN]),
    st.integers(1, 2),
    st.lists(st.integers(0, 700), max_size=8),
    st.sampled_from([0.3, 1.0]),
    shares,
    st.sampled_from([0, 16, -12, 36, 60]),
)
def test_a_path_with_its_sound_is_the_stream_to_the_bit(config, channels, sizes, fine, phases, louder):
    """For any split of either, one channel and two, and however much louder than its sound a frame is."""
    model, x = core.CoreModel(file_bytes(config)), np.stack([sound(8000, 3000, c + 1) for c in range(channels)])
    stream = turned(
        model, channels, **{"fine": fine, "colour": 0.5, "fine.kept": 0, "fine.phases": phases, "loudness.offset": louder}
    )
    edges = np.unique([0, *np.minimum(np.cumsum(sizes), 3000), 3000]).astype(int)
    got = np.concatenate(
        [np.atleast_2d(stream.process(x[0, a:b] if channels == 1 else x[:, a:b])) for a, b in zip(edges, edges[1:])], 1
    )
    paths = [model.stream().encode_layers(side) for side in x]
    lifted = [
        (z, np.where(level > -100, np.maximum(level + np.float32(louder), -100), -100), layers) for z, level, layers in paths
    ]
    whole, frames, parts = model.stream(0, channels), len(paths[0][1]), []
    for begin in range(0, frames, 1 + len(sizes)):
        part = slice(begin, begin + 1 + len(sizes))
        heard = x[:, begin * model.hop : min(part.stop, frames) * model.hop]
        given = [(z[:, part], level[part], layers[:, part]) for z, level, layers in lifted]
        share = np.full(len(given[0][1]), np.float32(fine) * np.float32(phases), np.float32)
        parts.append(whole.decode_heard(given, heard, share, fine, 0.5))
    wanted = np.concatenate(parts, 1)
    assert np.array_equal(got[:, model.hop : frames * model.hop], wanted[:, : (frames - 1) * model.hop])


@quick
@given(st.integers(1, 2), st.lists(st.integers(1, 9), min_size=1, max_size=8), st.sampled_from([0.4, 1.0]))
def test_what_stays_low_does_so_for_any_split(channels, sizes, matched):
    """And for two channels that are alike to the bit; of a path that was not matched, all is as it was."""
    model, x = core.CoreModel(file_bytes(TINY)), sound(8000, 3000)
    x = np.diff(np.diff(x, prepend=0), prepend=0).astype(np.float32)  # little lies below
    z, level, layers = model.stream().encode_layers(x)
    lifted, frames = (-2 * z, level, layers), len(level)

    def decoded(edges, matched):
        stream, parts = model.stream(0, channels), []
        for a, b in zip(edges, edges[1:]):
            heard = np.stack([x[a * model.hop : b * model.hop]] * channels)
            path = (lifted[0][:, a:b], level[a:b], layers[:, a:b])
            parts.append(stream.decode_heard([path] * channels, heard, np.ones(b - a, np.float32), 1, 0, matched))
        return np.concatenate(parts, 1)

    whole = decoded([0, frames], matched)
    edges = np.unique([0, *np.minimum(np.cumsum(sizes), frames), frames]).tolist()
    assert np.array_equal(decoded(edges, matched), whole)
    assert np.array_equal(whole[0], whole[-1])
    assert not np.array_equal(whole, decoded([0, frames], 0.0))


def test_where_so_much_is_lifted_phases_are_their_own():
    """As when a level is held and the input is silent but for its noise."""
    model, x = core.CoreModel(file_bytes(TINY)), 1e-3 * sound(8000, 3000)

    def played(level, phases, x):
        by_hand = {"fine": 1, "loudness.by_hand": 1, "loudness.level": level, "fine.phases": phases}
        return turned(model, **by_hand).process(x)

    assert not np.array_equal(played(-70, 1, x), played(-70, 0, x))
    assert np.array_equal(played(0, 1, x), played(0, 0, x))
    silence = played(-20, 1, np.zeros(3000, np.float32))
    assert np.isfinite(silence).all()


@pytest.mark.parametrize("note", [36, 40, 47, 52])
def test_a_low_note_keeps_its_pitch(note):
    """Its partials are nearer to one another than bins are: a period of it is a period of what the strings play."""
    model = load(ROOT / "models" / "strings.melisma")
    source = Exciter(model.sample_rate, sustain=1)
    source.note_on(0, note, 0.8)
    x = source.process(round(1.2 * model.sample_rate))

    def period(**values):
        y = model.stream(match=1, fine=1, **values).process(x)[model.sample_rate // 2 :].astype(float)
        spectrum = np.abs(np.fft.rfft(y, 4 * len(y))) ** 2
        like = np.fft.irfft(spectrum)
        least, most = model.sample_rate // 400, model.sample_rate // 50
        at = least + int(np.argmax(like[least:most]))
        return at, like[at] / like[0]

    wanted = model.sample_rate / (440 * 2 ** ((note - 69) / 12))
    (own, much), (_, less) = period(), period(**{"fine.phases": 0})
    assert own == pytest.approx(wanted, rel=0.005) or own == pytest.approx(2 * wanted, rel=0.005)
    assert much > 0.92 and much > less


@pytest.mark.parametrize("name", ["strings", "singing", "speech"])
def test_below_its_lowest_partial_a_note_has_no_drone(name):
    """Where a domain's sounds have partials and the sound that is played has none: nothing is lifted, and the note is as loud."""
    model = load(ROOT / "models" / f"{name}.melisma")
    source = Exciter(model.sample_rate, sustain=1)
    source.note_on(0, 79, 0.8)
    x = source.process(round(1.2 * model.sample_rate)) + 1e-4 * sound(model.sample_rate, round(1.2 * model.sample_rate))

    def levels(**values):
        """In dB, of all and of what lies an octave and more below the note."""
        y = model.stream(match=1, fine=1, **values).process(x)[model.sample_rate // 2 :].astype(float)
        energy = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
        frequencies = np.fft.rfftfreq(len(y), 1 / model.sample_rate)
        return 10 * np.log10([energy.sum(), energy[frequencies < 392].sum()])

    (whole, low), (before, lifted) = levels(), levels(**{"fine.phases": 0})
    assert low - whole < -30 and low < lifted - 10
    assert whole == pytest.approx(before, abs=2)


def test_of_a_path_what_is_matched_stays_low():
    """Below the sound's lowest partial; what a hand draws into one that is not matched is heard."""
    model = load(ROOT / "models" / "singing.melisma")
    source = Exciter(model.sample_rate, sustain=1)
    source.note_on(0, 79, 0.8)
    heard = Audio(source.process(model.sample_rate)[None], model.sample_rate)
    path = model.encode(heard)
    assert path.matched == 0 and path.match(0.5).matched == 0.5 and path.match().scale(2).matched == 1
    moved = model.transferred(path)
    assert moved.matched == 1

    def low(path):
        y = np.asarray(model.decode(path, fine=1, colour=0, sound=heard)).reshape(-1)[model.sample_rate // 2 :].astype(float)
        energy = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
        return 10 * np.log10(energy[: len(energy) * 2 * 392 // model.sample_rate].sum() / energy.sum())

    assert low(moved) < low(replace(moved, matched=0)) - 6


def test_what_is_moved_in_time_has_phases_of_its_own():
    model = load(ROOT / "models" / "strings.melisma")
    heard = Audio(0.5 * sound(44100, 30000)[None], 44100)
    path = model.encode(heard)
    assert path.in_time.all() and path.scale(2).in_time.all() and path.match().in_time.all() and path.gain(-3).in_time.all()
    moved = path.reverse(start=0.2, end=0.4)
    assert np.array_equal(moved.in_time, (path.times < 0.2 - 1e-9) | (path.times >= 0.4)) or abs((~moved.in_time).sum() - 34) <= 1
    assert moved.reverse(dims=[1]).in_time.sum() == moved.in_time.sum()  # its fine structure stays
    other = model.encode(Audio(0.5 * sound(44100, 20000, 1)[None], 44100))
    blended = path.interpolate(other, [(0, 0), (0.3, 0), (0.31, 1)])
    assert blended.in_time[:40].all() and not blended.in_time[60:].any()
    alone = LatentPath(path.values, path.loudness, path.rate, path.length, path.source_rate, path.model, layers=path.layers)
    assert alone.in_time is None
    assert np.array_equal(model.decode(path.reverse(), sound=heard), model.decode(path.reverse()))
    assert np.array_equal(model.decode(alone, sound=heard), model.decode(path))
    with_it, without = (np.asarray(model.decode(path, sound=given)) for given in (heard, None))
    off = [np.abs(y - heard.samples).mean() for y in (with_it, without)]
    assert off[0] < 0.5 * off[1]


def test_a_side_that_is_silent_leaves_the_other_its_phases():
    model, x = core.CoreModel(file_bytes(TINY)), sound(8000, 3000)
    silence = np.zeros_like(x)
    alone = turned(model, fine=1, colour=1).process(x)
    for pair in ([x, silence], [silence, x]):
        both = turned(model, 2, fine=1, colour=1).process(np.stack(pair))
        side = next(i for i, given in enumerate(pair) if given is x)
        own = turned(model, 2, **{"fine": 1, "colour": 1, "fine.phases": 0}).process(np.stack(pair))[side]
        off = [np.abs(y - alone)[200:].mean() for y in (both[side], own)]
        assert off[0] < 0.5 * off[1]
