"""What `make setup` says while it works, and when it fails: with a stand-in for the environment's Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIP = """#!/bin/sh
echo "Processing secrets"
echo "Collecting numpy>=1.26 (from -r x)"
echo "Collecting numpy>=1.26 (from -r x)"
case "$*" in *--no-deps*) echo "  [melisma] the core is compiled"; exit {status};; esac
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="only where there is a shell")


@pytest.mark.parametrize("status", [0, 3])
def test_each_step_is_said(tmp_path, status):
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PIP.format(status=status))
    python.chmod(0o755)
    done = subprocess.run([sys.executable, ROOT / "setup_venv.py", tmp_path / "venv"], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert [line[:6] for line in lines[1:4]] == ["1 of 4", "2 of 4", "3 of 4"] and lines[2].endswith("packages from PyPI: numpy")
    assert lines[4].strip() == "the core is compiled" and "secrets" not in done.stdout
    assert done.returncode == status and ("4 of 4" in done.stdout) == (not status)
    assert ("Processing secrets" in done.stderr) == bool(status)  # all that pip said, where it failed
