"""playing.pd, the latent path by hand, and melisma.lane.pd, of which it has one for each latent."""

from __future__ import annotations

from .parts import LATENTS, MODEL, beginning, chooser, columns, loudspeakers, out, sends
from .sheet import INK, Sheet


def playing() -> Sheet:
    s = Sheet(1010, 764, "playing", "the latent path by hand: sliders, tables, a random walk")
    s.box(20, 60, 970, 400, label="a lane for each latent: a slider, a table to draw in, and the sum, in standard deviations")
    for i in range(LATENTS):
        s.obj(34 + 118 * (i % 8), 92 + 182 * (i // 8), f"melisma.lane {i + 1}")
    s.box(20, 476, 300, 146, label="all lanes")
    s.toggle(34, 506, "playing-hold", "hold")
    s.button(130, 506, "playing-zero", "to the middle")
    s.text(30, 534, "Freeze holds the sound while the walk and the tables go on unheard.", 40)
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
    turn, middle = Sheet(460, 460, name="turn"), {f"playing-slide{i + 1}": 0 for i in range(LATENTS)}
    turn.text(20, 10, "What the panel of all lanes says.")
    columns(turn, [("r playing-hold-v", "!hold $1", "s playing"), ("r playing-zero", "!" + sends(middle))], 200)
    s.sub(776, 712, turn, "turn")
    chooser(s, 34, 586, (838, 712), "playing")
    beginning(s, 912, 712, {
        "playing-loudness": -24, "playing-walk": 0.4, "playing-speed": 0.5, "playing-round": 8, "playing-volume": 0.5,
    })  # fmt: skip
    return s


def lane() -> Sheet:
    """One latent of playing.pd, seen within it."""
    s = Sheet(820, 670)
    s.box(0, 0, 112, 174, "#ffffff")
    s._add(f"#X obj 6 22 vsl 20 144 -3 3 0 0 \\$0-slide playing-slide\\$1 latent\\ \\$1 0 -12 0 12 #fcfcfc #c8641e {INK} 7150 1;")
    s.table(33, 22, "\\$0-table", 64, -3, 3, 74, 120)
    s._add("#X floatatom 33 148 9 0 0 0 - \\$0-sum - 0;")
    s.text(10, 200, "The slider, the table as it goes round, and a random walk: their sum is sent to playing-NUMBER.", 60)
    first, both = s.obj(20, 520, "+~"), s.obj(20, 550, "+~")
    round_, turn = s.obj(20, 280, "expr 1 / max(0.1, $f1)"), s.obj(20, 340, "phasor~")
    s.wire(s.obj(20, 250, "r playing-round-v"), round_, turn, s.obj(20, 370, "*~ 64"), s.obj(20, 400, "tabread~ $0-table"), first)
    s.wire(first, both, s.obj(20, 630, "s~ playing-$1"))
    s.wire(s.obj(240, 250, "r playing-speed-v"), s.obj(240, 280, "expr 1000 / max(0.05, $f1)"), s.obj(240, 310, "s $0-period"))
    tick, far, there, walk = (
        s.obj(480, y, text) for y, text in ((320, "metro 1000"), (420, "*"), (460, "pack f 2000"), (490, "line~"))
    )
    s.wire(s.obj(480, 250, "loadbang"), s.msg(480, 280, "1"), tick)
    s.wire(tick, s.obj(480, 350, "random 2001"), s.obj(480, 380, "expr ($f1 - 1000) / 500"), far, there, walk)
    s.cable(walk, first, 0, 1)
    s.cable(s.obj(540, 280, "r $0-period"), tick, 0, 1)
    s.cable(s.obj(680, 380, "r playing-walk-v"), far, 0, 1)
    s.cable(s.obj(600, 430, "r $0-period"), there, 0, 1)
    slide = s.obj(240, 440, "line~")
    s.wire(s.obj(240, 380, "r $0-slide"), s.msg(240, 410, "$1 60"), slide)
    s.cable(slide, both, 0, 1)
    look = s.obj(240, 600, "snapshot~")
    s.wire(s.obj(240, 528, "loadbang"), s.obj(240, 558, "metro 100"), look, s.obj(240, 630, "s $0-sum"))
    s.wire(both, look)
    s.wire(s.obj(480, 560, "loadbang"), s.msg(480, 590, "0"), s.obj(480, 620, "s playing-slide$1"))
    s.shown(112, 174)
    return s
