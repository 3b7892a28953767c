"""The core on arm64, run and not only linked: by qemu, on whatever machine this is."""

import importlib.util
import json
import platform
import shutil
import subprocess

import numpy as np
import pytest
from random_models import ROOT, TINY, file_bytes

from melisma.core import binding as core
from melisma.files import modelfile
from melisma.measure.golden import GOLDEN_DISTANCE, GOLDEN_ERROR
from melisma.measure.metrics import stft_distance

QEMU = shutil.which("qemu-aarch64-static")
pytestmark = [
    pytest.mark.skipif(platform.system() != "Linux", reason="only where Linux's programs run"),
    pytest.mark.skipif(not QEMU, reason="needs qemu for arm64: apt install qemu-user-static"),
    pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="needs a compiler for arm64: pip install ziglang"),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """core/tests/elsewhere.cpp and the core, for arm64, static."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "core" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    source = ROOT / "core" / "tests" / "elsewhere.cpp"
    return build.build("aarch64-linux-musl", tmp_path_factory.mktemp("arm") / "elsewhere", driver=source)


# a published one, of 8 bits, which without instructions of its own takes qemu two minutes, and a random one of 16
@pytest.mark.parametrize("name, kernels", [("strings", "neon"), ("tiny", "neon"), ("tiny", "plain")])
def test_it_plays_as_here(program, name, kernels, tmp_path):
    """The golden pair; any split of it; damaged files, refused in a sentence or played without harm."""
    model = ROOT / "models" / "strings.melisma"
    if name == "tiny":
        model = tmp_path / "tiny.melisma"
        model.write_bytes(file_bytes(TINY))
    out = tmp_path / "out.f32"
    done = subprocess.run([QEMU, program, model, kernels, out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kernels"] == kernels and told["splits"] == 2
    assert told["refused"] + told["read"] == 60 and told["refused"] > 10 and told["silent"] == 0
    file, got = modelfile.load(model), np.fromfile(out, "<f4")
    hop, (sound, wanted) = file.config.analysis.hop, file.golden
    assert stft_distance(wanted, got[hop:], file.config.analysis.sample_rate) < GOLDEN_DISTANCE
    start = file.config.analysis.frame + 4 * hop
    assert np.abs(got[hop:] - wanted)[:start].max() < GOLDEN_ERROR * max(1, np.abs(wanted).max())
    if kernels == "plain":  # without instructions of its own a processor makes the same sound, to the bit
        ours = core.CoreModel(str(model), "plain").stream().process(np.concatenate([sound, np.zeros(hop, np.float32)]))
        np.testing.assert_array_equal(got, ours)
