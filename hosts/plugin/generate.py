"""Write src/parameters.inc, the C++ table of what melisma.hosts.plugin.parameters declares. tests/hosts/test_plugin.py refuses
what is out of date."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).resolve().parent / "src" / "parameters.inc"


def table() -> str:
    from melisma.hosts.plugin import parameters
    from melisma.store import DEFAULT

    lines = ["// Written by `python hosts/plugin/generate.py` from src/melisma/hosts/plugin/parameters.py: do not edit.", ""]
    lines += [f'constexpr const char* FIRST_MODEL = "{DEFAULT}";', ""]
    lines += ["#if MELISMA_INSTRUMENT", "", *_rows(parameters.instrument()), "", "#else", "", *_rows(parameters.effect())]
    return "\n".join([*lines, "", "#endif", ""])


def _rows(rows: list) -> list[str]:
    places = {row.symbol: i for i, row in enumerate(rows) if row.name == ""}
    own = ", ".join(f"{symbol.upper()} = {places.get(symbol, -1)}" for symbol in ("bypass", "model", "status"))
    lines = [
        f"enum Index : int {{ {own}, PARAMETER_COUNT = {len(rows)} }};  // -1: there is none",
        "",
        "constexpr Row ROWS[] = {",
    ]
    for r in rows:
        texts = ", ".join(f'"{text}"' for text in (r.name, r.symbol, r.label, r.unit, r.summary))
        numbers = ", ".join(_float(value) for value in (r.minimum, r.maximum, r.default))
        signs = ", ".join(str(sign).lower() for sign in (r.whole, r.logarithmic, r.exciter))
        lines += [f"    {{{texts}, {numbers}, {signs}}},"]
    return [*lines, "};"]


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return text + "f" if "." in text or "e" in text else text


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
