"""midi.pd: keys play the model, knobs turn it."""

from __future__ import annotations

from .parts import beginning, chain, columns, loudspeakers, menu, turned
from .sheet import Sheet


def midi() -> Sheet:
    s = Sheet(960, 612, "midi", "keys play the model, knobs turn it")
    s.box(20, 60, 330, 180, label="keys")
    s.text(30, 88, "Four voices. A key's velocity is its loudness. Pitch bend bends by two semitones.", 42)
    s.text(30, 140, "No keyboard? These play:", 42)
    chords = {"chord": (45, 57, 60, 64), "fifth": (45, 52), "none": ()}
    every = sorted({key for keys in chords.values() for key in keys})
    inner, told = Sheet(560, 320, name="chords"), []
    inner.text(20, 10, "What sounds is let go, and the chord's keys are struck.")
    for i, ((name, keys), label) in enumerate(zip(chords.items(), ("A minor", "a fifth", "silence"))):
        s.button(40 + 105 * i, 166, f"midi-{name}", label)
        notes = "; ".join([*(f"midi-note {key} 0" for key in every), *(f"midi-note {key} 90" for key in keys)])
        told.append((f"r midi-{name}", "!; " + notes))
    columns(inner, told, 180)
    s.sub(278, 206, inner, "chords")
    s.text(30, 206, "The model plays what they play.", 34)
    s.box(20, 256, 330, 212, label="the patch")
    chain(s, 40, 290, "midi", s.sub(40, 290, keys_sheet(), "keys"))
    s.box(370, 60, 570, 300, label="knobs")
    rows = [("midi-offset", 7, -30, 12), ("midi-wander", 1, 0, 3), *[(f"midi-z{k}", 69 + k, -3, 3) for k in range(1, 9)]]
    labels = ["loudness: controller 7", "wander: modulation wheel", *(f"latent {k}: controller {69 + k}" for k in range(1, 9))]
    inner = Sheet(1020, 320, name="knobs")
    inner.text(20, 10, "A controller, 0 to 127, moves its slider, which turns the object.", 70)
    for i, ((name, _, low, high), label) in enumerate(zip(rows, labels)):
        s.slider(384 + 280 * (i % 2), 88 + 48 * (i // 2), label, name, low, high, 0, 180)
    columns(
        inner, [(f"ctlin {n}", f"expr {low} + $f1 * {(high - low) / 127:.6f}", f"s {name}") for name, n, low, high in rows], 200
    )
    s.sub(806, 330, inner, "knobs")
    turned(s, 878, 330, "midi", {
        "midi-offset": "set loudness.offset", "midi-wander": "set randomize",
        **{f"midi-z{k}": f"set bias.{k}" for k in range(1, 9)},
    })  # fmt: skip
    loudspeakers(s, 20, 484, "midi", 330)
    menu(s, 370, 376, "midi", 7)
    s.box(680, 376, 260, 220, label="how")
    s.text(690, 402, "Choose your keyboard in the menu Media, MIDI Settings, and switch the sound on.", 34)
    s.text(690, 466, "The keys play saws, as raw material: the model answers them in its own timbre, 23 ms later.", 34)
    beginning(s, 872, 562, {"midi-offset": 0, "midi-wander": 0, **{f"midi-z{k}": 0 for k in range(1, 9)}, "midi-volume": 0.7})
    return s


def keys_sheet() -> Sheet:
    s = Sheet(820, 500, name="keys")
    s.text(20, 10, "Four voices: saws at the keys' pitches.")
    parts, poly, packed, route = (
        s.obj(20, 70, "unpack f f"), s.obj(20, 100, "poly 4 1"), s.obj(20, 130, "pack f f f"), s.obj(20, 160, "route 1 2 3 4"),
    )  # fmt: skip
    s.wire(s.obj(20, 40, "r midi-note"), parts, poly, packed, route)
    s.cable(parts, poly, 1, 1)
    s.cable(poly, packed, 1, 1)
    s.cable(poly, packed, 2, 2)
    played, pair = s.obj(260, 40, "notein"), s.obj(260, 70, "pack f f")
    s.cable(played, pair)
    s.cable(played, pair, 1, 1)
    s.wire(pair, s.obj(260, 100, "s midi-note"))
    s.wire(s.obj(460, 40, "bendin"), s.obj(460, 70, "expr ($f1 - 8192) / 4096"), s.obj(460, 100, "s midi-bend"))
    total, done = s.obj(20, 440, "*~ 0.2"), s.obj(20, 470, "outlet~")
    s.wire(total, done)
    for voice in range(4):
        x = 20 + 195 * voice
        key, pitch, level = s.obj(x, 190, "unpack f f"), s.obj(x, 250, "+"), s.obj(x + 80, 220, "expr $f1 / 127")
        s.cable(route, key, voice)
        times, envelope = s.obj(x, 404, "*~"), s.obj(x + 96, 280, "line~")
        s.wire(key, pitch, s.obj(x, 280, "mtof"), s.obj(x, 310, "phasor~"), s.obj(x, 340, "-~ 0.5"), times, total)
        s.cable(s.obj(x + 80, 190, "r midi-bend"), pitch, 0, 1)
        s.cable(key, level, 1)
        s.wire(level, s.msg(x + 96, 250, "$1 30"), envelope)
        s.cable(envelope, times, 0, 1)
    return s
