"""A model in a few words: what a list or a page says of it, from what its file says of itself."""

from __future__ import annotations

import re
from typing import Any

from ..files.modelfile import ModelFile

# what is told of an evaluation: in full and how it is written there; at the head of a column and in it, "" if in no list;
# where it stands
_FIGURES = (
    ("ViSQOL of copy synthesis", "{:.2f}", "ViSQOL copy", "{:.2f}", ("rows", "copy synthesis", "visqol")),
    ("ViSQOL of the whole chain", "{:.2f}", "chain", "{:.2f}", ("rows", "chain", "visqol")),
    ("level error of the whole chain", "{:.1f} dB", "level dB", "{:.1f}", ("rows", "chain", "level_rms_db")),
    ("loudness left in the latents", "R² {:.2f}", "leak R²", "{:.2f}", ("leak_r2",)),
    ("loudness set by hand is followed", "slope {:.2f}", "", "", ("follow_slope",)),
)
NONE = "–"


def facts(file: ModelFile) -> dict[str, str]:
    """What a model was trained on, under which licence, and what it takes to play it; "–" for what the file does not say."""
    minutes, domain = file.training.get("minutes_of_sound"), file.training.get("domain")
    return {
        "domain": domain if isinstance(domain, str) and domain else file.name,
        "sound": written(minutes, "{:.0f} min"),
        "licence": licence(file.training.get("licence")),
        "latents": str(len(file.latents["percentiles"])),
        "latency": f"{1000 * file.latency / file.config.analysis.sample_rate:.1f} ms",
    }


def figures(file: ModelFile, short: bool = False) -> dict[str, str]:
    """The figures of its evaluation, named in full or for the head of a column; "–" where there is none."""
    told = {}
    for full, form, brief, narrow, keys in (row for row in _FIGURES if not short or row[2]):
        value = file.figure(*keys)
        if value is not None and keys == ("leak_r2",):
            value = max(0.0, value)  # below 0 nothing was found, and how far below says nothing
        told[brief if short else full] = written(value, narrow if short else form)
    return told


def licence(text: Any) -> str:
    """A licence without what stands in brackets: which of its sources it holds for."""
    bare = re.sub(r"\s*\([^()]*\)", "", text) if isinstance(text, str) else ""
    return " ".join(bare.split()) or NONE


def written(value: Any, form: str) -> str:
    """A number as the form says, "–" for anything else."""
    return form.format(value) if type(value) in (int, float) else NONE
