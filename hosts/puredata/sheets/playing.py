"""playing.pd, the latent path by hand, and melisma.lane.pd, of which it has one for each latent."""

from __future__ import annotations

from .parts import LATENTS, MODEL, beginning, chooser, loudspeakers, out, sends
from .sheet import INK, Sheet


def playing() -> Sheet:
    s = Sheet(1010, 764, "playing", "the latent path by hand: sliders, tables, a random walk")
    s.box(20, 60, 970, 400, label="a lane for each latent: a slider, a table to draw in, and the sum, in standard deviations")
    for i in range(LATENTS):
        s.obj(34 + 118 * (i % 8), 92 + 182 * (i // 8), f"melisma.lane {i + 1}")
    s.box(20, 476, 300, 146, label="all lanes")
    s.toggle(34, 506, "playing-freeze", "freeze")
    s.button(130, 506, "playing-zero", "to the middle")
    s.text(30, 534, "Freeze holds the sound while the walk and the tables go on unheard.", 40)
    chooser(s, 34, 586, (842, 712), "playing")
    loudspeakers(s, 20, 638, "playing")
    s.box(340, 476, 250, 274, label="together")
    s.slider(352, 506, "loudness (dBFS)", "playing-loudness", -80, 0, 0, 160)
    s.slider(352, 566, "walk: how far", "playing-walk", 0, 2, 0, 160)
    s.slider(352, 626, "walk: how fast (Hz)", "playing-speed", 0.1, 10, 1, 160)
    s.slider(352, 686, "tables: seconds round", "playing-round", 0.5, 30, 1, 160)

    s.box(610, 476, 380, 274, label="the patch")
    wide = Sheet(640, 140, name="lanes")
    wide.text(20, 10, "What the lanes send.")
    for i in range(LATENTS):
        wide.wire(wide.obj(20 + 38 * i, 40 + 24 * (i % 2), f"r~ playing-{i + 1}"), wide.obj(20 + 38 * i, 100, "outlet~"))
    lanes = s.sub(704, 558, wide, "lanes", 24)
    heard = s.obj(620, 608, "r playing")
    loud, ramp, line = s.obj(836, 506, "r playing-loudness-v"), s.msg(900, 562, "$1 50"), s.obj(900, 600, "line~")
    decode = s.obj(704, 650, f"melisma.decode~ {MODEL} {LATENTS}")
    s.wire(loud, ramp, line)
    s.cable(line, decode, 0, LATENTS)
    for i in range(LATENTS):
        s.cable(lanes, decode, i, i)
    s.wire(heard, decode)
    out(s, 704, 712, "playing", decode)
    s.cable(decode, s.obj(858, 684, "s playing-says"), 1)
    turn = Sheet(460, 420, name="turn")
    turn.wire(turn.obj(20, 20, "r playing-freeze-v"), turn.msg(20, 50, "freeze $1"), turn.obj(20, 80, "s playing"))
    turn.wire(turn.obj(200, 20, "r playing-zero"), turn.msg(200, 50, sends({f"playing-slide{i + 1}": 0 for i in range(LATENTS)})))
    s.sub(776, 712, turn, "turn")
    beginning(s, 912, 712, {
        "playing-loudness": -24, "playing-walk": 0.4, "playing-speed": 0.5, "playing-round": 8, "playing-volume": 0.5,
    })  # fmt: skip
    return s


def lane() -> Sheet:
    """One latent of playing.pd, seen within it."""
    s = Sheet(500, 640)
    s.box(0, 0, 112, 174, "#ffffff")
    s._add(f"#X obj 6 22 vsl 20 144 -3 3 0 0 \\$0-slide playing-slide\\$1 latent\\ \\$1 0 -12 0 12 #fcfcfc #c8641e {INK} 7150 1;")
    s.table(33, 22, "\\$0-table", 64, -3, 3, 74, 120)
    s._add("#X floatatom 33 148 9 0 0 0 - \\$0-sum - 0;")
    s.text(10, 200, "The slider, the table as it goes round, and a random walk: their sum is sent to playing-NUMBER.", 60)
    turn, first, both = s.obj(20, 330, "phasor~"), s.obj(20, 480, "+~"), s.obj(20, 510, "+~")
    s.wire(s.obj(20, 250, "r playing-round-v"), s.obj(20, 280, "expr 1 / max(0.1, $f1)"), turn)
    s.wire(turn, s.obj(20, 360, "*~ 64"), s.obj(20, 390, "tabread~ $0-table"), first, both, s.obj(20, 600, "s~ playing-$1"))
    period, tick, far = s.obj(220, 280, "expr 1000 / max(0.05, $f1)"), s.obj(220, 330, "metro 1000"), s.obj(220, 420, "*")
    there, line = s.obj(220, 450, "pack f 2000"), s.obj(220, 480, "line~")
    s.wire(s.obj(220, 250, "r playing-speed-v"), period)
    s.cable(period, tick, 0, 1)
    s.cable(period, there, 0, 1)
    s.wire(tick, s.obj(220, 360, "random 2001"), s.obj(220, 390, "expr ($f1 - 1000) / 500"), far, there, line)
    s.cable(s.obj(420, 390, "r playing-walk-v"), far, 0, 1)
    s.cable(line, first, 0, 1)
    slide = s.obj(340, 480, "line~")
    s.wire(s.obj(340, 420, "r $0-slide"), s.msg(340, 450, "$1 60"), slide)
    s.cable(slide, both, 0, 1)
    s.wire(s.obj(340, 540, "loadbang"), s.msg(340, 570, "0"), s.obj(380, 570, "s playing-slide$1"))
    look, every, begin = s.obj(220, 570, "snapshot~"), s.obj(220, 540, "metro 100"), s.msg(440, 280, "1")
    s.wire(both, look, s.obj(220, 600, "s $0-sum"))
    s.wire(s.obj(440, 250, "loadbang"), begin, tick)
    s.wire(begin, every, look)
    s.shown(112, 174)
    return s
