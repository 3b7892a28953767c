"""The figures of a model on held-out sounds, beside what its parts and a method without training reach.

    result = evaluate(model, "prepared/strings")
    table(result, rich.console.Console())

Every file goes three ways: the whole *chain* (encode, decode), *copy synthesis* (its true mels through the vocoder) and
*Griffin-Lim* on its true mels. The second shows what the vocoder loses, the first what the VAE loses on top of it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from ..errors import BadValue, Damaged, MelismaError, NotFound, Unavailable
from ..files.config import AnalysisConfig
from ..sound.audio import read
from ..sound.formats import FORMATS
from ..sound.highpass import at_rest, highpass
from ..sound.rates import resample
from . import metrics

PACKAGES = {"librosa": "librosa", "filelock": "filelock", "visqol": "visqol-python"}  # module: package of what the figures need

EXCERPT = 30.0  # s of each file, unless told otherwise: an hour is no better a witness than its first half minute
PROBE_SECONDS = 600.0  # of training sounds for the leak probe
RAMP = 12.0  # dB on either side
RAMP_SECONDS = 1.0  # shorter sounds have no room for the ramp
USED_NATS = 0.05  # nats a frame from which a latent dimension counts as used

ROWS = ("chain", "copy synthesis", "Griffin-Lim")
FIGURES = {
    "visqol": ("ViSQOL", "{:.2f}"),
    "stft_distance": ("STFT distance", "{:.3f}"),
    "mel_distance_db": ("mel dB", "{:.2f}"),
    "level_rms_db": ("level dB", "{:.2f}"),
    "level_mean_db": ("level bias dB", "{:+.2f}"),
    "pitch_cents": ("pitch cents", "{:.1f}"),
    "pitch_gross": ("gross pitch errors", "{:.1%}"),
    "pitch_lost": ("pitch lost", "{:.1%}"),
}

Progress = Callable[[float, int, str], None]


def evaluate(
    model: Any,
    folder_or_files: str | os.PathLike | Sequence[str | os.PathLike],
    progress: Progress | None = None,
    seconds_limit: float | None = None,
    files_limit: int | None = None,
) -> dict[str, Any]:
    """Every figure of a model on a folder of sounds (searched for files at any depth) or on the files named.

    A folder with the folders `train` and `held` in it is evaluated on `held`, and the leak probe trained on a sample of
    `train`; otherwise the probe is trained on half of the files and scored on the others. The first 30 s of each file
    (or seconds_limit) are used, as mono at the model's rate, of at most files_limit files, spread over all.
    progress(done, total, name) is called before each file, with
    parts of one while it is measured, and at the end.

    Returns what json.dumps takes, null where there is no figure: `rows` (the mean over files of each figure in FIGURES,
    for each of ROWS), `counted` (files behind each mean of the chain), `kl` (nats a frame per dimension, and the number
    of dimensions above USED_NATS), `leak_r2` (see metrics.leak), `follow_slope` and `follow_rms_db` (against a ±12 dB
    ramp added to the natural loudness), `files` (the same figures for each) and `skipped` (files that cannot be read,
    and why).
    MelismaError if no file can be read, or the model returns no waveform as long as its input.
    """
    if seconds_limit is not None and not seconds_limit > 0:
        raise BadValue(f"seconds_limit is {seconds_limit}; a number above 0 is needed")
    if files_limit is not None and files_limit < 1:
        raise BadValue(f"files_limit is {files_limit}; at least 1 is needed")
    if missing := [package for module, package in PACKAGES.items() if find_spec(module) is None]:
        raise Unavailable(f"evaluating needs {' and '.join(missing)}: pip install 'melisma[evaluate]'")
    held, train = _find(folder_or_files)
    if files_limit is not None and len(held) > files_limit:
        held = [held[int(i)] for i in np.linspace(0, len(held) - 1, files_limit)]
    skipped: list[dict[str, str]] = []
    files, paths, kls, ramps = [], [], [], []
    report = progress or (lambda done, total, name: None)
    total = len(held) + len(train)
    for done, path, samples in _excerpts(held, model.sample_rate, seconds_limit or EXCERPT, skipped):
        report(done, total, path.name)
        told = lambda part, row: report(done + part, total, f"{path.name}: {row}")  # noqa: B023
        latent, entry, kl, ramp = _evaluate_file(model, path, samples, told)
        files.append(entry)
        paths.append(latent)
        kls.append(kl)
        ramps.append(ramp)
    if not files:
        raise Damaged(f"no sound could be read from {folder_or_files}" + "".join(f"; {s['reason']}" for s in skipped[:1]))
    known = []
    for done, path, samples in _sample(train, model.sample_rate, skipped):
        report(len(held) + done, total, path.name)
        known.append(model.encode(samples, rate=model.sample_rate))
    report(total, total, "")
    return _plain(
        {
            "model": model.name,
            "sample_rate": model.sample_rate,
            "hop": model.hop,
            "file_count": len(files),
            "seconds": sum(f["seconds"] for f in files),
            "rows": {row: _means([f["rows"][row] for f in files]) for row in ROWS},
            "counted": {figure: sum(not math.isnan(f["rows"]["chain"][figure]) for f in files) for figure in FIGURES},
            "kl": _usage(kls),
            **_leak(known, paths),
            **_follow(np.concatenate(ramps, axis=1)),
            "files": sorted(files, key=lambda f: f["file"]),
            "skipped": skipped,
        }
    )


def _evaluate_file(
    model: Any, path: Path, samples: np.ndarray, told: Callable[[float, str], None]
) -> tuple[Any, dict[str, Any], np.ndarray, np.ndarray]:
    """The latent path of samples (T,), the file's entry in the result, its KL (Z, L), and its ramp as _ramp has it."""
    rate = model.sample_rate
    latent = model.encode(samples, rate=rate)
    chain = np.asarray(model.decode(latent))
    outputs = {
        "chain": chain,
        "copy synthesis": np.asarray(model.copy_synthesis(samples, rate=rate)),
        "Griffin-Lim": metrics.griffin_lim(samples, rate),
    }
    rows = {}
    for k, (row, output) in enumerate(outputs.items()):
        told((k + 1) / (len(outputs) + 1), row)
        try:
            rows[row] = figures(samples, output, rate)
        except MelismaError as error:
            raise type(error)(f"{row} of {path}: {error}") from error
    ramp = _ramp(model, latent, chain)
    entry = {"file": str(path), "seconds": len(samples) / rate, "rows": rows, **_follow(ramp)}
    return latent, entry, model.kl(samples, rate=rate), ramp


def figures(reference: np.ndarray, output: np.ndarray, rate: int) -> dict[str, float | str]:
    """All of FIGURES for an output (T,) against its reference (T,), and why ViSQOL has none (`visqol_reason`) if so."""
    score = metrics.visqol(reference, output, rate)
    level = metrics.level_error(reference, output, rate)
    pitch = metrics.pitch_error(reference, output, rate)
    reason = {"visqol_reason": score.reason} if score.reason else {}
    return {
        "visqol": score.mos,
        "stft_distance": metrics.stft_distance(reference, output, rate),
        "mel_distance_db": metrics.mel_distance(reference, output, rate),
        "level_rms_db": level.rms,
        "level_mean_db": level.mean,
        "pitch_cents": pitch.cents,
        "pitch_gross": pitch.gross,
        "pitch_lost": pitch.lost,
        **reason,
    }


def _ramp(model: Any, latent: Any, plain: np.ndarray) -> np.ndarray:
    """(3, L): in dB, the ramp added to the loudness, what it changed in the output's level, and the softer of the levels."""
    if len(plain) < RAMP_SECONDS * model.sample_rate:
        return np.zeros((3, 0))
    ramp = np.linspace(-RAMP, RAMP, len(latent.loudness))
    ramped = np.asarray(model.decode(latent.set_loudness(latent.loudness + ramp)))
    before, after = (metrics.level_curve(x, model.sample_rate) for x in (plain, ramped))
    times = np.arange(len(before)) * metrics.LEVEL_FRAME / 2
    asked = np.interp(times, np.arange(len(ramp)) / latent.rate, ramp)
    return np.stack([asked, after - before, np.minimum(before, after)])


def _follow(ramp: np.ndarray) -> dict[str, float]:
    slope, rms = metrics.follow(*ramp)
    return {"follow_slope": slope, "follow_rms_db": rms}


def _usage(kls: Sequence[np.ndarray]) -> dict[str, Any]:
    """KL arrays (Z, L) in nats → their means per dimension and what these say."""
    nats = np.concatenate(kls, axis=1).mean(1)
    return {"per_dimension": nats.tolist(), "total": nats.sum(), "used": int((nats > USED_NATS).sum()), "dimensions": len(nats)}


def _leak(known: list[Any], held: list[Any]) -> dict[str, Any]:
    """The leak of the held paths, by a probe trained on the known ones, or on every other held one if there are none."""
    if not known:
        order = np.random.default_rng(0).permutation(len(held))
        known, held = [held[i] for i in order[::2]], [held[i] for i in order[1::2]]
    r2 = math.nan
    if known and held:
        z, loudness = ([[p.values for p in part], [p.loudness for p in part]] for part in (known, held))
        r2 = metrics.leak(*z, *loudness)
    return {"leak_r2": r2, "leak_files": {"train": len(known), "test": len(held)}}


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The mean of each figure over the files that have it."""
    values = {figure: np.array([row[figure] for row in rows]) for figure in FIGURES}
    return {figure: v[~np.isnan(v)].mean() if not np.isnan(v).all() else math.nan for figure, v in values.items()}


def _find(folder_or_files: str | os.PathLike | Sequence[str | os.PathLike]) -> tuple[list[Path], list[Path]]:
    """The files to evaluate, and those for training the leak probe (maybe none)."""
    if not isinstance(folder_or_files, (str, os.PathLike)):
        return [Path(f) for f in folder_or_files], []
    folder = Path(folder_or_files)
    if not folder.exists():
        raise NotFound(f"{folder} does not exist; check its name and the folder you are in")
    if folder.is_file():
        return [folder], []
    held, train = folder / "held", folder / "train"
    found = (_sounds(held), _sounds(train)) if held.is_dir() and train.is_dir() else (_sounds(folder), [])
    if not found[0]:
        raise NotFound(f"{folder} holds no sound file; looked at any depth for {' '.join(FORMATS)} and others")
    return found


def _sounds(folder: Path) -> list[Path]:
    suffixes = {f".{name.lower()}" for name in soundfile.available_formats()} | set(FORMATS)
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes and not p.name.startswith(".") and p.is_file())


def _excerpts(
    files: Sequence[Path], rate: int, seconds: float, skipped: list[dict[str, str]]
) -> Iterator[tuple[int, Path, np.ndarray]]:
    """(index, file, its first seconds as mono float32 (T,) at rate, without offset); files that cannot be read go to skipped."""
    for index, path in enumerate(files):
        try:
            sound = read(path)
        except MelismaError as error:
            skipped.append({"file": str(path), "reason": str(error)})
            continue
        beginning = sound.mono().samples[0, : math.ceil(seconds * sound.rate)]  # cancelling channels are told by a warning
        samples = resample(highpass(beginning, AnalysisConfig.highpass, sound.rate, at_rest())[0], sound.rate, rate)
        if len(samples):
            yield index, path, samples
        else:
            skipped.append({"file": str(path), "reason": f"{path} is shorter than one sample at {rate} Hz"})


def _sample(files: Sequence[Path], rate: int, skipped: list[dict[str, str]]) -> Iterator[tuple[int, Path, np.ndarray]]:
    """Excerpts of files drawn from all, always the same, until they amount to PROBE_SECONDS."""
    drawn = [files[i] for i in np.random.default_rng(0).permutation(len(files))]
    left = PROBE_SECONDS
    for index, path, samples in _excerpts(drawn, rate, EXCERPT, skipped):
        yield index, path, samples
        left -= len(samples) / rate
        if left <= 0:
            return


def _plain(value: Any) -> Any:
    """The value with numbers as Python's own and None for NaN, for JSON has none."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def table(result: dict[str, Any], console: Console) -> None:
    """Print what `evaluate` returned, with or without `files` and `skipped`: the rows side by side, then the latent path's."""
    title = f"{result['model']}: {result['file_count']} held-out files, {result['seconds']:.0f} s"
    rows = Table(title=title)
    rows.add_column("")
    for row in ROWS:
        rows.add_column(row, justify="right")
    for figure, (heading, form) in FIGURES.items():
        rows.add_row(heading, *(_cell(result["rows"][row][figure], form) for row in ROWS))
    console.print(rows)

    kl = result["kl"]
    latent = Table(title="latent path", show_header=False)
    latent.add_row("KL, nats a frame", f"{_cell(kl['total'], '{:.1f}')} in {kl['used']} of {kl['dimensions']} dimensions")
    latent.add_row("per dimension", " ".join(_cell(nats, "{:.2f}") for nats in kl["per_dimension"]))
    latent.add_row("loudness leak, R²", _cell(result["leak_r2"], "{:.3f}"))
    slope, error = _cell(result["follow_slope"], "{:.2f}"), _cell(result["follow_rms_db"], "{:.1f}")
    latent.add_row(f"±{RAMP:g} dB ramp", f"slope {slope}, error {error} dB")
    console.print(latent)
    for entry in result.get("skipped", []):
        console.print(f"left out: {entry['reason']}", markup=False)


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
