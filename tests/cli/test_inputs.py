"""No input of any option is ever an output: by its name, through a link or a hard link, in every command."""

import os
import re
import typing
from pathlib import Path

import numpy as np
import pytest
import soundfile

import melisma
from melisma.cli import main as cli
from melisma.cli.app import application
from melisma.cli.files import Reads, Writes, guarded
from melisma.errors import MelismaError
from melisma.files import pathfile
from melisma.sound.audio import read, write
from melisma.system.atomic import atomic
from melisma.system.inputs import inputs_stay

RATE = 16000


@pytest.fixture
def folder(tmp_path, model):
    """A sound, another, latent paths of both, and each once more by a link and by a hard link."""
    for k, name in enumerate(("a", "b")):
        soundfile.write(tmp_path / f"{name}.wav", 0.2 * np.sin(np.arange(4000) / (9 + k)), RATE)
        pathfile.save(model.encode(melisma.read(tmp_path / f"{name}.wav")), tmp_path / f"{name}.npz")
    (tmp_path / "curve.txt").write_text("0 300\n1 400\n")
    for name in ("a.wav", "b.wav", "a.npz", "b.npz"):
        os.symlink(tmp_path / name, tmp_path / f"link-{name}")
        os.link(tmp_path / name, tmp_path / f"hard-{name}")
    (tmp_path / "sub").mkdir()
    return tmp_path


# every command that reads one file and writes another; OUT stands for what it is told to write
COMMANDS = {
    "transfer": "transfer a.wav OUT",
    "transfer --loudness": "transfer a.wav OUT --loudness b.wav",
    "transfer --loudness path": "transfer a.wav OUT --loudness b.npz",
    "interpolate": "interpolate a.wav b.wav OUT",
    "mix": "mix a.wav b.wav OUT",
    "encode": "encode a.wav OUT",
    "decode": "decode a.npz OUT",
    "edit": "edit a.npz OUT --op reverse",
    "edit --op": "edit a.npz OUT --op reverse --op interpolate:other=b.npz:curve=0.5",
    "edit --op mix": "edit a.npz OUT --op mix:others=a.npz,b.npz:weights=1,2,3",
    "sample --loudness": "sample OUT --seconds 0.1 --loudness b.wav",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_input_is_not_written_over(folder, name, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    inputs = [
        word
        for part in COMMANDS[name].split()
        for word in part.replace("=", ":").replace(",", ":").split(":")
        if Path(word).is_file()
    ]
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    for given in inputs:
        for output in (given, f"./sub/../{given}", str(folder / given), f"link-{given}", f"hard-{given}"):
            assert cli.run([*COMMANDS[name].replace("OUT", output).split(), "-m", "tiny"]) == 1
            said = capsys.readouterr().err
            assert "write to another file" in said or "does not end in a format" in said, said
            assert said.count("\n") == 1
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} == before


def test_a_curve_is_not_drawn_over(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    os.link("curve.txt", "hard.wav")
    os.link("curve.txt", "hard.png")
    for words in (["hard.wav"], ["out.wav", "--plot", "hard.png"]):
        assert cli.run(["feedback", *words, "--freq", "curve.txt", "--seconds", "0.1", "-m", "tiny"]) == 1
        assert "is what is read (--freq): write to another file" in capsys.readouterr().err
    assert Path("curve.txt").read_text() == "0 300\n1 400\n" and not Path("out.wav").exists()


def test_two_outputs_are_two_files(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    os.symlink("out.wav", "out.png")
    assert cli.run(["interpolate", "a.wav", "b.wav", "out.wav", "--plot", "out.png", "-m", "tiny"]) == 1
    assert "is named twice, as --plot and OUT" in capsys.readouterr().err and not Path("out.wav").exists()


def test_a_model_is_not_trained_over_the_one_it_starts_from(tiny, tmp_path, capsys):
    before = tiny.read_bytes()
    for start in ("tiny", str(tiny)):
        assert cli.run(["train", str(tmp_path), "--name", "tiny", "--from", start]) == 1
        assert "is what is read (--from): write to another file" in " ".join(capsys.readouterr().err.split())
    assert tiny.read_bytes() == before


def test_figures_are_not_written_over_a_recording(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert cli.run(["evaluate", "tiny", str(folder), "--json", "a.wav"]) == 1
    assert "does not end in a format" in capsys.readouterr().err


def test_every_command_is_guarded_and_says_what_it_writes():
    """A parameter is an output that says so, or it may be an input: a new command cannot be forgotten."""
    outputs = set()
    for command in application().registered_commands:
        assert command.callback.__code__.co_name == "checked", command.callback  # wrapped by `guarded`
        for name, kind in typing.get_type_hints(command.callback, include_extras=True).items():
            marks = getattr(kind, "__metadata__", ())
            told = " ".join(getattr(mark, "help", None) or "" for mark in marks)
            if re.search(r"\b(write|written|Write|Draw)\b", told):
                assert any(isinstance(mark, Writes) for mark in marks), (command.callback.__name__, name)
                outputs.add((command.callback.__name__, name))
    assert len(outputs) >= 11


def test_what_is_declared_is_what_is_checked(tmp_path):
    from typing import Annotated

    a = tmp_path / "a.bin"
    a.write_bytes(b"1")
    calls = []

    @guarded
    def command(
        source: str,
        out: Annotated[Path, Writes()],
        named: Annotated[str | None, Reads(lambda name: [tmp_path / f"{name}.bin"])] = None,
    ):
        calls.append(out)

    command(source="x", out=a)
    command(source="x", out=tmp_path / "new", named="a")
    for given in ({"source": str(a)}, {"source": f"op:other={a},x"}, {"source": "x", "named": "a"}):
        with pytest.raises(MelismaError, match="a.bin is what is read"):
            command(out=a, **given)
    assert len(calls) == 2


def test_the_last_guard_knows_what_was_read(folder):
    """Even a command that says nothing of its inputs cannot replace one; a program may."""
    with inputs_stay():
        sound = read(folder / "hard-a.wav")
        pathfile.load(folder / "b.npz")
        for output in ("a.wav", "link-a.wav", "hard-a.wav"):
            with pytest.raises(MelismaError, match="is a file that is read here: write to another"):
                write(folder / output, sound)
        with pytest.raises(MelismaError, match="is read here"), atomic(folder / "b.npz"):
            pass
        write(folder / "c.wav", sound)
    read(folder / "a.wav").save(folder / "a.wav")
    assert len(list(folder.glob("*.wav"))) == 7


def test_the_number_of_a_file_that_is_gone_is_no_input(folder):
    """The disk gives it to the next file: here to one that is written over and over, as a server does."""
    with inputs_stay():
        sound = read(folder / "a.wav")
        os.link(folder / "a.wav", folder / "next.wav")  # of the same number
        for name in ("a.wav", "hard-a.wav"):
            (folder / name).unlink()
        write(folder / "next.wav", sound)


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
def test_a_write_protected_file_stays(folder, mode, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    for name in ("kept.wav", "kept.npz", "kept.png", "kept.json"):
        Path(name).write_text("mine")
        Path(name).chmod(mode)
    os.symlink("kept.wav", "to-kept.wav")
    for words in ("transfer a.wav kept.wav", "transfer a.wav to-kept.wav", "encode a.wav kept.npz", "edit a.npz kept.wav --op reverse",
                  "interpolate a.wav b.wav out.wav --plot kept.png", "sample kept.wav", "feedback kept.wav --seconds 0.1"):  # fmt: skip
        assert cli.run([*words.split(), "-m", "tiny"]) == 1
        assert "is write-protected; write to another file, or take the protection off" in " ".join(
            capsys.readouterr().err.split()
        )
    assert all(Path(name).read_text() == "mine" for name in ("kept.wav", "kept.npz", "kept.png", "kept.json"))
    assert not Path("out.wav").exists() and not list(folder.glob(".*part*"))
    with pytest.raises(MelismaError, match="write-protected"):
        write(folder / "kept.wav", np.zeros(9), RATE)
