"""The MIDI map: knobs, soft takeover, learning, and its file."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from surfaces import Remembers

from melisma.control import midimap
from melisma.control.midimap import Knob, Knobs
from melisma.errors import MelismaError


def turn(knobs, *values, controller=20, channel=1):
    for value in values:
        knobs.receive(bytes([0xB0 | channel - 1, controller, value]))


@pytest.fixture
def surface():
    return Remembers()


def test_a_knob_does_nothing_until_it_passes_the_value(surface):
    surface.set("match", 0.5)
    knobs = Knobs(surface, (Knob("match", 20),))
    turn(knobs, 0, 20, 40)
    assert surface.get("match") == 0.5
    turn(knobs, 70)
    assert surface.get("match") == pytest.approx(70 / 127)
    turn(knobs, 10, 127)
    assert surface.get("match") == 1


def test_a_first_touch_far_away_does_nothing_and_near_by_takes_it(surface):
    surface.set("match", 0.5)
    knobs = Knobs(surface, (Knob("match", 20),))
    turn(knobs, 127)
    assert surface.get("match") == 0.5
    turn(Knobs(surface, (Knob("match", 20),)), 64)
    assert surface.get("match") == pytest.approx(64 / 127)


def test_what_something_else_turned_is_to_be_passed_again(surface):
    knobs = Knobs(surface, (Knob("match", 20),))
    turn(knobs, 0, 20)
    assert surface.get("match") == pytest.approx(20 / 127)
    surface.set("match", 0.8)
    turn(knobs, 30, 60)
    assert surface.get("match") == 0.8
    turn(knobs, 110, 100)
    assert surface.get("match") == pytest.approx(100 / 127)


@given(st.lists(st.integers(0, 127), min_size=1, max_size=40), st.floats(0, 1))
def test_nothing_ever_jumps(moves, stands):
    """However it is moved, the value changes by no more than the knob itself does."""
    surface = Remembers()
    surface.set("match", stands)
    knobs, before = Knobs(surface, (Knob("match", 20),)), None
    for move in moves:
        last = surface.get("match")
        turn(knobs, move)
        change = abs(surface.get("match") - last)
        assert change <= (3 if before is None else abs(move - before) + 3) / 127
        before = move


def test_fourteen_bits(surface):
    knobs = Knobs(surface, (Knob("match", 20, bits=14),))
    for value in (0, 1, 5461, 16383):
        turn(knobs, value >> 7, controller=20)
        before = surface.get("match")
        assert before == surface.get("match")
        turn(knobs, value & 127, controller=52)
        assert surface.get("match") == pytest.approx(value / 16383, abs=1e-9)


def test_ranges_ratios_channels_and_whole_numbers(surface):
    knobs = Knobs(
        surface,
        (
            Knob("feedback.frequency", 21),
            Knob("loudness.offset", 22, low=-20, high=0),
            Knob("bias.1", 23, channel=2, low=2, high=-2),
            Knob("hold", 24),
        ),
    )
    for controller in (21, 22, 24):
        turn(knobs, *range(128), *range(127, 63, -1), controller=controller)
    assert surface.get("feedback.frequency") == pytest.approx(20 * 1000 ** (64 / 127))
    assert surface.get("loudness.offset") == pytest.approx(-20 + 20 * 64 / 127)
    assert surface.get("hold") == 1
    turn(knobs, *range(128), controller=23, channel=1)
    assert surface.get("bias.1") == 0
    turn(knobs, *range(128), controller=23, channel=2)
    assert surface.get("bias.1") == -2


def test_what_is_no_knob_of_the_map_makes_notes(surface):
    knobs = Knobs(surface, (Knob("match", 20),))
    others = ["903c40", "803c00", "b00140", "b06500", "b00600", "e00040", "d07f", "a03c10", "b04040", "f8"]
    for one in others:
        knobs.receive(bytes.fromhex(one))
    turn(knobs, 64)
    assert [one.hex() for one in surface.messages] == others


def test_learning(surface):
    told = []
    knobs = Knobs(surface, (Knob("match", 20), Knob("fine", 30)), told.append)
    knobs.learn("bias.1")
    knobs.learn("match")
    assert knobs.learning == "bias.1"
    knobs.receive(bytes.fromhex("b00600"))  # a registered parameter's value is no knob
    turn(knobs, 3, 4, 5, controller=20, channel=3)
    assert knobs.learning == "match", "the first knob went on moving"
    turn(knobs, 3, controller=33, channel=1)
    assert told == [Knob("bias.1", 20, 3), Knob("match", 33, 1)] and knobs.learning is None
    assert set(knobs.knobs) == {Knob("fine", 30), *told}
    knobs.learn("fine")
    turn(knobs, 9, controller=20, channel=3)
    assert knobs.knobs[-1] == Knob("fine", 20, 3), "a knob may be learnt anew"
    with pytest.raises(MelismaError, match="there is no parameter"):
        knobs.learn("nothing")


def test_a_knob_with_a_fine_half_is_learnt_as_one(surface):
    knobs = Knobs(surface)
    knobs.learn("match")
    turn(knobs, 3, controller=20)
    turn(knobs, 9, controller=52)
    assert knobs.knobs == (Knob("match", 20, 1, 14),)


def test_a_parameter_that_the_model_has_not_is_left_alone(surface):
    knobs = Knobs(surface, (Knob("bias.99", 20),))
    turn(knobs, 0, 127)
    assert not surface.messages


# --- the file


def test_a_map_is_kept(tmp_path):
    knobs = (Knob("match", 20), Knob("bias.1", 3, 16, 14, -2.0, 2.0))
    midimap.save(tmp_path / "new" / "map.json", knobs)
    assert midimap.load(tmp_path / "new" / "map.json") == knobs
    assert json.loads((tmp_path / "new" / "map.json").read_text())["melisma-midi"] == 1


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "no MIDI map"),
        ("[" * 100000, "no MIDI map"),
        ("[]", "no MIDI map of Melisma's"),
        ('{"melisma-midi": 2, "knobs": []}', "version 2"),
        ('{"melisma-midi": true, "knobs": []}', "no MIDI map of Melisma's"),
        ('{"melisma-midi": 1}', "no list"),
        ('{"melisma-midi": 1, "knobs": [1]}', "knob 1: it is no object"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match"}]}', "knob 1"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match", "controller": 120}]}', "from 0 to 119"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match", "controller": 98}]}', "no knob"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match", "controller": 40, "bits": 14}]}', "from 0 to 31"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match", "controller": 4, "bits": 9}]}', "7 or 14"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match", "controller": 4, "channel": 17}]}', "from 0 to 16"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "", "controller": 4}]}', "a name is needed"),
        ('{"melisma-midi": 1, "knobs": [{"parameter": "match", "controller": 4, "low": NaN}]}', "a number is needed"),
    ],
)  # fmt: skip
def test_a_damaged_map_is_told_of_in_one_sentence(tmp_path, text, words):
    file = tmp_path / "map.json"
    file.write_text(text)
    with pytest.raises(MelismaError, match=words) as told:
        midimap.load(file)
    assert "\n" not in str(told.value) and str(file) in str(told.value)


def test_what_a_later_hand_adds_is_left_out(tmp_path):
    told = '{"melisma-midi": 1, "by": "me", "knobs": [{"parameter": "match", "controller": 4, "colour": "red"}]}'
    assert midimap.from_text(told, "it") == (Knob("match", 4),)


@settings(max_examples=60)
@given(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    st.sampled_from(["melisma-midi", "knobs", "parameter", "controller", "bits", "low"]),
)
def test_no_value_anywhere_is_fatal(value, where):
    line = {"parameter": "match", "controller": 4, "bits": 7, "low": 0, **({where: value})}
    try:
        midimap.from_text(json.dumps({"melisma-midi": 1, "knobs": [line, value], **({where: value})}), "it")
    except MelismaError:
        pass
