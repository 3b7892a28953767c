"""What `make generate` writes is what the declarations say now; and a vocoder is there on both sides."""

import importlib.util
import inspect
import re
from pathlib import Path
from typing import get_type_hints

import pytest

from melisma.core.binding import CoreModel
from melisma.files.config import VOCODERS
from melisma.files.limits import MOST_BYTES
from melisma.latent.live import LIVE, LIVE_OF_LATENTS, LOOP, RENAMED

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("melisma_core_generate", ROOT / "core" / "generate.py")
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


@pytest.mark.parametrize("name", generate.FILES)
def test_nothing_is_out_of_date(name):
    assert (ROOT / name).read_text(encoding="utf-8") == generate.FILES[name](), "run `make generate`"


def test_a_vocoder_is_one_file_on_each_side():
    core = {path.stem for path in (ROOT / "core/src/vocoders").glob("*.cpp")} - {"table"}
    training = {path.stem for path in (ROOT / "src/melisma/training/vocoders").glob("*.py")}
    assert core == set(VOCODERS)
    assert set(VOCODERS) <= training


def test_the_core_has_the_declared_parameters():
    """Asked of the library, not of the generated text."""
    model = CoreModel(ROOT / "models/strings.melisma")
    declared = [*LIVE, *LIVE_OF_LATENTS]
    told = [p for p in model.parameters if not re.search(r"\.([2-9]|\d\d+)$", p.name)]
    assert [p.name.removesuffix(".1") for p in told] == [p.name for p in declared]
    for core, said in zip(told, declared):
        assert (core.unit, core.summary, core.whole) == (said.unit, said.summary, said.kind != "number")
        assert (core.minimum, core.maximum, core.default) == pytest.approx((said.minimum, said.maximum, said.default))


def test_a_drift_would_be_seen(monkeypatch):
    """The comparison above fails when a bound moves on one side."""
    before = generate.limits()
    monkeypatch.setattr("melisma.files.limits.MOST_BYTES", MOST_BYTES + 1)
    assert generate.limits() != before


def test_an_older_host_is_told_what_it_knows():
    """A caller whose melisma_info ends earlier gets that much, and nothing behind it is touched."""
    import ctypes

    from melisma.core.layout import Info
    from melisma.core.library import library

    model = CoreModel(ROOT / "models/strings.melisma")
    whole = Info()
    library().melisma_describe(model._handle, whole, ctypes.sizeof(whole))
    known = Info.percentiles.offset
    part = (ctypes.c_ubyte * ctypes.sizeof(Info))(*[0xAA] * ctypes.sizeof(Info))
    library().melisma_describe(model._handle, ctypes.cast(part, ctypes.POINTER(Info)), known)
    assert bytes(part)[:known] == bytes(whole)[:known]
    assert set(bytes(part)[known:]) == {0xAA}


FOLDERS = ("base", "format", "nn", "dsp", "latent", "vocoders", "stream", "exciter", "abi")  # each may use those before it


def test_arrows_between_the_cores_folders_point_down():
    source = ROOT / "core/src"
    assert {folder.name for folder in source.iterdir() if folder.is_dir()} == set(FOLDERS)
    for file in source.rglob("*.*"):
        folder = file.relative_to(source).parts[0]
        for other in re.findall(r'#include "(\w+)/', file.read_text(encoding="utf-8")):
            assert FOLDERS.index(other) <= FOLDERS.index(folder), f"{file.name} of {folder} uses {other}"


def test_names_of_before_are_found():
    stream = CoreModel(ROOT / "models/strings.melisma").stream()
    for old, name in RENAMED.items():
        stream.set(old, 1)
        assert stream.get(name) == 1 == stream.get(old)


def test_a_loops_ranges_are_said_alike():
    """The header's comments, the command's options and Pd's help say what latent/live.py declares; the core has it generated."""
    from melisma.cli import live

    header = (ROOT / "core/include/melisma.h").read_text(encoding="utf-8").replace("−", "-")
    header = header[header.index("typedef struct melisma_loop melisma_loop;") :].partition("melisma_loop_settings;")[0]
    sheet = (ROOT / "hosts/puredata/sheets/help.py").read_text(encoding="utf-8")
    hints = get_type_hints(live.feedback, include_extras=True)
    defaults = {name: parameter.default for name, parameter in inspect.signature(live.feedback).parameters.items()}
    assert [p.name for p in LOOP] == re.findall(r"float (\w+);", header)
    for p, option in zip(LOOP, ("freq", "q", "gain", "breath"), strict=True):
        ends = rf"{p.minimum:g}( \(none\))? to {p.maximum:g}\b"
        assert re.search(rf"float {p.name};.*{ends}", header), p.name
        assert p.name == "breath" or re.search(rf'"{p.name} {p.default:g}": "[^"]*{ends}', sheet), p.name
        assert float(defaults[option]) == p.default
        said = hints[option].__metadata__[0]
        assert option not in ("q", "gain") or re.search(ends, said.help), option
        assert option != "breath" or (said.min, said.max) == (p.minimum, p.maximum)
