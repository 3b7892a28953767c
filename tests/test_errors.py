"""Errors say by their kind what a program that calls Melisma can do about them."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import melisma
from melisma import errors
from melisma.files import pathfile
from melisma.latent import operators

SOURCE = Path(melisma.__file__).parent
KINDS = [errors.BadValue, errors.NotFound, errors.Damaged, errors.DiskError, errors.Unavailable]


def test_kinds():
    assert all(issubclass(kind, errors.MelismaError) for kind in KINDS)


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_error_has_a_kind(file):
    made = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    bare = [node.lineno for node in made if getattr(node.func, "id", getattr(node.func, "attr", "")) == "MelismaError"]
    assert not bare, "say which kind it is: see melisma.errors"


def test_no_class_is_between():
    """What is caught as a MelismaError is of one of the kinds: an error that is of none would end as none."""
    found = {node.name for file in SOURCE.rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))
             if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "MelismaError" for base in node.bases)}  # fmt: skip
    assert found == {kind.__name__ for kind in KINDS}


def _file(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


CASES = {
    "a model that is not there": (errors.NotFound, lambda at: melisma.load("no-such-model")),
    "a model's file that is not there": (errors.NotFound, lambda at: melisma.load(at / "no.melisma")),
    "a sound that is not there": (errors.NotFound, lambda at: melisma.read(at / "no.wav")),
    "a path that is not there": (errors.NotFound, lambda at: pathfile.load(at / "no.npz")),
    "a folder to write in that is not there": (errors.NotFound, lambda at: melisma.write(at / "no" / "a.wav", np.ones(9), 44100)),
    "a damaged model": (errors.Damaged, lambda at: melisma.load(_file(at, "a.melisma", b"x" * 99))),
    "a damaged sound": (errors.Damaged, lambda at: melisma.read(_file(at, "a.wav", b"x" * 99))),
    "a damaged path": (errors.Damaged, lambda at: pathfile.load(_file(at, "a.npz", b"x" * 99))),
    "a format that is none": (errors.BadValue, lambda at: melisma.write(at / "a.xyz", np.ones(9), 44100)),
    "a sound that is none": (errors.BadValue, lambda at: melisma.write(at / "a.wav", np.ones(0), 44100)),
    "an operator that is none": (errors.BadValue, lambda at: operators.parse("nosuch")),
    "a package that is not installed": (errors.Unavailable, lambda at: _import_nothing()),
}


def _import_nothing():
    with errors.extra("train"):
        import no_such_package  # noqa: F401


@pytest.mark.parametrize("case", CASES)
def test_kind(case, tmp_path):
    kind, call = CASES[case]
    with pytest.raises(kind):
        call(tmp_path)


def test_disk(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("melisma.system.atomic.os.replace", full)
    with pytest.raises(errors.DiskError, match="No space left"):
        melisma.write(tmp_path / "a.wav", np.ones(9), 44100)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package, says", [("torch", True), ("matplotlib", False)])
def test_only_torch_comes_without_gigabytes(package, says):
    """PyTorch's own default on Linux brings CUDA: whoever is told to install it is told of the small build, too."""
    with (
        pytest.raises(errors.Unavailable, match=f"this needs {package}, which is not installed: pip install") as told,
        errors.extra("train"),
    ):
        raise ModuleNotFoundError(package, name=f"{package}.part")
    assert ("first install its CPU build" in str(told.value)) is says
