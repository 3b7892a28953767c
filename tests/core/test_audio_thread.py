"""Safe in the audio thread: nothing allocates, sanitizers find nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from needs import needs_core
from random_models import ROOT, built

pytestmark = needs_core


def drive(driver: Path, path: Path, seconds: float = 2) -> tuple[int, dict, str]:
    env = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    done = subprocess.run([str(driver), str(path), str(seconds)], capture_output=True, text=True, env=env)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux: counts by glibc's own names")
def test_nothing_allocates_or_locks(tmp_path_factory, model_paths):
    driver = built(tmp_path_factory, "driver", f"--driver={ROOT / 'core/tests/driver.cpp'}", "--optimise=1")
    for path in model_paths:
        code, found, errors = drive(driver, path)
        assert code == 0 and found["counted"] and found["allocations"] == found["locks"] == 0 and found["blocks"] > 20, (
            found,
            errors,
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux: counts by glibc's own names")
def test_a_deliberate_allocation_is_found(tmp_path_factory, model_paths):
    driver = built(
        tmp_path_factory,
        "driver",
        f"--driver={ROOT / 'core/tests/driver.cpp'}",
        "--define=MELISMA_SABOTAGE",
        "--optimise=1",
    )
    code, found, _ = drive(driver, model_paths[0])
    assert code != 0 and found["allocations"] > 0


@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_under_sanitizers(tmp_path_factory, model_paths, sanitizer):
    if not shutil.which("c++"):
        pytest.skip("needs a compiler: apt install g++")
    driver = built(
        tmp_path_factory,
        "driver",
        f"--driver={ROOT / 'core/tests/driver.cpp'}",
        f"--with={ROOT / 'core/tests/fuzz.cpp'}",
        f"--sanitize={sanitizer}",
        "--optimise=1",
    )
    for path in model_paths:
        code, found, errors = drive(driver, path, 0.5)
        assert code == 0 and "runtime error" not in errors and "WARNING" not in errors, errors[-3000:]
    files = sorted((ROOT / "core/tests/corpus").glob("[0-9a-f]*"))  # what fuzzing came to know
    done = subprocess.run([driver, "--replay", *files], capture_output=True, text=True)
    assert done.returncode == 0 and "runtime error" not in done.stderr, done.stderr[-3000:]
    assert json.loads(done.stdout) == {"replayed": len(files)} and len(files) > 50


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a compiler: apt install g++")
def test_the_header_is_c99(tmp_path):
    (tmp_path / "host.c").write_text("#include <melisma.h>\nint main(void) { return melisma_version() != MELISMA_VERSION; }\n")
    command = [
        "cc",
        "-std=c99",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I",
        str(ROOT / "core/include"),
        "-c",
        "host.c",
        "-o",
        "host.o",
    ]
    subprocess.run(command, cwd=tmp_path, check=True)
