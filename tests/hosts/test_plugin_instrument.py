"""The instrument: notes, each at its sample, and its state."""

import numpy as np
import pytest
from needs import needs_plugins
from plugin_sounds import NOTES, played_notes, session

from melisma.control import midimap, state
from melisma.control.midimap import Knob

pytestmark = needs_plugins


def keys(host, samples, block, notes=NOTES):
    out = []
    for start in range(0, samples, block):
        n = min(block, samples - start)
        for frame, message in notes:
            if start <= frame < start + n:
                host.midi(message, frame - start)
        out.append(host.process(None, n))
    return np.concatenate(out, 1)


@pytest.mark.parametrize("kind", ["clap", "lv2"])
@pytest.mark.parametrize("rate, block", [(44100, 441), (48000, 64), (96000, 8192)])
def test_notes_sound_in_the_model_each_at_its_sample(plugins, kind, rate, block):
    host = session.open_in(kind, plugins, rate, block, "instrument")
    host.start()
    heard = keys(host, 24000, block)
    wanted, late = played_notes(24000, rate=rate)
    assert np.array_equal(heard[0], wanted) and np.array_equal(heard[1], wanted) and wanted.any() and host.latency == late
    host.reset()
    assert np.array_equal(keys(host, 24000, block), heard)
    host.close()


@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_controllers_turn_what_the_users_midi_map_says(plugins, kind, tmp_path, monkeypatch):
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    knobs = (Knob("randomize", 20), Knob("exciter.attack", 21, 2), Knob("bias.1", 22, 0, 14, -2.0, 2.0), Knob("match", 23))
    midimap.save(tmp_path / "midi.json", knobs)
    host = session.open_in(kind, plugins, 44100, 512, "instrument")
    host.start()
    host.process(None, 512)
    for block in (
        [b"\xb0\x14\x40", b"\xb0\x14\x00", b"\xb0\x14\x20"],  # passes 0 and is turned up
        [b"\xb0\x15\x7f", *(bytes([0xB1, 21, value]) for value in range(0, 71, 10))],  # on the second channel alone
        [b"\xb0\x16\x40", b"\xb0\x36\x00", b"\xb0\x16\x7f", b"\xb0\x36\x7f"],
        [b"\xb0\x17\x40"],  # match is 1, which it has not passed
    ):
        for at, message in enumerate(block):
            host.midi(message, at)
        host.process(None, 512)
    saved = host.save()  # in LV2 the host's own copies of the values stay as they were
    data = saved if isinstance(saved, bytes) else b"".join(value for value, _ in saved.values())
    begin = data.index(b"melisma-state 1")
    values = state.from_text(data[begin : data.index(b"\0", begin)].decode(), "it").values
    wanted = {"randomize": 10 * 32 / 127, "exciter.attack": 0.001 * 10000 ** (70 / 127), "bias.1": 2, "match": 1}
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, rel=1e-3)
    host.close()


@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_the_instrument_keeps_its_exciter_in_the_state(plugins, kind):
    one = session.open_in(kind, plugins, 44100, 512, "instrument")
    values = {"shape": 1.25, "attack": 0.0123456, "transpose": -5.0, "match": 0.5}
    one.start()
    for symbol, value in values.items():
        one.set(symbol, value)
    one.set("model", 3)
    one.process(None, 512)
    two = session.open_in(kind, plugins, 44100, 512, "instrument")
    assert two.load(one.save())
    if kind == "lv2":
        for symbol in [*values, "model"]:
            two.set(symbol, one.get(symbol))
    two.start()
    exciter = {name: float(np.float32(values[name])) for name in ("shape", "attack", "transpose")}
    assert np.array_equal(keys(two, 24000, 512)[0], played_notes(24000, "speech", match=0.5, **exciter)[0])
    one.close(), two.close()
