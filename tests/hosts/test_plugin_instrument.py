"""The instrument: notes, each at its sample, and its state."""

import numpy as np
import pytest
from needs import needs_plugins
from plugin_sounds import NOTES, played_notes, session

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
