"""The core on Windows, run and not only linked: by wine. Each kernel makes the sound that it makes here, to the bit."""

import numpy as np
import pytest
from elsewhere import ROOT, WINDOWS, here, needs_wine, program, proved
from random_models import TINY, file_bytes

pytestmark = needs_wine


@pytest.fixture(scope="module")
def core(windows, tmp_path_factory):
    """core/tests/elsewhere.cpp and the core, for Windows: objects that zig keeps, test_targets.py's too."""
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
