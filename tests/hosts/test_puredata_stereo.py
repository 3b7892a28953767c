"""`melisma~ -stereo` in the real Pure Data."""

import numpy as np
import pytest
from needs import needs_objects, needs_pd
from pd import ROOT, Patch

from melisma.core import binding as core

pytestmark = [needs_pd, needs_objects]
STRINGS = ROOT / "models" / "strings.melisma"


def sounds(samples: int) -> np.ndarray:
    x = 0.2 * np.random.default_rng(2).standard_normal((2, samples)).astype(np.float32)
    x[1] = 0.5 * x[0] + 0.3 * x[1]
    return x


@pytest.mark.parametrize("rate", [44100, 48000])
def test_two_channels_are_the_streams(tmp_path, rate):
    x = sounds(15040)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ -stereo {STRINGS}")
    for channel in range(2):
        patch.plays(x[channel], chain, channel, rate=rate)
    out = [patch.records(chain, x.shape[1], channel) for channel in range(2)]
    patch.hears(chain, 2)
    run = patch.run(x.shape[1], rate)
    assert not run.errors and any("model strings 16" in line for line in run.lines)
    wanted = core.CoreModel(STRINGS).stream(0 if rate == 44100 else rate, 2).process(x)
    assert np.array_equal(np.stack([run.sounds[name] for name in out]), wanted)


def test_the_third_inlet_is_the_loudness_and_bypass_keeps_the_sides(tmp_path):
    x = sounds(15040)
    patch = Patch(tmp_path)
    plain = patch.object("melisma~ -stereo", "plain")
    loud = patch.object(f"melisma~ -stereo {STRINGS}")
    level = patch.add("sig~ -30")
    patch.cable(level, loud, 0, 2)
    for target in (plain, loud):
        for channel in range(2):
            patch.plays(x[channel], target, channel)
    patch.at(0, "plain bypass 1")
    kept = [patch.records(plain, x.shape[1], channel) for channel in range(2)]
    made = [patch.records(loud, x.shape[1], channel) for channel in range(2)]
    run = patch.run(x.shape[1])
    assert not run.errors
    assert np.array_equal(np.stack([run.sounds[name] for name in kept])[:, 640:], x[:, 640:])
    stream = core.CoreModel(STRINGS).stream(0, 2)
    stream.set("loudness.by_hand", 1)
    stream.set("loudness.level", -30)
    wanted = stream.process(x)
    got = np.stack([run.sounds[name] for name in made])
    assert np.abs(got - wanted)[:, 10000:].max() < 0.1 * np.abs(wanted).max()
