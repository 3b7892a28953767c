"""The commands that work in Melisma's own folder, where it takes nothing or is nowhere: one sentence, and nothing half-written.

test_hostile.py has those that are told where to write.
"""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from test_hostile import ROOM, needs_a_disk  # noqa: F401
from test_outermost import in_a_shell, one_sentence_at_most

COMMANDS = {
    "pd path": "pd path",
    "pd open": "pd open feedback",
    "studio": "studio --no-browser --port 0",
    "train": "train {sounds} --name mine --minutes 1",
}
FULL = "size=4k,nr_inodes=1", "No space left on device"
READ_ONLY = "size=1m,ro", "Read-only file system"
AS_PD = "export PD=/bin/true"  # `pd open` runs this in Pd's place


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    soundfile.write(folder / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(16000 * 8), 16000)
    return folder


def line(name, sounds) -> str:
    return f"{sys.executable} -m melisma {COMMANDS[name].format(sounds=sounds)}"


def told(done) -> str:
    """The one sentence that it ended with; the bars of a preparation are no sentences."""
    assert done.returncode == 1, done
    lines = [text for text in done.stderr.splitlines() if text and not text.startswith(("reading ", "preparing "))]
    one_sentence_at_most("\n".join(lines))
    assert lines and lines[0].startswith("melisma: ") and "this is a bug" not in lines[0], done
    return lines[0]


@pytest.mark.usefixtures("needs_a_disk")
@pytest.mark.parametrize(("options", "reason"), [FULL, READ_ONLY], ids=["full", "read-only"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_home_on_a_disk_that_takes_nothing(name, options, reason, sounds, tmp_path):
    home, left = tmp_path / "home", tmp_path / "left"
    home.mkdir()
    disk = f"mount -t tmpfs -o {options} none {home}; export MELISMA_HOME={home}; {AS_PD}"
    run = f"{disk}; {line(name, sounds)}; code=$?; find {home} -type f > {left}; exit $code"
    done = subprocess.run([*ROOM, "bash", "-c", run], capture_output=True, encoding="utf-8", timeout=300)
    sentence = told(done)
    assert reason in sentence and str(home) in sentence, sentence
    assert left.read_text() == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_home_that_is_nowhere(name, sounds):
    done = in_a_shell(f"unset MELISMA_HOME; export HOME=/proc/none XDG_CACHE_HOME=/proc/none; {AS_PD}; {line(name, sounds)}")
    sentence = told(done)
    assert "/proc/none" in sentence and "MELISMA_HOME" in sentence, sentence


@pytest.mark.parametrize("name", ["pd path", "pd open"])
@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", "2>&-"])
def test_without_streams_the_folder_is_made(name, streams, sounds, tmp_path):
    done = in_a_shell(f"export MELISMA_HOME={tmp_path}; {AS_PD}; {line(name, sounds)} {streams}")
    assert done.returncode == 0, done
    assert list((tmp_path / "pd").glob("*.pd")) and not list((tmp_path / "pd").glob(".*"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit of memory")
@pytest.mark.parametrize("name", ["pd path", "train"])
def test_little_memory(name, sounds, tmp_path):
    done = in_a_shell(f"ulimit -v {330 << 10}; export MELISMA_HOME={tmp_path}; {line(name, sounds)}")
    assert done.returncode in (0, 1), done
    one_sentence_at_most(done.stderr)
    assert (done.returncode == 1) == ("not enough memory" in done.stderr)
    assert name == "pd path" or done.returncode == 1, "PyTorch needs more than that"
