"""transfer.pd: any sound in a model's timbre."""

from __future__ import annotations

from .parts import beginning, chain, loudspeakers, menu, player, turned
from .sheet import Sheet


def transfer() -> Sheet:
    s = Sheet(920, 500, "transfer", "any sound in a model's timbre, live")
    s.box(20, 216, 250, 264, label="the patch")
    sound = player(s, 20, 60, (40, 246), "transfer")
    chain(s, 40, 246, "transfer", sound)
    s.box(290, 60, 300, 220, label="turn")
    s.slider(304, 88, "louder or softer", "transfer-offset", -24, 24, 0, 190, "dB")
    s.slider(304, 136, "dry to wet", "transfer-mix", 0, 1, 0, 190)
    s.slider(304, 184, "wandering", "transfer-noise", 0, 3, 0, 190)
    s.toggle(304, 246, "transfer-freeze", "freeze")
    s.toggle(400, 246, "transfer-bypass", "bypass")
    turned(s, 530, 245, "transfer", {
        "transfer-offset": "set loudness.offset", "transfer-mix": "set mix", "transfer-noise": "set noise",
        "transfer-freeze": "freeze", "transfer-bypass": "bypass",
    })  # fmt: skip
    menu(s, 610, 60, "transfer", 7)
    loudspeakers(s, 290, 300, "transfer", height=180)
    s.box(610, 300, 290, 180, label="how")
    s.text(618, 326, "Switch the sound on, choose an input, choose a model while it plays: it fades in when it is loaded.", 38)
    s.text(618, 384, "Freeze holds timbre and loudness. Bypass lets the input through, as late as the model is.", 38)
    s.text(618, 442, "Wear headphones with the microphone.", 38)
    beginning(s, 522, 446, {
        "transfer-offset": 0, "transfer-mix": 1, "transfer-noise": 0, "transfer-volume": 0.7, "transfer-in1": 0,
    })  # fmt: skip
    return s
