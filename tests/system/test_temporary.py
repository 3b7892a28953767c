"""What a real kill -9 leaves is swept by the next run, and what a living process uses is not."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from melisma.system import temporary
from melisma.system.atomic import atomic
from melisma.training import checkpoints
from melisma.training.prepare import prepare

pytestmark = pytest.mark.skipif(temporary.fcntl is None, reason="only on POSIX: locks and SIGKILL")


@pytest.fixture(autouse=True)
def nothing_swept_yet(monkeypatch):
    monkeypatch.setattr(temporary, "_swept", set())


def hidden(folder):
    return sorted(file.name for file in folder.iterdir() if file.name.startswith("."))


class Killed:
    """A process that runs code until it prints a line; then it is killed as hard as can be when the block ends."""

    def __init__(self, code, *arguments):
        self.process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        assert self.process.stdout.readline().strip() == "ready"
        return self.process

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


WRITING = """if True:
    import sys, time, pathlib
    from melisma.system.atomic import atomic
    with atomic(sys.argv[1]) as part:
        part.write_bytes(b"half")
        print("ready", flush=True)
        time.sleep(100)
"""
PREPARING = """if True:
    import sys, time
    from melisma.training import prepare
    def tick(share, name):
        if share > 0.5:
            print("ready", flush=True)
            time.sleep(100)
    prepare.prepare(sys.argv[1], sys.argv[2], progress=tick)
"""


def test_a_file_that_was_being_written(tmp_path):
    with Killed(WRITING, tmp_path / "a.wav"):
        (part,) = hidden(tmp_path)
        with atomic(tmp_path / "b.wav") as other:
            other.write_bytes(b"b")
        assert hidden(tmp_path) == [part]  # somebody works on it
    temporary._swept.clear()
    with atomic(tmp_path / "c.wav") as other:
        other.write_bytes(b"c")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.wav", "c.wav"]


def test_a_set_that_was_being_prepared(tmp_path):
    """The next `prepare` sweeps it, of any folder, and even where its own set is there already."""
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    for i in range(3):
        soundfile.write(tmp_path / "in" / f"{i}.wav", 0.1 * rng.standard_normal(44100), 44100)
    sets = tmp_path / "sets"
    with Killed(PREPARING, tmp_path / "in", sets / "one"):
        (part,) = hidden(sets)
        prepare(tmp_path / "in", sets / "two")
        assert hidden(sets) == [part] and (sets / part / "audio.i16").is_file()
    temporary._swept.clear()
    assert prepare(tmp_path / "in", sets / "two").reused and hidden(sets) == []
    prepare(tmp_path / "in", sets / "one")
    assert sorted(file.name for file in (sets / "one").iterdir()) == ["audio.i16", "index.json"]


def test_a_checkpoint_that_was_being_written(tmp_path):
    code = """if True:
        import sys, time, pathlib
        from melisma.training import checkpoints
        folder = pathlib.Path(sys.argv[1])
        lock = checkpoints.locked(folder)
        (folder / "state.tmp").write_bytes(b"half")
        print("ready", flush=True)
        time.sleep(100)
    """
    run = tmp_path / "run"
    run.mkdir()
    (run / "state.pt").write_bytes(b"whole")
    with Killed(code, run):
        checkpoints.sweep(tmp_path)
        assert (run / "state.tmp").exists()
    checkpoints.sweep(tmp_path)
    assert not (run / "state.tmp").exists() and (run / "state.pt").read_bytes() == b"whole"


def test_only_what_is_ours_by_name_is_swept(tmp_path):
    old = time.time() - 3 * 24 * 3600
    ours = [
        ".x.melisma-0123456789ab",
        ".melisma-0123456789ab.wav",
        ".x.0123456789ab.part",
        ".0123456789ab.part.wav",
        ".x.0123456789ab.old",
    ]
    others = [
        "x.melisma", "melisma-0123456789ab", ".melisma-0123", ".melisma-0123456789AB.wav", ".mine.part", ".DS_Store", "._x.melisma",
        ".melisma-0123456789ab.tar.gz", ".hidden", ".0123456789ab.partial",
    ]  # fmt: skip
    for name in ours + others:
        (tmp_path / name).write_text("?")
        os.utime(tmp_path / name, (old, old))
    (tmp_path / ".y.melisma-0123456789ab").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "x").write_text("mine")
    (tmp_path / ".y.melisma-0123456789ab" / "link").symlink_to(tmp_path / "precious")
    (tmp_path / ".z.melisma-0123456789ab").symlink_to(tmp_path / "precious")
    os.utime(tmp_path / ".z.melisma-0123456789ab", (old, old), follow_symlinks=False)
    assert temporary.sweep(tmp_path) == len(ours) + 2
    assert {file.name for file in tmp_path.iterdir()} == {*others, "precious"} and (tmp_path / "precious" / "x").exists()


def test_what_older_versions_left_is_swept_when_it_is_old(tmp_path):
    """They locked nothing: one may be at work."""
    (tmp_path / ".x.0123456789ab.part").mkdir()
    (tmp_path / ".x.0123456789ab.part" / "audio.i16").write_text("?")
    os.utime(tmp_path / ".x.0123456789ab.part", (0, 0))
    assert temporary.sweep(tmp_path) == 0
    os.utime(tmp_path / ".x.0123456789ab.part" / "audio.i16", (0, 0))
    assert temporary.sweep(tmp_path) == 1


def test_folders_that_are_not_there_or_not_ours_to_read(tmp_path):
    assert temporary.sweep(tmp_path / "gone") == 0
    (tmp_path / "file").write_text("?")
    assert temporary.sweep(tmp_path / "file") == 0
