"""The parameters that a DAW sees, in the order that saved sessions know them by: new ones go to the end of their list.

What they do, their units and ranges are those of `melisma.latent.live`. The C++ table, hosts/plugin/src/parameters.inc, is
written from here by `python hosts/plugin/generate.py`; so is the Turtle of the LV2 plug-ins, at installation.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...latent.declare import Parameter
from ...latent.live import LIVE, LIVE_OF_LATENTS
from ...latent.notes import EXCITER

LATENTS = 16  # as many have a knob; all do in the published models
MODELS = 64  # as many can be chosen by number; names.h has the same
STATUS = ("plays", "is being read", "was not found", "cannot be read")
# The core's names, as a musician reads them. A plug-in begins where `melisma transfer` and `play` do.
_LABELS = {
    "domain": "Domain", "match": "Match", "fine": "Fine", "colour": "Colour", "mix": "Mix", "loudness.offset": "Loudness",
    "feedback": "Feedback", "feedback.frequency": "Feedback Frequency", "feedback.q": "Feedback Q", "hold": "Hold",
    "hold.loudness": "Hold Loudness", "randomize": "Randomize", "randomize.rate": "Randomize Rate",
    "loudness.by_hand": "Loudness by Hand", "loudness.level": "Level by Hand", "match.seconds": "Match Over",
    "randomize.seed": "Randomize Seed", "fine.kept": "Fine Kept",
}  # fmt: skip
_NOTES = {
    "shape": "Shape", "width": "Width", "attack": "Attack", "decay": "Decay", "sustain": "Sustain", "release": "Release",
    "level": "Level", "velocity": "Velocity", "pressure": "Pressure", "vibrato": "Vibrato", "vibrato.rate": "Vibrato Rate",
    "wheel": "Wheel", "transpose": "Transpose", "bend": "Bend Range", "air": "Air",
}  # fmt: skip
_LATER = {"fine.phases": "Fine Phases"}  # behind all others: hosts know a session's parameters by their places
_FIRST = {"match": 1.0, "fine": 1.0, "shape": 1.0, "width": 0.1, "air": -30.0}
_LOGARITHMIC = {"feedback.frequency", "feedback.q", "randomize.rate", "match.seconds", "attack", "decay", "release"}


@dataclass(frozen=True)
class Row:
    """One parameter. name: the core's, "" for the plug-in's own. exciter: it is the exciter's, not the stream's."""

    name: str
    symbol: str
    label: str
    unit: str
    summary: str
    minimum: float
    maximum: float
    default: float
    whole: bool = False
    logarithmic: bool = False
    exciter: bool = False


_BYPASS = Row("", "bypass", "Bypass", "", "1: the input alone, delayed as the model delays", 0, 1, 0, True)
_MODEL = Row("", "model", "Model", "", "which model plays; 0: a file of your own", 0, MODELS, 0, True)
_STATUS = Row("", "status", "Status", "", "how it is with the model", 0, len(STATUS) - 1, 0, True)


def _row(p: Parameter, label: str, exciter: bool) -> Row:
    default, whole = _FIRST.get(p.name, p.default), p.kind in ("switch", "integer")
    symbol, logarithmic = p.name.replace(".", "_"), p.name in _LOGARITHMIC
    bounds = float(p.minimum or 0), float(p.maximum or 0), float(default)
    return Row(p.name, symbol, label, p.unit, p.summary, *bounds, whole, logarithmic, exciter)


def _live(labels: dict[str, str]) -> list[Row]:
    declared = {p.name: p for p in LIVE}
    return [_row(declared[name], label, False) for name, label in labels.items()]


def _exciter() -> list[Row]:
    declared = {p.name: p for p in EXCITER}
    return [_row(declared[name], label, True) for name, label in _NOTES.items()]


def _latent(kind: str, number: int) -> Row:
    p = next(p for p in LIVE_OF_LATENTS if p.name == kind)
    summary = f"{p.summary} {number}" if p.summary.endswith("the latent") else f"{p.summary}, {number}"
    label = f"{kind.capitalize()} {number}"
    return Row(f"{kind}.{number}", f"{kind}_{number}", label, p.unit, summary, p.minimum or 0, p.maximum or 0, p.default)


def _latents() -> list[Row]:
    return [_latent(kind, i) for kind in ("bias", "scale") for i in range(1, LATENTS + 1)]


def effect() -> list[Row]:
    """Of the effect."""
    return [_BYPASS, _MODEL, _STATUS, *_live(_LABELS), *_latents(), *_live(_LATER)]


def instrument() -> list[Row]:
    """Of the instrument: it has nothing to bypass."""
    return [_MODEL, _STATUS, *_exciter(), *_live(_LABELS), *_latents(), *_live(_LATER)]
