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
    decode = s.obj(150, 460, f"melisma.decode~ {MODEL} {LATENTS}", 52)
    for x, model, name, share in ((40, first, "left", "expr 1 - $f1"), (300, second, "right", "f")):
        faded = s.sub(x, 350, fade(name, share), name, 31)
        for i in range(SIGNALS):
            s.cable(model, faded, i, i)
            s.cable(faded, decode, i, i)
    out(s, 150, 500, "crossfade", decode)
    s.text(206, 490, f"{SIGNALS} signals from each:", 30)
    s.text(206, 508, "the latents, the loudness", 30)
    for x, y, model in ((160, 246, first), (420, 246, second), (26, 432, decode)):
        s.wire(s.obj(x, y, "r crossfade"), model)
    s.cable(decode, s.obj(412, 500, "s crossfade-says"), 1)
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


def fade(name: str, share: str) -> Sheet:
    """One sound's signals by its share; where two cables end in one inlet, Pd adds them."""
    s = Sheet(1180, 330, name=name)
    s.text(20, 10, f"Each latent of the {name} sound, and its loudness, by its share.", 70)
    line = s.obj(20, 150, "line~")
    s.wire(s.obj(20, 60, "r crossfade-share-v"), s.obj(20, 90, share), s.msg(20, 120, "$1 50"), line)
    for i in range(SIGNALS):
        times = s.obj(200 + 57 * i, 250, "*~")
        s.wire(s.obj(200 + 57 * i, 60, "inlet~"), times, s.obj(200 + 57 * i, 290, "outlet~"))
        s.cable(line, times, 0, 1)
    return s
