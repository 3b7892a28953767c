"""The plug-ins on Windows, by wine: each DLL loads, and its three formats answer."""

import pytest
from elsewhere import ROOT, WINDOWS, needs_wine, program, script

HOST = script(ROOT / "hosts" / "plugin" / "build.py")
pytestmark = [*needs_wine, pytest.mark.skipif(bool(HOST.missing()), reason=HOST.missing())]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    return HOST.build(tmp_path_factory.mktemp("plugins"), WINDOWS, optimise="1")  # compiles quickest


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
