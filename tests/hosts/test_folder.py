"""Folders in which people work: what `melisma pd` installs into, and where the feedback patch records. Nothing there is lost."""

import hashlib
import os
import shutil

import numpy as np
import pytest
import soundfile
from needs import needs_objects, needs_pd
from pd import OBJECTS, Patch

from melisma.cli import main as cli
from melisma.core import feedback
from melisma.hosts import puredata
from melisma.system import manifest


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink()
    }


# --- the one for Pure Data -----------------------------------------------------------------------------------------------


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user's own folder with nothing in it, MELISMA_HOME within."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path / "user" / "cache"))
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


@pytest.fixture
def newer(monkeypatch):
    """Every call of it is a model with another date, and patches that are others."""

    def turn(folder):
        original = {**puredata.patches()}
        (folder / "patches").mkdir(exist_ok=True)
        for name, file in original.items():
            (folder / "patches" / f"{name}.pd").write_bytes(file.read_bytes() + b"\n")
        monkeypatch.setattr(puredata, "_PATCHES", (folder / "patches",))

    return turn


@needs_objects
@pytest.mark.parametrize("again", ["install", "path", "open"])
def test_work_in_the_installed_folder_outlives_a_new_version(user, tmp_path, newer, again, monkeypatch, capfd):
    assert cli.run(["pd", "install"]) == 0
    said = capfd.readouterr().out.splitlines()
    folder = user / ".local/lib/pd/extra/melisma"
    assert said[0].startswith(f"writing into {folder}") and "--to" in said[0]
    own = {
        "feedback.wav": b"a recording",
        "recordings/1.wav": b"another",
        "mine.pd": b"a patch",
        "models/mine.melisma": b"a model",
        "transfer.pd": b"changed",
    }
    (folder / "recordings").mkdir()
    for name, data in own.items():
        (folder / name).write_bytes(data)
    newer(tmp_path)
    monkeypatch.setenv("PD", shutil.which("true"))
    assert cli.run({"install": ["pd", "install"], "path": ["pd", "path"], "open": ["pd", "open", "feedback"]}[again]) == 0
    said = capfd.readouterr()
    found = contents(folder)
    assert {name: found[name] for name in own} == own
    patches = puredata.patches()
    assert found["playing.pd"] == patches["playing"].read_bytes() and found["transfer.new.pd"] == patches["transfer"].read_bytes()
    assert (
        "transfer.pd is not as Melisma wrote it and stays" in said.err
        and "transfer.new.pd" in said.err
        and said.err.count("\n") == 1
    )
    if again == "path":
        assert said.out == f"{folder}\n"


@needs_objects
def test_what_an_older_version_installed_is_taken_over(user, newer, tmp_path):
    """It kept no list: the objects are surely its own, the rest stays where it is not what would be written."""
    folder = user / "folder"
    puredata.install(folder)
    (folder / manifest.NAME).unlink()
    (folder / "melisma.txt").write_text("Melisma's objects for Pure Data, installed by `melisma pd`; 0123456789abcdef\n")
    (folder / "mine.pd").write_text("mine")
    (folder / "feedback.pd").write_text("mine")
    (next(folder.glob("melisma~.pd_*"))).write_bytes(b"older")
    with pytest.warns(match="feedback.pd is not as Melisma wrote it and stays"):
        puredata.install(folder)
    found = contents(folder)
    assert "melisma.txt" not in found and found["mine.pd"] == found["feedback.pd"] == b"mine" and "feedback.new.pd" in found
    object_file = next(OBJECTS.glob("melisma~.pd_*"))
    assert hashlib.sha256(found[object_file.name]).digest() == hashlib.sha256(object_file.read_bytes()).digest()


@needs_objects
def test_it_heeds_the_folder_and_says_where_first(user, tmp_path, capsys):
    target = tmp_path / "some where" / "pd"
    assert cli.run(["pd", "install", "--to", str(target)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"writing into {target}" and f"pd -path '{target}'" in said[-1] and manifest.is_ours(target)
    assert not (user / ".local").exists()
    assert cli.run(["pd", "install", "--help"]) == 0
    assert "--to" in (text := " ".join(capsys.readouterr().out.split())) and "~/.local/lib/pd/extra/melisma" in text


# --- recordings ---------------------------------------------------------------------------------------------------------


def record(host_folder, patch, objects, takes, environment, name=None):
    """Record so many takes of half a second, and let the frequency be another in each."""
    host_folder.mkdir()
    host = Patch(host_folder)
    if name:
        host.at(1, f"feedback-name symbol {name}")
    host.hears(host.add("receive feedback-record"), 0, "heard record")
    for i in range(takes):
        host.at(100 + 1000 * i, f"feedback-freq-v {500 + 100 * i}")
        host.at(110 + 1000 * i, "feedback-record-v 1")
        host.at(600 + 1000 * i, "feedback-record-v 0")
    return host.run(44100 * takes + 4410, path=objects, more=["-open", str(patch)], environment=environment)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return puredata.install(tmp_path_factory.mktemp("pd") / "melisma")


@needs_pd
@needs_objects
@pytest.mark.parametrize("place", ["installed", "own", "not writable"])
def test_recordings_go_to_the_users_own_folder_and_never_over_one_another(installed, user, tmp_path, place):
    """As installed: into ~/Melisma. A copy of the user's own: beside it. Where that cannot be written: into ~/Melisma."""
    before, patch, folder = contents(installed), installed / "feedback.pd", user / "Melisma"
    if place != "installed":
        (tmp_path / "work").mkdir()
        patch = shutil.copy(patch, tmp_path / "work")
    if place == "own":
        folder = tmp_path / "work"
    if place == "not writable":
        (tmp_path / "work").chmod(0o555)
        if os.getuid() == 0:  # who may write everywhere: a folder of somebody else's
            os.chown(tmp_path / "work", 54321, 54321)
    folder.mkdir(exist_ok=True)
    (folder / "feedback-2.txt").write_text("mine")
    run = record(tmp_path / "host", patch, installed, 3, dict(os.environ))
    assert run.code == 0 and not run.errors, run.lines
    sounds = sorted(file.name for file in folder.glob("*.wav"))
    assert sounds == ["feedback-3.wav", "feedback-4.wav", "feedback.wav"] and (folder / "feedback-2.txt").read_text() == "mine"
    for i, name in enumerate(("feedback", "feedback-3", "feedback-4")):
        sound, rate = soundfile.read(folder / f"{name}.wav")
        assert rate == 44100 and len(sound) == pytest.approx(0.49 * rate, abs=4096) and np.isfinite(sound).all()
        frequency = feedback.curve(str(folder / f"{name}.txt"), "freq")
        assert frequency(np.array([0.1, 0.4])).ravel() == pytest.approx([500 + 100 * i] * 2)
    assert contents(installed) == before
    (tmp_path / "work").exists() and (tmp_path / "work").chmod(0o755)


@needs_pd
@needs_objects
def test_a_recording_has_its_sound_and_its_curves(installed, user, tmp_path):
    """What the patch writes beside the sound is what `melisma feedback` reads."""
    host = Patch(tmp_path)
    for time, message in ((100, "gain 4"), (500, "record-v 1"), (1500, "freq-v 900"), (3000, "record-v 0")):
        host.at(time, f"feedback-{message}")
    run = host.run(44100 * 4, path=installed, more=["-open", str(installed / "feedback.pd")], environment=dict(os.environ))
    assert run.code == 0 and not run.errors, run.lines
    sound, rate = soundfile.read(user / "Melisma" / "feedback.wav")
    assert rate == 44100 and len(sound) == pytest.approx(2.5 * rate, abs=4096)
    assert np.isfinite(sound).all() and 0.01 < np.abs(sound[-rate:]).max() <= 1
    frequency, q, gain = (feedback.curve(str(user / "Melisma" / "feedback.txt"), name) for name in ("freq", "q", "gain"))
    seconds = np.array([0.2, 2.0])
    assert frequency(seconds).ravel() == pytest.approx([440, 900]) and gain(seconds).ravel() == pytest.approx([4, 4])
    assert q(seconds).ravel() == pytest.approx([3, 3])


@needs_pd
@needs_objects
def test_a_chosen_file_is_taken_and_not_written_over(installed, user, tmp_path):
    target = tmp_path / "a take.wav"
    name = str(target).replace(" ", "\\ ")
    for i in range(2):
        run = record(tmp_path / f"host{i}", installed / "feedback.pd", installed, 1, dict(os.environ), name)
        assert run.code == 0 and not run.errors, run.lines
    assert sorted(file.name for file in tmp_path.glob("a take*")) == ["a take-2.txt", "a take-2.wav", "a take.txt", "a take.wav"]
    assert not (user / "Melisma").exists()


@needs_pd
@needs_objects
def test_where_nothing_can_be_recorded_one_line_says_so_and_nothing_begins(installed, user, tmp_path):
    (user / "Melisma").write_text("a file in the way")
    run = record(tmp_path / "host", installed / "feedback.pd", installed, 1, dict(os.environ))
    assert len(run.errors) == 1 and str(user / "Melisma" / "feedback.wav") in run.errors[0], run.lines
    assert "heard record: set 0" in run.lines and (user / "Melisma").read_text() == "a file in the way"
