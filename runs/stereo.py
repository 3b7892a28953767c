"""Left and right, or mid and side? Twelve stereo sounds through a stream of two channels, both ways.

    python runs/stereo.py           prints the table of docs/lab/instrument.md; some minutes

Four sounds of Melisma's own, each put on a stage in three ways: turned to one side by level alone; heard by two microphones apart
(delay and level); in a room (a decaying noise of its own at each ear).
"""

from __future__ import annotations

import numpy as np

from melisma.demo.material import SOUNDS
from melisma.measure.metrics import mel_distance
from melisma.model import Model, load
from melisma.sound.audio import read

SECONDS, MODEL = 4.0, "strings"
NAMES = ("cc0/bell", "cc0/drums", "mit/voice", "strings/A")


def staged(x: np.ndarray, rate: int) -> dict[str, np.ndarray]:
    """A mono sound (T,) on three stages, each (2, T)."""
    random = np.random.default_rng(0)
    late = np.concatenate([np.zeros(round(0.0007 * rate)), x])[: len(x)]
    time = np.arange(round(0.8 * rate)) / rate
    room = []
    for _ in range(2):
        tail = random.standard_normal(len(time)) * np.exp(-6.9 * time / 0.8)
        wet = np.fft.irfft(np.fft.rfft(x, 2 * len(x)) * np.fft.rfft(tail / np.linalg.norm(tail), 2 * len(x)))[: len(x)]
        room.append(0.7 * x + 0.5 * wet)
    stages = {"turned": np.stack([0.9 * x, 0.35 * x]), "apart": np.stack([x, 0.8 * late]), "room": np.stack(room)}
    return {name: (0.5 * y / np.abs(y).max()).astype(np.float32) for name, y in stages.items()}


def correlation(y: np.ndarray) -> float:
    return float(np.corrcoef(y)[0, 1])


def width(y: np.ndarray) -> float:
    """Side over mid in dB."""
    mid, side = np.mean((y[0] + y[1]) ** 2), np.mean((y[0] - y[1]) ** 2)
    return float(10 * np.log10((side + 1e-12) / (mid + 1e-12)))


def balance(y: np.ndarray) -> float:
    """Left over right in dB."""
    left, right = np.mean(np.square(y, dtype=float), 1) + 1e-12
    return float(10 * np.log10(left / right))


def streamed(model: Model, y: np.ndarray, **turned: float) -> np.ndarray:
    """(channels, T) through a stream of as many, on time."""
    stream = model.stream(channels=len(y), **turned)
    late = np.concatenate([y, np.zeros((len(y), stream.latency), np.float32)], 1)
    return np.atleast_2d(stream.process(late if len(y) > 1 else late[0]))[:, stream.latency :]


def through(model: Model, y: np.ndarray, way: str, **turned: float) -> np.ndarray:
    """(2, T) one of the WAYS."""
    if way == "left and right":
        return streamed(model, y, **turned)
    turn = np.array([[0.5, 0.5], [0.5, -0.5]], np.float32)
    heard = turn @ y if way == "mid and side, apart" else y
    out = np.concatenate([streamed(model, x[None], **turned) for x in heard])
    return np.stack([out[0] + out[1], out[0] - out[1]]) if way == "mid and side, apart" else out


WAYS = ("left and right", "left and right, apart", "mid and side, apart")
SORTS = {"as it is": {"fine": 1, "colour": 1}, "matched": {"fine": 1, "match": 1}}


def main() -> None:
    model = load(MODEL)
    found: dict[tuple[str, str], list[list[float]]] = {}
    print(f"Correlation, width and balance in dB; matched: {' / '.join(WAYS)}\n")
    print("| sound | stage | correlation | matched | width | matched | balance | matched |")
    print("|---|---|---|---|---|---|---|---|")
    for name in NAMES:
        sound = read(SOUNDS / f"{name}.flac")
        x = sound.mono().samples[0][: round(SECONDS * sound.rate)]
        for stage, y in staged(x, sound.rate).items():
            wanted = [correlation(y), width(y), balance(y)]
            matched = []
            for sort, turned in SORTS.items():
                for way in WAYS:
                    out = through(model, y, way, **turned)
                    got = [correlation(out), width(out), balance(out)]
                    ears = np.mean([mel_distance(a, b, sound.rate) for a, b in zip(y, out)])
                    found.setdefault((sort, way), []).append([*np.abs(np.subtract(got, wanted)), float(ears)])
                    if sort == "matched":
                        matched.append(got)
            cells = [f"{w:.2f} | {' / '.join(f'{m[i]:.2f}' for m in matched)}" for i, w in enumerate(wanted)]
            print(f"| {name.split('/')[1]} | {stage} | {' | '.join(cells)} |", flush=True)
    print("\n| off by, mean of all | correlation | width, dB | balance, dB | mel distance of an ear, dB |\n|---|---|---|---|---|")
    for (sort, way), rows in found.items():
        print(f"| {sort}: {way} | {' | '.join(f'{value:.2f}' for value in np.mean(rows, 0))} |")


if __name__ == "__main__":
    main()
