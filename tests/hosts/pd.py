"""Patches made of text, run by the real Pure Data without a window, faster than real time."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = ROOT / "src" / "melisma" / "_pd"


@dataclass
class Run:
    """What a run of Pd left: its console's lines, and the sounds that it recorded."""

    code: int
    lines: list[str]
    sounds: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.lines if not line.startswith(("heard", "when:")) and "biggest amplitude" not in line]


class Patch:
    """A patch: objects by the order in which they are added, cables between them, and messages at times in milliseconds."""

    def __init__(self, folder: Path):
        self.folder, self.count, self.text, self.events = folder, 0, ["#N canvas 0 0 400 300 10;"], []
        self.inputs: list[tuple[str, str, int]] = []  # table, file, tabplay~
        self.outputs: list[tuple[str, int, int]] = []  # table, samples, tabwrite~

    def add(self, text: str, kind: str = "obj") -> int:
        escaped = text.replace(";", "\\;").replace(",", "\\,")
        self.text.append(f"#X {kind} {10 + 10 * (self.count % 30)} {10 + 10 * (self.count // 30)} {escaped};")
        self.count += 1
        return self.count - 1

    def object(self, text: str, name: str = "") -> int:
        """An object; `name` receives messages for it."""
        made = self.add(text)
        if name:
            self.cable(self.add(f"receive {name}"), made)
        return made

    def cable(self, source: int, target: int, outlet: int = 0, inlet: int = 0) -> None:
        self.text.append(f"#X connect {source} {outlet} {target} {inlet};")

    def plays(self, samples: np.ndarray, target: int, inlet: int = 0, rate: int = 44100) -> int:
        """A sound that begins with the run, into an inlet."""
        name = f"in{len(self.inputs)}"
        soundfile.write(self.folder / f"{name}.wav", np.asarray(samples, np.float32), rate, "FLOAT")
        self.add(f"table {name}")
        player = self.add(f"tabplay~ {name}")
        self.inputs.append((name, f"{name}.wav", player))
        self.cable(player, target, 0, inlet)
        return player

    def records(self, source: int, samples: int, outlet: int = 0) -> str:
        """The first samples of an outlet → the name of the sound."""
        name = f"out{len(self.outputs)}"
        self.add(f"table {name} {samples}")
        recorder = self.add(f"tabwrite~ {name}")
        self.outputs.append((name, samples, recorder))
        self.cable(source, recorder, outlet, 0)
        return name

    def hears(self, source: int, outlet: int, word: str = "heard") -> None:
        """Print what an outlet says."""
        self.cable(source, self.add(f"print {word}"), outlet)

    def at(self, milliseconds: float, message: str) -> None:
        self.events.append((milliseconds, message))

    def run(self, samples: int, rate: int = 44100, dsp: bool = True, timeout: float = 100, **more) -> Run:
        """Run until so many samples have passed."""
        start = self.add("bang", "msg")
        for name, file, player in self.inputs:
            reader = self.add("soundfiler")
            message = self.add(f"read -resize {file} {name}", "msg")
            self.cable(self.add("loadbang"), message)
            self.cable(message, reader)
            self.cable(start, player)
        for _, _, recorder in self.outputs:
            self.cable(start, recorder)
        self.at(1000 * samples / rate + 2, "pd dsp 0")
        for name, _, _ in self.outputs:
            writer = self.add("soundfiler")
            self.cable(self.add(f"receive write-{name}"), writer)
            self.at(self.events[-1][0], f"write-{name} write -wave -bytes 4 -rate {rate} {name}.wav {name}")
        self.at(self.events[-1][0], "pd quit")
        script, now = [], 0.0
        for time, message in sorted(self.events, key=lambda event: event[0]):
            script.append(f"{time - now if time > now else 0:.6f} {message};")
            now = max(now, time)
        (self.folder / "events.txt").write_text("\n".join(script) + "\n")
        events = self.add("qlist")
        read = self.add("read events.txt", "msg")
        rewind = self.add("bang", "msg")
        order = self.add("trigger bang bang bang bang")
        self.cable(self.add("loadbang"), order)
        self.cable(order, read, 3)
        if dsp:
            self.cable(order, self.add("; pd dsp 1", "msg"), 2)
        self.cable(order, start, 1)
        self.cable(order, rewind, 0)
        self.cable(read, events)
        self.cable(rewind, events)
        # cables come last
        lines = [line for line in self.text if not line.startswith("#X connect")]
        lines += [line for line in self.text if line.startswith("#X connect")]
        (self.folder / "patch.pd").write_text("\n".join(lines) + "\n")
        return run_pd(self.folder / "patch.pd", rate, timeout, [name for name, _, _ in self.outputs], **more)


def run_pd(
    patch: Path,
    rate: int = 44100,
    timeout: float = 100,
    sounds: list[str] = (),
    environment: dict | None = None,
    path: Path = OBJECTS,
    more: list[str] = (),
    paced: bool = False,
) -> Run:
    """As fast as it goes; paced: a block when its time has come, as where there is a sound card, so that what is done beside
    the sound (a model's loading) has the time that it has there."""
    # -nrt: no priority over others, and no watchdog, which speaks in the midst of lines when the machine is busy
    command = [
        "pd",
        "-nogui",
        *([] if paced else ["-batch"]),
        "-nrt",
        "-noaudio",
        "-noprefs",
        "-stderr",
        "-r",
        str(rate),
        "-path",
        str(path),
        *more,
    ]
    done = subprocess.run(
        [*command, "-open", str(patch)], capture_output=True, text=True, timeout=timeout, env=environment, cwd=patch.parent
    )
    run = Run(done.returncode, done.stderr.splitlines())
    for name in sounds:
        file = patch.parent / f"{name}.wav"
        if file.exists():
            run.sounds[name] = soundfile.read(file, dtype="float32")[0]
    return run


@dataclass
class Session:
    """What so many seconds under random messages came to."""

    run: Run
    loudest: dict[str, list[float]]  # the largest sample until each second, beyond measure where it was no number

    def complaints(self) -> list[str]:
        """Nothing, if it ran clean: what went wrong, and when."""
        found = [f"pd ended with {self.run.code}"] if self.run.code else []
        found += self.run.errors
        for name, most in BOUNDS.items():
            beyond = [(second, value) for second, value in enumerate(self.loudest[name]) if not value <= most]
            found += [f"{name} came to {value:g} in second {second}" for second, value in beyond[:1]]
            if not any(self.loudest[name]):
                found.append(f"{name} was silent")
        return found


# of the models' sound, by the core's limiter; of the sum of 17 latent signals, far beyond any model's
BOUNDS = {"chain": 4.0, "decoded": 4.0, "latents": 500.0}
ABSURD = 1000000


def measures(patch: Patch, outlets: dict[str, list[tuple[int, int]]], every: float) -> None:
    """Let Pd say, every so many milliseconds, the largest sample until then of each sum of outlets, for `heard`."""
    tick = patch.object(f"metro {every}")
    patch.cable(patch.add("loadbang"), tick)
    for name, sources in outlets.items():
        size = patch.object(f"expr~ if (abs($v1) < {ABSURD}, abs($v1), {ABSURD})")  # what is no number is less than nothing
        held, look = patch.object("slop~ 0 0 0 0 44100"), patch.object("snapshot~")  # up at once, never down
        for source, outlet in sources:
            patch.cable(source, size, outlet)
        patch.cable(size, held)
        patch.cable(held, look)
        patch.cable(tick, look)
        patch.hears(look, 0, f"heard {name}")


def heard(run: Run) -> dict[str, list[float]]:
    """What `measures` said, by name, in time."""
    found: dict[str, list[float]] = {}
    for line in run.lines:
        if line.startswith("heard "):
            name, value = line.removeprefix("heard ").split(": ")
            found.setdefault(name, []).append(float(value))
    return found


def random_session(folder: Path, seconds: int, models: list[Path], seed: int) -> Session:
    """So many seconds of sound through the three objects while everything is turned, loaded and switched at random."""
    rng = np.random.default_rng(seed)
    patch = Patch(folder)
    first = models[0]
    chain, encode, decode = (
        patch.object(f"{word} {first}", "all") for word in ("melisma~", "melisma.encode~", "melisma.decode~")
    )
    noise, tone, mix = patch.object("noise~"), patch.object("osc~ 220"), patch.object("*~ 0.2")
    for source in (noise, tone):
        patch.cable(source, mix)
    for target in (chain, encode):
        patch.cable(mix, target)
    for d in range(17):
        patch.cable(encode, decode, d, d)
    measures(patch, {"chain": [(chain, 0)], "decoded": [(decode, 0)], "latents": [(encode, d) for d in range(17)]}, 1000)
    names = "mix loudness.offset randomize randomize.rate randomize.seed feedback feedback.frequency feedback.q scale.1 scale.2 bias.1 bias.2".split()
    for _ in range(int(8 * seconds)):
        name = str(rng.choice(names))
        value = float(10 ** rng.uniform(-2, 4)) if name.startswith(("feedback.", "randomize.")) else float(rng.uniform(-12, 12))
        message = str(rng.choice([
            f"set {name} {value:.4f}", f"set {name} {value:.4f}", f"set {name} {value:.4f}", f"loudness {rng.uniform(-90, 6):.2f}",
            "loudness input", f"bypass {rng.integers(2)}", f"freeze {rng.integers(2)}", "freeze latents", "reset",
            f"load {rng.choice([str(m) for m in models])}",
        ]))  # fmt: skip
        patch.at(rng.uniform(0, 1000 * seconds), f"all {message}")
    run = patch.run(seconds * 44100, timeout=max(300, 3 * seconds))
    return Session(run, heard(run))
