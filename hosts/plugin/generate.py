"""Write src/parameters.inc, the C++ table of what melisma.hosts.plugin.parameters declares. tests/hosts/test_plugin.py refuses
what is out of date."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).resolve().parent / "src" / "parameters.inc"


def table() -> str:
    from melisma.hosts.plugin import parameters

    lines = ["// Written by `python hosts/plugin/generate.py` from src/melisma/hosts/plugin/parameters.py: do not edit.", ""]
    rows = parameters.effect()
    lines += ["enum Index : int {"]
    lines += [f"    {row.symbol.upper()}," for row in rows if row.name == ""] + ["};", ""]
    lines += ["constexpr Row ROWS[] = {"]
    for r in rows:
        texts = ", ".join(f'"{text}"' for text in (r.name, r.symbol, r.label, r.unit, r.summary))
        numbers = ", ".join(_float(value) for value in (r.minimum, r.maximum, r.default))
        lines += [f"    {{{texts}, {numbers}, {str(r.whole).lower()}, {str(r.logarithmic).lower()}}},"]
    return "\n".join([*lines, "};", f"constexpr int PARAMETER_COUNT = {len(rows)};", ""])


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return text + "f" if "." in text or "e" in text else text


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
