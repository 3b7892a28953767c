"""What tests of the plug-in's window share: where things lie in it, and what is seen of it."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
sys.path.insert(0, str(ROOT / "hosts" / "plugin" / "tests"))

_BINARY = ROOT / "src" / "melisma" / "_plugin" / "effect.so"
needs_window = [
    pytest.mark.skipif(
        not _BINARY.is_file() or b"libGL.so.1" not in _BINARY.read_bytes(),
        reason="needs the plug-ins with their window: python hosts/plugin/build.py",
    ),
    pytest.mark.skipif(not shutil.which("Xvfb") or not shutil.which("xdotool"), reason="needs Xvfb, xdotool and software OpenGL"),
]
ACCENT, WRONG = (0x4F, 0xD1, 0xC5), (0xFF, 0xB4, 0xB0)
# in a window of the size it opens with, in points
MENU, MATCH, SQUARE, PIANO = (380, 60), (868, 484), (868, 299), (300, 730)
SAID = (slice(80, 104), slice(20, 1000))


def sound(samples):
    return (0.2 * np.random.default_rng(0).standard_normal((2, samples))).astype(np.float32)


def played(host, x):
    return np.concatenate([host.process(x[:, i : i + 512]) for i in range(0, x.shape[1], 512)], 1)


def near(picture, rgb, rows=slice(None), columns=slice(None)):
    """Which pixels have that colour."""
    return (np.abs(picture[rows, columns].astype(int) - rgb) < 24).all(-1)
