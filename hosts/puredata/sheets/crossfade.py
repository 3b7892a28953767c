"""crossfade.pd: from one sound to another."""

from __future__ import annotations

from .parts import SIGNALS, beginning, loudspeakers, out, player
from .sheet import Sheet


def crossfade() -> Sheet:
    s = Sheet(920, 560, "crossfade", "from one sound to another, along their latent paths")
    s.box(20, 216, 520, 320, label="the patch")
    left = player(s, 20, 60, (40, 246), "crossfade", 1, "left")
    right = player(s, 290, 60, (300, 246), "crossfade", 2, "right")
    first, second = s.obj(40, 290, "melisma.encode~ strings 16"), s.obj(300, 290, "melisma.encode~ strings 16")
    s.wire(left, first)
    s.wire(right, second)
    inner = Sheet(1240, 320, name="mix")
    inner.text(20, 10, "Each latent, and the loudness, from the left sound's to the right sound's.")
    line = inner.obj(20, 100, "line~")
    inner.wire(inner.obj(20, 40, "r crossfade-share-v"), inner.msg(20, 70, "$1 50"), line)
    # Pd orders inlets from left to right
    a, b = ([inner.obj(20 + 600 * side + 34 * i, 140 + 24 * (i % 2), "inlet~") for i in range(SIGNALS)] for side in (0, 1))
    for i in range(SIGNALS):
        minus, times, plus, done = (inner.obj(20 + 70 * i, 200 + 28 * k, t) for k, t in enumerate(("-~", "*~", "+~", "outlet~")))
        inner.cable(b[i], minus)
        inner.cable(a[i], minus, 0, 1)
        inner.cable(line, times, 0, 1)
        inner.cable(a[i], plus, 0, 1)
        inner.wire(minus, times, plus, done)
    mix, decode = s.sub(40, 380, inner, "mix"), s.obj(40, 440, "melisma.decode~ strings 16")
    for i in range(SIGNALS):
        s.cable(first, mix, i, i)
        s.cable(second, mix, i, SIGNALS + i)
        s.cable(mix, decode, i, i)
    out(s, 40, 490, "crossfade", decode)
    s.text(330, 380, "17 signals each: the latents", 30)
    s.text(330, 398, "and the loudness", 30)
    s.box(560, 60, 340, 140, label="crossfade")
    s.slider(580, 100, "left to right", "crossfade-share", 0, 1, 0, 230)
    loudspeakers(s, 560, 216, "crossfade", 340)
    s.box(560, 346, 340, 190, label="how")
    s.text(
        570, 374, "Switch the sound on, choose two inputs, move the slider: not two sounds mixed, but one sound on its way.", 44
    )
    s.text(
        570,
        430,
        "z = (1 - x) a + x b for each latent and the loudness. Anything that works on signals may stand there instead.",
        44,
    )
    beginning(s, 840, 504, {"crossfade-share": 0.5, "crossfade-volume": 0.7, "crossfade-in1": 0, "crossfade-in2": 1})
    return s
