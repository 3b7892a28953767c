"""What several patches have: loudspeakers, players, the menu of models, sliders that turn an object."""

from __future__ import annotations

from melisma.store import DEFAULT

from .sheet import INK, Sheet

MODEL = DEFAULT  # what a patch begins with
LATENTS = 16
SIGNALS = LATENTS + 1
SOUNDS = ("cat", "voice", "bell", "drums")


def out(sheet: Sheet, x: int, y: int, name: str, source: int | None = None) -> None:
    """The subpatch that plays a signal, the source's or what is sent to NAME-out; either way it is heard there."""
    inner = Sheet(420, 330, name="out")
    inner.text(20, 10, "Volume without clicks, and never beyond full scale.")
    sound = inner.obj(20, 50, "inlet~" if source is not None else f"r~ {name}-out")
    heard, ramp, line = inner.obj(240, 50, f"r {name}-volume-v"), inner.msg(240, 80, "$1 20"), inner.obj(240, 110, "line~")
    level, clip, dac = inner.obj(20, 150, "*~"), inner.obj(20, 180, "clip~ -1 1"), inner.obj(20, 220, "dac~")
    if source is not None:
        inner.wire(sound, inner.obj(80, 80, f"s~ {name}-out"))
    inner.wire(sound, level, clip, dac)
    inner.cable(clip, dac, 0, 1)
    inner.wire(heard, ramp, line)
    inner.cable(line, level, 0, 1)
    inner.wire(inner.obj(240, 200, f"r {name}-dsp-v"), inner.msg(240, 230, "; pd dsp $1"))
    made = sheet.sub(x, y, inner, "out")
    if source is not None:
        sheet.wire(source, made)


def loudspeakers(sheet: Sheet, x: int, y: int, name: str, width: int = 300, height: int = 112) -> None:
    """A panel for switching the sound on, and its volume."""
    sheet.box(x, y, width, height, label="sound")
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
    inner = Sheet(1000, 420, name=f"sounds{number}")
    inner.text(20, 10, "Plays the chosen file again and again, or listens.")
    chosen, order = inner.obj(20, 40, f"r {name}-in{number}-v"), inner.obj(20, 70, "t f f")
    keep, select = inner.obj(20, 104, "f"), inner.obj(20, 134, "sel 0 1 2 3 4")
    read, both, done = inner.obj(20, 270, "readsf~ 1"), inner.obj(20, 340, "+~"), inner.obj(20, 380, "outlet~")
    inner.wire(chosen, order, keep, select)
    inner.wire(read, both, done)
    opens = [inner.msg(20 + 190 * i, 190, f"open sounds/{file}.wav, 1") for i, file in enumerate(SOUNDS)]
    for i, message in enumerate((*opens, inner.msg(780, 190, "0"))):
        inner.cable(select, message, i)
        inner.wire(message, read)
    # at the end of the file: the same once more
    inner.cable(read, inner.obj(130, 300, f"s $0-end{number}"), 1)
    inner.wire(inner.obj(130, 70, f"r $0-end{number}"), keep)
    mike, ramp, line = inner.obj(860, 110, "== 4"), inner.msg(860, 140, "$1 20"), inner.obj(860, 170, "line~")
    listen, gate = inner.obj(920, 170, "adc~ 1"), inner.obj(860, 220, "*~")
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
    sheet.button(x + 108, y + 5, f"{name}-file", "a file ...")
    sheet.text(x + 10, y + 38 + 22 * rows, "plays")
    sheet.word(x + 58, y + 38 + 22 * rows, f"{name}-plays", 15)
    sheet.number(x + 190, y + 38 + 22 * rows, f"{name}-ms", 6)
    sheet.text(x + 240, y + 38 + 22 * rows, "ms")
    inner = Sheet(980, 480, name="menu")
    inner.text(
        20, 10, "Names the rows by what models there are, marks the one that plays, and loads the one that is clicked.", 110
    )
    route = inner.obj(20, 80, "route model known silent")
    inner.wire(inner.obj(20, 50, f"r {name}-says"), route)
    first, symbol, shown = (
        inner.obj(20, y, text) for y, text in ((140, "unpack s f f f"), (170, "t s s"), (290, f"s {name}-plays"))
    )
    inner.wire(route, first, symbol, shown)
    inner.cable(first, inner.obj(160, 170, f"s {name}-ms"), 3)
    none = inner.msg(110, 250, "symbol silence")
    inner.cable(route, none, 2)
    inner.wire(none, shown)
    # each row by its number: its name, and whether that is the one that plays
    number, stored, named = (
        inner.obj(x, y, text) for x, y, text in ((320, 170, "unpack f s"), (320, 200, "t b f"), (440, 230, "symbol"))
    )
    # models beyond the last row have no row to be named in
    both, which, there, room = (
        inner.obj(x, y, text)
        for x, y, text in ((320, 110, "t l l"), (450, 140, "list split 1"), (450, 170, f"<= {rows}"), (180, 320, "spigot"))
    )
    inner.cable(route, both, 1)
    inner.cable(both, which, 1)
    inner.wire(which, there)
    inner.cable(there, room, 0, 1)
    inner.cable(both, room)
    inner.wire(room, inner.msg(180, 350, f"; {name}-row$1 label $2"))
    inner.cable(route, number, 1)
    inner.cable(number, named, 1, 1)
    plays, index = inner.obj(440, 300, "select none"), inner.obj(440, 350, "f")
    inner.wire(
        number,
        stored,
        named,
        plays,
        index,
        inner.obj(440, 380, "- 1"),
        inner.obj(440, 410, f"moses {rows}"),
        inner.msg(440, 440, f"; {name}-pick set $1"),
    )
    inner.cable(stored, index, 1, 1)
    inner.cable(symbol, plays, 1, 1)
    say = inner.obj(600, 200, f"s {name}")
    inner.wire(inner.obj(600, 50, f"r {name}-plays"), inner.msg(600, 80, "models"), say)
    inner.wire(inner.obj(740, 50, f"r {name}-pick-v"), inner.obj(740, 80, "+ 1"), inner.msg(740, 110, "pick $1"), say)
    inner.wire(inner.obj(880, 50, f"r {name}-file"), inner.obj(880, 80, "openpanel"), inner.msg(880, 110, "load $1"), say)
    sheet.sub(x + 228, y + 5, inner, "menu")


def chooser(sheet: Sheet, x: int, y: int, at: tuple[int, int], name: str) -> None:
    """A button that goes from model to model, where a menu has no room; for an object that hears NAME and says NAME-says."""
    sheet.button(x, y, f"{name}-next", "next model")
    sheet.word(x + 110, y, f"{name}-plays", 15)
    inner = Sheet(600, 340, name="models")
    inner.text(20, 10, "Counts the models that there are, and loads them one after another.", 80)
    route, there, shown = (inner.obj(x, y, text) for x, y, text in (
        (200, 80, "route known model silent"), (300, 120, "unpack s f f f"), (300, 170, f"s {name}-plays"),
    ))  # fmt: skip
    inner.wire(inner.obj(200, 50, f"r {name}-says"), route)
    inner.wire(route, inner.obj(200, 120, "unpack f s"), inner.obj(200, 150, "s $0-count"))
    inner.cable(route, there, 1)
    inner.wire(there, shown)
    none = inner.msg(450, 120, "symbol silence")
    inner.cable(route, none, 2)
    inner.wire(none, shown)
    turn, more, modulo = inner.obj(20, 90, "f"), inner.obj(70, 120, "+ 1"), inner.obj(20, 170, "mod 1")
    inner.wire(inner.obj(20, 50, f"r {name}-next"), turn, modulo, inner.obj(20, 210, "+ 1"), inner.msg(20, 240, "pick $1"),
               inner.obj(20, 270, f"s {name}"))  # fmt: skip
    inner.cable(turn, more)
    inner.cable(more, turn, 0, 1)
    inner.cable(inner.obj(90, 145, "r $0-count"), modulo, 0, 1)
    inner.wire(inner.obj(200, 210, "loadbang"), inner.msg(200, 240, "models"), inner.obj(200, 270, f"s {name}"))
    sheet.sub(*at, inner, "models")


def columns(sheet: Sheet, chains: list[tuple[str, ...]], width: int, across: int = 5, top: int = 50) -> None:
    """Chains of objects, one below the other; what begins with ! is a message."""
    deep = 30 * max(map(len, chains)) + 50
    for i, chain in enumerate(chains):
        x, y = 20 + width * (i % across), top + deep * (i // across)
        put = [(sheet.msg if text[0] == "!" else sheet.obj)(x, y + 30 * k, text.lstrip("!")) for k, text in enumerate(chain)]
        sheet.wire(*put)


def turned(sheet: Sheet, x: int, y: int, name: str, parameters: dict[str, str]) -> None:
    """The subpatch in which sliders become messages for the object that hears NAME."""
    inner = Sheet(980, 100 + 140 * -(-len(parameters) // 5), name="turn")
    inner.text(20, 10, "Each slider becomes a message for the object.")
    columns(inner, [(f"r {slider}-v", f"!{message} $1", f"s {name}") for slider, message in parameters.items()], 190)
    sheet.sub(x, y, inner, "turn")


def chain(sheet: Sheet, x: int, y: int, name: str, source: int) -> None:
    """A signal through melisma~ to the loudspeakers, in a column; it hears NAME and says NAME-says."""
    heard, made = sheet.obj(x + 110, y, f"r {name}"), sheet.obj(x, y + 50, f"melisma~ {MODEL}")
    sheet.wire(source, made)
    sheet.wire(heard, made)
    sheet.cable(made, sheet.obj(x + 112, y + 90, f"s {name}-says"), 1)
    out(sheet, x, y + 130, name, made)
