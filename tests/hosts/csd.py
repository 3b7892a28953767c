"""Csound, rendering into a file: orchestras written here and run by the real csound."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
OPCODE = ROOT / "src" / "melisma" / "_csound"


@dataclass
class Run:
    sound: np.ndarray  # (samples, channels)
    lines: list[str]
    code: int
    latency: int | None = None
    complaints: list[str] = field(default_factory=list)


def opcode_file() -> Path | None:
    return next(iter(OPCODE.glob("libmelisma.*")), None)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chain(model: str, deeds: dict[int, list[tuple[str, float]]] | None = None, held: dict[str, str] | None = None) -> str:
    """An instrument's body. deeds: block → names and their values from there on; held: name → an expression."""
    names = sorted({name for done in (deeds or {}).values() for name, _ in done})
    lines = ["kblock init -1", "kblock += 1", "ain inch 1"]
    lines += [
        f"kval{i} init {value}" for i, name in enumerate(names) for value in [0 if name in ("reset", "bypass") else "$nothing"]
    ]
    for block, done in sorted((deeds or {}).items()):
        sets = [f"kval{names.index(name)} = {value!r}" for name, value in done]
        lines += [f"if kblock == {block} then", *sets, "endif"]
    pairs = [f', "{name}", kval{i}' for i, name in enumerate(names)] + [
        f', "{name}", {text}' for name, text in (held or {}).items()
    ]
    return "\n".join([*lines, f"aout melisma ain, {quoted(model)}{''.join(pairs)}", "out aout"])


def render(
    folder: Path, body: str, sound: np.ndarray, rate: int = 44100, block: int = 64, channels: int = 1, full: float = 1,
    library: Path | None = None, environment: dict | None = None, score: str = "",
) -> Run:  # fmt: skip
    """sound: (samples,) or (samples, channels), what `inch` hears. library: "" stands for where Csound looks by itself."""
    soundfile.write(folder / "in.wav", sound, rate, subtype="FLOAT")
    # a value that is no number changes nothing: that of what was not set yet
    orchestra = f"sr = {rate}\nksmps = {block}\nnchnls = {channels}\n0dbfs = {full}\n#define nothing #(log(-1))#\ninstr 1\n{body}\nendin\n"
    (folder / "it.orc").write_text(orchestra)
    (folder / "it.sco").write_text(score or f"i1 0 {(len(sound) + block) / rate:.9f}\n")
    own = [] if library == Path("usual") else [f"--opcode-lib={library or opcode_file()}"]
    command = ["csound", *own, "-d", "-m0", "-W", "-f", "-iin.wav", "-oout.wav", "it.orc", "it.sco"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, env=os.environ | (environment or {}), errors="replace"
    )
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in (done.stdout + done.stderr).splitlines()]
    late = [int(found[1]) for line in lines if (found := re.search(r"^melisma plays .* late by (\d+) samples", line))]
    complaints = [line.removeprefix("melisma: ") for line in lines if line.startswith("melisma: ")]
    heard = np.zeros((0, channels), np.float32)
    if done.returncode == 0:
        heard, _ = soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)
    return Run(heard[: len(sound)], lines, done.returncode, late[-1] if late else None, complaints)
