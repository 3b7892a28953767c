"""crossfade.pd: from one sound to another."""

from __future__ import annotations

from .parts import LATENTS, MODEL, SIGNALS, beginning, chooser, loudspeakers, out, player
from .sheet import Sheet


def crossfade() -> Sheet:
    s = Sheet(920, 560, "crossfade", "from one sound to another, along their latent paths")
    s.box(20, 216, 520, 320, label="the patch")
    left = player(s, 20, 60, (40, 246), "crossfade", 1, "left")
    right = player(s, 290, 60, (300, 246), "crossfade", 2, "right")
    first, second = (s.obj(x, 290, f"melisma.encode~ {MODEL} {LATENTS}", 31) for x in (40, 300))
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
    mix, decode = s.sub(130, 380, inner, "mix", 55), s.obj(130, 440, f"melisma.decode~ {MODEL} {LATENTS}", 55)
    for i in range(SIGNALS):
        s.cable(first, mix, i, i)
        s.cable(second, mix, i, SIGNALS + i)
        s.cable(mix, decode, i, i)
    out(s, 130, 490, "crossfade", decode)
    s.text(196, 482, f"{SIGNALS} signals at each place:", 30)
    s.text(196, 500, "the latents and the loudness", 30)
    for x, y, model in ((160, 246, first), (420, 246, second), (30, 404, decode)):
        s.wire(s.obj(x, y, "r crossfade"), model)
    s.cable(decode, s.obj(412, 490, "s crossfade-says"), 1)
    s.box(560, 60, 340, 140, label="crossfade")
    s.slider(580, 92, "left to right", "crossfade-share", 0, 1, 0, 230)
    chooser(s, 578, 160, (820, 159), "crossfade")
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
    beginning(s, 832, 504, {"crossfade-share": 0.5, "crossfade-volume": 0.7, "crossfade-in1": 0, "crossfade-in2": 1})
    return s
