"""Folders that Melisma fills and people work in: what is not its own, or was changed, stays, wherever it stops."""

import os
import random
import shutil
import signal
import subprocess
import sys

import pytest

from melisma.errors import MelismaError
from melisma.system import manifest


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink()
    }


def builder(files):
    def build(folder):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    return build


def test_only_what_was_written_and_is_unchanged_is_replaced_or_removed(tmp_path):
    folder = tmp_path / "folder"
    first = {"a.pd": "1", "b.pd": "1", "gone.pd": "1", "sub/c.txt": "1", "old/d.txt": "1", "old/e.txt": "1"}
    filled = manifest.fill(folder, builder(first), "one")
    assert set(filled.written) == set(first) and manifest.is_current(folder, "one") and not manifest.is_current(folder, "two")
    (folder / "b.pd").write_text("mine")
    (folder / "old" / "e.txt").write_text("mine")
    (folder / "sub" / "take.wav").write_text("mine")
    (folder / "new.pd").write_text("mine, before there was such a file")
    (folder / ".DS_Store").write_text("?")
    filled = manifest.fill(folder, builder({"a.pd": "2", "b.pd": "2", "new.pd": "2", "sub/c.txt": "1"}), "two")
    found = {name: data.decode() for name, data in contents(folder).items() if name != manifest.NAME}
    assert found == {
        "a.pd": "2", "b.pd": "mine", "b.new.pd": "2", "new.pd": "mine, before there was such a file", "new.new.pd": "2",
        "sub/c.txt": "1", "sub/take.wav": "mine", "old/e.txt": "mine", ".DS_Store": "?",
    }  # fmt: skip
    assert filled.kept == {"b.pd": "b.new.pd", "new.pd": "new.new.pd"} and set(filled.removed) == {"gone.pd", "old/d.txt"}
    (folder / "b.pd").unlink()  # it is Melisma's again, and needs no place beside it
    filled = manifest.fill(folder, builder({"a.pd": "2", "b.pd": "3"}), "three")
    assert (folder / "b.pd").read_text() == "3" and not (folder / "b.new.pd").exists() and not filled.kept
    assert not (folder / "new.new.pd").exists() and (folder / "new.pd").exists() and (folder / "sub" / "take.wav").exists()


def test_links_stay_links(tmp_path):
    """The folder itself, a folder in it on another disk, a file in it."""
    real, models = tmp_path / "real", tmp_path / "models"
    (tmp_path / "folder").symlink_to(real)  # which is not there yet
    manifest.fill(tmp_path / "folder", builder({"a.pd": "1", "models/m": "1"}), "one")
    assert (real / "a.pd").read_text() == "1" and (tmp_path / "folder").is_symlink()
    shutil.move(real / "models", models)
    (real / "models").symlink_to(models)
    (tmp_path / "mine.pd").write_text("1")
    (real / "a.pd").unlink()
    (real / "a.pd").symlink_to(tmp_path / "mine.pd")
    filled = manifest.fill(tmp_path / "folder", builder({"a.pd": "2", "models/m": "2"}), "two")
    assert (models / "m").read_text() == "2" and (real / "models").is_symlink()
    assert (real / "a.pd").is_symlink() and (tmp_path / "mine.pd").read_text() == "1" and filled.kept == {"a.pd": "a.new.pd"}


def test_what_is_not_of_its_making_is_refused(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "song.pd").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("full", "file"):
        with pytest.raises(MelismaError, match=f"{name} is "):
            manifest.fill(tmp_path / name, builder({"a.pd": "1"}), "one")
    assert contents(tmp_path) == {"full/song.pd": b"mine", "file": b"mine"}
    (tmp_path / "noise").mkdir()
    for name in (".DS_Store", "Thumbs.db", "._a.pd", ".nfs00000012"):
        (tmp_path / "noise" / name).write_text("?")
    manifest.fill(tmp_path / "noise", builder({"a.pd": "1"}), "one")
    assert len(contents(tmp_path / "noise")) == 6


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"files": 3}', '{"files": {"../../x": ["a"], "/etc/x": [3]}, "made": 1}', '{"files": {"a.pd": 7}}']
)
def test_a_damaged_list_loses_nothing(tmp_path, text):
    folder = tmp_path / "folder"
    manifest.fill(folder, builder({"a.pd": "1", "b.pd": "1"}), "one")
    (folder / manifest.NAME).write_text(text)
    (tmp_path.parent / "x").write_text("outside")
    manifest.fill(folder, builder({"a.pd": "2"}), "two")
    assert (
        (folder / "a.pd").read_text() == "1" and (folder / "a.new.pd").read_text() == "2" and (folder / "b.pd").read_text() == "1"
    )
    assert (tmp_path.parent / "x").read_text() == "outside"


def test_stopped_anywhere_it_leaves_a_working_folder_and_goes_on_the_next_time(tmp_path, monkeypatch):
    """The disk fails at each write in turn: every file is the old or the new one, whole, and the next time sets it right."""
    files = [{f"{n}.pd": f"{n}{version}" * 50 for n in "abcdef"} for version in (1, 2)]
    real = os.replace
    for fails_at in range(9):
        folder = tmp_path / str(fails_at)
        manifest.fill(folder, builder(files[0]), "one")
        (folder / "mine.pd").write_text("mine")
        calls = iter(range(100))

        def replace(source, target, calls=calls, fails_at=fails_at):
            if next(calls) == fails_at:
                raise OSError(28, "No space left on device")
            return real(source, target)

        monkeypatch.setattr(os, "replace", replace)
        try:
            manifest.fill(folder, builder(files[1]), "two")
            assert fails_at == 8  # six files, and the list before and after them
        except MelismaError as error:
            assert "No space left on device" in str(error) and str(folder) in str(error)
        monkeypatch.setattr(os, "replace", real)
        found = contents(folder)
        assert found.pop("mine.pd") == b"mine" and found.pop(manifest.NAME)
        assert set(found) == set(files[0]) and all(data.decode() in (files[0][n], files[1][n]) for n, data in found.items())
        assert not manifest.fill(folder, builder(files[1]), "two").kept
        assert {n: d.decode() for n, d in contents(folder).items() if n in files[1]} == files[1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="only on POSIX: SIGKILL")
def test_killed_anywhere_it_goes_on_the_next_time(tmp_path):
    """A real kill -9 at random moments of installs that never end; then one more install has nothing of its own left over."""
    code = """if True:
        import sys, pathlib
        from melisma.system import manifest
        folder, n = pathlib.Path(sys.argv[1]), 0
        while True:
            n += 1
            def build(into):
                for name in "abcdefgh":
                    (into / f"{name}.pd").write_text(f"{name} {n}")
            manifest.fill(folder, build, str(n))
            print(n, flush=True)
    """
    chance = random.Random(5)
    folder = tmp_path / "folder"
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(chance.randrange(1, 60)):
            process.stdout.readline()
        process.kill()
        process.wait()
        process.stdout.close()
        (folder / "mine.pd").write_text("mine")
    filled = manifest.fill(folder, builder({f"{name}.pd": "last" for name in "abcdefgh"}), "last")
    assert not filled.kept and set(contents(folder)) == {*(f"{name}.pd" for name in "abcdefgh"), "mine.pd", manifest.NAME}
    assert not [file for file in folder.iterdir() if file.is_dir()]
