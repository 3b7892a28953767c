"""What may be turned of the exciter, the sound that the instrument makes itself of notes, for a model to turn into its domain.

Declared once: `make generate` writes it into the core, where every host finds it (`melisma_exciter_parameter_at`).
"""

from __future__ import annotations

from .declare import Parameter

EXCITER: tuple[Parameter, ...] = (
    Parameter("shape", "", 0, 0, 3, summary="0: saw, 1: pulse, 2: noise, 3: breath; between them a blend"),
    Parameter("width", "", 0.5, 0.05, 0.95, summary="of the pulse; 0.5: a square"),
    Parameter("attack", "s", 0.03, 0.001, 10, summary="until a note is at its height"),
    Parameter("decay", "s", 0.3, 0.001, 10, summary="in which it falls to what is sustained"),
    Parameter("sustain", "", 0.8, 0, 1, summary="what stays of its height as long as it is held"),
    Parameter("release", "s", 0.2, 0.005, 10, summary="in which it falls by 60 dB once it is let go"),
    Parameter("level", "dBFS", -18, -60, 0, summary="of a note of the greatest velocity (RMS)"),
    Parameter("velocity", "dB", 24, 0, 60, summary="how much softer the least velocity is"),
    Parameter("pressure", "dB", 6, 0, 24, summary="how much louder the greatest pressure makes a note"),
    Parameter("vibrato", "cents", 0, 0, 200, summary="how far a note swings up and down"),
    Parameter("vibrato.rate", "Hz", 5.5, 0.1, 20, summary="how often it does"),
    Parameter("wheel", "cents", 50, 0, 200, summary="how much vibrato the modulation wheel (CC 1) adds"),
    Parameter("transpose", "semitones", 0, -48, 48, summary="added to every note; parts of a semitone tune it"),
    Parameter("bend", "semitones", 2, 0, 96, summary="how far the pitch wheel goes, where a channel was told nothing else"),
    Parameter("air", "dB", -60, -60, 0, summary="pink noise beside saw and pulse, as much below them; −60: none"),
)
