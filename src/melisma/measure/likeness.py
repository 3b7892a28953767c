"""How like a domain a sound is: statistics of timbre that do not know level and hardly know pitch.

    frames = timbre(samples, rate)                   what is compared: mel-frequency cepstra of the frames that sound
    distance(frames, others)                         Fréchet distance between two sounds or sets of sounds
    Ear({"strings": […], "speech": […]}).tell(frames)     which of several domains a sound is taken for

It judges transfers: an output should be nearer to its model's domain than to the input, and be taken for that domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..sound.rates import resample
from .pitch import load_librosa
from .waveforms import HEARD_LEVEL

RATE = 22050  # Hz; above 11 kHz recordings differ more by their codecs than by what sounds
COEFFICIENTS = 20  # the first, which is level, is left out
FRAME, HOP = 1024, 512  # samples
MIXTURE = 16  # Gaussians a domain
MOST_FRAMES = 20000  # a domain


def timbre(samples: np.ndarray, rate: int) -> np.ndarray:
    """Waveform (T,) → mel-frequency cepstra (N, 19) of its frames within 40 dB of the loudest, and audible at all."""
    librosa = load_librosa()
    samples = resample(np.asarray(samples, np.float32), rate, RATE)
    if len(samples) < FRAME:
        samples = np.pad(samples, (0, FRAME - len(samples)))
    level = 20 * np.log10(librosa.feature.rms(y=samples, frame_length=FRAME, hop_length=HOP)[0] + 1e-10)
    cepstra = librosa.feature.mfcc(
        y=samples, sr=RATE, n_mfcc=COEFFICIENTS, n_fft=FRAME, hop_length=HOP, n_mels=64, fmin=60, fmax=RATE / 2
    )
    heard = level > max(HEARD_LEVEL, level.max() - 40)
    return cepstra[1:, : len(heard)].T[heard[: cepstra.shape[1]]]


def distance(frames: np.ndarray, others: np.ndarray, scale: np.ndarray | float = 1.0) -> float:
    """Fréchet distance (its root) between the Gaussians of two sets of frames (N, D), each coefficient divided by `scale`.

    Dowson and Landau, "The Fréchet distance between multivariate normal distributions" (1982). NaN without ten frames in both.
    """
    from scipy.linalg import sqrtm

    if min(len(frames), len(others)) < 10:
        return float("nan")
    a, b = frames / scale, others / scale
    of_a, of_b = np.cov(a.T), np.cov(b.T)
    cross = np.trace(np.real(sqrtm(of_a @ of_b)))
    squared = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(of_a) + np.trace(of_b) - 2 * cross
    return float(np.sqrt(max(squared, 0)))


class Ear:
    """Tells domains apart: a mixture of Gaussians for each (Reynolds and Rose, 1995), learnt from frames of its sounds."""

    def __init__(self, domains: Mapping[str, Sequence[np.ndarray]], seed: int = 0):
        """domains: name → frames (N, D) of each of its sounds."""
        from sklearn.mixture import GaussianMixture

        rng = np.random.default_rng(seed)
        self.frames = {name: _drawn(np.concatenate(list(sounds)), rng) for name, sounds in domains.items()}
        self.scale = np.concatenate(list(self.frames.values())).std(0)
        self.models = {
            name: GaussianMixture(MIXTURE, covariance_type="diag", reg_covar=1e-2, random_state=seed).fit(frames / self.scale)
            for name, frames in self.frames.items()
        }

    def likelihoods(self, frames: np.ndarray) -> dict[str, float]:
        """Mean log-likelihood a frame under each domain, of frames (N, D), N ≥ 1."""
        return {name: float(model.score(frames / self.scale)) for name, model in self.models.items()}

    def tell(self, frames: np.ndarray) -> str:
        """The domain that the frames are likeliest to be of."""
        likelihoods = self.likelihoods(frames)
        return max(likelihoods, key=likelihoods.__getitem__)

    def distance(self, frames: np.ndarray, domain: str) -> float:
        """`distance` to a domain, coefficients divided by their deviation over all domains."""
        return distance(frames, self.frames[domain], self.scale)


def _drawn(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return frames if len(frames) <= MOST_FRAMES else frames[rng.choice(len(frames), MOST_FRAMES, replace=False)]
