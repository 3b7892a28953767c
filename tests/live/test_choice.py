"""Which card and which port is meant."""

import pytest

from melisma.errors import MelismaError
from melisma.live import card, perform, ports
from melisma.live.card import Device

CARDS = [
    Device(0, "Mic, USB", 2, 0, 48000, ""),
    Device(1, "Built-in: analog", 2, 2, 44100, "input and output"),
    Device(2, "Built-in: HDMI", 0, 8, 48000, ""),
]


@pytest.mark.parametrize(
    "text, side, index",
    [
        (None, "input", 1),
        (None, "output", 1),
        ("0", "input", 0),
        ("usb", "input", 0),
        ("Built", "input", 1),
        ("hdmi", "output", 2),
    ],
)
def test_a_card_by_number_or_name(text, side, index):
    assert card.chosen(text, side, CARDS).index == index


@pytest.mark.parametrize(
    "text, side, words",
    [
        ("2", "input", "there is no input '2'; there are 0 Mic, USB, 1 Built-in: analog"),
        ("0", "output", "there is no output '0'"),
        ("built", "output", "--output built may be 1 Built-in: analog or 2 Built-in: HDMI; give the number"),
    ],
)
def test_a_card_that_is_none(text, side, words):
    with pytest.raises(MelismaError, match=words):
        card.chosen(text, side, CARDS)


def test_no_card_at_all():
    with pytest.raises(MelismaError, match="no sound card with an output"):
        card.chosen(None, "output", CARDS[:1])


def test_a_port_by_number_or_name():
    names = ["Keystation 49", "Keystation 61", "nano"]
    assert [ports.chosen(text, names) for text in ("2", "nano", "49", "Keystation 61")] == [
        names[1],
        names[2],
        names[0],
        names[1],
    ]
    for text, words in (
        ("9999", "there is no MIDI port '9999'; there are Keystation 49"),
        ("key", "may be Keystation 49 or Keystation 61"),
    ):
        with pytest.raises(MelismaError, match=words):
            ports.chosen(text, names)
    with pytest.raises(MelismaError, match="there is no MIDI port: connect"):
        ports.chosen("1", [])


@pytest.mark.parametrize(
    "wanted, microphone, notes",
    [
        ({}, True, False),
        ({"midi": "1"}, False, True),
        ({"midi": "1", "input": "0"}, True, True),
        ({"input": "none"}, False, True),
    ],
)
def test_what_is_played(wanted, microphone, notes):
    asked = perform.Wanted(**wanted)
    assert (asked.microphone, asked.notes) == (microphone, notes)


def test_what_it_says_at_the_end():
    class Took:
        rate, samples, share, worst, underruns = 44100, 441000, 0.034, 0.5, 0

    assert perform.told(Took) == "10.0 s played: 3.4 % of a core, 50 % in the slowest block; no underrun."
    Took.underruns = 3
    assert perform.told(Took).endswith("3 underruns: a larger --block helps.")
