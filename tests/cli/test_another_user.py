"""Training and playing as a user who may read everything and write nothing but one folder: containers, kiosks, classrooms.

For real: another user id without an account, packages of root's, no HOME. Numba's cache was what failed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

NOBODY = 54321  # no account is likely to have this number
# who may read and search everywhere, and write nowhere: the packages may lie where only their owner looks, as under /root
AS_NOBODY = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search", "--no-new-privs",
]  # fmt: skip


@pytest.fixture(scope="module")
def nobody():
    """Runs a command as that user, in an environment of its own."""
    if os.name != "posix" or os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv: sudo, and apt install util-linux")
    if subprocess.run([*AS_NOBODY, "true"], capture_output=True).returncode:
        pytest.skip("needs the right to become another user: a container with CAP_SETUID and CAP_DAC_READ_SEARCH")
    path = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"} | {k: v for k, v in os.environ.items() if k == "PYTHONPATH"}

    def run(*words, **environment):
        line = [*AS_NOBODY, sys.executable, "-m", "melisma", *map(str, words)]
        environment = path | {name: str(value) for name, value in environment.items()}
        return subprocess.run(line, env=environment, cwd="/", capture_output=True, encoding="utf-8", timeout=1200)

    return run


@pytest.fixture(scope="module")
def places():
    """A folder with sounds that belongs to root, and one that belongs to nobody: not among pytest's, which are for root alone."""
    with tempfile.TemporaryDirectory() as folder:
        root, own = Path(folder) / "roots", Path(folder) / "own"
        for place in (root, own):
            place.mkdir()
        os.chmod(folder, 0o755)
        for k in range(3):
            soundfile.write(root / f"{k}.wav", 0.2 * np.sin(np.arange(44100) / (20 + 5 * k)), 44100)
        os.chown(own, NOBODY, NOBODY)
        yield root, own


def test_it_is_a_user_who_may_write_nothing_else(nobody, places):
    root, own = places
    done = subprocess.run([*AS_NOBODY, "touch", str(root / "x")], capture_output=True, text=True)
    assert done.returncode != 0 and "Permission denied" in done.stderr
    assert subprocess.run([*AS_NOBODY, "touch", str(own / "x")]).returncode == 0


def test_training_and_playing(nobody, places):
    root, own = places
    environment = {"TMPDIR": own, "MELISMA_HOME": own / "melisma"}
    done = nobody("train", root, "--name", "mine", "--steps", 4, "--from", "none", "--latents", 2, **environment)
    assert done.returncode == 0, done  # in a log, what is told of its progress goes to stderr
    assert not any(word in done.stderr for word in ("melisma: ", "note: ", "Traceback", "umba")), done
    assert (own / "melisma" / "models" / "mine.melisma").stat().st_uid == NOBODY
    done = nobody("transfer", root / "0.wav", own / "out.wav", "-m", "mine", **environment)
    assert done.returncode == 0 and done.stderr == "", done
    assert soundfile.info(own / "out.wav").frames == 44100
    assert len(list(root.iterdir())) == 3


@pytest.mark.parametrize(
    "home", [{}, {"HOME": "/proc/none"}, {"HOME": "/", "MELISMA_HOME": "/melisma"}], ids=["no", "/proc", "/"]
)
def test_without_any_folder_published_models_play_and_training_says_what_it_needs(nobody, places, home):
    root, own = places
    done = nobody("transfer", root / "0.wav", own / "played.wav", **home)
    assert done.returncode == 0 and done.stderr == "", done
    done = nobody("prepare", root, **home)
    assert done.returncode == 1 and done.stderr.startswith("melisma: ") and done.stderr.count("\n") == 1, done
    assert "MELISMA_HOME" in done.stderr and "this is a bug" not in done.stderr
    done = nobody("transfer", root / "0.wav", root / "out.wav", **home)
    assert (
        done.returncode == 1
        and f"could not be written: Permission denied; check the free space and the permissions of {root}" in done.stderr
    )
