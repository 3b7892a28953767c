"""transfer.pd: any sound in a model's timbre."""

from __future__ import annotations

from .parts import beginning, chain, loudspeakers, menu, player, turned
from .sheet import Sheet


def transfer() -> Sheet:
    s = Sheet(920, 584, "transfer", "any sound in a model's timbre, live")
    s.box(20, 216, 250, 264, label="the patch")
    sound = player(s, 20, 60, (40, 246), "transfer")
    chain(s, 40, 246, "transfer", sound)
    s.box(290, 60, 300, 304, label="turn")
    s.slider(304, 84, "original to domain", "transfer-domain", 0, 1, 0, 190)
    s.slider(304, 126, "timbre matched", "transfer-match", 0, 1, 0, 190)
    s.slider(304, 168, "its pitch kept", "transfer-fine", 0, 1, 0, 190)
    s.slider(304, 210, "its colour kept", "transfer-colour", 0, 1, 0, 190)
    s.slider(304, 252, "louder or softer", "transfer-offset", -24, 24, 0, 190, "dB")
    s.slider(304, 294, "wandering", "transfer-noise", 0, 3, 0, 190)
    s.toggle(304, 338, "transfer-hold", "hold")
    s.toggle(400, 338, "transfer-bypass", "bypass")
    turned(s, 530, 340, "transfer", {
        "transfer-domain": "set domain", "transfer-match": "set match", "transfer-fine": "set fine",
        "transfer-colour": "set colour", "transfer-offset": "set loudness.offset",
        "transfer-noise": "set randomize", "transfer-hold": "hold", "transfer-bypass": "bypass",
    })  # fmt: skip
    menu(s, 610, 60, "transfer", 7)
    loudspeakers(s, 290, 384, "transfer", height=180)
    s.box(610, 300, 290, 180, label="how")
    s.text(618, 322, "Switch the sound on; choose another model while it plays.", 38)
    into = "To the domain: the timbre moves to where the model's own sounds are."
    s.text(618, 360, f"{into} What is kept beside it: pitch, colour.", 38)
    s.text(618, 410, "Hold keeps timbre and loudness. Bypass lets the input through, as late as the model is.", 38)
    s.text(618, 458, "Wear headphones with the microphone.", 38)
    beginning(s, 522, 530, {
        "transfer-domain": 1, "transfer-match": 1, "transfer-fine": 1, "transfer-colour": 0, "transfer-offset": 0,
        "transfer-noise": 0,
        "transfer-volume": 0.7, "transfer-in1": 0,
    })  # fmt: skip
    return s
