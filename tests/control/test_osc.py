"""OSC: datagrams in, datagrams out, by python-osc's own client, and by nobody's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from surfaces import Remembers

osc_message = pytest.importorskip("pythonosc.osc_message")
from pythonosc import osc_bundle_builder, osc_message_builder, udp_client  # noqa: E402

from melisma.control.osc import ERROR, NOTES, ROOT, Listener, Osc  # noqa: E402
from melisma.errors import MelismaError  # noqa: E402


def message(address, *values, kinds=None):
    builder = osc_message_builder.OscMessageBuilder(address)
    for value, kind in zip(values, kinds or [None] * len(values)):
        builder.add_arg(value, kind)
    return builder.build()


def said(answers):
    return [(one.address, *one.params) for one in map(osc_message.OscMessage, answers)]


@pytest.fixture
def surface():
    return Remembers()


@pytest.fixture
def ask(surface):
    osc = Osc(surface)
    return lambda address, *values, kinds=None: said(osc.answer(message(address, *values, kinds=kinds).dgram))


@pytest.mark.parametrize(
    "address, name",
    [
        ("match", "match"),
        ("fine/kept", "fine.kept"),
        ("latent/2/bias", "bias.2"),
        ("latent/1/scale", "scale.1"),
        ("exciter/attack", "exciter.attack"),
    ],
)
def test_a_parameter_is_turned_and_asked_for_at_its_address(surface, ask, address, name):
    assert ask(ROOT + address, 0.5) == [] and surface.values[name] == 0.5
    assert ask(ROOT + address) == ask(ROOT + "get", name) == ask(ROOT + "get", ROOT + address) == [(ROOT + address, 0.5)]
    assert ask(ROOT + "set", name, 1) == [] and surface.values[name] == 1


def test_a_value_is_kept_within_its_range_and_whole_numbers_are_values(surface, ask):
    assert ask(ROOT + "match", 7) == [] and surface.values["match"] == 1
    assert ask(ROOT + "hold", True) == [] and surface.values["hold"] == 1


def test_get_alone_tells_all(surface, ask):
    told = ask(ROOT + "get")
    assert [address for address, _ in told] == [row.address for row in surface.table.values()]


def test_notes(surface, ask):
    for call in (
        ("note", 60, 100),
        ("note", 60, 0),
        ("note/off", 61, 2),
        ("bend", 1.0),
        ("bend", -2, 16),
        ("pressure", 1.0, 3),
        ("midi", 0x90, 64, 1),
    ):
        assert ask(ROOT + call[0], *call[1:]) == []
    assert ask(ROOT + "midi", (0, 0x80, 64, 0), kinds=["m"]) == []
    expected = ["903c64", "803c00", "813d00", "e00060", "ef0100", "d27f", "904001", "804000"]
    assert [one.hex() for one in surface.messages] == expected
    surface.messages.clear()
    ask(ROOT + "silence")
    assert surface.messages == [bytes([0xB0 | channel, 120, 0]) for channel in range(16)]


def test_learning_is_asked_for_by_name(surface, ask):
    assert ask(ROOT + "learn", "attack") == [] and surface.wanted == ["exciter.attack"]


@pytest.mark.parametrize(
    "address, values, words",
    [
        ("/melisma/mach", (1,), "did you mean match"),
        ("/melisma/latent/99/bias", (1,), "there is no parameter"),
        ("/other/thing", (1,), "begin with /melisma/"),
        ("/melisma/*", (1,), "write the address out"),
        ("/melisma/match", ("loud",), "give a number"),
        ("/melisma/match", (math.nan,), "give a number"),
        ("/melisma/match", (1, 2), "it has 2 values; give VALUE"),
        ("/melisma/note", (60,), "give NOTE VELOCITY"),
        ("/melisma/note", (128, 1), "from 0 to 127"),
        ("/melisma/note", (60, 1, 0), "from 1 to 16"),
        ("/melisma/note", (60.5, 1), "whole number"),
        ("/melisma/bend", (3,), "further than the wheel goes, ±2"),
        ("/melisma/pressure", (1.5,), "give 0 to 1"),
        ("/melisma/midi", (1, 2, 3), "no short MIDI message"),
        ("/melisma/get", (3,), "give a text"),
        ("/melisma/get", ("nothing",), "there is no parameter"),
        ("/melisma/learn", (), "give NAME"),
    ],
)
def test_what_is_wrong_is_answered_by_one_sentence(surface, ask, address, values, words):
    before = dict(surface.values)
    ((where, sentence),) = ask(address, *values)
    assert where == ERROR and words in sentence and "\n" not in sentence and sentence.startswith(address)
    assert surface.values == before and not surface.messages


def test_a_bundle_is_its_messages(surface):
    bundle = osc_bundle_builder.OscBundleBuilder(osc_bundle_builder.IMMEDIATELY)
    for one in (message(ROOT + "match", 0.25), message(ROOT + "nothing"), message(ROOT + "fine", 0.75)):
        bundle.add_content(one)
    assert len(Osc(surface).answer(bundle.build().dgram)) == 1
    assert (surface.values["match"], surface.values["fine"]) == (0.25, 0.75)


@given(
    st.binary(max_size=200)
    | st.binary(max_size=60).map(lambda x: b"/melisma/note\0\0\0,iii\0\0\0\0" + x)
    | st.binary(max_size=60).map(lambda x: b"#bundle\0" + x)
)
def test_no_datagram_is_fatal(data):
    for address, *values in said(Osc(Remembers()).answer(data)):
        assert address.startswith(ROOT) and (address != ERROR or isinstance(values[0], str))


def test_over_udp_with_another_programs_client(surface):
    listener = Listener(surface, 0)
    try:
        with pytest.raises(MelismaError, match=f"UDP port {listener.port} cannot be used"):
            Listener(surface, listener.port)
        client = udp_client.SimpleUDPClient("127.0.0.1", listener.port)
        client.send_message(ROOT + "latent/2/bias", -1.5)
        client.send_message(ROOT + "get", "bias.2")
        (answer,) = [osc_message.OscMessage(client.receive(5))]
        assert (answer.address, answer.params) == (ROOT + "latent/2/bias", [-1.5])
        client._sock.sendto(b"nonsense", ("127.0.0.1", listener.port))
        assert osc_message.OscMessage(client.receive(5)).address == ERROR
        client.send_message(ROOT + "get", "match")
        assert osc_message.OscMessage(client.receive(5)).params == [0.0]
    finally:
        listener.close()
    Listener(surface, listener.port).close()  # it is free again


def test_what_is_listed_is_there(ask):
    for name, (arguments, _) in NOTES.items():
        told = ask(ROOT + name)
        assert not told or told[0][0] != ERROR or "give" in told[0][1], name
        assert bool(told and told[0][0] == ERROR) == bool(arguments and not arguments.startswith("["))
