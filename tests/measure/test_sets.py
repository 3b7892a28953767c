"""The sets that the README's figures are of, and the command that takes them anew."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from melisma.cli import main as cli
from melisma.errors import BadValue
from melisma.files import modelfile
from melisma.measure import sets
from melisma.store import pretrained


@pytest.fixture
def data(home):
    """Sets of the strings: 20 held-out files and three lines among them, one too short; and two from elsewhere."""
    rng = np.random.default_rng(0)

    def write(name, seconds):
        file = home / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, 0.1 * rng.standard_normal(int(seconds * 16000)), 16000)

    for n in range(20):
        write(f"strings/held/deep/note{n:02}.flac", 1.2)
    for n in range(3):
        write(f"strings/held/mono_{n}.flac", 1.2)
    write("strings/held/short.flac", 0.5)
    write("strings/train/one.flac", 1.5)
    for n in range(2):
        write(f"elsewhere-strings/{n}.flac", 1.2)
    yield home / "data"
    for file in (home / "data").rglob("*.flac"):
        file.unlink()


def test_a_set_is_every_line_and_files_spread_over_all(data):
    found = [file.name for file in sets.sounds("strings", "held")]
    assert len(found) == sets.FILES + 3 and {"mono_0.flac", "mono_1.flac", "mono_2.flac"} < set(found)
    assert {"note00.flac", "note19.flac"} < set(found) and "short.flac" not in found
    assert [file.name for file in sets.sounds("strings", "elsewhere")] == ["0.flac", "1.flac"]
    assert sets.probed("strings") == data / "strings" / "train" and sets.probed("speech") is None


def test_whose_sets_a_model_is_judged_by(tiny):
    file = modelfile.load(tiny)
    for kind in pretrained.KINDS:
        assert sets.domain_of(replace(file, name=f"{kind}-strings")) == "strings"
    assert sets.domain_of(replace(file, name="mine", training={"domain": "speech"})) == "speech"
    with pytest.raises(BadValue, match="tiny is none of these"):
        sets.domain_of(file)
    assert all(sets.domain_of(modelfile.load(pretrained.published()[name])) == name for name in sets.DOMAINS)


def test_the_command_says_how_a_set_is_made_or_takes_its_figures(home, capsys, tmp_path, request):
    def refused(*arguments):
        assert cli.run(["evaluate", *arguments]) == 1
        return capsys.readouterr().err

    assert "python runs/sources.py speech`" in refused("speech", "--set", "held") and str(home) in refused(
        "speech", "--set", "held"
    )
    assert "python runs/sources.py elsewhere-speech`" in refused("speech", "--set", "elsewhere")
    assert "no set 'other': choose held or elsewhere" in refused("speech", "--set", "other")
    assert "either a FOLDER" in refused("speech") and "either a FOLDER" in refused("speech", str(tmp_path), "--set", "held")
    pytest.importorskip("visqol")
    request.getfixturevalue("data")
    assert cli.run(["evaluate", "strings", "--set", "elsewhere", "--json", str(tmp_path / "f.json")]) == 0
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["file_count"] == 2 and found["leak_files"] == {"train": 1, "test": 2}
