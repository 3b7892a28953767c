"""Controllers in the plug-ins, the effect and the instrument: the user's MIDI map, a session's, and what is learnt in the window."""

import numpy as np
import pytest
from needs import needs_plugins
from plugin_sounds import session, sound, stream
from plugin_window import MATCH, needs_window

from melisma.control import midimap, state
from melisma.control.midimap import Knob

pytestmark = needs_plugins
HOLD, ROW = (915, 449), (640, 277)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    return tmp_path


def held(host):
    """What the host would save of it."""
    saved = host.save()  # in LV2 the host's own copies of the values stay as they were
    data = saved if isinstance(saved, bytes) else b"".join(value for value, _ in saved.values())
    begin = data.index(b"melisma-state 1")
    return state.from_text(data[begin : data.index(b"\0", begin)].decode(), "it")


def turn(host, name, *messages):
    for at, message in enumerate(messages):
        host.midi(message, at)
    return host.process(sound(512) if name == "effect" else None, 512)


def cc(controller, *values, channel=1):
    return [bytes([0xAF + channel, controller, value]) for value in values]


@pytest.mark.parametrize("name, own", [("effect", "colour"), ("instrument", "exciter.attack")])
@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_they_turn_what_the_users_midi_map_says(plugins, kind, name, own, home):
    knobs = (Knob("randomize", 20), Knob(own, 21, 2), Knob("bias.1", 22, 0, 14, -2.0, 2.0), Knob("match", 23))
    midimap.save(home / "midi.json", knobs)
    host = session.open_in(kind, plugins, 44100, 512, name)
    host.start()
    turn(host, name)
    turn(host, name, *cc(20, 64, 0, 32))  # passes 0 and is turned up
    turn(host, name, *cc(21, 127), *cc(21, *range(0, 71, 10), channel=2))  # on the second channel alone
    turn(host, name, b"\xb0\x16\x40", b"\xb0\x36\x00", b"\xb0\x16\x7f", b"\xb0\x36\x7f")
    turn(host, name, *cc(23, 64))  # match is 1, which it has not passed
    now, share = held(host), 70 / 127
    wanted = {"randomize": 10 * 32 / 127, own: share if name == "effect" else 0.001 * 10000**share, "bias.1": 2, "match": 1}
    assert {name: now.values[name] for name in wanted} == pytest.approx(wanted, rel=1e-3)
    assert now.knobs == knobs
    host.close()


@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_a_session_has_its_own_map(plugins, kind, home):
    midimap.save(home / "midi.json", (Knob("fine", 30),))
    one = session.open_in(kind, plugins, 44100, 512)
    one.start()
    turn(one, "effect", *cc(30, 127, 64))
    assert held(one).values["fine"] == pytest.approx(64 / 127)
    saved = one.save()
    midimap.save(home / "midi.json", (Knob("colour", 30),))
    two = session.open_in(kind, plugins, 44100, 512)
    assert two.load(saved)
    two.start()
    turn(two, "effect", *cc(30, 127, 32))  # past where it stands, in LV2 1, the port's
    assert held(two).knobs == (Knob("fine", 30),) and held(two).values["fine"] == pytest.approx(32 / 127)
    assert midimap.load(home / "midi.json") == (Knob("colour", 30),)
    one.close(), two.close()


@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_notes_change_nothing_in_the_effect(plugins, kind):
    host = session.open_in(kind, plugins, 44100, 512)
    host.start()
    x, wanted = sound(512 * 8), stream()
    for i in range(0, x.shape[1], 512):
        for message in (b"\x90\x3c\x64", b"\xe0\x00\x60", b"\xb0\x01\x40", b"\xd0\x40", b"\xb0\x40\x7f"):
            host.midi(message, 100)
        assert np.array_equal(host.process(x[:, i : i + 512], 512), wanted.process(x[:, i : i + 512]))
    host.close()


@needs_window[0]
@needs_window[1]
def test_a_right_click_learns_and_another_forgets(opened, plugins, home):
    midimap.save(home / "midi.json", (Knob("randomize", 7),))
    host, window = opened()
    for place, numbers in ((MATCH, (74, 75)), (ROW, (20,)), (HOLD, (64,))):
        window.hand("mousemove", *place, "click", 3)
        turn(host, "effect", *(message for number in numbers for message in cc(number, 40)))  # 75 comes too late
    window.run(0.2)
    learnt = (Knob("randomize", 7), Knob("match", 74, 1), Knob("bias.1", 20, 1), Knob("hold", 64, 1))
    assert midimap.load(home / "midi.json") == learnt == held(host).knobs
    assert host.get("match") == 1  # not before the knob passes it
    turn(host, "effect", *cc(74, 127, 64), *cc(75, 3))
    assert host.get("match") == pytest.approx(64 / 127, abs=1e-4)
    other = session.open_in("lv2", plugins, 44100, 512, "instrument")  # another session reads the file
    assert held(other).knobs == learnt
    other.close()
    window.hand("mousemove", *MATCH, "click", 3)
    turn(host, "effect", *cc(74, 127))
    window.hand("mousemove", *ROW, "click", 3, "click", 3)  # forgotten, and asked for once more …
    window.hand("click", 3)  # … which is taken back
    turn(host, "effect", *cc(20, 3))
    window.run(0.2)
    assert midimap.load(home / "midi.json") == (learnt[0], learnt[3]) == held(host).knobs
    assert host.get("match") == pytest.approx(64 / 127, abs=1e-4)


def test_the_vst3_effect_hears_controllers_of_any_channel(plugins, home):
    minihost = pytest.importorskip("minihost")
    midimap.save(home / "midi.json", (Knob("bias.1", 20, 0, 7, -2.0, 2.0), Knob("colour", 119)))
    plugin = minihost.Plugin(str(plugins / "vst3" / "Melisma" / "Melisma.vst3"), 44100, 512)
    plugin.non_realtime = True
    wanted = stream()
    for k in range(8):
        x, out = sound(512, k), np.zeros((2, 512), np.float32)
        if k == 1:
            plugin.process_midi(x, out, [(0, 0xB0, 20, 64), (10, 0xB0, 20, 127), (20, 0xB5, 119, 0), (30, 0xB5, 119, 127)])
            wanted.set("bias.1", 2), wanted.set("colour", 1)
        else:
            plugin.process(x, out)
        assert np.array_equal(out, wanted.process(x)), k
