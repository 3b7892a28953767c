"""What an hour of sound costs: read, prepared for training, its path edited. One line of JSON, in seconds.

python bench/hour.py
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from melisma.latent import LatentPath
from melisma.sound import audio
from melisma.training.prepare import prepare

RATE, FRAME_RATE = 8000, 172.0


def main() -> None:
    told = {}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "in").mkdir()
        file = Path(place) / "in" / "hour.wav"
        rng = np.random.default_rng(0)
        with soundfile.SoundFile(file, "w", RATE, 1, "PCM_16") as hour:
            for _ in range(60):
                hour.write(rng.uniform(-0.5, 0.5, 60 * RATE))
        begun = time.perf_counter()
        audio.read(file)
        told["read"] = time.perf_counter() - begun
        begun = time.perf_counter()
        prepare(Path(place) / "in", Path(place) / "set", sample_rate=2 * RATE)
        told["prepared"] = time.perf_counter() - begun
    frames = round(3600 * FRAME_RATE)
    path = LatentPath(np.zeros((16, frames), np.float32), np.zeros(frames, np.float32), FRAME_RATE, 3600 * 44100, 44100)
    begun = time.perf_counter()
    path.smooth(5.0).randomize(0.5).interpolate(path.reverse())
    told["edited"] = time.perf_counter() - begun
    print(json.dumps({name: round(seconds, 2) for name, seconds in told.items()}))


if __name__ == "__main__":
    main()
