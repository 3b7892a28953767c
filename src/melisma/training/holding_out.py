"""Which of a folder's sounds are kept from training, so that a model is judged by what it has not heard."""

from __future__ import annotations

from typing import Any

from .folder_report import TAIL_FROM, Report, Sound

HELD_SHARE = 0.08  # of the minutes, kept from training
HELD_MOST = 0.2  # no file is held out that would bring the share of the minutes, or of the files, above this
WHOLE_FILES = 6  # from so many files on, whole files are held out


def split(sounds: list[Sound], report: Report) -> list[dict[str, Any]]:
    """The clips of the index; says in the report how the held-out ones were chosen."""
    tops = [s.name.split("/")[0].lower() if "/" in s.name else "" for s in sounds]
    held: set[str] = set()
    if {"train", "held"} <= set(tops):
        held = {s.name for s, top in zip(sounds, tops, strict=True) if top == "held"}
        report.chosen = "the folder held"
    elif len(sounds) >= WHOLE_FILES:
        held = _held_out_files(sounds)
        report.chosen = f"{len(held)} whole files, chosen by their content"
    clips = []
    for s in sounds:
        tail = 0
        if len(sounds) < WHOLE_FILES and not held and s.samples > TAIL_FROM * report.sample_rate:
            tail = min(max(round(HELD_SHARE * s.samples), report.sample_rate), s.samples // 2)
        whole = {"file": s.name, "start": s.start, "samples": s.samples - tail, "split": "held" if s.name in held else "train"}
        clips.append(whole)
        if tail:
            clips.append({"file": s.name, "start": s.start + s.samples - tail, "samples": tail, "split": "held"})
            report.chosen = "the ends of files"
    return clips


def _held_out_files(sounds: list[Sound]) -> set[str]:
    """Whole files up to the wanted share of the minutes, in the order of a hash that says nothing about their sound."""
    total = sum(s.samples for s in sounds)
    order = sorted(sounds, key=lambda s: s.digest)
    held: set[Any] = set()
    samples = 0
    for s in order:
        wanted = samples < HELD_SHARE * total and len(held) < HELD_MOST * len(sounds)
        if wanted and samples + s.samples <= HELD_MOST * total:
            held.add(s.name)
            samples += s.samples
    return held
