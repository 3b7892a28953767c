"""What a latent path gives away of its loudness, found by a probe trained afresh. It needs scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..errors import BadValue
from .threads import on_one_thread
from .waveforms import HEARD_LEVEL

PROBE_CONTEXT = 4  # frames on each side
PROBE_TREES = 200
PROBE_WIDTH = 500  # values that a probe sees at once: of many curves, fewer of the frames around
PROBE_FRAMES = 40000  # more are thinned out evenly: neighbouring frames say nearly the same
PROBE_VALUES = 8_000_000  # of all frames; many curves are probed on fewer frames


@on_one_thread
def leak(
    train_z: Sequence[np.ndarray],
    train_loudness: Sequence[np.ndarray],
    test_z: Sequence[np.ndarray],
    test_loudness: Sequence[np.ndarray],
    seed: int = 0,
) -> float:
    """Share of the loudness's variance that a freshly trained probe finds in z: R² on files that it never saw.

    z: latent paths (Z, L); loudness: their curves (L,) in dBFS; training and test lists from different files. Only
    frames above −50 dBFS count, in training and in scoring. The probe sees four frames on each side (of more than 55 curves, some
    of the nine that these are with its own). It is the better,
    on a fifth of the training files kept apart, of ridge regression, which finds what is spread over all dimensions, and
    gradient-boosted trees, which find what is hidden in products and sizes. 1 means that z tells the loudness, 0 or less
    that the probe predicts it no better than its mean. NaN when either list has no variance to explain.
    """
    for z, loudness in ((train_z, train_loudness), (test_z, test_loudness)):
        if len(z) != len(loudness):
            raise BadValue(f"the probe got {len(z)} latent paths but {len(loudness)} loudness curves")
    order = np.random.default_rng(seed).permutation(len(train_z))
    apart = max(len(order) // 5, min(1, len(order) - 1))
    kept_apart, fitted = order[:apart], order[apart:]
    x, y = _probe_frames([train_z[i] for i in fitted], [train_loudness[i] for i in fitted])
    test_x, test_y = _probe_frames(test_z, test_loudness)
    if min(y.std() if len(y) else 0, test_y.std() if len(test_y) else 0) < 1e-6:
        return math.nan
    watch = _probe_frames([train_z[i] for i in kept_apart], [train_loudness[i] for i in kept_apart])
    return _r_squared(test_y, _probe(x, y, *watch, seed).predict(test_x))


def _probe_frames(paths: Sequence[np.ndarray], curves: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Windows of z (N, Z · up to 9) and loudness (N,) of the frames that count, at most PROBE_FRAMES."""
    xs, ys = [np.zeros((0, 0), np.float32)], [np.zeros(0)]
    for z, loudness in zip(paths, curves, strict=True):
        if z.ndim != 2 or loudness.shape != z.shape[1:]:
            raise BadValue(f"the probe got a latent path of shape {z.shape} with loudness of shape {loudness.shape}")
        heard = loudness > HEARD_LEVEL
        if not heard.any():
            continue
        padded = np.pad(z, ((0, 0), (PROBE_CONTEXT, PROBE_CONTEXT)), mode="edge")
        windows = sliding_window_view(padded, 2 * PROBE_CONTEXT + 1, axis=1).transpose(1, 0, 2)
        seen = slice(None, None, next(s for s in (1, 2, 4, 8) if s == 8 or z.shape[0] * (8 // s + 1) <= PROBE_WIDTH))
        xs.append(windows[heard][..., seen].reshape(heard.sum(), -1).astype(np.float32))
        ys.append(loudness[heard].astype(float))
    if len(xs) == 1:
        return xs[0], ys[0]
    x, y = np.concatenate(xs[1:]), np.concatenate(ys)
    thin = np.linspace(0, len(x) - 1, min(len(x), PROBE_FRAMES, PROBE_VALUES // x.shape[1])).astype(int)
    return x[thin], y[thin]


def _probe(x: np.ndarray, y: np.ndarray, watch_x: np.ndarray, watch_y: np.ndarray, seed: int) -> Any:
    """The scikit-learn regressor, trained on windows (N, D) and loudness (N,), that does best on those to watch (if any)."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(0, 5, 6))).fit(x, y)
    if not len(watch_y):
        return ridge
    trees = HistGradientBoostingRegressor(
        learning_rate=0.08, max_iter=PROBE_TREES, early_stopping=True, n_iter_no_change=10, random_state=seed
    ).fit(x, y, X_val=watch_x, y_val=watch_y)
    return max(ridge, trees, key=lambda probe: _r_squared(watch_y, probe.predict(watch_x)))


def _r_squared(target: np.ndarray, predicted: np.ndarray) -> float:
    """Coefficient of determination about the target's own mean."""
    return float(1 - np.sum((target - predicted) ** 2) / max(np.sum((target - target.mean()) ** 2), 1e-12))
