"""What tests of the core share: its parts as a library, files of random models."""

import ctypes

import pytest
from random_models import (
    MELGAN,
    ROOT,
    SMALL,
    TINY,
    built,
    file_bytes,
)


@pytest.fixture(scope="session")
def inner(tmp_path_factory):
    sources = [f"--with={ROOT / 'core/tests' / name}" for name in ("parts.cpp", "wide.cpp")]
    return ctypes.CDLL(str(built(tmp_path_factory, "parts.so", *sources)))


@pytest.fixture(scope="session")
def model_paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, config in {"phase": TINY, "melgan": MELGAN, "usual": SMALL}.items():
        (folder / f"{name}.melisma").write_bytes(file_bytes(config))
    return sorted(folder.glob("*.melisma"))
