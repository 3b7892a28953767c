"""Every command in hostile places: one sentence at most, the right status, and never a traceback."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from melisma.cli import outermost
from melisma.errors import Damaged
from melisma.system import faults

pytestmark = pytest.mark.usefixtures("tiny")
# what a command writes goes to {out}: its status is 0 wherever its words go
COMMANDS = {
    "help": ["--help"],
    "models": ["models"],
    "info": ["info", "tiny"],
    "operators": ["operators"],
    "encode": ["encode", "{sound}", "{out}.npz", "-m", "tiny"],
    "transfer": ["transfer", "{sound}", "{out}.wav", "-m", "tiny"],
    "interpolate": ["interpolate", "{sound}", "{sound}", "{out}.wav", "-m", "tiny", "--plot", "{out}.png"],
    "sample": ["sample", "{out}.wav", "-m", "tiny"],
    "prepare": ["prepare", "{folder}"],
    "wrong": ["info", "no-such-model"],
}
# what stands around a command, for a shell
PLACES = {
    "stdout closed": "{it} >&-",
    "stderr closed": "{it} 2>&-",
    "all closed": "{it} <&- >&- 2>&-",
    "reader goes away": "set -o pipefail; {it} | true",
    "no home": "unset HOME MELISMA_HOME; cp -r {home}/models {tmp}/models; cd {tmp}/models; {it}",
    "no place for caches": "HOME=/proc/none XDG_CACHE_HOME=/proc/none MPLCONFIGDIR=/proc/none {it}",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    soundfile.write(folder / "a.wav", 0.1 * np.sin(np.arange(8000) / 10), 16000)
    return folder / "a.wav"


def in_a_shell(line: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", "-c", line], capture_output=True, encoding="utf-8", timeout=300, **more)


def command(name: str, sound: Path, out: Path) -> str:
    words = [word.format(sound=sound, out=out, folder=sound.parent) for word in COMMANDS[name]]
    return " ".join([sys.executable, "-m", "melisma", *words])


def one_sentence_at_most(text: str) -> None:
    told = [line for line in text.splitlines() if line]
    assert "Traceback" not in text and "Exception ignored" not in text and "Error:" not in text, text
    assert len(told) <= 1 and all(re.match("melisma: |note: ", line) for line in told), text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_every_place(name, place, sound, tmp_path, home):
    model = "tiny" if place != "no home" else "./tiny.melisma"
    it = command(name, sound, tmp_path / "out").replace("tiny", model)
    done = in_a_shell(PLACES[place].format(it=it, home=home, tmp=tmp_path))
    needs_home = place == "no home" and name == "prepare" and done.returncode == 1  # there may be an account that says where
    assert done.returncode == (1 if name == "wrong" or needs_home else 0), done
    one_sentence_at_most(done.stderr)
    if name == "wrong" and place not in ("stderr closed", "all closed"):
        assert "no model named 'no-such-model'" in done.stderr
    for file in tmp_path.glob("out.*"):
        assert file.stat().st_size > 100 and b"melisma" not in file.read_bytes()[:4]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only where there is /dev/full")
@pytest.mark.parametrize("name", ["help", "models", "transfer"])
def test_a_full_disk_under_stdout_is_said_when_the_work_is_done(name, sound, tmp_path):
    done = in_a_shell(command(name, sound, tmp_path / "out") + " > /dev/full")
    assert done.returncode == 1 and done.stderr.startswith("melisma: stdout could not be written: No space left"), done
    one_sentence_at_most(done.stderr)
    assert name != "transfer" or (tmp_path / "out.wav").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit of memory")
@pytest.mark.parametrize("megabytes", [120, 200, 400])
def test_without_memory_the_sentence_says_what_would_help(tmp_path, megabytes):
    long = tmp_path / "long.wav"
    soundfile.write(long, np.zeros(16000 * 1500, np.int16), 16000)
    code = "from melisma.cli.main import main; import numpy, soundfile, resource, melisma.model; " + (
        # so much beyond what it takes to begin with
        f"n = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize() + {megabytes // 4} * 2**20; "
        "resource.setrlimit(resource.RLIMIT_AS, (n, n)); main()"
    )
    line = [sys.executable, "-c", code, "transfer", str(long), str(tmp_path / "out.wav"), "-m", "tiny"]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 1, done
    assert done.stderr.startswith("melisma: there is not enough memory for this") and "ulimit -v" in done.stderr, done
    one_sentence_at_most(done.stderr)
    assert not (tmp_path / "out.wav").exists() and not list(tmp_path.glob(".*"))


def test_memory_that_is_missing_is_never_called_damage():
    try:
        try:
            raise MemoryError("Unable to allocate 3 GiB")
        except MemoryError as error:
            raise Damaged("the checkpoint cannot be read: delete it") from error
    except Damaged as error:
        assert "not enough memory" in faults.known(error) and "delete" not in faults.known(error)
    for short in (
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        OSError(12, "Cannot allocate memory"),
    ):
        assert "not enough memory" in faults.known(short)
    assert faults.known(RuntimeError("bad shape")) is None


BUGS = {
    "a bug": "raise KeyError('x')",
    "without end": "return broken()",
    "a failed assertion": "assert False, 'two\\nlines'",
    "a bug in a thread": "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join(); sys.exit(70)",
}
BROKEN = """
import sys
import melisma.store.pretrained as pretrained
def broken(*_, **__):
    {}
pretrained.locate = broken
from melisma.cli.main import main
main()
"""


NOWHERE = ("MELISMA_HOME=/proc/none", "MELISMA_HOME=/proc/none TMPDIR=/proc/none")


@pytest.mark.parametrize(("bug", "place"), [*((bug, "") for bug in BUGS), *(("a bug", place) for place in NOWHERE)])
def test_a_bug_says_so_and_names_the_file_that_tells_of_it(bug, place, tmp_path):
    (tmp_path / "broken.py").write_text(BROKEN.format(BUGS[bug]))
    done = in_a_shell(f"MELISMA_HOME={tmp_path} {place} {sys.executable} {tmp_path / 'broken.py'} info tiny")
    assert done.returncode == outermost.BUG, done
    one_sentence_at_most(done.stderr.replace("Error:", ""))
    found = re.search(r"this is a bug of Melisma, not a mistake of yours \(\w+: .*\): please send ([^\s,]+)", done.stderr)
    assert found, done.stderr
    report = Path(found[1])
    assert (tmp_path in report.parents) == (not place)
    told = report.read_text()
    assert "Traceback" in told and "melisma 0." in told and "'info' 'tiny'" in told
    assert report.stat().st_mode & 0o77 == 0
    report.unlink()


NOISY = """
import ctypes, logging, os, sys, warnings
from melisma.cli import main
import melisma.store.pretrained as pretrained
locate = pretrained.locate
def noisy(name):
    os.write(2, b"[src/libmpg123/layer3.c:1] error: dequantization failed\\n")
    libc = ctypes.CDLL(None); libc.perror(b"Fontconfig error"); libc.fflush(None)
    logging.getLogger("matplotlib").warning("Matplotlib is building the font cache; this may take a moment.")
    warnings.warn("NumbaWarning")
    os.system("echo from a child >&2")
    if name == "bug": 1 / 0
    return locate(name)
pretrained.locate = noisy
main.main()
"""


def test_what_libraries_print_does_not_reach_the_user_but_the_report(tmp_path):
    done = subprocess.run([sys.executable, "-c", NOISY, "info", "tiny"], capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0 and done.stderr == "" and "mpg123" not in done.stdout, done
    done = subprocess.run([sys.executable, "-c", NOISY, "info", "bug"], capture_output=True, encoding="utf-8", timeout=300)
    report = Path(re.search("please send ([^\\s,]+)", done.stderr)[1])
    assert done.returncode == outermost.BUG and "libmpg123" in report.read_text() and "libmpg123" not in done.stderr
    report.unlink()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_one_sentence_and_its_own_status(name):
    code = f"""
import os, signal, melisma.store.pretrained as pretrained
pretrained.locate = lambda name: os.kill(os.getpid(), signal.{name})
from melisma.cli.main import main
main()"""
    done = subprocess.run([sys.executable, "-c", code, "info", "tiny"], capture_output=True, encoding="utf-8", timeout=300)
    word = "Ctrl-C" if name == "SIGINT" else name
    assert (done.returncode, done.stderr) == (128 + getattr(signal, name), f"melisma: stopped by {word}: {END}\n")


END = "a file that was not finished is not kept"


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux: /proc is where nobody can write")
def test_numba_compiles_where_neither_packages_nor_home_can_be_written(tmp_path):
    code = "from melisma.system.caches import compiled; compiled(); import numba, os\nprint(os.environ['NUMBA_CACHE_DIR'])"
    environment = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    environment |= {"HOME": "/proc/none", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0 and done.stdout.startswith(str(tmp_path)), done
    assert Path(done.stdout.strip()).stat().st_mode & 0o77 == 0
    (tmp_path / f"melisma-compiled-{os.getuid()}").chmod(0o777)  # another's, perhaps: nothing that lies there is run
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0 and not done.stdout.startswith(str(tmp_path / f"melisma-compiled-{os.getuid()}\n")), done
