"""feedback.pd: a model hears itself."""

from __future__ import annotations

from .parts import MODEL, beginning, chooser, columns, loudspeakers, out, sends
from .sheet import Sheet


def feedback() -> Sheet:
    s = Sheet(980, 684, "feedback", "a model hears itself, and sings out of silence")
    s.box(20, 60, 560, 350, label="the loop")
    late, read = s.obj(40, 90, "r feedback-delay-v"), s.obj(40, 124, "delread~ melisma-loop 50")
    model, tap = s.obj(40, 170, f"melisma~ {MODEL}"), s.obj(70, 208, "s~ feedback-out")
    loop, write = s.obj(40, 334, "melisma.loop~ 440 3 2 -60"), s.obj(40, 378, "delwrite~ melisma-loop 10000")
    s.wire(late, read, model, loop, write)
    s.wire(model, tap)
    s.wire(s.obj(228, 124, "r feedback"), model)
    s.cable(model, s.obj(194, 208, "s feedback-says"), 1)
    for i, name in enumerate(("freq", "q", "gain")):
        s.cable(s.obj(98 + 59 * i, 242 + 27 * i, f"r feedback-{name}-v"), loop, 0, i + 1)
    s.text(330, 90, "the sound, that much later,", 36)
    s.text(330, 124, "out of the delay line,", 36)
    s.text(330, 170, "through the model,", 36)
    s.text(330, 208, "to where it is heard,", 36)
    s.text(330, 326, "through the band, the gain, a limiter: it cannot run away,", 36)
    s.text(330, 378, "and into the delay line.", 36)

    s.box(600, 60, 360, 350, label="shape it")
    s.slider(620, 88, "frequency of the band", "feedback-freq", 40, 8000, 1, 230, "Hz")
    s.slider(620, 142, "Q: how narrow it is", "feedback-q", 0.3, 60, 1, 230)
    s.slider(620, 196, "gain: what comes back", "feedback-gain", 0, 8, 0, 230, "x")
    s.slider(620, 250, "delay", "feedback-delay", 0, 1000, 0, 230, "ms")
    chooser(s, 618, 314, (880, 313), "feedback")
    s.text(614, 356, "Slowly: a loop takes its time to answer. Under a gain of 1 it fades into its breath.", 46)

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
    inner, told = Sheet(860, 200, name="presets"), []
    inner.text(20, 10, "Where a button moves the sliders.")
    for i, (label, values) in enumerate(presets.items()):
        s.button(314 + 88 * (i % 3), 464 + 36 * (i // 3), f"feedback-{label}", label)
        sliders = dict(zip((f"feedback-{name}" for name in ("freq", "q", "gain", "delay")), values))
        told.append((f"r feedback-{label}", "!" + sends(sliders)))
    columns(inner, told, 165)
    s.sub(496, 506, inner, "presets")

    s.box(600, 430, 360, 112, label="record")
    s.toggle(614, 464, "feedback-record", "record")
    s.button(710, 464, "feedback-where", "where ...")
    s.word(614, 502, "feedback-name", 30)
    s.sub(868, 463, recorder(), "recorder")
    s.text(840, 502, ".wav and .txt")
    s.word(614, 522, "feedback-file", 46)
    s.box(20, 562, 560, 102, label="the same offline")
    s.text(30, 588, "melisma feedback --freq feedback.txt --q feedback.txt --gain feedback.txt again.wav --plot again.png", 74)
    s.text(30, 630, "plays the recorded curves again, and draws them under the sound.", 74)
    s.box(600, 562, 360, 102, label="go on")
    s.text(610, 588, "Anything may stand in the loop. melisma~ takes messages, too: see its help.", 46)
    beginning(s, 892, 634, {
        "feedback-freq": 440, "feedback-q": 3, "feedback-gain": 2, "feedback-delay": 50, "feedback-volume": 0.5,
    })  # fmt: skip
    return s


def recorder() -> Sheet:
    s = Sheet(1000, 720, name="recorder")
    s.text(20, 10, "Sound and curves begin together. Each line of the curves: seconds, frequency, Q, gain.", 100)
    s.text(20, 30, "The object finds a new file: beside this patch where it is your own, else in ~/Melisma.", 100)
    switch, ask = s.obj(20, 90, "sel 1 0"), s.obj(20, 120, "symbol feedback")
    s.wire(s.obj(20, 60, "r feedback-record-v"), switch, ask, s.msg(20, 150, "recording $1"), s.obj(20, 180, "s feedback"))
    s.cable(s.obj(150, 60, "r feedback-name"), ask, 0, 1)

    # an answer only ever comes to the question: the file, then everything begins
    answer, order = s.obj(300, 90, "route recording refused"), s.obj(300, 150, "t b s")
    begin = {"clear": "bang", "open": "bang", "zero": "bang", "start": "bang", "tick": "1", "on": "1"}
    end = {"tick": "0", "stop": "bang", "write": "bang", "on": "0"}
    s.wire(s.obj(300, 60, "r feedback-says"), answer, s.obj(300, 120, "unpack s"), order, s.msg(300, 190, _orders(begin)))
    s.cable(order, s.obj(480, 160, "s feedback-file"), 1)
    s.cable(answer, s.msg(520, 120, "; feedback-record set 0"), 1)
    running = s.obj(130, 120, "spigot")  # what never began is not ended
    s.cable(switch, running, 1)
    s.cable(s.obj(230, 90, "r recorder-on"), running, 0, 1)
    s.wire(running, s.msg(130, 240, _orders(end)))

    disk = s.obj(400, 430, "writesf~ 1")
    s.wire(s.obj(240, 390, "r~ feedback-out"), disk)
    sound = s.obj(400, 290, "symbol")
    s.wire(
        s.obj(400, 260, "r recorder-open"),
        sound,
        s.obj(400, 320, "makefilename %s.wav"),
        s.msg(400, 350, "open -bytes 4 $1"),
        disk,
    )
    s.cable(s.obj(560, 260, "r feedback-file"), sound, 0, 1)
    for x, word in ((580, "start"), (740, "stop")):
        s.wire(s.obj(x, 320, f"r recorder-{word}"), s.msg(x, 350, word), disk)

    timer, row, lines = s.obj(20, 520, "timer"), s.obj(20, 610, "pack f f f f"), s.obj(440, 690, "textfile")
    s.wire(s.obj(20, 450, "r recorder-zero"), timer, s.obj(20, 550, "/ 1000"), row, s.msg(20, 650, "add $1 $2 $3 $4"), lines)
    tick = s.obj(170, 480, "metro 20")
    s.wire(s.obj(170, 450, "r recorder-tick"), tick)
    s.cable(tick, timer, 0, 1)
    for i, name in enumerate(("freq", "q", "gain")):
        s.cable(s.obj((90, 240, 370)[i], 550, f"r feedback-{name}-v"), row, 0, i + 1)
    s.wire(s.obj(600, 480, "r recorder-clear"), s.msg(600, 510, "clear"), lines)
    curves = s.obj(760, 510, "symbol")
    s.wire(
        s.obj(760, 480, "r recorder-write"), curves, s.obj(760, 540, "makefilename %s.txt"), s.msg(760, 570, "write $1 cr"), lines
    )
    s.cable(s.obj(890, 480, "r feedback-file"), curves, 0, 1)

    s.wire(s.obj(840, 60, "r feedback-where"), s.obj(840, 90, "savepanel"), s.obj(840, 120, "s feedback-name"))
    s.wire(s.obj(840, 200, "loadbang"), s.msg(840, 230, "symbol feedback"), s.obj(840, 260, "s feedback-name"))
    return s


def _orders(words: dict[str, str]) -> str:
    return "; " + "; ".join(f"recorder-{name} {value}" for name, value in words.items())
