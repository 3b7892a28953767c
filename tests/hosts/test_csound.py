"""The opcode for Csound, from outside: orchestras that the real csound renders, against the core's own stream."""

import shutil
import warnings
from pathlib import Path

import csd
import numpy as np
import pytest
from csd import quoted, render
from slots import Slot

from melisma.cli import main as cli
from melisma.core.binding import CoreModel
from melisma.hosts import csound
from melisma.system import manifest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
STRINGS = str(MODELS / "strings.melisma")
USUAL = Path("usual")

pytestmark = [
    pytest.mark.skipif(
        not csd.opcode_file(), reason="needs the opcode: apt install libcsound64-dev, python hosts/csound/build.py"
    ),
    pytest.mark.skipif(not shutil.which("csound"), reason="needs csound: apt install csound"),
]


@pytest.fixture(scope="module")
def strings():
    return CoreModel(STRINGS)


def sound(samples: int = 20480, seed: int = 0) -> np.ndarray:
    time = np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def stream(model: CoreModel, values: dict | None = None, rate: int = 0, channels: int = 1):
    made = model.stream(rate, channels)
    for name, value in (values or {}).items():
        made.set(name, value)
    made.reset()
    return made


@pytest.mark.parametrize("full", [1, 32768])
def test_settings_at_first_are_there_at_once_whatever_full_scale_is(tmp_path, strings, full):
    x = sound()
    body = f'ain inch 1\nkfine init 0\nkfine = 1\naout melisma ain, {quoted(STRINGS)}, "match", 1, "fine", kfine, "bias.2", 0.5\nout aout'
    run = render(tmp_path, body, x, full=full)
    wanted = stream(strings, {"match": 1, "fine": 1, "bias.2": 0.5})
    assert run.code == 0 and not run.complaints and run.latency == wanted.latency
    assert np.array_equal(run.sound[:, 0], wanted.process(x)) and run.sound.any()


@pytest.mark.parametrize("rate", [44100, 48000])
def test_left_and_right_are_the_streams(tmp_path, strings, rate):
    x = np.stack([sound(), 0.5 * sound()[::-1]], 1)
    body = f'a1 inch 1\na2 inch 2\na1, a2 melisma a1, a2, {quoted(STRINGS)}, "match", 1, "fine", 1\nouts a1, a2'
    run = render(tmp_path, body, x, rate, channels=2)
    wanted = stream(strings, {"match": 1, "fine": 1}, rate, 2).process(np.ascontiguousarray(x.T))
    assert run.code == 0 and np.array_equal(run.sound.T, wanted)


def test_numbers_that_move_are_the_streams(tmp_path, strings):
    """Any rate of number; a NaN and a name that nobody knows change nothing."""
    x, block, rng = sound(), 64, np.random.default_rng(0)
    values = {int(k): float(np.float32(rng.uniform(-3, 3))) for k in np.unique(rng.integers(0, 300, 60))}
    deeds = {k: [("scale.1", value)] for k, value in values.items()} | {11: [("no.such", 3.0)]}
    run, wanted, parts = render(tmp_path, csd.chain(STRINGS, deeds), x), stream(strings, {"scale.1": values.get(0, 1)}), []
    for k in range(len(x) // block):
        if k in values and k != 11:
            wanted.set("scale.1", values[k])
        parts.append(wanted.process(x[k * block : (k + 1) * block]))
    assert run.code == 0 and np.array_equal(run.sound[:, 0], np.concatenate(parts))


def test_another_model_takes_over_as_in_a_slot(tmp_path, strings):
    speech, x, block = CoreModel(MODELS / "speech.melisma"), sound(40960), 64
    names = {200: str(MODELS / "speech.melisma"), 480: "no such"}
    body = ["kblock init -1", "kblock += 1", "ain inch 1"]
    # when a note begins Csound runs through every branch, so that the last one says how it begins
    body += ["if kblock >= 480 then", f"Smodel strcpyk {quoted(names[480])}"]
    body += [
        "elseif kblock >= 200 then",
        f"Smodel strcpyk {quoted(names[200])}",
        "else",
        f"Smodel strcpyk {quoted(STRINGS)}",
        "endif",
    ]
    run = render(tmp_path, "\n".join([*body, 'aout melisma ain, Smodel, "fine", 1', "out aout"]), x)
    slot, parts = Slot(44100), []
    slot.put(stream(strings, {"fine": 1}))
    for k in range(len(x) // block):
        if k in names:
            slot.put(stream(speech, {"fine": 1}) if k == 200 else None)
        parts.append(slot.process(x[k * block : (k + 1) * block]))
        slot.tidy()
    assert np.array_equal(run.sound[:, 0], np.concatenate(parts)) and not run.sound[-2000:].any()
    assert len(run.complaints) == 1 and "there is no model named no such" in run.complaints[0]


def test_bypassed_it_is_the_input_as_late_and_without_a_model_the_input(tmp_path, strings):
    x = sound()
    late = strings.stream().latency
    heard = render(tmp_path, csd.chain(STRINGS, held={"bypass": "1", "mix": "0.5"}), x).sound[:, 0]
    assert np.array_equal(heard, stream(strings, {"mix": 0}).process(x)) and np.allclose(heard[late:], x[:-late], atol=1e-6)
    run = render(tmp_path, csd.chain("none", held={"bypass": "1"}), x)
    assert np.array_equal(run.sound[:, 0], x) and len(run.complaints) == 1


def test_notes_one_after_another_and_at_once(tmp_path, strings):
    """Each has a stream of its own, from its first sample on; Csound gives a later one the memory of an earlier one."""
    x, note = sound(44100 // 64 * 64), 0.1
    body = f'ain inch 1\naout melisma ain, {quoted(STRINGS)}, "fine", p4\nout aout'
    score = (
        "".join(f"i1 {k * 64 * 60 / 44100:.9f} {note} {k % 2}\n" for k in range(10))
        + f"i1 0 {note} 1\ni1 0 {note} 0\ne {len(x) / 44100}\n"
    )
    run = render(tmp_path, body, x, score=score)
    wanted = np.zeros((len(x)), np.float64)
    blocks = round(note * 44100 / 64)
    for k, fine in [*((k, k % 2) for k in range(10)), (0, 1), (0, 0)]:
        part = slice(k * 3840, k * 3840 + blocks * 64)
        wanted[part] += stream(strings, {"fine": fine}).process(x[part])
    assert run.code == 0 and np.allclose(run.sound[: len(wanted), 0], wanted[: len(run.sound)], atol=1e-6) and run.sound.any()


@pytest.mark.parametrize(
    ("pairs", "said"),
    [('"fine"', "pairs"), ('"fine", "one"', "setting 1 is not a name"), ('"fine", 1, 2, 3', "setting 2 is not a name")],
)
def test_settings_that_are_none_are_refused(tmp_path, pairs, said):
    run = render(tmp_path, f'ain inch 1\naout melisma ain, "strings", {pairs}\nout aout', sound(640))
    assert any(said in line for line in run.lines)


def test_installed_it_is_found_and_the_work_there_stays(tmp_path, strings, monkeypatch, capfd):
    monkeypatch.setenv("HOME", str(tmp_path))
    own = tmp_path / ".local/lib/csound"
    assert cli.run(["csound", "install"]) == 0
    said = capfd.readouterr().out
    assert (
        said.startswith(f"writing into {own / 'melisma'}")
        and f"{own / '6.0/plugins64' / csd.opcode_file().name} leads to it" in said
    )
    assert cli.run(["csound", "path"]) == 0 and capfd.readouterr().out == f"{own / 'melisma'}\n"
    x = sound(6400)
    run = render(tmp_path, csd.chain("strings"), x, library=USUAL, environment={"HOME": str(tmp_path)})
    assert run.code == 0 and not run.complaints and np.array_equal(run.sound[:, 0], stream(strings).process(x))
    example, link = own / "melisma/examples/transfer.csd", own / "6.0/plugins64" / csd.opcode_file().name
    example.write_text("changed")
    link.unlink()
    link.write_text("mine")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        csound.install()
    texts = [str(one.message) for one in told]
    assert (
        len(texts) == 2
        and "transfer.csd is not as Melisma wrote it and stays" in texts[0]
        and "is there and not Melisma's" in texts[1]
    )
    assert example.read_text() == "changed" and link.read_text() == "mine"
    link.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        csound.install(), csound.install()
    assert link.resolve() == own / "melisma" / csd.opcode_file().name


@pytest.mark.parametrize("name", ["transfer", "stereo", "live"])
def test_the_examples_play(tmp_path, name):
    import subprocess

    import soundfile

    installed = csound.install(tmp_path / "melisma")
    assert manifest.is_ours(installed)
    text = (installed / "examples" / f"{name}.csd").read_text()
    if name == "live":
        soundfile.write(tmp_path / "in.wav", sound(), 44100)
        text = text.replace("-iadc -odac", "-iin.wav -W -f -olive.wav").replace("3600", "9")
    (tmp_path / "it.csd").write_text(text)
    library = f"--opcode-lib={installed / csd.opcode_file().name}"
    done = subprocess.run(
        ["csound", library, "-d", "it.csd"], cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=300
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "melisma plays" in said and "melisma: " not in said
    heard, _ = soundfile.read(tmp_path / f"{name}.wav")
    assert np.isfinite(heard).all() and 0.01 < np.abs(heard).max() < 4
