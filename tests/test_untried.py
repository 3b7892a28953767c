"""What was not tried is told, and in CI it is a failure (conftest.py)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.skipif(True, reason="needs a bell: apt install bell")
def test_one(): ...

def test_another():
    pytest.skip("only on the moon")

@pytest.mark.xfail(reason="not yet", run=False)
def test_third(): ...
"""


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize("module", [False, True], ids=["a test", "a file"])
def test_missing_things_are_told_and_fail_in_ci(tmp_path, ci, module):
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    text = 'import pytest\npytest.importorskip("no_such_bell", reason="needs a bell: apt install bell")' if module else TESTS
    (tmp_path / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"CI": ci})
    if ci:
        assert done.returncode == (2 if module else 1), done.stdout
        assert "in CI that is a failure: needs a bell: apt install bell" in done.stdout
    else:
        assert done.returncode == (5 if module else 0), done.stdout
        assert "NOT TRIED" in done.stdout and "1 tests: needs a bell: apt install bell" in done.stdout
        assert "moon" not in done.stdout.partition("NOT TRIED")[2]
    assert ("1 tests: only on the moon" in done.stdout) == (not module)
