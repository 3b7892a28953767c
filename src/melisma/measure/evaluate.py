"""The figures of a model on held-out sounds, beside what its parts and a method without training reach.

    result = evaluate(model, "prepared/strings")
    report.table(result, rich.console.Console())
    report.weak(result)                          the files that fare worst, worst first

Every file goes several ways (see `rows`): from its latents alone, with the residual layers added, by *copy synthesis* (its true
mels through the vocoder), by *Griffin-Lim* on its true mels, and through the codec Opus at the bit rate of all the layers. Copy
synthesis shows what the vocoder loses, the first rows what the layers lose on top of it, the last what is to be had untrained.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import BadValue, Damaged, MelismaError, Unavailable
from . import metrics, probe
from .excerpts import EXCERPT, excerpts, find, sample
from .rows import LAYERS, decoded, layered, layers, missing_rows, rows

PACKAGES = {"librosa": "librosa", "filelock": "filelock", "visqol": "visqol-python"}  # module: package of what the figures need

RAMP = 12.0  # dB on either side
RAMP_SECONDS = 1.0  # shorter sounds have no room for the ramp
USED_NATS = 0.05  # nats a frame from which a latent dimension counts as used

# the reference is heard at this rate at least: else a model of a low rate would not lose what lies above it
LEAST_RATE = 44100

FIGURES = {
    "bits": ("bits a second", "{:,.0f}"),
    "visqol": ("ViSQOL", "{:.2f}"),
    "stft_distance": ("STFT distance", "{:.3f}"),
    "mel_distance_db": ("mel dB", "{:.2f}"),
    "envelope_db": ("envelope dB", "{:.2f}"),
    "level_rms_db": ("level dB", "{:.2f}"),
    "level_mean_db": ("level bias dB", "{:+.2f}"),
    "pitch_cents": ("pitch cents", "{:.1f}"),
    "pitch_gross": ("gross pitch errors", "{:.1%}"),
    "pitch_lost": ("pitch lost", "{:.1%}"),
    "gross_above_copy": ("gross errors above copy", "{:+.1%}"),
    "lost_above_copy": ("pitch lost above copy", "{:+.1%}"),
}
ABOVE_COPY = {"gross_above_copy": "pitch_gross", "lost_above_copy": "pitch_lost"}

Progress = Callable[[float, int, str], None]


def evaluate(
    model: Any,
    folder_or_files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    progress: Progress | None = None,
    seconds_limit: float | None = None,
    files_limit: int | None = None,
    probe_on: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Every figure of a model on a folder of sounds (searched for files at any depth) or on the files named.

    A folder with the folders `train` and `held` in it is evaluated on `held`, and the leak probe trained on a sample of
    `train`; otherwise the probe is trained on the sounds of the folder `probe_on`, or without one on half of the files and scored
    on the others. The first 30 s of each file
    (or seconds_limit) are used, as mono, of at most files_limit files, spread over all. They are compared at the model's rate,
    or at LEAST_RATE if that is lower.
    progress(done, total, name) is called before each file, with
    parts of one while it is measured, and at the end.

    Returns what json.dumps takes, null where there is no figure: `rows` (the mean over files of each figure in FIGURES,
    for each of rows.ROWS that can be had), `missing` (why the others cannot), `counted` (files behind each mean of the latents
    alone), `kl` (nats a frame per dimension, and the number of dimensions above USED_NATS), `leak_r2` (see probe.leak) and
    `leak_r2_all` (that of latents, fine and colour together), `follow_slope`, `follow_rms_db` (against a ±12 dB ramp added to
    the natural loudness, from the latents alone) and `follow_slope_all` (with all layers), `files` (the same figures for each)
    and `skipped` (files that cannot be read, and why). Where there are no layers, what is said of all is left out.
    MelismaError if no file can be read, or the model returns no waveform as long as its input.
    """
    if seconds_limit is not None and not 0 < seconds_limit < math.inf:
        raise BadValue(f"seconds_limit is {seconds_limit}; a finite number above 0 is needed")
    if files_limit is not None and files_limit < 1:
        raise BadValue(f"files_limit is {files_limit}; at least 1 is needed")
    if missing := [package for module, package in PACKAGES.items() if find_spec(module) is None]:
        raise Unavailable(f"evaluating needs {' and '.join(missing)}: pip install 'melisma[evaluate]'")
    held, train = find(folder_or_files)
    train = find(probe_on)[0] if probe_on is not None else train
    if files_limit is not None and len(held) > files_limit:
        held = [held[int(i)] for i in np.linspace(0, len(held) - 1, files_limit)]
    skipped: list[dict[str, str]] = []
    rate = rate_of(model)
    report = progress or (lambda done, total, name: None)
    total, measured = len(held) + len(train), []
    for done, path, samples in excerpts(held, rate, seconds_limit or EXCERPT, skipped):
        report(done, total, path.name)
        told = lambda part, row: report(done + part, total, f"{path.name}: {row}")  # noqa: B023
        measured.append(_evaluate_file(model, path, samples, rate, told))
    if not measured:
        raise Damaged(f"no sound could be read from {folder_or_files}" + "".join(f"; {s['reason']}" for s in skipped[:1]))
    known = []
    for done, path, samples in sample(train, rate, skipped):
        report(len(held) + done, total, path.name)
        known.append(model.encode(samples, rate=rate))
    report(total, total, "")
    files, paths = [file.entry for file in measured], [file.path for file in measured]
    follow = {key: _follow(np.concatenate([file.ramps[key] for file in measured], axis=1)) for key in measured[0].ramps}
    leak = _leak(known, paths, lambda path: path.values)
    if layered(model):
        leak |= {"leak_r2_all": _leak(known, paths, layers)["leak_r2"], "follow_slope_all": follow["colour"]["follow_slope"]}
    return _plain(
        {
            "model": model.name,
            "sample_rate": model.sample_rate,
            "hop": model.hop,
            "file_count": len(files),
            "seconds": sum(f["seconds"] for f in files),
            "rows": {row: _means([f["rows"][row] for f in files]) for row in files[0]["rows"]},
            "missing": missing_rows(model),
            "counted": {figure: sum(not math.isnan(f["rows"]["chain"][figure]) for f in files) for figure in FIGURES},
            "kl": _usage([file.kl for file in measured]),
            **leak,
            **follow["chain"],
            "files": sorted(files, key=lambda f: f["file"]),
            "skipped": skipped,
        }
    )


def rate_of(model: Any) -> int:
    """The rate in Hz at which a model's sounds are compared."""
    return max(model.sample_rate, LEAST_RATE)


class _Measured(NamedTuple):
    """A file: its latent path, its entry in the result, its KL (Z, L), and its ramp as _ramp has it, by row."""

    path: Any
    entry: dict[str, Any]
    kl: np.ndarray
    ramps: dict[str, np.ndarray]


def _evaluate_file(model: Any, path: Path, samples: np.ndarray, rate: int, told: Callable[[float, str], None]) -> _Measured:
    """One file's samples (T,) in every row."""
    latent, kl = model.encode(samples, rate=rate), model.kl(samples, rate=rate)
    found: dict[str, dict[str, Any]] = {}
    plain: dict[str, np.ndarray] = {}
    for row in rows(model, latent, samples, rate, float(kl.mean(1).sum())):
        told(min(0.9, (len(found) + 1) / 8), row.key)
        try:
            found[row.key] = {"bits": row.bits} | figures(samples, row.output, rate)
        except MelismaError as error:
            raise type(error)(f"{row.key} of {path}: {error}") from error
        if row.key in LAYERS:
            plain[row.key] = row.output
    for figured in found.values():
        figured |= {above: figured[figure] - found["copy synthesis"][figure] for above, figure in ABOVE_COPY.items()}
    ramps = {str(key): _ramp(model, latent, plain[key], rate, key) for key in ("chain", "colour") if key in plain}
    entry = {"file": str(path), "seconds": len(samples) / rate, "rows": found, **_follow(ramps["chain"])}
    return _Measured(latent, entry, kl, ramps)


def figures(reference: np.ndarray, output: np.ndarray, rate: int) -> dict[str, float | str]:
    """What FIGURES says of an output (T,) against its reference (T,) alone, and why ViSQOL has none (`visqol_reason`) if so."""
    score = metrics.visqol(reference, output, rate)
    level = metrics.level_error(reference, output, rate)
    pitch = metrics.pitch_error(reference, output, rate)
    reason = {"visqol_reason": score.reason} if score.reason else {}
    return {
        "visqol": score.mos,
        "stft_distance": metrics.stft_distance(reference, output, rate),
        "mel_distance_db": metrics.mel_distance(reference, output, rate),
        "envelope_db": metrics.envelope_distance(reference, output, rate),
        "level_rms_db": level.rms,
        "level_mean_db": level.mean,
        "pitch_cents": pitch.cents,
        "pitch_gross": pitch.gross,
        "pitch_lost": pitch.lost,
        **reason,
    }


def _ramp(model: Any, latent: Any, plain: np.ndarray, rate: int, key: str) -> np.ndarray:
    """(3, L): in dB, the ramp added to the loudness, what it changed in the output's level, and the softer of the levels."""
    if len(plain) < RAMP_SECONDS * rate:
        return np.zeros((3, 0))
    ramp = np.linspace(-RAMP, RAMP, len(latent.loudness))
    ramped = decoded(model, latent.set_loudness(latent.loudness + ramp), key)
    before, after = (metrics.level_curve(x, rate) for x in (plain, ramped))
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


def _leak(known: list[Any], held: list[Any], told_by: Callable[[Any], np.ndarray]) -> dict[str, Any]:
    """The leak of the held paths, by a probe trained on the known ones, or on every other held one if there are none.

    told_by: path → the curves (N, L) that the probe is given.
    """
    if not known:
        order = np.random.default_rng(0).permutation(len(held))
        known, held = [held[i] for i in order[::2]], [held[i] for i in order[1::2]]
    r2 = math.nan
    if known and held:
        curves = [[told_by(path) for path in part] for part in (known, held)]
        loudness = [[path.loudness for path in part] for part in (known, held)]
        r2 = probe.leak(curves[0], loudness[0], curves[1], loudness[1])
    return {"leak_r2": r2, "leak_files": {"train": len(known), "test": len(held)}}


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The mean of each figure over the files that have it."""
    values = {figure: np.array([row[figure] for row in rows]) for figure in FIGURES}
    return {figure: v[~np.isnan(v)].mean() if not np.isnan(v).all() else math.nan for figure, v in values.items()}


def _plain(value: Any) -> Any:
    """The value with numbers as Python's own and None for NaN, for JSON has none."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
