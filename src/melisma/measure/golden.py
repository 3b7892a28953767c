"""A file's golden pair: a sound and what the model made of it where it was exported, the proof that it sounds right here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import BadValue, Damaged
from ..files.modelfile import ModelFile
from .metrics import stft_distance

# what a golden pair must meet: the spectral distance of the whole, and the samples of its first frame and hops
GOLDEN_DISTANCE, GOLDEN_ERROR, GOLDEN_START = 0.05, 1e-3, 4
_BLOCKS = 7  # so many, of sizes that are no multiple of a hop


def check_golden(file: ModelFile, process: Callable[[np.ndarray], np.ndarray]) -> dict[str, float]:
    """Run the pair through `process`, a new stream's, in blocks. → the largest error and the spectral distance.

    BadValue if the file has no pair, Damaged if it is not reproduced.
    """
    if file.golden is None:
        raise BadValue(f"model {file.name} has no golden pair: nothing can be proved")
    sound, wanted = file.golden
    hop, frame = file.config.analysis.hop, file.config.analysis.frame
    late = np.concatenate([sound, np.zeros(hop, np.float32)])  # a stream holds one hop more
    got = np.concatenate([process(block) for block in np.array_split(late, _BLOCKS)])[hop:]
    error = float(np.abs(got - wanted).max())
    with np.errstate(all="ignore"):  # a damaged pair may hold anything
        distance = stft_distance(wanted, got, max(file.config.analysis.sample_rate, 8000))
    # rounding may turn phases, but not at the beginning: so a pair whose phases alone are wrong is found, too
    begins = float(np.abs(got - wanted)[: frame + GOLDEN_START * hop].max())
    if not (distance < GOLDEN_DISTANCE and begins < GOLDEN_ERROR * max(1.0, float(np.abs(wanted).max()))):
        found = f"spectral distance {distance:.3g}, largest error {error:.3g}"
        raise Damaged(f"model {file.name} does not reproduce its golden pair ({found}): get the file anew")
    return {"error": error, "distance": distance}
