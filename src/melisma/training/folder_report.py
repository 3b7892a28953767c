"""What a folder of sounds holds, and what a musician should know of it before training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

OFFSET = 10 ** (-60 / 20)  # a file whose mean is beyond this has an offset that is reported
SHORT = 1.0  # s; shorter files are reported, and used
LEAST_MINUTES, GOOD_MINUTES = 2.0, 10.0  # below them, the report says what to expect
TAIL_FROM = 4.0  # s; of few files, the ends of those longer than this are held out
LEAST_HELD = 2.0  # s


@dataclass
class Report:
    """What a folder holds and what became of it. Files are named relative to the folder."""

    folder: str
    sample_rate: int
    files: int = 0  # used
    minutes: float = 0.0
    train_minutes: float = 0.0
    held_minutes: float = 0.0
    chosen: str = ""  # how the held-out sound was chosen
    rates: dict[str, int] = field(default_factory=dict)  # Hz → files
    channels: dict[str, int] = field(default_factory=dict)  # channels → files
    silent_minutes: float = 0.0
    peak_db: float | None = None  # dBFS of the loudest sample; None if there is none but zeros
    rms_db: float | None = None  # dBFS
    clipped: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    duplicates: dict[str, str] = field(default_factory=dict)  # file → the one with the same sound
    unreadable: dict[str, str] = field(default_factory=dict)  # file → why
    cleaned: dict[str, int] = field(default_factory=dict)  # file → samples that were NaN or infinite
    offset: dict[str, float] = field(default_factory=dict)  # file → dBFS of the offset that was taken out
    scaled: dict[str, float] = field(default_factory=dict)  # file → dB that it was above full scale
    cancelling: dict[str, str] = field(default_factory=dict)  # file → what was done about channels that cancel each other
    remarks: dict[str, str] = field(default_factory=dict)  # file → what was cut, falsely claimed or recovered
    ignored: int = 0  # other files
    warnings: list[str] = field(default_factory=list)
    reused: bool = False  # an older set of the same files was still valid

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Report:
        """The inverse of `to_dict`; TypeError if entries are missing or unknown."""
        if unknown := set(data) - {f.name for f in fields(cls)}:
            raise TypeError(f"unknown entries {unknown}")
        return cls(**data)


@dataclass
class Sound:
    """One file as it went into the flat file, and what was noticed on the way."""

    name: str
    start: int
    samples: int = 0
    digest: str = ""
    rate: int = 0
    channels: int = 0
    taken: int | None = None  # the channel that stands for all, where they cancel each other
    remarks: list[str] = field(default_factory=list)  # of the reader: cut short, claimed falsely, recovered
    seconds: float = 0.0
    silent_seconds: float = 0.0
    peak: float = 0.0  # of any channel
    mono_peak: float = 0.0
    energy: float = 0.0  # sum of squares over `samples`
    mean: float = 0.0  # of all samples
    clipped: bool = False
    replaced: int = 0


def summarize(sounds: list[Sound], clips: list[dict[str, Any]], report: Report) -> None:
    samples = sum(s.samples for s in sounds)
    minute = 60 * report.sample_rate
    report.files = len(sounds)
    report.minutes = samples / minute
    report.held_minutes = sum(c["samples"] for c in clips if c["split"] == "held") / minute
    report.train_minutes = report.minutes - report.held_minutes
    report.silent_minutes = sum(s.silent_seconds for s in sounds) / 60
    report.clipped = [s.name for s in sounds if s.clipped]
    report.short = [s.name for s in sounds if s.seconds < SHORT]
    report.offset = {s.name: round(20 * math.log10(abs(s.mean)), 1) for s in sounds if abs(s.mean) > OFFSET}
    report.cleaned = {s.name: s.replaced for s in sounds if s.replaced}
    report.cancelling = {s.name: f"channel {s.taken + 1} of {s.channels} alone" for s in sounds if s.taken is not None}
    report.remarks = {s.name: "; ".join(told) for s in sounds if (told := [r for r in s.remarks if "not numbers" not in r])}
    for s in sounds:
        report.rates[str(s.rate)] = report.rates.get(str(s.rate), 0) + 1
        report.channels[str(s.channels)] = report.channels.get(str(s.channels), 0) + 1
    peak = max(s.peak for s in sounds)
    energy = sum(s.energy for s in sounds)
    report.peak_db = 20 * math.log10(peak) if peak > 0 else None
    report.rms_db = 10 * math.log10(energy / samples) if energy > 0 else None
    report.warnings = list(_advice(report, sounds))


def _advice(report: Report, sounds: list[Sound]) -> Iterator[str]:
    """What a musician should know before training, each with its remedy."""
    if report.rms_db is None or report.silent_minutes > 0.98 * report.minutes:
        yield "nearly all of it is silence: check that these are the files you meant"
    elif report.silent_minutes > 0.4 * report.minutes:
        share = 100 * report.silent_minutes / report.minutes
        yield f"{share:.0f} % is silence, which costs training time and teaches nothing: trim the recordings"
    elif report.peak_db is not None and report.peak_db < -40:
        yield f"the loudest sample is at {report.peak_db:.0f} dBFS: record louder, or noise will be learnt with the sound"
    files = "1 file" if report.files == 1 else f"{report.files} files"
    sounding = report.minutes - report.silent_minutes
    if sounding < LEAST_MINUTES:
        needed = f"a model needs {LEAST_MINUTES:g} at least, and {GOOD_MINUTES:g} to be good"
        yield f"only {sounding:.1f} minutes of sound: {needed}; add recordings"
    elif sounding < GOOD_MINUTES:
        yield f"{sounding:.1f} minutes of sound will do, but {GOOD_MINUTES:g} or more make a better model"
    if not report.held_minutes:
        yield f"nothing could be held out for evaluation: add files, or one that is longer than {TAIL_FROM:g} s"
    elif report.held_minutes * 60 < LEAST_HELD:
        yield f"only {report.held_minutes * 60:.1f} s are held out, so the figures will be rough: add recordings"
    dull = [s for s in sounds if s.rate < 0.7 * report.sample_rate]
    if sum(s.seconds for s in dull) > 0.2 * sum(s.seconds for s in sounds):
        top = max(s.rate for s in dull) / 2000
        yield f"{len(dull)} of {files} hold nothing above {top:g} kHz: the model will sound dull; look for better recordings"
    if report.clipped:
        yield f"clipping in {len(report.clipped)} of {files}: the model will learn the distortion; record with headroom"
    if report.scaled:
        yield f"{len(report.scaled)} of {files} went beyond full scale: scaled down to it"
    if report.cleaned:
        yield f"NaN or infinite samples in {len(report.cleaned)} of {files}: now silence; export again"
    if report.cancelling:
        yield f"channels cancel each other in {len(report.cancelling)} of {files}: one of them is taken; check the wiring"
    if report.remarks:
        yield f"{len(report.remarks)} of {files} are not what they announce: used as far as they go; export them again"
    if report.unreadable:
        yield f"{len(report.unreadable)} could not be read and are left out, beside {files} used; export or convert them"


def print_report(report: Report, console: Console) -> None:
    """Print a report to a rich console."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(overflow="fold")

    def row(label: str, text: str) -> None:
        table.add_row(label, Text(text))

    def listed(label: str, names: list[str], most: int = 8) -> None:
        if names:
            more = f"\n… and {len(names) - most} more" if len(names) > most else ""
            row(label, "\n".join(names[:most]) + more)

    def times(counts: dict[str, int], unit: Callable[[str], str]) -> str:
        return ", ".join(f"{unit(value)} × {n}" for value, n in sorted(counts.items(), key=lambda item: -item[1]))

    row("files", f"{report.files}" + (f" (and {report.ignored} that are no sound)" if report.ignored else ""))
    row("minutes", f"{report.minutes:.1f}, of which silence {report.silent_minutes:.1f}")
    row("training", f"{report.train_minutes:.1f} minutes")
    row("held out", f"{report.held_minutes:.2f} minutes: {report.chosen}" if report.held_minutes else "nothing")
    row("sample rates", times(report.rates, lambda rate: f"{rate} Hz"))
    row("channels", times(report.channels, lambda n: {"1": "mono", "2": "stereo"}.get(n, f"{n} channels")))
    if report.peak_db is not None and report.rms_db is not None:
        row("level", f"peak {report.peak_db:.1f} dBFS, mean {report.rms_db:.1f} dBFS")
    listed("unreadable", [f"{name}: {reason}" for name, reason in report.unreadable.items()])
    listed("clipped", report.clipped)
    listed("duplicates", [f"{name} = {other}" for name, other in report.duplicates.items()])
    listed(f"under {SHORT:g} s (used)", report.short)
    listed("offset taken out", [f"{name}: {db:.0f} dBFS" for name, db in report.offset.items()])
    listed("scaled", [f"{name}: −{db:.1f} dB" for name, db in report.scaled.items()])
    listed("channels cancel", [f"{name}: {what}" for name, what in report.cancelling.items()])
    listed("not as announced", [f"{name}: {what}" for name, what in report.remarks.items()])
    listed("cleaned", [f"{name}: {n} samples" for name, n in report.cleaned.items()])
    console.print(table)
    for warning in report.warnings:
        console.print(Text.assemble(("• ", "yellow"), warning))
