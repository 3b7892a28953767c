"""The model that plays when none is named."""

import inspect
import re
from pathlib import Path

import melisma
from melisma.store import DEFAULT, pretrained

ROOT = Path(__file__).resolve().parents[2]


def test_it_is_published():
    assert DEFAULT in pretrained.published()


def test_all_that_need_no_name_take_it():
    for call in (melisma.transfer, melisma.interpolate, melisma.mix, melisma.sample):
        assert inspect.signature(call).parameters["model"].default == DEFAULT


def test_its_name_is_said_once():
    """No other line of the package or of a host's scripts gives it to anything."""
    files = [*(ROOT / "src/melisma").rglob("*.py"), *(ROOT / "hosts").rglob("*.py")]
    assert len(files) > 100
    given = re.compile(rf"""^(?:\s*\w+: .*|\w+) = ["']{DEFAULT}["']""", re.MULTILINE)  # a constant, or an argument's default
    found = [file for file in files if given.search(file.read_text("utf-8"))]
    assert [file.relative_to(ROOT).as_posix() for file in found if "tests" not in file.parts] == ["src/melisma/store/__init__.py"]
