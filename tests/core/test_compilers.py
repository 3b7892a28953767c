"""The core as each compiler at hand makes it: one sound, to the bit, however it is cut into blocks."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "strings.melisma"
COMPILERS = {
    "zig": f"{sys.executable} -m ziglang c++" if importlib.util.find_spec("ziglang") else None,
    "g++": shutil.which("g++"),
    "clang++": shutil.which("clang++"),
}
AT_HAND = [name for name, command in COMPILERS.items() if command]

# kernels → hashes of a second of noise at once and in blocks; alone in a process, for a process holds one core
PLAY = """
import hashlib, json, sys
import numpy as np
from melisma.core import binding as core
from melisma.errors import MelismaError
rng = np.random.default_rng(0)
sound = (0.2 * rng.standard_normal(22050)).astype(np.float32)
heard = {}
for kernels in ("plain", "avx2", "avx512", "avx512vnni", "neon"):
    try:
        stream = core.CoreModel(sys.argv[1], kernels).stream()
    except MelismaError:
        continue
    hashes = [hashlib.sha256(stream.process(sound).tobytes()).hexdigest()]
    for size in (1, 64, 700):
        stream.reset()
        blocks = [stream.process(sound[at : at + size]) for at in range(0, len(sound), size)]
        hashes.append(hashlib.sha256(np.concatenate(blocks).tobytes()).hexdigest())
    heard[kernels] = hashes
print(json.dumps(heard))
"""


@pytest.fixture(scope="module")
def heard(tmp_path_factory) -> dict[str, dict[str, list[str]]]:
    """Compiler → kernels → hashes."""
    found = {}
    for name in AT_HAND:
        library = tmp_path_factory.mktemp(name.replace("+", "p")) / "core.so"
        build = [sys.executable, str(ROOT / "core/build.py"), "--cxx", COMPILERS[name], "--out", str(library)]
        subprocess.run(build, check=True)
        play = [sys.executable, "-c", PLAY, str(MODEL)]
        done = subprocess.run(play, env={**os.environ, "MELISMA_CORE": str(library)}, check=True, capture_output=True, text=True)
        found[name] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("compiler", AT_HAND)
def test_blocks_of_any_size_give_the_same(heard, compiler):
    assert "plain" in heard[compiler]
    for kernels, hashes in heard[compiler].items():
        assert len(set(hashes)) == 1, f"{kernels} kernels of {compiler} hear how a sound is cut"


@pytest.mark.skipif(len(AT_HAND) < 2, reason="needs two compilers: apt install g++, pip install ziglang")
def test_compilers_agree(heard):
    first, *others = AT_HAND
    for other in others:
        assert heard[other] == heard[first], f"{other} and {first} make different sounds"
