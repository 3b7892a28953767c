"""The plug-ins of this checkout, what they are played and what they should give."""

import sys
from pathlib import Path

import numpy as np

from melisma.core.binding import CoreModel
from melisma.core.exciter import Exciter
from melisma.play import SOURCE

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "hosts" / "plugin"
sys.path.insert(0, str(HERE / "tests"))
import session  # noqa: E402, F401  # the small hosts

MODELS = ROOT / "models"
RATES = (44100, 48000, 96000)


def sound(samples: int, seed: int = 0) -> np.ndarray:
    """Two channels that differ."""
    rng, time = np.random.default_rng(seed), np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 100 * time) * time) * (time % 0.2 < 0.15)
    return np.stack([tone, 0.5 * tone[::-1]]).astype(np.float32) + 0.01 * rng.standard_normal((2, samples)).astype(np.float32)


def stream(model="strings", rate=44100, match=1, fine=1, **values):
    """The core's, as the plug-in begins."""
    file = model if isinstance(model, Path) else MODELS / f"{model}.melisma"
    made = CoreModel(file).stream(rate, channels=2)
    for name, value in {"match": match, "fine": fine, **values}.items():
        made.set(name.replace("_", "."), value)
    made.reset()
    return made


def played(host, x, block=512):
    return np.concatenate([host.process(x[:, i : i + block]) for i in range(0, x.shape[1], block)], 1)


NOTES = [
    (0, b"\x90\x3c\x64"),
    (4000, b"\x90\x43\x50"),
    (9000, b"\xe0\x00\x60"),
    (15000, b"\x80\x3c\x00"),
    (20000, b"\x80\x43\x00"),
]


def played_notes(samples, model="strings", rate=44100, notes=NOTES, match=1, fine=1, **exciter):
    """What the exciter's sound gives in a stream of one channel."""
    source, parts, at = Exciter(rate, **{**SOURCE, **exciter}), [], 0
    for frame, message in [*notes, (samples, None)]:
        parts.append(source.process(frame - at))
        if message:
            source.midi(message)
        at = frame
    made = CoreModel(MODELS / f"{model}.melisma").stream(rate)
    made.set("match", match), made.set("fine", fine)
    made.reset()
    return made.process(np.concatenate(parts)), made.latency
