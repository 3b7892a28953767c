"""A map of a domain: sounds of the training set as points in the latent space, and a plane to see them in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

STEP = 16  # steps of a latent's σ that points are kept in
NEAREST = 8  # that a place of the plane is a mean of
EDGES, MARGIN = (1, 99), 0.08  # percentiles of the points that the plane shows at least, and how much more
PIECE = 2048  # places that are looked up at once


@dataclass(frozen=True, eq=False)
class DomainMap:
    """points: float32 (N, Z), latents of moments of the training set. axes: float32 (2, Z), the plane that is seen: its first
    coordinate of latents z is axes[0] · z, to the right; its second axes[1] · z, upwards.

    Places are (x, y) from 0 to 1, x to the right, y *downwards*, as a picture has them.
    """

    points: np.ndarray
    axes: np.ndarray

    @staticmethod
    def read(entry: Any) -> DomainMap:
        """The `map` entry of a model file's latents, see docs/reference/model-file.md; the file's reader has checked it."""
        return DomainMap(np.array(entry["points"], np.float32) / np.float32(STEP), np.array(entry["axes"], np.float32))

    def entry(self) -> dict[str, Any]:
        """What `read` reads."""
        return {"axes": self.axes.round(4).tolist(), "points": np.rint(self.points * STEP).astype(int).tolist()}

    @cached_property
    def _frame(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest coordinates that are shown, and how far the plane goes from there, (2, 1) each."""
        seen = self.axes @ self.points.T
        low, high = np.percentile(seen, EDGES, axis=1)[:, :, None]
        size = np.maximum(high - low, 1e-6)
        return low - MARGIN * size, (1 + 2 * MARGIN) * size

    def places(self, values: np.ndarray) -> np.ndarray:
        """Where latents (Z, L) lie: float32 (2, L), beyond 0 and 1 where the plane does not show them."""
        low, size = self._frame
        x, y = (self.axes @ values - low) / size
        return np.stack([x, 1 - y]).astype(np.float32)

    @cached_property
    def _placed(self) -> np.ndarray:
        return self.places(self.points.T)

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The latents of places (L,), float32 (Z, L): a mean of the nearest points, and a point itself where one lies.

        Weights fall with the distance and reach 0 at the next point further off, so that no step is heard where one point takes
        another's place (Franke and Little's form of Shepard's method, 1980).
        """
        places, back = np.unique(np.stack([x, y]).astype(np.float32), axis=1, return_inverse=True)
        pieces = [self._at(places[:, begin : begin + PIECE]) for begin in range(0, places.shape[1], PIECE)]
        return np.concatenate(pieces, axis=1)[:, back.reshape(-1)]

    def _at(self, places: np.ndarray) -> np.ndarray:
        off = np.hypot(*(places[:, :, None] - self._placed[:, None, :]))
        near = np.argpartition(off, NEAREST, axis=1)[:, : NEAREST + 1]
        distance = np.take_along_axis(off, near, axis=1).astype(np.float64)
        reach = distance.max(1, keepdims=True)
        weights = (np.maximum(reach - distance, 0) / np.maximum(reach * distance, 1e-12)) ** 2
        weights[weights.sum(1) == 0] = 1  # all that are asked for, and the next, are as far off
        weights /= weights.sum(1, keepdims=True)
        return np.einsum("ln,lnz->zl", weights, self.points[near]).astype(np.float32)
