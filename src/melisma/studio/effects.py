"""What each latent does: measured once for a model, by decoding it from −2 σ to +2 σ, and kept in the studio's folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import numpy as np

from ..errors import MelismaError
from ..latent import LatentPath
from ..model import Model
from ..system.atomic import atomic
from .document import read
from .pieces import WARM
from .protocol import Effect, Effects
from .render import as_bytes

FROM, TO, STEPS = -2.0, 2.0, 17  # σ, and how many pictures between them
LEVEL = -20.0  # dBFS
BRIGHTER, LOUDER = 0.05, 0.3  # octaves, dB: less is not heard as a direction


def effects(model: Model, folder: Path) -> Effects:
    """Of all its latents, from `folder` if they were measured before."""
    file = folder / f"{model.file.digest}.json"
    with contextlib.suppress(OSError, MelismaError):
        return read(file.read_bytes(), Effects)  # type: ignore[return-value]
    found = measured(model)
    with contextlib.suppress(OSError, MelismaError):  # a full disk: it is measured again another day
        folder.mkdir(exist_ok=True)
        with atomic(file) as temporary:
            temporary.write_bytes(msgspec.json.encode(found))
    return found


def measured(model: Model) -> Effects:
    """Every latent on its own through the middle of what the model knows: the mel where each step has settled."""
    return Effects(STEPS, model.config.analysis.bands, tuple(_one(model, row) for row in range(model.latents)))


def _one(model: Model, row: int) -> Effect:
    frames = WARM * STEPS
    values = np.zeros((model.latents, frames), np.float32)
    values[row] = np.repeat(np.linspace(FROM, TO, STEPS), WARM)
    length = frames * model.hop - (model.config.analysis.frame - model.hop)
    path = LatentPath(values, np.full(frames, LEVEL, np.float32), model.frame_rate, length, model.sample_rate, model.name)
    mel = model.decode_mel(path, fine=0, colour=0)[:, WARM - 1 :: WARM]
    octaves, decibels = (float(curve[-1] - curve[0]) for curve in _brightness(mel, model.band_centres))
    up = octaves if abs(octaves) >= BRIGHTER else decibels if abs(decibels) >= LOUDER else 1.0
    return Effect(-1 if up < 0 else 1, round(octaves, 3), round(decibels, 2), as_bytes(mel).tobytes())


def _brightness(mel: np.ndarray, hertz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A log-mel (M, L) → the middle of its power in octaves, and its level in dB, (L,) each."""
    power = 10.0 ** (10 * (mel.astype(np.float64) - 1))  # 0 is −100 dB
    whole = power.sum(0)
    return (power * np.log2(hertz)[:, None]).sum(0) / whole, 10 * np.log10(whole)
