"""What may be turned while a model plays, declared once: `make generate` writes it into the core, where every host finds it by
name (`melisma_parameter_find`). What an operator does, too, has that operator's name, unit and bounds.

`domain` is the one large slider of every host, from the original to the domain. It sets no other parameter: at d, match is heard
as d·match, fine as fine + (1 − d)(1 − fine), and colour likewise. So with match 1, fine 1 and colour 0, as in a transfer, they
are d, 1 and 1 − d; each can still be turned by itself; the order in which they are set does not matter; and what was saved
before there was a `domain` sounds as it did.
"""

from __future__ import annotations

from dataclasses import replace

from .operators import OPERATORS, Parameter


def _like(name: str, operator: str, parameter: str, default: float, summary: str) -> Parameter:
    declared = next(p for p in OPERATORS[operator].parameters if p.name == parameter)
    return replace(declared, name=name, kind="number", default=default, summary=summary, required=False, rest=None)


_FREQUENCY = Parameter("frequency", "Hz", 440, 20, 20000, summary="centre of the band that comes back")
_Q = Parameter("q", "", 3, 0.1, 100, summary="its quality: centre over width")
# what a sound passes on its way back through a loop (`melisma_loop`)
LOOP: tuple[Parameter, ...] = (
    _FREQUENCY,
    _Q,
    Parameter("gain", "×", 2, 0, 16, summary="what comes back, at the centre"),
    Parameter("breath", "dBFS", -60, -120, -20, summary="the noise that the loop wakes from"),
)

# kind: number, integer, or switch (0 or 1); the core's numbers for them are their places here
LIVE: tuple[Parameter, ...] = (
    Parameter(
        "domain",
        "",
        1,
        0,
        1,
        summary="0: the original, as match 0, fine 1, colour 1; 1: what match, fine and colour say; between them a blend",
    ),
    Parameter("mix", "", 1, 0, 1, summary="0: the input alone, delayed as the model delays; 1: the model alone"),
    Parameter("loudness.by_hand", "", 0, 0, 1, "switch", "0: the loudness is the input's; 1: it is loudness.level"),
    Parameter("loudness.level", "dBFS", -20, -100, 12, summary="the loudness, where it is set by hand"),
    Parameter("loudness.offset", "dB", 0, -60, 60, summary="added to the loudness of whatever is not silent"),
    Parameter("hold", "", 0, 0, 1, "switch", "1: the latents stay where they are; scale, bias and randomize still move them"),
    Parameter("hold.loudness", "", 0, 0, 1, "switch", "1: the input's loudness stays where it is"),
    Parameter("match", "", 0, 0, 1, summary="1: the latents get the domain's mean and covariance, as far as pitch allows"),
    Parameter("match.seconds", "s", 5, 0.2, 60, summary="how far back its own mean and covariance are taken"),
    Parameter("randomize", "σ", 0, 0, 10, summary="how far the latents wander by themselves"),
    Parameter("randomize.rate", "Hz", 4, 0.05, 50, summary="how fast they wander"),
    Parameter("randomize.seed", "", 0, 0, 16777215, "integer", "which way they wander"),
    Parameter("feedback", "×", 0, 0, 4, summary="how much of the output comes back to the input"),
    replace(_FREQUENCY, name="feedback.frequency"),
    replace(_Q, name="feedback.q", default=1),
    Parameter(
        "fine",
        "",
        0,
        0,
        1,
        summary="how much of the input's fine structure is kept beside the latents: partials, so its pitch",
    ),
    Parameter(
        "colour",
        "",
        0,
        0,
        1,
        summary="how much of the input's own colour is kept beside the latents, which the domain has not",
    ),
    Parameter(
        "fine.kept",
        "",
        1,
        0,
        1,
        summary="how far match and other edits leave the fine structure as it was, where fine is up: 1 keeps notes in tune",
    ),
    Parameter(
        "fine.phases",
        "",
        1,
        0,
        1,
        summary="how far phases are the input's own, where fine is up: 1 keeps every note, the lowest too",
    ),
)
# one for each latent, its number, from 1 on, behind a dot
LIVE_OF_LATENTS: tuple[Parameter, ...] = (
    _like("scale", "scale", "by", 1, "multiplies the latent"),
    _like("bias", "bias", "by", 0, "added to the latent"),
)

# names of before, still found: what was written and saved with them plays on
RENAMED = {
    "freeze": "hold",
    "freeze.loudness": "hold.loudness",
    "noise": "randomize",
    "noise.rate": "randomize.rate",
    "noise.seed": "randomize.seed",
}
