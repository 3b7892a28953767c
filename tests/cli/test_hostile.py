"""The commands that make something, in hostile places: one sentence at most, the right status, and nothing half-written.

test_outermost.py has the quick ones. Here a row is a command, `{out}` what it writes; a column is where it does.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from test_outermost import in_a_shell, one_sentence_at_most

import melisma
from melisma.files import pathfile
from melisma.studio.document import Session, Take
from melisma.studio.library import Library
from melisma.studio.sessionfile import pack

COMMANDS = {
    "decode": "decode {given}/a.npz {out}/out.wav -m {model}",
    "edit": "edit {given}/a.npz {out}/out.npz --op reverse",
    "mix": "mix {given}/a.wav {given}/a.wav {out}/out.wav -m {model}",
    "render": "render {given}/a.melisma-session {out}/out.wav",
    "feedback": "feedback {out}/out.wav -m {model} --seconds 3 --plot {out}/out.png",
    "pd install": "pd install --to {out}/out",
    "evaluate": "evaluate {model} {given}/sounds --seconds 1 --json {out}/out.json",
    "demo": "demo -m {model} --out {out}/out",
}
QUICK = [name for name in COMMANDS if name not in ("evaluate", "demo")]
# who may make file systems of their own: root, or whoever the system lets be one in a namespace
ROOM = ["unshare", "--mount"] if os.name == "posix" and os.getuid() == 0 else ["unshare", "--mount", "--map-root-user"]
OWN_DISK = "mount -t tmpfs -o size={size} none {out} && "


@pytest.fixture(scope="module")
def given(tiny, home, tmp_path_factory):
    """What the commands read, and a model by its file: there is no home in some places."""
    folder = tmp_path_factory.mktemp("given")
    soundfile.write(folder / "a.wav", 0.1 * np.sin(np.arange(32000) / 10), 16000)
    pathfile.save(melisma.load("tiny").encode(melisma.read(folder / "a.wav")), folder / "a.npz")
    shutil.copy(tiny, folder / "tiny.melisma")
    (folder / "sounds").mkdir()
    shutil.copy(folder / "a.wav", folder / "sounds")
    library = Library(folder / "studio")
    take = Take("strings", library.add_file(folder / "a.wav").sound)  # published: known in all places
    pack(library, Session(take), folder / "a.melisma-session")
    return folder


def line(name: str, given: Path, out: Path) -> str:
    out.mkdir(exist_ok=True)
    words = COMMANDS[name].format(given=given, out=out, model=given / "tiny.melisma")
    return f"{sys.executable} -m melisma {words}"


@pytest.fixture(scope="session")
def needs_a_disk():
    done = subprocess.run([*ROOM, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    if done.returncode:
        pytest.skip("needs a disk of its own: be root, or allow user namespaces")


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_home_caches_or_streams_the_work_is_done(name, given, tmp_path):
    nothing = "unset HOME MELISMA_HOME; export XDG_CACHE_HOME=/proc/none XDG_DATA_HOME=/proc/none MPLCONFIGDIR=/proc/none"
    done = in_a_shell(f"{nothing}; cd {given}; {line(name, given, tmp_path / 'out')} <&- >&- 2>&-")
    assert done.returncode == 0, done
    made = list((tmp_path / "out").iterdir())
    assert made and all(file.is_dir() or file.stat().st_size > 100 for file in made)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only where there is /dev/full")
@pytest.mark.parametrize("name", QUICK)
def test_a_full_disk_under_stdout(name, given, tmp_path):
    done = in_a_shell(f"{line(name, given, tmp_path / 'out')} > /dev/full")
    assert done.returncode == 1 and done.stderr.startswith("melisma: stdout could not be written: No space left"), done
    one_sentence_at_most(done.stderr)
    assert list((tmp_path / "out").iterdir())


@pytest.mark.usefixtures("needs_a_disk")
@pytest.mark.parametrize("place", ["full", "read-only"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_takes_nothing(name, place, given, tmp_path):
    """Whatever is missing is named, with what to do, and nothing stays of what was begun."""
    out, left = tmp_path / "out", tmp_path / "left"
    size = "4k" if place == "full" else "1m,ro"
    run = f"{line(name, given, out)}; code=$?; ls -A {out} > {left}; exit $code"
    done = subprocess.run(
        [*ROOM, "bash", "-c", OWN_DISK.format(size=size, out=out) + run], capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 1, done
    told = [text for text in done.stderr.splitlines() if not text.startswith("evaluating: ")]
    assert len(told) == 1 and told[0].startswith("melisma: ") and str(out) in told[0], done
    reason = "No space left on device" if place == "full" else "Read-only file system"
    assert reason in told[0] and "this is a bug" not in told[0], done
    if name not in ("demo", "pd install"):  # which keep what they have made so far
        assert left.read_text() == "", left.read_text()
        assert (
            ("ViSQOL" in done.stdout or "mel" in done.stdout) if (name, place) == ("evaluate", "full") else done.stdout == ""
        ), done


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit of memory")
@pytest.mark.parametrize("name", QUICK)
def test_little_memory(name, given, tmp_path):
    done = in_a_shell(f"ulimit -v {330 << 10}; {line(name, given, tmp_path / 'out')}")
    assert done.returncode in (0, 1), done
    one_sentence_at_most(done.stderr)
    assert (done.returncode == 1) == ("not enough memory" in done.stderr)
    assert not list((tmp_path / "out").glob(".*"))
