"""SuperCollider's server, not in real time: synth definitions and scores, written here as the bytes that `scsynth -N` reads."""

from __future__ import annotations

import os
import re
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "src" / "melisma" / "_supercollider"
SYSTEM = next((folder for place in ("lib*", "lib*/*") for folder in Path("/usr").glob(f"{place}/SuperCollider/plugins")), None)
KR, AR = 1, 2


def text(string: str) -> list[float]:
    """As the classes spell a name for the units: its length, then its bytes."""
    return [len(string.encode()), *string.encode()]


def inputs(signals: list, model: str, settings: dict | None = None) -> list:
    """What each unit of Melisma is given."""
    pairs = [part for name, value in (settings or {}).items() for part in (*text(name), value)]
    return [len(signals), *signals, *text(model), len(settings or {}), *pairs]


class Definition:
    """A synth definition, format SCgf 2. An input is a number, or the (unit, output) that `unit` gave."""

    def __init__(self, name: str = "it"):
        self.name, self.constants, self.units = name, [], []

    def unit(self, kind: str, rate: int, given: list, outputs: int = 1) -> list[tuple[int, int]]:
        wires = []
        for value in given:
            if isinstance(value, tuple):
                wires.append(value)
            else:
                if value not in self.constants:
                    self.constants.append(value)
                wires.append((-1, self.constants.index(value)))
        self.units.append((kind, rate, wires, outputs))
        return [(len(self.units) - 1, k) for k in range(outputs)]

    def bytes(self) -> bytes:
        parts = [b"SCgf", struct.pack(">ih", 2, 1), _pascal(self.name), struct.pack(">i", len(self.constants))]
        parts += [struct.pack(">f", value) for value in self.constants]
        parts += [struct.pack(">iii", 0, 0, len(self.units))]  # no parameters, no names of them
        for kind, rate, wires, outputs in self.units:
            parts += [_pascal(kind), struct.pack(">biih", rate, len(wires), outputs, 0)]
            parts += [struct.pack(">ii", *wire) for wire in wires] + [struct.pack(">b", rate)] * outputs
        return b"".join([*parts, struct.pack(">h", 0)])


def _pascal(string: str) -> bytes:
    return bytes([len(string)]) + string.encode()


def message(address: str, *words: int | float | str | bytes) -> bytes:
    """An OSC message."""
    tags, data = ",", b""
    for word in words:
        if isinstance(word, bytes):
            tags, data = tags + "b", data + struct.pack(">i", len(word)) + word + b"\0" * (-len(word) % 4)
        elif isinstance(word, str):
            tags, data = tags + "s", data + _padded(word)
        else:
            kind = "i" if isinstance(word, int) else "f"
            tags, data = tags + kind, data + struct.pack(f">{kind}", word)
    return _padded(address) + _padded(tags) + data


def _padded(string: str) -> bytes:
    data = string.encode() + b"\0"
    return data + b"\0" * (-len(data) % 4)


@dataclass
class Run:
    sound: np.ndarray  # (samples, channels)
    lines: list[str]
    latency: int | None = None
    complaints: list[str] = field(default_factory=list)


class Score:
    """Messages at blocks, rendered into a sound file."""

    def __init__(self, folder: Path, rate: int = 44100, block: int = 64, channels: int = 1, hears: int = 1):
        self.folder, self.rate, self.block, self.channels, self.hears = folder, rate, block, channels, hears
        self.bundles: list[tuple[float, bytes]] = []

    def at(self, block: int, *messages: bytes) -> None:
        """Done before that block begins."""
        # scsynth does, before a block, all that falls before that block's end
        self.bundles.append(((block + 0.5) * self.block / self.rate, b"".join(struct.pack(">i", len(m)) + m for m in messages)))

    def play(self, definition: Definition | bytes, name: str = "it", node: int = 1000) -> None:
        data = definition if isinstance(definition, bytes) else definition.bytes()
        self.at(0, message("/d_recv", data), message("/s_new", name, node, 0, 0))

    def run(self, sound: np.ndarray, units: Path = UNITS, environment: dict | None = None, usual: bool = False) -> Run:
        """sound: (samples,) or (samples, channels), a whole number of blocks. usual: units are where scsynth looks by itself."""
        blocks = len(sound) // self.block
        self.at(blocks, message("/c_set", 0, 0.0))  # until here
        soundfile.write(self.folder / "in.wav", sound, self.rate, subtype="FLOAT")
        with open(self.folder / "score.osc", "wb") as file:
            for seconds, body in sorted(self.bundles, key=lambda bundle: bundle[0]):
                bundle = b"#bundle\0" + struct.pack(">Q", int(seconds * 2**32)) + body
                file.write(struct.pack(">i", len(bundle)) + bundle)
        places = os.pathsep.join(str(place) for place in (SYSTEM, units) if place)
        command = [
            "scsynth",
            *([] if usual else ["-U", places]),
            "-N",
            "score.osc",
            "in.wav",
            "out.wav",
            self.rate,
            "WAV",
            "float",
        ]
        command += ["-o", self.channels, "-i", self.hears, "-z", self.block]
        done = subprocess.run(
            [str(word) for word in command], cwd=self.folder, capture_output=True, text=True, timeout=300,
            env=os.environ | (environment or {}),
        )  # fmt: skip
        lines = (done.stdout + done.stderr).splitlines()
        assert done.returncode == 0, lines
        heard, _ = soundfile.read(self.folder / "out.wav", dtype="float32", always_2d=True)
        late = [int(found[1]) for line in lines if (found := re.search(r"^Melisma plays .* late by (\d+) samples", line))]
        complaints = [line.removeprefix("Melisma: ") for line in lines if line.startswith("Melisma: ")]
        return Run(heard[: len(sound)], lines, late[-1] if late else None, complaints)
