"""The core on Windows, run and not only linked: by wine. Each kernel makes the sound that it makes here, to the bit."""

import struct

import numpy as np
import pytest
from elsewhere import ROOT, WINDOWS, here, needs_wine, program, proved, script
from random_models import TINY, file_bytes

pytestmark = needs_wine


@pytest.fixture(scope="module")
def core(windows, tmp_path_factory):
    """core/tests/elsewhere.cpp and the core, for Windows: objects that zig keeps, for the library, too."""
    made = program(WINDOWS, tmp_path_factory.mktemp("windows") / "elsewhere.exe")
    return lambda *words: windows(made, *words)


@pytest.mark.parametrize("kernels", ["plain", "avx2", "avx512", "avx512vnni"])
@pytest.mark.parametrize("name", ["strings", "tiny"])  # one of 8 bits, one of 16
def test_it_plays_as_on_linux(core, name, kernels, tmp_path):
    model = ROOT / "models" / "strings.melisma"
    if name == "tiny":
        model = tmp_path / "tiny.melisma"
        model.write_bytes(file_bytes(TINY))
    ours = here(model, kernels)
    np.testing.assert_array_equal(proved(model, kernels, tmp_path / "out.f32", core), ours)


def test_the_library_links(core, tmp_path):
    build = script(ROOT / "core" / "build.py")
    made = build.build(WINDOWS, tmp_path / build.library_name(WINDOWS)).read_bytes()
    (at,) = struct.unpack_from("<I", made, 60)
    assert made[:2] == b"MZ" and made[at : at + 4] == b"PE\0\0" and struct.unpack_from("<H", made, at + 4) == (0x8664,)
    for name in build.exports()[:-2]:  # but malloc and free
        assert name.rpartition("=")[2].encode() in made, name
