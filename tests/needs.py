"""What tests need that a checkout alone has not: marks for them. What is missing is told, and fails in CI (conftest.py)."""

import shutil
from pathlib import Path

import pytest

import melisma
from melisma.core.library import library_path

_PACKAGE = Path(melisma.__file__).parent

needs_core = pytest.mark.skipif(not library_path().is_file(), reason="needs the core: python core/build.py")
needs_objects = pytest.mark.skipif(
    not list((_PACKAGE / "_pd").glob("melisma~.pd_*")),
    reason="needs the objects: apt install puredata-dev, python hosts/puredata/build.py",
)
needs_pd = pytest.mark.skipif(not shutil.which("pd"), reason="needs Pd: apt install puredata")
needs_plugins = pytest.mark.skipif(
    not list((_PACKAGE / "_plugin").glob("effect.*")), reason="needs the plug-ins: python hosts/plugin/build.py"
)
