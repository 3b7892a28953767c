"""The core on arm64, run and not only linked: by qemu, on whatever machine this is."""

import platform
import shutil

import numpy as np
import pytest
from elsewhere import ROOT, here, needs_zig, program, proved, run
from random_models import TINY, file_bytes

QEMU = shutil.which("qemu-aarch64-static")
pytestmark = [
    pytest.mark.skipif(platform.system() != "Linux", reason="only where Linux's programs run"),
    pytest.mark.skipif(not QEMU, reason="needs qemu for arm64: apt install qemu-user-static"),
    needs_zig,
]


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    """core/tests/elsewhere.cpp and the core, for arm64, static."""
    made = program("aarch64-linux-musl", tmp_path_factory.mktemp("arm") / "elsewhere")
    return lambda *words: run([QEMU, made, *words])


# a published one, of 8 bits, which without instructions of its own takes qemu two minutes, and a random one of 16
@pytest.mark.parametrize("name, kernels", [("strings", "neon"), ("tiny", "neon"), ("tiny", "plain")])
def test_it_plays_as_here(arm, name, kernels, tmp_path):
    model = ROOT / "models" / "strings.melisma"
    if name == "tiny":
        model = tmp_path / "tiny.melisma"
        model.write_bytes(file_bytes(TINY))
    got = proved(model, kernels, tmp_path / "out.f32", arm)
    if kernels == "plain":  # without instructions of its own a processor makes the same sound, to the bit
        np.testing.assert_array_equal(got, here(model, kernels))
