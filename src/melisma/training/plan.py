"""What a training runs: its stages, their budgets, weights and learning rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .data import SPEEDS
from .stages import STAGES, Stage, Weights

WARM_STEPS = 100


@dataclass(frozen=True)
class Plan:
    """What to run: stages with their shares of the budget, which is minutes or, for exact repetition, steps.

    kinds: what the stages' names mean; a study may bring kinds of its own.
    """

    stages: tuple[tuple[str, float], ...] = (("vocoder", 0.25), ("vae", 0.4), ("tune", 0.35))
    minutes: float | None = 15.0
    steps: int | None = None
    batch: int | None = None
    frames: int | None = None
    seed: int = 0
    mixed: float = 0.15
    played: float = 0.5
    speeds: tuple[float, float] = SPEEDS
    shaped: float = 0.0
    weights: Weights = field(default_factory=Weights)
    rates: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, type[Stage]] = field(default_factory=lambda: dict(STAGES))

    @property
    def names(self) -> list[str]:
        """Of the stages."""
        return [name for name, _ in self.stages]

    def budget(self, index: int) -> tuple[float | None, int | None]:
        """Seconds and steps of a stage; one of them is None."""
        share = self.stages[index][1] / sum(share for _, share in self.stages)
        if self.steps is not None:
            return None, max(1, round(self.steps * share))
        assert self.minutes is not None  # one of the two is
        return self.minutes * 60 * share, None

    def progress(self, index: int, step: int, elapsed: float) -> float:
        """How much of a stage's budget so many steps and seconds are, 1 when it is used up."""
        seconds, steps = self.budget(index)
        if steps is not None:
            return step / steps
        assert seconds is not None
        return elapsed / seconds


# for a run that starts from a model: its vocoder knows how to speak, but not yet of these sounds; at the rate of a VAE that knows
# nothing its VAE would be thrown off what it knows, and five minutes would not bring that back. A folder of one's own holds few
# of its sound's pitches: they are played at others up to an octave away (docs/lab/own-folders.md)
STARTED: dict[str, Any] = {
    "stages": (("vocoder", 0.15), ("vae", 0.5), ("tune", 0.35)),
    "rates": {"vocoder": 5e-4, "vae": 3e-4},
    "speeds": (-12.0, 12.0),
    "played": 0.75,
}


def schedule(step: int, progress: float) -> float:
    """The learning rate's factor: a warm-up (WARM_STEPS or a twentieth of the stage, if that is shorter), then half a cosine."""
    warm = min(1.0, max((step + 1) / WARM_STEPS, progress / 0.05))
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
