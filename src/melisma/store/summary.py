"""A model in a few words: what a list or a page says of it, from what its file says of itself."""

from __future__ import annotations

import re
from typing import Any

from ..files.modelfile import ModelFile

# what is told of an evaluation: its name, how it is written, where it stands
_FIGURES = (
    ("ViSQOL of copy synthesis", "{:.2f}", ("rows", "copy synthesis", "visqol")),
    ("ViSQOL with fine and colour", "{:.2f}", ("rows", "colour", "visqol")),
    ("ViSQOL of the latents alone", "{:.2f}", ("rows", "chain", "visqol")),
    ("level error of the latents alone", "{:.1f} dB", ("rows", "chain", "level_rms_db")),
    ("loudness left in the latents", "R² {:.2f}", ("leak_r2",)),
    ("loudness set by hand is followed", "slope {:.2f}", ("follow_slope",)),
)
NONE = "–"
UNUSABLE = "not usable yet"
# what the figure of `nearness` says, wherever it is shown
NEARNESS = (
    "how near its copies of sounds that it has not heard are, to a program that listens (ViSQOL): 4.7 is the same, 3 is unlike"
)


def facts(file: ModelFile) -> dict[str, str]:
    """What a model was trained on, under which licence, and what it takes to play it; "–" for what the file does not say."""
    domain = file.training.get("domain")
    return {
        "domain": domain if isinstance(domain, str) and domain else file.name,
        "sound": lasting(file.training.get("minutes_of_sound")),
        "licence": licence(file.training.get("licence")),
        "latents": str(len(file.latents["percentiles"])),
        "latency": f"{1000 * file.latency / file.config.analysis.sample_rate:.1f} ms",
    }


def figures(file: ModelFile) -> dict[str, str]:
    """The figures of its evaluation by name; "–" where there is none."""
    told = {}
    for name, form, keys in _FIGURES:
        value = file.figure(*keys)
        if value is not None and keys == ("leak_r2",):
            value = max(0.0, value)  # below 0 nothing was found, and how far below says nothing
        told[name] = written(value, form)
    return told


def nearness(file: ModelFile) -> str:
    """ViSQOL of what the model makes of a sound with all that a path holds; older files: of the latents alone, all there was."""
    value = file.figure("rows", "colour", "visqol")
    return written(file.figure("rows", "chain", "visqol") if value is None else value, "{:.2f}")


def remark(file: ModelFile) -> str:
    """What a model's own training says against it, one sentence: that it is not usable yet, and why. "" for any other model."""
    if file.training.get("usable") is not False:
        return ""
    said = file.training.get("verdict")
    return said if isinstance(said, str) and said else f"{UNUSABLE.capitalize()}."


def lasting(minutes: Any, unit: str = "min", short: str = "s") -> str:
    """How long so many minutes are: "24 min", and "30 s" where they are less than one. unit, short: the words for them."""
    if type(minutes) not in (int, float) or minutes >= 0.995:
        return written(minutes, f"{{:.0f}} {unit}")
    return f"{60 * minutes:.0f} {short}"


def licence(text: Any) -> str:
    """A licence without what stands in brackets: which of its sources it holds for."""
    bare = re.sub(r"\s*\([^()]*\)", "", text) if isinstance(text, str) else ""
    return " ".join(bare.split()) or NONE


def written(value: Any, form: str) -> str:
    """A number as the form says, "–" for anything else."""
    return form.format(value) if type(value) in (int, float) else NONE
