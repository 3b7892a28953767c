"""The Pure Data objects, from outside: patches run by the real Pd, against the core's own stream."""

import shutil

import numpy as np
import pytest
from pd import OBJECTS, ROOT, Patch

from melisma import core

pytestmark = pytest.mark.skipif(
    not shutil.which("pd") or not list(OBJECTS.glob("melisma~.pd_*")) or not core.library_path().is_file(),
    reason="needs Pd and the objects: apt install puredata puredata-dev, python hosts/puredata/build.py",
)
STRINGS = ROOT / "models" / "strings.melisma"


@pytest.fixture(scope="module")
def strings():
    return core.CoreModel(STRINGS)


def sound(samples: int, seed: int = 0) -> np.ndarray:
    """A rising tone that starts and stops, over faint noise."""
    time = np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_equals_the_stream(tmp_path, strings, rate):
    x = sound(30016)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}")
    patch.plays(x, chain, rate=rate)
    out = patch.records(chain, len(x))
    run = patch.run(len(x), rate)
    assert run.code == 0 and not run.errors
    stream = strings.stream(0 if rate == 44100 else rate)
    assert np.array_equal(run.sounds[out], stream.process(x)) and run.sounds[out].any()
