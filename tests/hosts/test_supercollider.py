"""The units for SuperCollider, from outside: scores that the real scsynth renders, against the core's own stream."""

import os
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scsynth import AR, KR, UNITS, Definition, Score, inputs, message
from slots import Slot

from melisma.cli import main as cli
from melisma.core.binding import CoreModel
from melisma.hosts import supercollider
from melisma.store import DEFAULT
from melisma.system import manifest

ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / "hosts" / "supercollider"
MODELS = ROOT / "models"
STRINGS = str(MODELS / "strings.melisma")

sys.path.insert(0, str(HOST / "tests"))
import language  # noqa: E402

needs_units = pytest.mark.skipif(
    not list(UNITS.glob("Melisma.*")),
    reason="needs the units: apt install supercollider-dev, python hosts/supercollider/build.py",
)
needs_server = pytest.mark.skipif(not shutil.which("scsynth"), reason="needs scsynth: apt install supercollider-server")
pytestmark = [needs_units, needs_server]


@pytest.fixture(scope="module")
def strings():
    return CoreModel(STRINGS)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return supercollider.install(tmp_path_factory.mktemp("extensions") / "Melisma")


def sound(samples: int = 20480, seed: int = 0) -> np.ndarray:
    time = np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def chain(model: str = STRINGS, settings: dict | None = None) -> Definition:
    it = Definition()
    (heard,) = it.unit("In", AR, [1])
    (out,) = it.unit("Melisma", AR, inputs([heard], model, settings))
    it.unit("Out", AR, [0, out], 0)
    return it


def stream(model: CoreModel, values: dict | None = None, rate: int = 0, channels: int = 1):
    made = model.stream(rate, channels)
    for name, value in (values or {}).items():
        made.set(name, value)
    made.reset()
    return made


# ---- what the classes make, in the bytes that sclang wrote


def test_the_definitions_are_of_these_classes():
    assert language.MADE_OF.read_text().strip() == language.classes_digest(), "run python hosts/supercollider/tests/language.py"
    assert f'model = "{DEFAULT}"' in (HOST / "classes" / "Melisma.sc").read_text()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("plain", {"match": 1, "fine": 1}),
        ("chain", {"domain": 0.75, "match": 0.75, "fine": 1, "colour": 0.5, "mix": np.float32(0.9), "loudness.offset": -3, "bias.1": 1, "bias.3": 0.5,
                   "scale.1": 2, "feedback": np.float32(0.1)}),
        ("slow", {"bias.1": 0.5}),
        ("quick", {}),
    ],
)  # fmt: skip
def test_what_the_language_made_is_the_stream(tmp_path, installed, strings, name, values):
    """Inputs count from the first sample on; encode and decode, at control rate, too, are the chain."""
    score, x = Score(tmp_path), sound()
    score.play((language.DEFS / f"{name}.scsyndef").read_bytes(), name)
    run = score.run(x, installed)
    assert not run.complaints and any(line.startswith("Melisma plays strings: 16 latents") for line in run.lines)
    wanted = stream(strings, values)
    assert np.array_equal(run.sound[:, 0], wanted.process(x)) and run.sound.any() and run.latency == wanted.latency


def test_an_array_makes_one_for_each(tmp_path, installed, strings):
    score, x = Score(tmp_path, channels=2), sound()
    score.play((language.DEFS / "several.scsyndef").read_bytes(), "several")
    run = score.run(x, installed)
    for channel, match in enumerate((0, 1)):
        assert np.array_equal(run.sound[:, channel], stream(strings, {"match": match, "fine": 1}).process(x))


@pytest.mark.parametrize("rate", [44100, 48000])
def test_left_and_right_are_the_streams(tmp_path, installed, strings, rate):
    score, x = Score(tmp_path, rate, channels=2, hears=2), np.stack([sound(), 0.5 * sound()[::-1]], 1)
    score.play((language.DEFS / "stereo.scsyndef").read_bytes(), "stereo")
    run = score.run(x, installed)
    wanted = stream(strings, {"match": 1, "fine": 1}, rate, 2).process(np.ascontiguousarray(x.T))
    assert not run.complaints and np.array_equal(run.sound.T, wanted)


# ---- while it plays


def test_inputs_that_move_are_the_streams(tmp_path, strings):
    """A bus of control rate on scale.1: read at each block's start."""
    it, score, x, block = Definition(), Score(tmp_path), sound(), 64
    (heard,), (turned,) = it.unit("In", AR, [1]), it.unit("In", KR, [5])
    (out,) = it.unit("Melisma", AR, inputs([heard], STRINGS, {"scale.1": turned, "no.such": turned}))
    it.unit("Out", AR, [0, out], 0)
    score.at(0, message("/c_set", 5, 1.0))
    score.play(it)
    rng, values = np.random.default_rng(0), {}
    for k in np.unique(rng.integers(1, 300, 60)):
        values[int(k)] = float(np.float32(rng.uniform(-3, 3)))
        score.at(int(k), message("/c_set", 5, values[int(k)]))
    score.at(10, message("/c_set", 5, float("nan")))
    run, wanted = score.run(x), stream(strings)
    parts = []
    for k in range(len(x) // block):
        if k in values:
            wanted.set("scale.1", values[k])
        parts.append(wanted.process(x[k * block : (k + 1) * block]))
    assert not run.complaints and np.array_equal(run.sound[:, 0], np.concatenate(parts))


def test_another_model_takes_over_as_in_a_slot(tmp_path, strings):
    """What the synth holds and what was said before are the next one's as well; what cannot be read fades into silence."""
    speech, x, block = CoreModel(MODELS / "speech.melisma"), sound(40960), 64
    score = Score(tmp_path)
    score.play(chain(settings={"fine": 1}))
    score.at(5, message("/u_cmd", 1000, 1, "set", "scale.2", 2.0, "fine", 0.0))  # fine is the synth's own to turn
    score.at(200, message("/u_cmd", 1000, 1, "load", str(MODELS / "speech.melisma")))
    score.at(480, message("/u_cmd", 1000, 1, "load", "no such"))
    run = score.run(x)
    slot, parts = Slot(44100), []
    slot.put(stream(strings, {"fine": 1}))
    for k in range(len(x) // block):
        if k == 5:
            slot.set(strings, "scale.2", 2)
        if k == 200:
            slot.put(stream(speech, {"fine": 1, "scale.2": 2}))
        if k == 480:
            slot.put(None)
        parts.append(slot.process(x[k * block : (k + 1) * block]))
        slot.tidy()
    assert np.array_equal(run.sound[:, 0], np.concatenate(parts)) and not run.sound[-2000:].any()
    assert len(run.complaints) == 1 and "there is no model named no such" in run.complaints[0]


def test_bypassed_it_is_the_input_as_late(tmp_path, strings):
    score, x = Score(tmp_path), sound()
    score.play(chain(settings={"mix": 0.5}))
    score.at(0, message("/u_cmd", 1000, 1, "bypass", 1), message("/u_cmd", 1000, 1, "reset"))
    heard = score.run(x).sound[:, 0]
    assert np.array_equal(heard, stream(strings, {"mix": 0}).process(x))
    late = strings.stream().latency
    assert np.allclose(heard[late:], x[:-late], atol=1e-6)


def test_without_a_model_a_bypassed_one_lets_the_sound_through(tmp_path):
    score, x = Score(tmp_path), sound(6400)
    score.play(chain("none"))
    score.at(50, message("/u_cmd", 1000, 1, "bypass", 1))
    run = score.run(x)
    assert not run.sound[:3200].any() and np.array_equal(run.sound[3200:, 0], x[3200:]) and len(run.complaints) == 1


def test_two_hundred_are_made_and_freed(tmp_path, installed, strings):
    """Some while they fade, some with commands for one that is gone; the last one is as the first."""
    score, x = Score(tmp_path), sound(64 * 450)
    score.at(0, message("/cmd", "melisma_keep", "strings", 1), message("/d_recv", chain("strings").bytes()))
    for k in range(200):
        score.at(2 * k, message("/s_new", "it", 2000 + k, 0, 0))
        if k % 3 == 0:
            score.at(2 * k + 1, message("/u_cmd", 2000 + k, 1, "load", "strings"))
        if k < 199:
            score.at(2 * k + 2, message("/n_free", 2000 + k), message("/u_cmd", 2000 + k, 1, "reset"))
    score.at(430, message("/cmd", "melisma_keep", "strings", 0), message("/cmd", "melisma_keep", "none", 1))
    run = score.run(x, installed)
    assert np.array_equal(run.sound[398 * 64 :, 0], stream(strings).process(x[398 * 64 :]))
    assert len(run.complaints) == 1 and "there is no model named none" in run.complaints[0]


def test_inputs_that_are_none_are_silence_and_a_sentence(tmp_path):
    good = inputs([0.5], STRINGS, {"scale.1": 2})
    bad = [
        [],
        [0, 0],
        [300.0],
        good[:-1],
        good[:4],
        [*good, 1.0],
        [1, 0.0, 5000.0, 65.0],
        [1, 0.0, float("nan"), 0.0],
        [2, 0.0, *good[1:]],
    ]
    bad += [[1, 0.0, *[2, 65, 66], -1.0], [1, 0.0, *[2, 65, 66], 1e9], [1, 0.0, -3.0, 0.0]]
    rng = np.random.default_rng(0)
    for _ in range(60):
        wrong = list(good)
        wrong[int(rng.choice([0, 2, 2 + len(STRINGS.encode()) + 1]))] = float(rng.choice([-1, 0, 1e6, 1e30, 40]))
        bad.append(wrong)
    score, x = Score(tmp_path), sound(640)
    for k, given in enumerate(bad):
        it = Definition(f"it{k}")
        it.unit("Out", AR, [0, it.unit("Melisma", AR, [float(v) for v in given])[0]], 0)
        score.play(it, f"it{k}", 1000 + k)
    run = score.run(x)
    assert not run.sound.any() and len(run.complaints) == len(bad)
    assert all("these are no inputs of a Melisma" in complaint for complaint in run.complaints)


# ---- installed


def test_installed_it_is_found_by_the_server_and_the_work_there_stays(tmp_path, strings, monkeypatch, capfd):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    folder = tmp_path / ".local/share/SuperCollider/Extensions/Melisma"
    assert cli.run(["supercollider", "install"]) == 0 and f"writing into {folder}" in capfd.readouterr().out
    assert cli.run(["supercollider", "path"]) == 0 and capfd.readouterr().out == f"{folder}\n"
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert {"classes/Melisma.sc", "HelpSource/Classes/Melisma.schelp", "examples/transfer.scd", "models/strings.melisma",
            "NOTICES.txt", "COPYING.txt", manifest.NAME} <= there  # fmt: skip
    assert "GNU General Public License" in (folder / "NOTICES.txt").read_text()
    score, x = Score(tmp_path), sound(6400)
    score.play(chain("strings"))
    run = score.run(x, Path("/nowhere"), {"HOME": str(tmp_path)}, usual=True)
    assert not run.complaints and np.array_equal(run.sound[:, 0], stream(strings).process(x))
    (folder / "examples" / "mine.scd").write_text("mine")
    (folder / "examples" / "transfer.scd").write_text("changed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Warning, match="transfer.scd is not as Melisma wrote it and stays"):
            supercollider.install()
    assert (folder / "examples" / "mine.scd").read_text() == "mine" and (
        folder / "examples" / "transfer.scd"
    ).read_text() == "changed"
    assert (folder / "examples" / "transfer.new.scd").is_file()


def test_elsewhere_and_into_somebodys_folder(tmp_path, capfd):
    assert cli.run(["supercollider", "install", "--to", str(tmp_path / "here")]) == 0
    assert "among those that it reads" in " ".join(capfd.readouterr().out.split())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "work").write_text("mine")
    assert cli.run(["supercollider", "install", "--to", str(tmp_path / "full")]) != 0
    assert "is not of Melisma's making" in capfd.readouterr().err and os.listdir(tmp_path / "full") == ["work"]
