"""The sounds of an evaluation: which files, and what of them is heard."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..errors import Damaged, MelismaError, NotFound
from ..files.config import AnalysisConfig
from ..sound.audio import read
from ..sound.folder import sounds_in
from ..sound.highpass import at_rest, highpass
from ..sound.rates import resample

EXCERPT = 30.0  # s of each file, unless told otherwise: an hour is no better a witness than its first half minute
PROBE_SECONDS = 600.0  # of training sounds for the leak probe


def find(folder_or_files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> tuple[list[Path], list[Path]]:
    """The files to evaluate, and those for training the leak probe (maybe none)."""
    if not isinstance(folder_or_files, (str, os.PathLike)):
        return [Path(f) for f in folder_or_files], []
    folder = Path(folder_or_files)
    if not folder.exists():
        raise NotFound(f"{folder} does not exist; check its name and the folder you are in")
    if folder.is_file():
        return [folder], []
    held, train = folder / "held", folder / "train"
    return (sounds_in(held), sounds_in(train)) if held.is_dir() and train.is_dir() else (sounds_in(folder), [])


def excerpt(path: Path, rate: int, seconds: float = EXCERPT) -> np.ndarray:
    """A file's first seconds as mono float32 (T,) at a rate, without offset; MelismaError if there are none."""
    sound = read(path)
    beginning = sound.mono().samples[0, : math.ceil(seconds * sound.rate)]
    samples = resample(highpass(beginning, AnalysisConfig.highpass, sound.rate, at_rest())[0], sound.rate, rate)
    if not len(samples):
        raise Damaged(f"{path} is shorter than one sample at {rate} Hz")
    return samples


def excerpts(
    files: Sequence[Path], rate: int, seconds: float, skipped: list[dict[str, str]]
) -> Iterator[tuple[int, Path, np.ndarray]]:
    """(index, file, its excerpt); files that cannot be read go to skipped."""
    for index, path in enumerate(files):
        try:
            samples = excerpt(path, rate, seconds)
        except MelismaError as error:
            skipped.append({"file": str(path), "reason": str(error)})
            continue
        yield index, path, samples


def sample(files: Sequence[Path], rate: int, skipped: list[dict[str, str]]) -> Iterator[tuple[int, Path, np.ndarray]]:
    """Excerpts of files drawn from all, always the same, until they amount to PROBE_SECONDS."""
    drawn = [files[i] for i in np.random.default_rng(0).permutation(len(files))]
    left = PROBE_SECONDS
    for index, path, samples in excerpts(drawn, rate, EXCERPT, skipped):
        yield index, path, samples
        left -= len(samples) / rate
        if left <= 0:
            return
