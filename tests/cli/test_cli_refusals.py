"""What is wrong gets one sentence, and nothing is lost by it."""

import signal
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from commands import RATE, command, process, save, tone

import melisma
from melisma.files import modelfile, pathfile

pytestmark = pytest.mark.usefixtures("tiny")


def test_sounds_that_are_none(tell, tmp_path, cat):
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "empty.wav").touch()
    save(tmp_path / "nothing.wav", np.zeros(0))
    out = tmp_path / "out.wav"
    for name in ("absent.wav", "text.wav", "empty.wav", "nothing.wav", ""):
        for arguments in (["transfer", tmp_path / name, out], ["encode", tmp_path / name, tmp_path / "out.npz"],
                          ["interpolate", cat, tmp_path / name, out], ["interpolate", tmp_path / name, cat, out]):  # fmt: skip
            tell(*arguments, "-m", "tiny").refuses(str(tmp_path / name))
    for name, command_for_it in (("cat.npz", "decode"), ("a.Mid", "play"), ("a.melisma-session", "render")):
        (tmp_path / name).write_bytes(b"no sound")
        for arguments in (["transfer", tmp_path / name, out], ["mix", cat, tmp_path / name, out]):
            tell(*arguments, "-m", "tiny").refuses(
                str(tmp_path / name), f"and no sound: `melisma {command_for_it}` makes one of it"
            )
    assert not out.exists() and not (tmp_path / "out.npz").exists()


def test_outputs_that_cannot_be_are_refused_before_the_work(tell, tmp_path, cat, path, monkeypatch):
    monkeypatch.setattr("melisma.model.Model.encode", lambda *_: pytest.fail("it began to work"))
    monkeypatch.setattr("melisma.model.Model.decode", lambda *_: pytest.fail("it began to work"))
    before = sorted(tmp_path.iterdir())
    reasons = {"out.xyz": "does not end in", "out": "does not end in", "no/out.wav": "does not exist", "dir.wav": "is a folder"}
    (tmp_path / "dir.wav").mkdir()
    for name, reason in reasons.items():
        out = tmp_path / name
        inputs = {"transfer": [cat], "decode": [path], "edit": ["--op", "reverse", path], "interpolate": [cat, cat]}
        for name, arguments in inputs.items():
            tell(name, *arguments, out, "-m", "tiny").refuses(str(out), reason)
    tell("encode", cat, tmp_path / "x.wav", "-m", "tiny").refuses("x.wav", ".npz")
    tell("encode", cat, tmp_path / "no" / "x.npz", "-m", "tiny").refuses("does not exist")
    tell("interpolate", cat, cat, tmp_path / "o.wav", "--plot", tmp_path / "p.xyz", "-m", "tiny").refuses("p.xyz", ".png")
    tell("evaluate", "tiny", tmp_path, "--json", tmp_path / "no" / "f.json").refuses("does not exist")
    for seconds in ("0", "inf", "nan"):  # of which the second was taken for a bug
        said = tell("evaluate", "tiny", tmp_path, "--seconds", seconds)
        assert said.code == 2 and "--seconds" in said.err, said
    tell("transfer", cat, cat, "-m", "tiny").refuses("is what is read")
    tell("interpolate", path, cat, tmp_path / "." / "cat.wav", "-m", "tiny").refuses("is what is read")
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "dir.wav"])


def test_models_that_are_none(tell, tmp_path, cat, tiny):
    (tmp_path / "[garbage].melisma").write_bytes(b"garbage" * 100)
    data = tiny.read_bytes()
    (tmp_path / "cut.melisma").write_bytes(data[: len(data) // 2])
    (tmp_path / "flipped.melisma").write_bytes(data[:20] + b"\xff" + data[21:])
    out = tmp_path / "out.wav"
    for name in ("[garbage].melisma", "cut.melisma", "flipped.melisma", "absent.melisma"):
        tell("info", tmp_path / name).refuses(name)
        tell("transfer", cat, out, "-m", tmp_path / name).refuses(name)
        tell("evaluate", tmp_path / name, tmp_path).refuses(name)
        tell("demo", "--out", tmp_path / "demo", "-m", tmp_path / name).refuses(name)
    tell("info", "tinny").refuses("no model named 'tinny'", "did you mean tiny")
    tell("info", tmp_path).refuses("is a folder")
    assert not out.exists() and not (tmp_path / "demo").exists()


def test_a_golden_pair_that_is_not_reproduced(tell, tmp_path, model):
    """It is proved on the core; a damaged one is one sentence after what the model says of itself, and exit status 1."""
    sound, output = model.file.golden
    for golden, reason in (
        ((sound, -output), "does not reproduce its golden pair (spectral distance"),
        (None, "has no golden pair"),
    ):
        modelfile.save(replace(model.file, golden=golden), tmp_path / "damaged.melisma")
        said = tell("info", tmp_path / "damaged.melisma", "--verify")
        assert said.code == 1 and said.err.startswith(f"melisma: model tiny {reason}") and said.err.count("\n") == 1, said
        assert tell("info", tmp_path / "damaged.melisma").code == 0
    assert "golden pair reproduced: largest error" in tell("info", "tiny", "--verify").out


def test_paths_that_are_none(tell, tmp_path, path, model):
    data = path.read_bytes()
    (tmp_path / "cut.npz").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.npz").write_text("hello")
    out = tmp_path / "out.wav"
    for name in ("cut.npz", "text.npz", "absent.npz"):
        tell("decode", tmp_path / name, out).refuses(name)
        tell("edit", tmp_path / name, out, "--op", "reverse").refuses(name)
        tell("edit", path, out, "--op", f"interpolate:other={tmp_path / name}").refuses(name)
    foreign = melisma.LatentPath(np.zeros((5, 50)), np.zeros(50), 250.0, 3000, RATE, "[other]")
    pathfile.save(foreign, tmp_path / "foreign.npz")
    tell("decode", tmp_path / "foreign.npz", out).refuses("'[other]', which is not known here", "--model")
    tell("decode", tmp_path / "foreign.npz", out, "-m", "tiny").refuses("5 latents, model tiny has 3")
    tell("edit", path, out).refuses("give an operator, such as --op scale:by=1.5")
    tell("edit", path, out, "--op", "[scale]:by=2").refuses("unknown operator '[scale]'")
    tell("edit", path, out, "--op", "scale:by=much").refuses("'by=much'", "is not a number")
    tell("edit", path, out, "--op", "scale:latents=7").refuses("latents 1 to 3")
    assert not out.exists()


def test_what_is_there_stays_if_the_work_fails(tell, tmp_path, cat, monkeypatch):
    out = save(tmp_path / "out.wav", tone(0.1))
    before = out.read_bytes()
    monkeypatch.setattr(soundfile.SoundFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    tell("transfer", cat, out, "-m", "tiny").refuses("No space left")
    assert out.read_bytes() == before and sorted(f.name for f in tmp_path.iterdir()) == ["cat.wav", "out.wav"]


SLOW = """
import soundfile, time
write = soundfile.SoundFile.write
def slow(self, samples):
    write(self, samples)
    self.flush()
    time.sleep(600)
soundfile.SoundFile.write = slow
"""


def test_killed_while_it_writes_it_leaves_nothing(tmp_path, cat):
    running = {}
    for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        folder = tmp_path / kind.name
        folder.mkdir()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        running[kind] = subprocess.Popen(command("transfer", cat, folder / "out.wav", "-m", "tiny", before=SLOW), **quiet)
    for kind, child in running.items():
        folder = tmp_path / kind.name
        until = time.monotonic() + 300
        while not any(f.stat().st_size > 1000 for f in folder.iterdir()):
            assert child.poll() is None and time.monotonic() < until, "it never began to write"
            time.sleep(0.05)
        child.send_signal(kind)
        error = child.communicate(timeout=60)[1].decode()
        assert "Traceback" not in error
        assert not (folder / "out.wav").exists()
        if kind != signal.SIGKILL:  # which leaves no time to clean up: a hidden temporary file stays
            assert child.returncode == 128 + kind and not list(folder.iterdir())


EXTRAS = [
    "torch", "numba", "lightning_fabric", "tensorboard", "librosa", "visqol", "sklearn", "scipy", "threadpoolctl", "huggingface_hub",
]  # fmt: skip
WITHOUT = f"import sys\nfor name in {EXTRAS}: sys.modules[name] = None"  # each import of these fails


def test_all_but_training_and_evaluation_needs_no_more_than_is_installed(tmp_path, cat, tiny):
    """Every command of inference, where nothing is to be had but numpy, soundfile, soxr, safetensors and the printing."""
    a, out, picture = tmp_path / "a.npz", tmp_path / "out.wav", tmp_path / "mels.png"
    for line in (
        ["models"],
        ["info", "tiny", "--verify"],
        ["operators"],
        ["encode", cat, a, "-m", "tiny"],
        ["decode", a, out],
        ["edit", a, out, "--op", "scale:by=1.5"],
        ["transfer", cat, out, "-m", "tiny", "--loudness", "-20dB"],
        ["interpolate", cat, cat, out, "--plot", picture, "-m", "tiny"],
        ["mix", cat, cat, out, "-m", "tiny"],
        ["sample", a, "-m", "tiny"],
        ["prepare", tmp_path],
        ["demo", "--out", tmp_path / "demo", "-m", "tiny"],
        ["web", tmp_path / "web", "-m", "tiny"],
    ):
        said = process(*line, before=WITHOUT)
        assert said.code == 0 and "melisma: " not in said.err, (line, said)
        assert line[0] != "info" or "golden pair reproduced: largest error" in said.out
    assert picture.stat().st_size > 1000 and len(soundfile.read(out)[0]) == len(tone())


def test_without_the_packages_for_it_the_way_to_get_them_is_said(tmp_path, tiny):
    process("train", tmp_path, "--name", "x", before=WITHOUT).refuses("pip install 'melisma[train]'")
    process("evaluate", "tiny", tmp_path, before=WITHOUT).refuses("pip install 'melisma[evaluate]'")
