"""What is known of a set's files: where they come from, on what terms, and how they measure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from .cleaning import RATE, decibels


@dataclass(frozen=True)
class Source:
    """Where sounds come from, and on what terms; `evidence` is what the package itself says."""

    key: str
    package: str
    version: str
    licence: str
    author: str
    evidence: str


def record(path: Path, root: Path, source: Source, sample: str, audio: np.ndarray) -> dict:
    """What sources.json says of one file; `sample` is the original name, or what a phrase is made of."""
    return {
        "file": path.relative_to(root).as_posix(), "split": path.relative_to(root).parts[0],
        "package": source.package, "version": source.version, "sample": sample,
        "licence": source.licence, "author": source.author, "minutes": round(len(audio) / RATE / 60, 4),
        "evidence": source.evidence,
    }  # fmt: skip


def licence_table(name: str, records: list[dict]) -> str:
    """Minutes and files by source, licence and split, and what each package says of itself, as Markdown."""
    rows = defaultdict(lambda: [0, 0.0])
    for r in records:
        kind = r.get("kind") or ("phrases" if "phrases/" in r["file"] else "notes")
        row = rows[r["package"], r["version"], r["licence"], r["author"], r["split"], kind]
        row[0], row[1] = row[0] + 1, row[1] + r["minutes"]
    lines = [f"# Licences of the {name} data", "", "By `runs/sources.py`; one record a file in sources.json.", ""]
    lines += ["| source | version | licence | author | split | kind | files | minutes |", "|" + "---|" * 8]
    lines += [f"| {' | '.join(key)} | {n} | {minutes:.1f} |" for key, (n, minutes) in sorted(rows.items())]
    lines += ["", "What the packages say:", ""]
    lines += sorted({f"- {r['package']}, {r['licence']}: {r['evidence']}" for r in records})
    return "\n".join(lines) + "\n"


def figures(path: Path) -> dict:
    """Seconds, rms and peak in dBFS, share of silent 20 ms frames, and mean spectral centroid of a sound file."""
    audio, _ = soundfile.read(path, dtype="float32")
    frames = audio[: len(audio) // 882 * 882].reshape(-1, 882)
    levels = np.sqrt((frames**2).mean(1)) if len(frames) else np.zeros(1)
    power = np.abs(np.fft.rfft(audio)) ** 2
    centroid = (power * np.fft.rfftfreq(len(audio), 1 / RATE)).sum() / (power.sum() + 1e-12)
    return {
        "seconds": len(audio) / RATE, "rms": decibels(np.sqrt((audio**2).mean())),
        "peak": decibels(np.abs(audio).max()), "silence": float((levels < 1e-3).mean()), "centroid": float(centroid),
    }  # fmt: skip


def summary(root: Path) -> str:
    """Figures of every folder below root that holds sounds, one line for each kind of name."""
    kinds = defaultdict(list)
    for path in sorted(root.rglob("*.flac")):
        kinds[f"{path.parent.relative_to(root)}/{re.split('[-0-9]', path.stem)[0]}*"].append(figures(path))
    lines = [f"{'files':28} {'n':>4} {'min':>6}  {'rms dBFS':>16} {'peak max':>8} {'silence':>7} {'centroid Hz':>14}"]
    for kind, rows in sorted(kinds.items()):
        seconds, rms, peak, silence, centroid = (np.array([row[k] for row in rows]) for k in rows[0])
        lines.append(
            f"{kind:28} {len(rows):4d} {seconds.sum() / 60:6.2f}  {rms.min():7.1f}…{rms.max():6.1f} "
            f"{peak.max():9.2f} {silence.mean():7.1%} {centroid.min():6.0f}…{centroid.max():6.0f}"
        )
    return "\n".join(lines)
