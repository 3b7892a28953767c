"""A Pure Data patch as text: objects placed by hand, cables by name. Melisma's patches are written with it."""

from __future__ import annotations

import re

INK, PAPER, ACCENT, PANEL = "#14161a", "#ffffff", "#f2a65a", "#eef1f5"
FIELD, KNOB = "#fcfcfc", "#c8641e"


class Sheet:
    """One canvas. Methods that place something return its number, for `wire`."""

    def __init__(self, width: int, height: int, title: str = "", subtitle: str = "", name: str = ""):
        self.head = (
            f"#N canvas {0 if name else 60} {50 if name else 40} {width + 18} {height + 18} {name + ' 0' if name else '12'};"
        )
        self.items: list[str] = []
        self.wires: list[str] = []
        self.width = width
        if title:
            self.box(0, 0, width, 46, INK, title, 20, ACCENT, 14, 23)
            if subtitle:
                self.box(230, 8, 5, 30, INK, subtitle, 13, "#e8eaed", 0, 15)

    def _add(self, line: str) -> int:
        self.items.append(line)
        return len(self.items) - 1

    def box(self, x, y, w, h, colour=PANEL, label="", size=13, ink="#5a6270", dx=10, dy=13) -> int:
        label = label.replace(" ", "\\ ").replace(",", "\\,").replace(";", "\\;") or "empty"
        return self._add(f"#X obj {x} {y} cnv 5 {w} {h} empty empty {label} {dx} {dy} 0 {size} {colour} {ink} 0;")

    def obj(self, x, y, text, width=0) -> int:
        return self._add(f"#X obj {x} {y} {escaped(text)}" + (f", f {width};" if width else ";"))

    def msg(self, x, y, text) -> int:
        return self._add(f"#X msg {x} {y} {escaped(text)};")

    def text(self, x, y, text, width=0) -> int:
        return self._add(f"#X text {x} {y} {escaped(text)}" + (f", f {width};" if width else ";"))

    def number(self, x, y, receive="-", width=7, label="-") -> int:
        return self._add(f"#X floatatom {x} {y} {width} 0 0 0 {label} {receive} - 0;")

    def word(self, x, y, receive="-", width=16) -> int:
        return self._add(f"#X symbolatom {x} {y} {width} 0 0 0 - {receive} - 0;")

    def slider(self, x, y, label, name, low, high, log=0, width=200, unit="") -> int:
        """A horizontal slider that hears NAME and says NAME-v, its label above and its value beside it."""
        made = self._add(
            f"#X obj {x} {y + 18} hsl {width} 17 {low} {high} {log} 0 {name}-v {name} empty -2 -8 0 10 {FIELD} {KNOB} {INK} 0 1;"
        )
        self.text(x - 4, y - 1, label)
        self.number(x + width + 10, y + 16, f"{name}-v")
        if unit:
            self.text(x + width + 66, y + 16, unit)
        return made

    def toggle(self, x, y, name, label, size=19) -> int:
        label = label.replace(" ", "\\ ")
        return self._add(
            f"#X obj {x} {y} tgl {size} 0 {name}-v {name} {label} {size + 6} {size // 2} 0 12 {FIELD} {KNOB} {INK} 0 1;"
        )

    def button(self, x, y, send="empty", label="empty", size=19) -> int:
        label = label.replace(" ", "\\ ")
        return self._add(
            f"#X obj {x} {y} bng {size} 250 50 0 {send} empty {label} {size + 6} {size // 2} 0 12 {FIELD} {KNOB} {INK};"
        )

    def choice(self, x, y, name, count, size=19) -> int:
        return self._add(f"#X obj {x} {y} vradio {size} 1 0 {count} {name}-v {name} empty 0 -8 0 10 {FIELD} {KNOB} {INK} 0;")

    def table(self, x, y, name, size, low, high, width, height) -> int:
        """A graph to draw in."""
        return self._add(
            f"#N canvas 0 50 450 250 (subpatch) 0;\n#X array {name} {size} float 11;\n#A 0 {' '.join(['0'] * size)};\n"
            f"#X coords 0 {high} {size} {low} {width} {height} 1 0 0;\n#X restore {x} {y} graph;"
        )

    def sub(self, x, y, sheet: Sheet, name: str, width=0) -> int:
        return self._add(f"{sheet.body()}\n#X restore {x} {y} pd {name};" + (f"\n#X f {width};" if width else ""))

    def cable(self, source: int, target: int, outlet: int = 0, inlet: int = 0) -> None:
        self.wires.append(f"#X connect {source} {outlet} {target} {inlet};")

    def wire(self, *chain: int) -> None:
        """Cables along a chain, from first outlets into first inlets."""
        for source, target in zip(chain, chain[1:]):
            self.cable(source, target)

    def shown(self, width, height) -> None:
        """Let this be seen within the object that it is in another patch."""
        self.wires.append(f"#X coords 0 -1 1 1 {width} {height} 2 0 0;")

    def body(self) -> str:
        return "\n".join([self.head, *self.items, *self.wires])


def escaped(text: str) -> str:
    """As patches have it: commas, semicolons and dollars are no separators here."""
    return re.sub(r" *([,;])", r" \\\1", text).replace("$", "\\$").strip()
