"""A published model: what it learns, on what terms, where its sounds, its runs and its file are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from melisma.files.config import ModelConfig
from melisma.files.modelfile import ModelFile
from melisma.system.home import home
from melisma.training import plan as plans
from melisma.training.stages import Weights

TOP = Path(__file__).resolve().parents[1]
HELD_SECONDS = 6.0  # of each held-out file that is evaluated
HELD_FILES = 48  # at most, spread over all
# of the minutes, unless a domain says otherwise; vocoder and vae run beside each other
SHARES = {"vocoder": 0.25, "vae": 0.5, "tune": 0.3, "adversarial": 0.2}
# for a domain that starts from the shared run, as `melisma train` does. The KL's weight is higher than from scratch: a latent
# that tells less of a sound that the domain does not know lets more of the domain be heard, and is smoother to edit
STARTED: dict[str, Any] = {
    "start": "shared",
    "origin": "shared",
    "minutes": 44,
    "parts": dict(plans.STARTED["stages"]),
    "plan": {"rates": {"vocoder": 5e-4}, "weights": Weights(kl=0.1)},
}
# what a part of the training begins from
EARLIER = {"vocoder": (), "vae": (), "tune": ("vocoder", "vae"), "adversarial": ("tune",)}


@dataclass(frozen=True)
class Domain:
    """One model: what it learns, on what terms, and where it departs from the recipe.

    about and cannot: paragraphs of the card, written by hand. plan: entries of `training.plan.Plan` that are not the defaults.
    start: the run or published model whose vocoder and VAE it begins from, "" for none; origin: that of the first such run, for
    the card, as later ones may start from what is published. parts: what is trained, in this order,
    and its share of the minutes; earlier: whose weights each begins from; judged: of how many held-out files at most the
    figures are. place: the folder of the published file. In one that is of a kind, models/KIND, a model named KIND-NAME is NAME's
    file, and its script is the kind's.
    """

    name: str
    licence: str
    about: str
    cannot: str
    data: str = ""
    place: str = "models"
    minutes: float = 105
    cores: int = 2
    judged: int = HELD_FILES
    start: str = ""
    origin: str = ""
    parts: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    earlier: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(EARLIER))
    config: ModelConfig = field(default_factory=ModelConfig)
    plan: dict[str, Any] = field(default_factory=dict)

    @property
    def sounds(self) -> Path:
        return home() / "data" / (self.data or self.name)

    @property
    def prepared(self) -> Path:
        return home() / "prepared" / (self.data or self.name)

    @property
    def _kind(self) -> str:
        """KIND of a model named KIND-NAME in models/KIND, "" for others."""
        kind = Path(self.place).name
        return kind if self.name.startswith(f"{kind}-") else ""

    @property
    def published(self) -> Path:
        return TOP / self.place / f"{self.name.removeprefix(f'{self._kind}-')}.melisma"

    @property
    def script(self) -> str:
        return f"runs/{(self._kind or self.name).replace('-', '_')}.py"

    def folder(self, part: str) -> Path:
        return home() / "runs" / f"{self.name}-{part}"

    def beside(self, part: str) -> list[str]:
        """Parts that were trained beside this one and what it began from, of other weights: a whole model is all of them."""
        before = {part}
        while more := {earlier for one in before for earlier in self.earlier[one]} - before:
            before |= more
        return [other for other in self.parts if other not in before and not self.earlier[other]]

    def weights(self, file: ModelFile) -> dict[str, Any]:
        """Weights of a model that this one starts from."""
        from melisma.training.run import weights_of

        return weights_of(file, self.config)
