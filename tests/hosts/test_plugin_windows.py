"""The plug-ins on Windows, by wine: each DLL loads, and its three formats answer."""

import os

import pytest
from elsewhere import ROOT, WINDOWS, needs_wine, program, script

HOST = script(ROOT / "hosts" / "plugin" / "build.py")
pytestmark = [
    *needs_wine,
    pytest.mark.skipif(bool(HOST.missing()), reason=HOST.missing()),
    # five minutes of two cores, for the plug-ins want the C++ library: a third of all that CI has
    pytest.mark.skipif("MELISMA_LONG" not in os.environ, reason="only with MELISMA_LONG=1: compiles Windows' C++ library"),
]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    return HOST.build(tmp_path_factory.mktemp("plugins"), WINDOWS)


@pytest.fixture(scope="module")
def opener(windows, tmp_path_factory):
    """hosts/plugin/tests/windows.cpp."""
    source = ROOT / "hosts" / "plugin" / "tests" / "windows.cpp"
    made = program(WINDOWS, tmp_path_factory.mktemp("opener") / "windows.exe", source)
    return lambda *words: windows(made, *words)


@pytest.mark.parametrize("name", ["effect", "instrument"])
def test_the_dll_answers(libraries, opener, name):
    (file,) = (file for file in libraries if file.stem == name)
    assert opener(file) == {"vst3": 1, "clap": 1, "lv2": f"urn:melisma:{name}"}
