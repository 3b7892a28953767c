"""The outermost handler is in place before anything large is imported: what goes wrong meanwhile is one sentence."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    file = tmp_path_factory.mktemp("sounds") / "a.wav"
    soundfile.write(file, 0.1 * np.sin(np.arange(8000) / 10), 16000)
    return file


def said(*line, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in line], capture_output=True, encoding="utf-8", timeout=300, **more)


@pytest.mark.parametrize("module", ["melisma", "melisma.cli.main"])
def test_nothing_large_comes_before_it(module):
    code = f"import {module}, sys; print(*(name for name in sys.modules if '.' not in name))"
    loaded = set(said(sys.executable, "-c", code).stdout.split())
    assert "melisma" in loaded and not loaded & {"numpy", "typer", "rich", "msgspec", "asyncio", "ctypes", "tempfile", "logging"}


def test_the_face_has_all_its_parts():
    code = "import melisma; print([getattr(melisma, name) for name in melisma.__all__], melisma.sound.rates, melisma.errors)"
    done = said(sys.executable, "-c", code)
    assert done.returncode == 0, done
    done = said(sys.executable, "-c", "import melisma; assert set(melisma.__all__) <= set(dir(melisma)); melisma.nothing")
    assert "AttributeError: module 'melisma' has no attribute 'nothing'" in done.stderr


# some are imported from C, which may put an error of its own in the place of the signal's
MOMENTS = (
    "typer",
    "typer.main",
    "numpy",
    "numpy._core._multiarray_umath",
    "numpy._core._methods",
    "soundfile",
    "_cffi_backend",
)
ASKED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == {name!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.{asked})
sys.meta_path.insert(0, Finder())
from melisma.cli.main import main
main()
"""


@pytest.mark.parametrize("name", MOMENTS)
def test_asked_to_stop_while_something_is_imported(name, sound, tmp_path):
    asked = ("SIGINT", "SIGTERM", "SIGHUP")[MOMENTS.index(name) % 3]
    code = ASKED.format(name=name, asked=asked)
    done = said(sys.executable, "-c", code, "transfer", sound, tmp_path / "out.wav", "-m", "strings")
    word = "Ctrl-C" if asked == "SIGINT" else asked
    assert done.returncode == 128 + getattr(signal, asked), done
    assert done.stderr == f"melisma: stopped by {word}: a file that was not finished is not kept\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit of memory")
@pytest.mark.parametrize("megabytes", [24, 50, 110, 200])
def test_memory_that_is_too_little_to_begin_with(megabytes, sound, tmp_path):
    """OpenBLAS would end the process without a word at 110, NumPy with its advice at 50."""
    line = 'ulimit -v $1; shift; exec "$@"'
    done = said(
        "bash", "-c", line, "-", megabytes * 1024, sys.executable, "-m", "melisma", "transfer", sound, tmp_path / "out.wav"
    )
    assert done.returncode == 1 and done.stderr.startswith("melisma: there is not enough memory for this ("), done
    assert done.stderr.count("\n") == 1 and "ulimit -v" in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has such signals")
def test_asked_again_while_the_first_is_told(tmp_path):
    """Who presses Ctrl-C twice gets no traceback either."""
    code = """
import os, signal
from melisma.cli import main, outermost
told = outermost.tell
def twice(*words):
    told(*words)
    import sys; sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGINT)
outermost.tell = twice
import melisma.store.pretrained as pretrained
pretrained.locate = lambda name: os.kill(os.getpid(), signal.SIGINT)
main.main()"""
    done = said(sys.executable, "-c", code, "info", "strings")
    assert done.returncode in (130, -signal.SIGINT) and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr, done
