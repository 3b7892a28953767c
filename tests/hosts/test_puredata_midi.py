"""The MIDI map in the real Pure Data: the file that `melisma live` reads and writes turns an object's parameters, and knobs are learnt."""

import os

import numpy as np
import pytest
from needs import needs_objects, needs_pd
from pd import ROOT, Patch

from melisma.control import midimap
from melisma.control.midimap import Knob

pytestmark = [needs_pd, needs_objects]
STRINGS = ROOT / "models" / "strings.melisma"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def played(tmp_path, home, *messages):
    """→ what Pd said, and the values that `dump` printed in the end."""
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}", "chain")
    patch.plays(np.zeros(4096, np.float32), chain)
    patch.hears(chain, 1)
    for number, message in enumerate((*messages, "dump")):
        patch.at(20 + number, f"chain {message}")
    run = patch.run(8192, environment={**os.environ, "MELISMA_HOME": str(home)})
    assert run.code == 0
    values = {}
    for line in run.lines:
        if " (" in line and "usually" in line:
            name, value = line.split()[:2]
            values[name] = float(value)
    return run, values


def test_a_knob_turns_its_parameter_once_it_has_passed_it(tmp_path, home):
    midimap.save(home / "midi.json", (Knob("randomize", 20), Knob("bias.2", 21, 3, 7, -2.0, 2.0), Knob("bias.99", 22)))
    moves = ["cc 20 64", "cc 20 0", "cc 20 32", "cc 21 64 3", "cc 21 127 3", "cc 21 0 1", "cc 22 5", "cc 23 5"]
    run, values = played(tmp_path, home, *moves)
    assert not [line for line in run.errors if "melisma~:" in line and "no" in line]
    assert values["randomize"] == pytest.approx(10 * 32 / 127, rel=1e-4)
    assert values["bias.2"] == pytest.approx(2)
    _, values = played(tmp_path, home, "set randomize 5", "cc 20 127", "cc 20 100")
    assert values["randomize"] == 5  # it has not been passed


def test_a_knob_is_learnt_for_every_host(tmp_path, home):
    midimap.save(home / "midi.json", (Knob("fine", 30),))
    run, _ = played(tmp_path, home, "learn bias.1", "cc 70 64 2", "learn no.such")
    assert any(line.startswith("heard: learnt bias.1 70 2") for line in run.lines)
    assert any("has no parameter no.such" in line for line in run.lines)
    assert midimap.load(home / "midi.json") == (Knob("fine", 30), Knob("bias.1", 70, 2))


def test_a_damaged_map_is_told_of_once_and_stays(tmp_path, home):
    (home / "midi.json").write_text('{"melisma-midi": 1, "knobs": [{"parameter": "match"}]}')
    run, values = played(tmp_path, home, "cc 20 64", "cc 20 65", "cc", "cc up 3")
    said = [line for line in run.lines if "midi.json, knob 1: controller" in line]
    assert len(said) == 1 and values["randomize"] == 0
    assert sum("cc takes a controller" in line for line in run.lines) == 2
    assert "controller" not in (home / "midi.json").read_text()
