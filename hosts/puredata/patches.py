"""The patches, written by hand as sheets: python hosts/puredata/patches.py writes patches/*.pd, which is what musicians open."""

from __future__ import annotations

from pathlib import Path

from sheet import INK, Sheet

OUT = Path(__file__).resolve().parent / "patches"
LATENTS = 16
SIGNALS = LATENTS + 1
SOUNDS = ("cat", "voice", "bell", "drums")

# ---- parts that several patches have


def out(sheet: Sheet, x: int, y: int, name: str, source: int | None = None) -> None:
    """The subpatch that plays a signal: the source's, or what is sent to NAME-out."""
    inner = Sheet(420, 330, name="out")
    inner.text(20, 10, "Volume without clicks, and never beyond full scale.")
    sound = inner.obj(20, 50, "inlet~" if source is not None else f"r~ {name}-out")
    heard, ramp, line = inner.obj(180, 50, f"r {name}-volume-v"), inner.msg(180, 80, "$1 20"), inner.obj(180, 110, "line~")
    level, clip, dac = inner.obj(20, 150, "*~"), inner.obj(20, 180, "clip~ -1 1"), inner.obj(20, 220, "dac~")
    inner.wire(sound, level, clip, dac)
    inner.cable(clip, dac, 0, 1)
    inner.wire(heard, ramp, line)
    inner.cable(line, level, 0, 1)
    inner.wire(inner.obj(180, 250, f"r {name}-dsp-v"), inner.msg(180, 280, "; pd dsp $1"))
    made = sheet.sub(x, y, inner, "out")
    if source is not None:
        sheet.wire(source, made)


def loudspeakers(sheet: Sheet, x: int, y: int, name: str, width: int = 300) -> None:
    """A panel for switching the sound on, and its volume."""
    sheet.box(x, y, width, 112, label="sound")
    sheet.toggle(x + 14, y + 34, f"{name}-dsp", "on")
    sheet.slider(x + 14, y + 64, "volume", f"{name}-volume", 0, 1, width=width - 120)


def beginning(sheet: Sheet, x: int, y: int, values: dict[str, float]) -> None:
    """What is sent when the patch opens."""
    inner = Sheet(460, 120 + 17 * len(values), name="start")
    inner.text(20, 10, "Where everything stands when the patch opens.")
    inner.wire(inner.obj(20, 50, "loadbang"), inner.msg(20, 90, sends(values)))
    sheet.sub(x, y, inner, "start")


def sends(values: dict[str, float]) -> str:
    return "; " + "; ".join(f"{name} {value:g}" for name, value in values.items())


def player(sheet: Sheet, x: int, y: int, at: tuple[int, int], name: str, number: int = 1, label: str = "input") -> int:
    """A panel to choose a sound or the microphone, and at `at` the subpatch that plays it. → the signal."""
    sheet.box(x, y, 250, 140, label=label)
    sheet.choice(x + 14, y + 30, f"{name}-in{number}", 5)
    for i, word in enumerate((*SOUNDS, "microphone")):
        sheet.text(x + 40, y + 29 + 19 * i, word)
    inner = Sheet(620, 420, name=f"sounds{number}")
    inner.text(20, 10, "Plays the chosen file again and again, or listens.")
    chosen, order = inner.obj(20, 40, f"r {name}-in{number}-v"), inner.obj(20, 70, "t f f")
    keep, select = inner.obj(20, 100, "f"), inner.obj(20, 130, "sel 0 1 2 3 4")
    read, both, done = inner.obj(20, 300, "readsf~ 1"), inner.obj(20, 350, "+~"), inner.obj(20, 380, "outlet~")
    inner.wire(chosen, order, keep, select)
    inner.wire(read, both, done)
    for i, file in enumerate(SOUNDS):
        message = inner.msg(20 + 190 * (i % 2), 170 + 30 * (i // 2), f"open sounds/{file}.wav, 1")
        inner.cable(select, message, i)
        inner.wire(message, read)
    stop = inner.msg(20, 240, "0")
    inner.cable(select, stop, 4)
    inner.wire(stop, read)
    inner.cable(read, keep, 1)  # at the end of the file: the same once more
    mike, ramp, line = inner.obj(420, 100, "== 4"), inner.msg(420, 130, "$1 20"), inner.obj(420, 160, "line~")
    listen, gate = inner.obj(500, 160, "adc~ 1"), inner.obj(420, 200, "*~")
    inner.cable(order, mike, 1)
    inner.wire(mike, ramp, line, gate)
    inner.cable(listen, gate, 0, 1)
    inner.cable(gate, both, 0, 1)
    return sheet.sub(*at, inner, f"sounds{number}")


def menu(sheet: Sheet, x: int, y: int, name: str, rows: int = 6) -> None:
    """A panel with the models that there are, for an object that hears NAME and says NAME-says."""
    sheet.box(x, y, 290, 66 + 22 * rows, label="model")
    sheet.choice(x + 14, y + 30, f"{name}-pick", rows, 22)
    for i in range(rows):
        row = f"{name}-row{i + 1}"
        sheet._add(f"#X obj {x + 44} {y + 33 + 22 * i} cnv 5 10 16 empty {row} empty 0 9 0 13 #eef1f5 {INK} 0;")
    sheet.button(x + 170, y + 31, f"{name}-file", "a file ...")
    sheet.text(x + 10, y + 38 + 22 * rows, "plays")
    sheet.word(x + 58, y + 38 + 22 * rows, f"{name}-plays", 15)
    sheet.number(x + 190, y + 38 + 22 * rows, f"{name}-ms", 6)
    sheet.text(x + 240, y + 38 + 22 * rows, "ms")
    inner = Sheet(700, 380, name="menu")
    inner.text(20, 10, "Asks the object which models there are, names the rows, and loads the one that is clicked.")
    told, route = inner.obj(20, 50, f"r {name}-says"), inner.obj(20, 80, "route model known silent")
    parts, symbol, shown = (
        inner.obj(20, 120, "unpack s f f f"),
        inner.obj(20, 150, "symbol"),
        inner.obj(20, 180, f"s {name}-plays"),
    )
    inner.wire(told, route, parts, symbol, shown)
    inner.cable(parts, inner.obj(160, 150, f"s {name}-ms"), 3)
    inner.cable(route, inner.msg(20, 250, f"; {name}-row$1 label $2"), 1)
    none = inner.msg(160, 180, "symbol silence")
    inner.cable(route, none, 2)
    inner.wire(none, shown)
    say = inner.obj(420, 320, f"s {name}")
    inner.wire(inner.obj(420, 50, "loadbang"), inner.msg(420, 80, "models"), say)
    inner.wire(inner.obj(420, 180, f"r {name}-pick-v"), inner.obj(420, 210, "+ 1"), inner.msg(420, 240, "pick $1"), say)
    inner.wire(inner.obj(560, 180, f"r {name}-file"), inner.obj(560, 210, "openpanel"), inner.msg(560, 240, "load $1"), say)
    sheet.sub(x + 222, y + 62, inner, "menu")


def turned(sheet: Sheet, x: int, y: int, name: str, parameters: dict[str, str]) -> None:
    """The subpatch in which sliders become messages for the object that hears NAME."""
    inner = Sheet(460, 100 + 36 * len(parameters), name="turn")
    inner.text(20, 10, "Each slider becomes a message for the object.")
    to = inner.obj(20, 56 + 36 * len(parameters), f"s {name}")
    for i, (slider, message) in enumerate(parameters.items()):
        inner.wire(inner.obj(20, 44 + 36 * i, f"r {slider}-v"), inner.msg(220, 44 + 36 * i, f"{message} $1"), to)
    sheet.sub(x, y, inner, "turn")


def chain(sheet: Sheet, x: int, y: int, name: str, source: int) -> None:
    """A signal through melisma~ to the loudspeakers, in a column; it hears NAME and says NAME-says."""
    heard, made = sheet.obj(x + 110, y, f"r {name}"), sheet.obj(x, y + 50, "melisma~ strings")
    sheet.wire(source, made)
    sheet.wire(heard, made)
    sheet.cable(made, sheet.obj(x + 112, y + 90, f"s {name}-says"), 1)
    out(sheet, x, y + 130, name, made)


# ---- the patches


def feedback() -> Sheet:
    s = Sheet(980, 684, "feedback", "a model hears itself, and sings out of silence")
    s.box(20, 60, 560, 350, label="the loop")
    late, read = s.obj(40, 90, "r feedback-delay-v"), s.obj(40, 124, "delread~ melisma-loop 50")
    model, tap = s.obj(40, 164, "melisma~ strings"), s.obj(330, 206, "s~ feedback-out")
    loop, write = s.obj(40, 324, "melisma.loop~ 440 3 2 -60"), s.obj(40, 374, "delwrite~ melisma-loop 10000")
    s.wire(late, read, model, loop, write)
    s.wire(model, tap)
    for i, name in enumerate(("freq", "q", "gain")):
        s.cable(s.obj(98 + 59 * i, 226 + 28 * i, f"r feedback-{name}-v"), loop, 0, i + 1)
    s.text(240, 90, "the sound comes back this much later,", 44)
    s.text(240, 124, "out of the delay line,", 44)
    s.text(240, 164, "through the model,", 44)
    s.text(290, 316, "through the band, the gain, a limiter: it cannot run away. A breath wakes it.", 38)
    s.text(290, 374, "and into the delay line.", 38)

    s.box(600, 60, 360, 350, label="shape it")
    s.slider(620, 90, "frequency of the band", "feedback-freq", 40, 8000, 1, 230, "Hz")
    s.slider(620, 148, "Q: how narrow it is", "feedback-q", 0.3, 60, 1, 230)
    s.slider(620, 206, "gain: what comes back", "feedback-gain", 0, 8, 0, 230, "x")
    s.slider(620, 264, "delay", "feedback-delay", 0, 1000, 0, 230, "ms")
    s.text(616, 332, "Slowly: a loop takes its time to answer. Under a gain of 1 it fades into its breath.", 46)

    loudspeakers(s, 20, 430, "feedback", 260)
    out(s, 226, 458, "feedback")
    s.box(300, 430, 280, 112, label="begin with")
    presets = {
        "hum": (110, 4, 2, 50),
        "bowl": (440, 20, 3, 120),
        "birds": (2600, 6, 5, 30),
        "tides": (300, 1, 2.5, 700),
        "wire": (900, 40, 6, 5),
    }
    inner = Sheet(760, 420, name="presets")
    for i, (label, values) in enumerate(presets.items()):
        s.button(314 + 88 * (i % 3), 464 + 36 * (i // 3), f"feedback-{label}", label)
        sliders = dict(zip((f"feedback-{name}" for name in ("freq", "q", "gain", "delay")), values))
        inner.wire(inner.obj(20, 20 + 78 * i, f"r feedback-{label}"), inner.msg(220, 20 + 78 * i, sends(sliders)))
    s.sub(496, 506, inner, "presets")

    s.box(600, 430, 360, 112, label="record")
    s.toggle(614, 464, "feedback-record", "record")
    s.button(710, 464, "feedback-where", "where ...")
    s.word(614, 502, "feedback-name", 30)
    s.sub(868, 463, recorder(), "recorder")
    s.text(840, 502, ".wav and .txt")
    s.box(20, 562, 560, 102, label="the same offline")
    s.text(30, 588, "melisma feedback --freq feedback.txt --q feedback.txt --gain feedback.txt again.wav --plot again.png", 74)
    s.text(30, 630, "plays the recorded curves again, and draws them under the sound.", 74)
    s.box(600, 562, 360, 102, label="go on")
    s.text(610, 588, "Anything may stand in the loop. melisma~ takes messages, too: see its help.", 46)
    beginning(s, 900, 634, {
        "feedback-freq": 440, "feedback-q": 3, "feedback-gain": 2, "feedback-delay": 50, "feedback-volume": 0.5,
    })  # fmt: skip
    return s


def recorder() -> Sheet:
    s = Sheet(820, 540, name="recorder")
    s.text(20, 10, "Sound and curves begin together. Each line of the curves: seconds, frequency, Q, gain.")
    sound, disk = s.obj(20, 440, "r~ feedback-out"), s.obj(20, 480, "writesf~ 1")
    s.wire(sound, disk)
    switch = s.obj(20, 70, "sel 1 0")
    s.wire(s.obj(20, 40, "r feedback-record-v"), switch)
    begin, end = s.obj(20, 110, "t b b b b b"), s.obj(440, 110, "t b b b")
    s.cable(switch, begin)
    s.cable(switch, end, 1)
    wav, txt = s.obj(20, 170, "symbol feedback"), s.obj(440, 170, "symbol feedback")
    s.wire(wav, s.obj(20, 200, "makefilename %s.wav"), s.msg(20, 230, "open -bytes 4 $1"), disk)
    go, halt = s.msg(20, 300, "start"), s.msg(440, 300, "stop")
    s.wire(go, disk)
    s.wire(halt, disk)
    clear, run, rest = s.msg(240, 170, "clear"), s.msg(240, 210, "1"), s.msg(300, 210, "0")
    tick, order, timer = s.obj(240, 250, "metro 20"), s.obj(240, 280, "t b b"), s.obj(240, 320, "timer")
    row, lines = s.obj(240, 400, "pack f f f f"), s.obj(240, 480, "textfile")
    s.wire(run, tick, order)
    s.wire(rest, tick)
    s.cable(order, timer, 1, 1)
    s.wire(timer, s.obj(240, 350, "/ 1000"), row, s.msg(240, 440, "add $1 $2 $3 $4"), lines)
    s.wire(clear, lines)
    s.wire(txt, s.obj(440, 200, "makefilename %s.txt"), s.msg(440, 230, "write $1 cr"), lines)
    for i, name in enumerate(("freq", "q", "gain")):
        s.cable(s.obj(340 + 150 * i, 370, f"r feedback-{name}-v"), row, 0, i + 1)
    for outlet, target in ((4, clear), (3, wav), (2, timer), (1, go), (0, run)):
        s.cable(begin, target, outlet)
    for outlet, target in ((2, rest), (1, halt), (0, txt)):
        s.cable(end, target, outlet)
    store, shown = s.obj(640, 130, "t s s s"), s.obj(700, 200, "s feedback-name")
    s.wire(s.obj(640, 40, "r feedback-where"), s.obj(640, 70, "savepanel"), store)
    s.cable(store, wav, 0, 1)
    s.cable(store, txt, 1, 1)
    s.cable(store, shown, 2)
    s.wire(s.obj(640, 260, "loadbang"), s.msg(640, 290, "symbol feedback"), s.obj(640, 320, "s feedback-name"))
    return s


def playing() -> Sheet:
    s = Sheet(1010, 716, "playing", "the latent path by hand: sliders, tables, a random walk")
    s.box(20, 60, 970, 400, label="a lane for each latent: a slider, a table to draw in, and the sum, in standard deviations")
    for i in range(LATENTS):
        s.obj(34 + 118 * (i % 8), 92 + 182 * (i // 8), f"melisma.lane {i + 1}")
    s.box(20, 476, 300, 112, label="all lanes")
    s.toggle(34, 508, "playing-freeze", "freeze")
    s.button(130, 508, "playing-zero", "to the middle")
    s.text(30, 540, "Freeze holds the sound while the walk and the tables go on unheard.", 40)
    loudspeakers(s, 20, 590, "playing")
    s.box(340, 476, 250, 226, label="together")
    s.slider(352, 500, "loudness (dBFS)", "playing-loudness", -80, 0, 0, 160)
    s.slider(352, 550, "walk: how far", "playing-walk", 0, 2, 0, 160)
    s.slider(352, 600, "walk: how fast (Hz)", "playing-speed", 0.1, 10, 1, 160)
    s.slider(352, 650, "tables: seconds round", "playing-round", 0.5, 30, 1, 160)

    s.box(610, 476, 380, 226, label="the patch")
    wide = Sheet(640, 140, name="lanes")
    wide.text(20, 10, "What the lanes send.")
    for i in range(LATENTS):
        wide.wire(wide.obj(20 + 38 * i, 40 + 24 * (i % 2), f"r~ playing-{i + 1}"), wide.obj(20 + 38 * i, 100, "outlet~"))
    lanes = s.sub(630, 510, wide, "lanes")
    heard = s.obj(800, 510, "r playing")
    loud, ramp, line = s.obj(815, 545, "r playing-loudness-v"), s.msg(815, 573, "$1 50"), s.obj(815, 601, "line~")
    decode = s.obj(630, 640, "melisma.decode~ strings 16")
    s.wire(loud, ramp, line)
    s.cable(line, decode, 0, LATENTS)
    for i in range(LATENTS):
        s.cable(lanes, decode, i, i)
    s.wire(heard, decode)
    out(s, 630, 676, "playing", decode)
    turn = Sheet(460, 420, name="turn")
    turn.wire(turn.obj(20, 20, "r playing-freeze-v"), turn.msg(20, 50, "freeze $1"), turn.obj(20, 80, "s playing"))
    turn.wire(turn.obj(200, 20, "r playing-zero"), turn.msg(200, 50, sends({f"playing-slide{i + 1}": 0 for i in range(LATENTS)})))
    s.sub(856, 674, turn, "turn")
    beginning(s, 926, 674, {
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


def transfer() -> Sheet:
    s = Sheet(920, 500, "transfer", "any sound in a model's timbre, live")
    s.box(20, 216, 250, 210, label="the patch")
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
    loudspeakers(s, 290, 300, "transfer")
    s.box(610, 300, 290, 180, label="how")
    s.text(618, 326, "Switch the sound on, choose an input, choose a model while it plays: it fades in when it is loaded.", 38)
    s.text(618, 384, "Freeze holds timbre and loudness. Bypass lets the input through, as late as the model is.", 38)
    s.text(618, 442, "Wear headphones with the microphone.", 38)
    beginning(s, 530, 460, {
        "transfer-offset": 0, "transfer-mix": 1, "transfer-noise": 0, "transfer-volume": 0.7, "transfer-in1": 0,
    })  # fmt: skip
    return s


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


def midi() -> Sheet:
    s = Sheet(960, 620, "midi", "keys play the model, knobs turn it")
    s.box(20, 60, 330, 180, label="keys")
    s.text(30, 88, "Four voices. A key's velocity is its loudness. Pitch bend bends by two semitones.", 42)
    s.text(30, 140, "No keyboard? These play:", 42)
    chords = {"chord": (45, 57, 60, 64), "fifth": (45, 52), "none": ()}
    every = sorted({key for keys in chords.values() for key in keys})
    inner = Sheet(760, 460, name="chords")
    for i, ((name, keys), label) in enumerate(zip(chords.items(), ("A minor", "a fifth", "silence"))):
        s.button(40 + 105 * i, 166, f"midi-{name}", label)
        notes = "; ".join([*(f"midi-note {key} 0" for key in every), *(f"midi-note {key} 90" for key in keys)])
        inner.wire(inner.obj(20, 20 + 150 * i, f"r midi-{name}"), inner.msg(160, 20 + 150 * i, "; " + notes))
    s.sub(278, 206, inner, "chords")
    s.text(30, 206, "The model plays what they play.", 34)
    s.box(20, 256, 330, 220, label="the patch")
    chain(s, 40, 290, "midi", s.sub(40, 290, keys_sheet(), "keys"))
    s.box(370, 60, 570, 300, label="knobs")
    rows = [("midi-offset", 7, -30, 12), ("midi-wander", 1, 0, 3), *[(f"midi-z{k}", 69 + k, -3, 3) for k in range(1, 9)]]
    labels = ["loudness: controller 7", "wandering: modulation wheel", *(f"latent {k}: controller {69 + k}" for k in range(1, 9))]
    inner = Sheet(620, 460, name="knobs")
    inner.text(20, 10, "A controller, 0 to 127, moves its slider, and the slider turns the object.")
    for i, ((name, number, low, high), label) in enumerate(zip(rows, labels)):
        s.slider(384 + 280 * (i % 2), 88 + 48 * (i // 2), label, name, low, high, 0, 180)
        scaled = inner.obj(140, 44 + 40 * i, f"expr {low} + $f1 * {(high - low) / 127:.6f}")
        inner.wire(inner.obj(20, 44 + 40 * i, f"ctlin {number}"), scaled, inner.obj(460, 44 + 40 * i, f"s {name}"))
    s.sub(806, 330, inner, "knobs")
    turned(s, 878, 330, "midi", {
        "midi-offset": "set loudness.offset", "midi-wander": "set noise", **{f"midi-z{k}": f"set bias.{k}" for k in range(1, 9)},
    })  # fmt: skip
    loudspeakers(s, 20, 492, "midi", 330)
    menu(s, 370, 376, "midi", 7)
    s.box(680, 376, 260, 228, label="how")
    s.text(690, 402, "Choose your keyboard in the menu Media, MIDI Settings, and switch the sound on.", 34)
    s.text(690, 466, "The keys play saws, as raw material: the model answers them in its own timbre, 23 ms later.", 34)
    beginning(s, 880, 572, {"midi-offset": 0, "midi-wander": 0, **{f"midi-z{k}": 0 for k in range(1, 9)}, "midi-volume": 0.7})
    return s


def keys_sheet() -> Sheet:
    s = Sheet(760, 460, name="keys")
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
    total, done = s.obj(20, 400, "*~ 0.2"), s.obj(20, 430, "outlet~")
    s.wire(total, done)
    for voice in range(4):
        x = 20 + 180 * voice
        key, pitch, level = s.obj(x, 190, "unpack f f"), s.obj(x, 250, "+"), s.obj(x + 80, 220, "expr $f1 / 127")
        s.cable(route, key, voice)
        times, envelope = s.obj(x, 370, "*~"), s.obj(x + 80, 280, "line~")
        s.wire(key, pitch, s.obj(x, 280, "mtof"), s.obj(x, 310, "phasor~"), s.obj(x, 340, "-~ 0.5"), times, total)
        s.cable(s.obj(x + 80, 190, "r midi-bend"), pitch, 0, 1)
        s.cable(key, level, 1)
        s.wire(level, s.msg(x + 80, 250, "$1 30"), envelope)
        s.cable(envelope, times, 0, 1)
    return s


# ---- help

MESSAGES = {
    "load strings": "a model by name or file, faded in once it is loaded",
    "reset": "as if it had just been made",
    "bypass 1": "",
    "loudness -20": "the loudness by hand, in dBFS",
    "loudness input": "the input's loudness again",
    "freeze 1": "hold latents and loudness (0: let go)",
    "freeze latents": "hold the latents while the loudness follows the input",
    "set noise 1": "any parameter: dump prints them all",
    "dump": "print model, latency, parameters, ranges",
    "ranges": "say range NUMBER 1% 50% 99% of each latent",
    "models": "say known NUMBER NAME of each model",
    "pick 1": "load one of those by its number",
}


def help_sheet(name: str, about: str, does: dict[str, str], facts: tuple[str, ...], object_width: int = 270) -> Sheet:
    """Title, messages to click and facts; the object itself is placed by the caller in the panel at the left."""
    x = 40 + object_width
    end = 60 + 66 + 27 * len(does)
    height = max(end + 60 + 24 * len(facts), 420)
    s = Sheet(x + 620, height + 20, name, about)
    s.box(20, 60, object_width, height - 60, label="the object")
    s.box(x, 60, 600, end - 60, label="messages")
    to = s.obj(x + 14, end - 32, f"s {name}-help")
    for i, message in enumerate(does):
        s.wire(s.msg(x + 62, 92 + 27 * i, message), to)  # the cables come down at their left
    for i, text in enumerate(does.values()):
        s.text(x + 200, 92 + 27 * i, text, 56)
    s.box(x, end + 16, 600, height - end - 16, label="inlets, outlets, arguments")
    for i, fact in enumerate(facts):
        s.text(x + 8, end + 42 + 24 * i, fact, 84)
    return s


def helps() -> dict[str, Sheet]:
    made = {}
    s = made["melisma~-help"] = help_sheet("melisma~", "a sound in a model's timbre", MESSAGES | {
        "bypass 1": "let the input through, as late as the model is",
    }, (
        "left inlet: the sound, and messages. right inlet: the loudness by hand, in dBFS.",
        "left outlet: the sound. right outlet: model NAME LATENTS LATENCY MS, or silent.",
        "argument: a model. Any block size and any rate. Latency at 44.1 kHz: 23 ms.",
        "see also: melisma.encode~, melisma.decode~, melisma.loop~, transfer.pd",
    ))  # fmt: skip
    tone, heard, number = s.obj(40, 130, "osc~ 220"), s.obj(150, 130, "r melisma~-help"), s.number(154, 230)
    quiet, chain_, level, dac = (
        s.obj(40, 160, "*~ 0.2"),
        s.obj(40, 280, "melisma~ strings"),
        s.obj(40, 380, "*~ 0.3"),
        s.obj(40, 410, "dac~"),
    )
    s.wire(tone, quiet, chain_, level, dac)
    s.wire(heard, chain_)
    s.cable(number, chain_, 0, 1)
    s.cable(chain_, s.obj(152, 330, "print melisma~"), 1)
    s.cable(level, dac, 0, 1)
    s.text(36, 96, "a sound", 12)
    s.text(214, 230, "dBFS", 12)

    s = made["melisma.encode~-help"] = help_sheet("melisma.encode~", "the latent path of a sound, as signals", {
        k: v for k, v in MESSAGES.items() if not k.startswith(("loudness", "set"))
    } | {"bypass 1": "latents 0 and silence, without a model's work"}, (
        "inlet: the sound, and messages.",
        "outlets: a signal for each latent, in standard deviations of the training set,",
        "the one that matters most first. Then the loudness in dBFS. Then messages.",
        "arguments: a model, and how many latents (without: as many as the model has).",
        "Into melisma.decode~ it sounds as melisma~ does, to the bit. see also: crossfade.pd",
    ))  # fmt: skip
    tone, heard, chain_ = (
        s.obj(40, 130, "osc~ 220"),
        s.obj(130, 130, "r melisma.encode~-help"),
        s.obj(40, 230, "melisma.encode~ strings"),
    )
    first, last, tick = s.obj(40, 330, "snapshot~"), s.obj(181, 330, "snapshot~"), s.obj(100, 290, "metro 100")
    s.wire(tone, chain_, first, s.number(40, 360))
    s.wire(heard, chain_)
    s.cable(chain_, last, LATENTS)
    s.wire(last, s.number(181, 360))
    s.wire(tick, first)
    s.wire(tick, last)
    s.wire(s.obj(100, 262, "loadbang"), tick)
    s.text(36, 384, "latent 1", 12)
    s.text(177, 384, "loudness", 12)

    s = made["melisma.decode~-help"] = help_sheet("melisma.decode~", "the sound of a latent path", MESSAGES | {
        "bypass 1": "silence, without a model's work",
    }, (
        "inlets: a signal (or a number) for each latent, in standard deviations, and the",
        "loudness in dBFS, -100 if nothing is connected. Messages go to the first inlet.",
        "outlets: the sound, and messages.",
        "arguments: a model, and how many latents (without: as many as the model has).",
        "see also: melisma.encode~, playing.pd",
    ))  # fmt: skip
    slow, heard, loud = s.obj(40, 130, "osc~ 0.2"), s.obj(110, 160, "r melisma.decode~-help"), s.obj(197, 230, "sig~ -24")
    wide, chain_, level, dac = (
        s.obj(40, 190, "*~ 2"),
        s.obj(40, 290, "melisma.decode~ strings"),
        s.obj(40, 380, "*~ 0.3"),
        s.obj(40, 410, "dac~"),
    )
    s.wire(slow, wide, chain_, level, dac)
    s.wire(heard, chain_)
    s.cable(loud, chain_, 0, LATENTS)
    s.cable(level, dac, 0, 1)
    s.text(36, 96, "latent 1", 12)
    s.text(193, 204, "loudness", 12)

    s = made["melisma.loop~-help"] = help_sheet("melisma.loop~", "the way back of a feedback loop", {
        "frequency 440": "centre of the band in Hz, 20 to 20000", "q 3": "centre over width, 0.1 to 100",
        "gain 2": "at the centre, x 0 to 16", "breath -60": "a faint noise to wake from, in dBFS (-120: none)",
        "seed 1": "which noise, begun anew", "reset": "as if it had just been made",
    }, (
        "DC blocker, bandpass, gain, limiter at 0.7, breath: a loop through it cannot run",
        "away, whatever is turned, and wakes from silence.",
        "inlets: the sound and messages, frequency, Q, gain. outlet: the sound.",
        "arguments: frequency, Q, gain, breath. see also: feedback.pd, melisma feedback",
    ))  # fmt: skip
    read, chain_, heard = (
        s.obj(40, 100, "delread~ loop-help 100"),
        s.obj(40, 140, "melisma~ strings"),
        s.obj(160, 190, "r melisma.loop~-help"),
    )
    loop, write = s.obj(40, 310, "melisma.loop~ 440 3 2 -60"), s.obj(40, 370, "delwrite~ loop-help 1000")
    s.wire(read, chain_, loop, write)
    s.items[heard] = "#X obj 60 200 r melisma.loop~-help;"
    s.wire(heard, loop)
    for i, label in enumerate(("Hz", "Q", "gain")):
        s.cable(s.number(98 + 59 * i, 260, width=6), loop, 0, i + 1)
        s.text(94 + 59 * i, 236, label)
    return made


def all_patches() -> dict[str, Sheet]:
    return {
        "feedback": feedback(), "playing": playing(), "melisma.lane": lane(), "transfer": transfer(), "crossfade": crossfade(),
        "midi": midi(), **helps(),
    }  # fmt: skip


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for name, sheet in all_patches().items():
        (OUT / f"{name}.pd").write_text(sheet.body() + "\n", "utf-8")


if __name__ == "__main__":
    main()
