"""The exciter: the same for any block, in tune, without aliases or clicks, and what MIDI says of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import needs_core

from melisma.core.exciter import Exciter, exciter_parameters
from melisma.errors import BadValue
from melisma.latent.notes import EXCITER

pytestmark = needs_core
RATE = 44100
PLAIN = {"attack": 0.001, "sustain": 1, "velocity": 0, "release": 0.01}

channels, notes = st.integers(-2, 17), st.integers(-3, 130)
numbers = st.floats(width=32) | st.floats(-1, 1.5, width=32)
events = st.one_of(
    st.tuples(st.just("note_on"), channels, notes, numbers),
    st.tuples(st.just("note_on"), st.integers(0, 1), st.integers(40, 90), st.floats(0.1, 1)),
    st.tuples(st.just("note_off"), channels, notes),
    st.tuples(st.just("bend"), channels, numbers),
    st.tuples(st.just("pressure"), channels, notes, numbers),
    st.tuples(st.just("midi"), st.binary(max_size=4)),
    st.tuples(st.just("midi"), st.tuples(st.integers(0x80, 0xEF), st.integers(0, 127), st.integers(0, 127)).map(bytes)),
    st.tuples(st.just("set"), st.sampled_from([p.name for p in EXCITER]), numbers),
    st.tuples(st.just("reset")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 700), events), max_size=40), st.sampled_from([8000, 44100, 192000]), st.integers(1, 300))
def test_anything_told_gives_the_same_finite_sound_for_any_block(told, rate, block):
    def played(size):
        exciter, parts = Exciter(rate), []
        for samples, (name, *values) in [*told, (1500, ("reset",))]:
            for start in range(0, samples, size):
                parts.append(exciter.process(min(size, samples - start)))
            getattr(exciter, name)(*values)
        parts.append(exciter.process(100))
        return np.concatenate(parts)

    whole = played(10**6)
    assert np.array_equal(played(block), whole)
    assert np.isfinite(whole).all() and np.abs(whole).max() < 8 * 30 * 10 ** (24 / 20)
    assert not whole[-100:].any()  # a reset is silence


def spectrum(x, rate=RATE):
    return np.abs(np.fft.rfft(x * np.kaiser(len(x), 18))), np.fft.rfftfreq(len(x), 1 / rate)


@pytest.mark.parametrize("shape", [0, 0.5, 1])
@pytest.mark.parametrize("note", [21, 36, 60, 72, 84, 96, 108])
def test_waves_have_the_notes_partials_and_no_aliases(note, shape):
    exciter = Exciter(shape=shape, **PLAIN)
    exciter.note_on(0, note, 1)
    x = exciter.process(RATE * 5 // 2)[RATE // 2 :].astype(float)
    magnitude, frequency = spectrum(x)
    pitch = 440 * 2 ** ((note - 69) / 12)
    partial = np.abs(frequency / pitch - np.round(frequency / pitch)) * pitch < 12
    first = frequency[np.argmax(np.where(np.abs(frequency - pitch) < 10, magnitude, 0))]
    assert abs(1200 * np.log2(first / pitch)) < 1200 * np.log2(1 + 0.3 / pitch)  # to the spectrum's resolution
    below = (frequency > 20) & (frequency < 10000)
    assert magnitude[below & ~partial].max() < 10 ** (-70 / 20) * magnitude.max()
    assert magnitude[(frequency > 20) & (frequency < 20000) & ~partial].max() < 10 ** (-35 / 20) * magnitude.max()
    assert abs(20 * np.log10(np.sqrt(np.mean(x**2))) + 18) < 1.8  # the level that is declared, less what lies beyond the band


def test_noise_and_breath_have_the_declared_level_and_breath_has_a_pitch():
    for shape in (2, 2.5, 3):
        exciter = Exciter(shape=shape, **PLAIN)
        exciter.note_on(0, 69, 1)
        x = exciter.process(4 * RATE)[RATE // 2 :]
        assert abs(20 * np.log10(np.sqrt(np.mean(x**2))) + 18) < 1, shape
    power, frequency = spectrum(x)[0] ** 2, spectrum(x)[1]
    assert power[np.abs(frequency - 440) < 30].sum() > 0.4 * power.sum()


@pytest.mark.parametrize("shape", [0, 1, 0.5])
def test_air_is_pink_noise_as_far_below_the_wave_as_it_says(shape):
    waves = []
    for air in (-60, -20):
        exciter = Exciter(shape=shape, air=air, **PLAIN)
        exciter.note_on(0, 57, 1)
        waves.append(exciter.process(5 * RATE)[RATE:].astype(float))
    noise = waves[1] - waves[0]
    level = 20 * np.log10(np.sqrt(np.mean(noise**2)))
    assert abs(level + 18 + 20) < 0.6, "of the declared level of the wave"
    power, frequency = spectrum(noise)[0] ** 2, spectrum(noise)[1]
    octaves = [
        10 * np.log10(power[(frequency >= low) & (frequency < 2 * low)].sum()) for low in (125, 250, 500, 1000, 2000, 4000)
    ]
    assert np.ptp(octaves) < 2.5, "pink: each octave has the same power"
    quiet = Exciter(shape=2, air=0, **PLAIN), Exciter(shape=2, **PLAIN)
    for one in quiet:
        one.note_on(0, 57, 1)
    assert np.array_equal(quiet[0].process(1000), quiet[1].process(1000)), "noise has none beside it"


@pytest.mark.parametrize("shape", [0, 1])
def test_stolen_and_ended_voices_do_not_click(shape):
    """A ninth note takes the oldest's place: nothing steps further than the waves do themselves."""
    exciter = Exciter(shape=shape, release=0.3)
    for note in range(36, 44):
        exciter.note_on(0, note, 1)
    before = exciter.process(RATE // 2)
    own = np.abs(np.diff(before)).max()
    parts = []
    for note in range(44, 60):
        exciter.note_on(0, note, 0.2 + 0.05 * (note - 44))
        parts.append(exciter.process(997))
    exciter.midi(bytes([0xB0, 120, 0]))
    parts.append(exciter.process(RATE // 2))
    sound = np.concatenate([before[-1:], *parts])
    assert np.abs(np.diff(sound)).max() < 1.3 * own
    assert not sound[-1000:].any()


def level(x):
    return 20 * np.log10(max(1e-9, np.sqrt(np.mean(np.square(x, dtype=float)))))


def pitch_of(x, rate=RATE):
    """By the number of periods: upward zero crossings of a saw whose higher partials are filtered by a mean."""
    magnitude, frequency = spectrum(x, rate)
    place = int(np.argmax(magnitude))
    a, b, c = np.log(magnitude[place - 1 : place + 2])
    return (place + 0.5 * (a - c) / (a - 2 * b + c)) * frequency[1]


def test_the_oldest_note_is_the_one_that_goes():
    exciter = Exciter(**PLAIN)
    for note in range(60, 69):  # nine
        exciter.note_on(0, note, 1)
        exciter.process(100)
    for note in range(61, 69):
        exciter.note_off(0, note)
    assert level(exciter.process(RATE)[RATE // 2 :]) < -150  # 60 is gone, all others were let go
    exciter.note_on(0, 60, 1)
    exciter.process(RATE // 10)
    exciter.note_off(0, 61)
    assert level(exciter.process(RATE)[RATE // 2 :]) > -20
    exciter.note_off(0, 60)
    assert level(exciter.process(RATE)[RATE // 2 :]) < -150


def test_midi_bends_presses_sustains_and_ends():
    exciter = Exciter(**PLAIN)
    exciter.midi(bytes([0x90, 69, 127]))
    plain = exciter.process(RATE)
    assert abs(pitch_of(plain) - 440) < 0.1
    exciter.midi(bytes([0xE0, 127, 127]))  # two semitones up
    exciter.process(RATE // 10)
    assert abs(pitch_of(exciter.process(RATE)) - 440 * 2 ** (2 / 12)) < 0.2
    for message in ([0xB0, 101, 0], [0xB0, 100, 0], [0xB0, 6, 12]):  # RPN 0: an octave
        exciter.midi(bytes(message))
    exciter.process(RATE // 10)
    assert abs(pitch_of(exciter.process(RATE)) - 880) < 0.2
    exciter.midi(bytes([0xE0, 0, 64]))
    exciter.process(RATE // 10)
    exciter.midi(bytes([0xD0, 127]))  # channel pressure
    exciter.process(RATE // 10)
    assert abs(level(exciter.process(RATE)) - level(plain[RATE // 10 :]) - 6) < 0.2
    exciter.midi(bytes([0xB0, 64, 127]))
    exciter.midi(bytes([0x80, 69, 0]))
    assert level(exciter.process(RATE)) > -20  # the pedal keeps it
    exciter.midi(bytes([0xB0, 64, 0]))
    exciter.process(RATE // 4)
    assert level(exciter.process(RATE)) < -150
    exciter.midi(bytes([0x90, 69, 127]))
    exciter.process(RATE // 4)
    exciter.midi(bytes([0xB0, 123, 0]))
    exciter.process(RATE // 4)
    assert level(exciter.process(RATE)) < -150


def test_mpe_bends_each_note_by_itself_and_its_master_all():
    exciter = Exciter(**PLAIN)
    for message in ([0xB0, 101, 0], [0xB0, 100, 6], [0xB0, 6, 4]):  # a lower zone of four members
        exciter.midi(bytes(message))
    exciter.midi(bytes([0x91, 69, 127]))
    exciter.midi(bytes([0xE1, 0, 64 + 16]))  # a quarter of 48 semitones up
    exciter.process(RATE // 10)
    assert abs(pitch_of(exciter.process(RATE)) - 880) < 0.2
    exciter.midi(bytes([0xE0, 0, 0]))  # the master: its 2 semitones down
    exciter.process(RATE // 10)
    assert abs(pitch_of(exciter.process(RATE)) - 880 * 2 ** (-2 / 12)) < 0.3
    exciter.midi(bytes([0x96, 69, 127]))  # not a member: the usual range, and no master
    exciter.midi(bytes([0x81, 69, 0]))
    exciter.midi(bytes([0xE6, 127, 127]))
    exciter.process(RATE // 4)
    assert abs(pitch_of(exciter.process(RATE)) - 440 * 2 ** (2 / 12)) < 0.2


def test_velocity_is_decibels_and_vibrato_swings():
    soft = Exciter(attack=0.001, sustain=1, velocity=24)
    soft.note_on(0, 60, 0.5)
    assert abs(level(soft.process(RATE)[2000:]) + 30) < 0.2
    swung = Exciter(**PLAIN, vibrato=100, vibrato_rate=5)
    swung.note_on(0, 81, 1)
    x = swung.process(RATE)[RATE // 10 :]
    pitches = [pitch_of(x[i : i + 1200]) for i in range(0, len(x) - 1200, 400)]
    assert 60 < 1200 * np.log2(max(pitches) / 880) < 110 and -110 < 1200 * np.log2(min(pitches) / 880) < -60


def test_the_declared_parameters_are_the_cores():
    assert [(p.name, p.unit, p.summary) for p in exciter_parameters()] == [(p.name, p.unit, p.summary) for p in EXCITER]
    exciter = Exciter()
    for p in exciter_parameters():
        assert exciter.get(p.name) == pytest.approx(p.default)
        exciter.set(p.name, p.maximum + 1)
        assert exciter.get(p.name) == pytest.approx(p.maximum)
        exciter.set(p.name, float("nan"))
        assert exciter.get(p.name) == pytest.approx(p.maximum)
    with pytest.raises(BadValue, match="no parameter 'shap'"):
        exciter.set("shap", 1)
