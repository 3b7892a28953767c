"""The README's blocks run as they are written, on a fresh checkout's sounds."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Its sounds, and folders as a reader would have them."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "src/melisma/sounds", folder / "src/melisma/sounds")
    (folder / "out").mkdir()
    return folder


def run(lines: str, folder: Path) -> None:
    """A block of shell, line by line under `set -e`. The environment is there already, and a training is made short."""
    command = re.sub(r"^(make setup|\. \.venv/bin/activate)$", "", lines, flags=re.M)
    command = re.sub(r"(melisma train .*?)(\s+#.*)?$", r"\1 --steps 6", command, flags=re.M)
    own = {"HOME": str(folder), "MELISMA_HOME": str(folder / "home")}  # other tests of this process train a model "mine", too
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | own
    done = subprocess.run(["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{lines}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_what_is_said_to_be_made_can_be_made():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"^\s*make (\w+)", TEXT, re.M)) <= targets
    extras = (ROOT / "pyproject.toml").read_text().split("[project.optional-dependencies]")[1]
    for extra in re.findall(r"\.\[(\w+)\]", TEXT):
        assert f"\n{extra} = " in extras


def test_every_block(checkout):
    """In the order of the page: the first goes into out/, where the others are run."""
    first, *others = SHELL
    run(first, checkout)
    out = checkout / "out"
    assert (out / "cat-as-strings.wav").stat().st_size > 100_000
    shutil.copytree(checkout / "src/melisma/sounds/cc0", out / "my_sounds")
    shutil.copytree(checkout / "src/melisma/sounds/mit", out / "my_sounds/more")
    for block in others:
        run(block, out)
    for name in ("out1.wav", "out7.wav", "mels.png", "mine.wav"):
        assert (out / name).stat().st_size > 1000
    for block in PYTHON:
        done = subprocess.run([sys.executable, "-c", block], cwd=out, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert (out / "edited.wav").exists() and (out / "spoken.wav").exists()


def test_the_times_have_their_place_in_the_readme():
    """bench/first_sound.py --readme writes them there, and nothing else changes."""
    spec = importlib.util.spec_from_file_location("first_sound", ROOT / "bench" / "first_sound.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    before = (ROOT / "README.md").read_text("utf-8")
    after = bench.told_in(before, {"clone": 1.2, "setup": 61.7, "first sound": 70, "demo": 131.4}, "4 cores")
    assert "(4 cores): cloned after 1 s, set up after 62 s, the first sound after 70 s, the whole page after 131 s." in after
    begin, end = before.index("<!-- times"), before.index("<!-- end of the times")
    assert (
        after.startswith(before[:begin])
        and after.endswith(before[end:])
        and bench.told_in(after, {s: 0 for s in ("clone", "setup", "first sound", "demo")}, "")
    )
    with pytest.raises(SystemExit, match="no place"):
        bench.told_in("# Another page", {"clone": 0, "setup": 0, "first sound": 0, "demo": 0}, "")
