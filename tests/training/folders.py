"""Folders of sounds, and what is in a prepared set."""

import io
import json

import numpy as np
import soundfile
from rich.console import Console

from melisma.training.folder_report import print_report

RATE = 44100


def noise(seconds, seed=0, rate=RATE, level=0.1, channels=1):
    x = level * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    return np.clip(np.round(x * 32768) / 32768, -0.99, 0.99)  # exact in 16 bits


def fill(folder, count, seconds=1.0, first=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(first, first + count):
        soundfile.write(folder / f"{i:03}.wav", noise(seconds, i), RATE)
    return folder


def opened(into):
    index = json.loads((into / "index.json").read_text())
    flat = np.memmap(into / "audio.i16", "<i2", "r")
    assert index["version"] == 3 and set(p.name for p in into.iterdir()) == {"index.json", "audio.i16"}
    assert sum(c["samples"] for c in index["clips"]) == len(flat)
    at = 0
    for clip in index["clips"]:  # one after another, without gaps
        assert clip["start"] == at and clip["samples"] > 0 and clip["split"] in ("train", "held")
        at += clip["samples"]
    return index, flat


def text_of(report):
    console = Console(file=io.StringIO(), width=200)
    print_report(report, console)
    return console.file.getvalue()
