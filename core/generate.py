"""Writes what C++, ctypes and JavaScript need of declarations that stand elsewhere: `make generate`, or python core/generate.py.

    src/melisma/files/config.py, shapes.py, limits.py     → core/src/format/schema.h, tensors.inc, base/limits.h
    src/melisma/latent/live.py, edits.py, residual.py     → core/src/stream/parameters.inc, core/src/dsp/loop.inc,
                                                            core/src/latent/match.inc, residual.inc
    src/melisma/sound/scales.py                           → core/src/dsp/mel.inc
    src/melisma/latent/notes.py                           → core/src/exciter/parameters.inc
    core/include/melisma.h                                → src/melisma/core/layout.py, a part of core/wasm/melisma.js

tests/core/test_generated.py refuses what is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
NOTICE = "Written by `make generate` from {}: do not edit."


# ---- the configuration


def schema() -> str:
    """Structs of the configuration's blocks and the bounds of their entries."""
    from melisma.files import config

    blocks = {"analysis": config.AnalysisConfig, "vae": config.VAEConfig, **config.VOCODERS}
    lines = ["// " + NOTICE.format("src/melisma/files/config.py"), "#pragma once", ""]
    lines += ["#include <cstddef>", "#include <cstdint>", "", "namespace melisma {", ""]
    lines += [f"constexpr int LONGEST_LIST = {config.LONGEST};"]
    widest = max(f.metadata["maximum"] for block in blocks.values() for f in fields(block) if f.name.endswith("blocks"))
    lines += [f"constexpr int MOST_BLOCKS = {widest};", ""]
    lines += ["// A short list of whole numbers.", "struct List {", "    int count, numbers[LONGEST_LIST];"]
    lines += ["    int operator[](int64_t i) const { return numbers[i]; }", "};", ""]
    for block in blocks.values():
        lines += [f"struct {block.__name__} {{"]
        lines += [f"    {_type(f)} {f.name};" for f in fields(block) if f.name != "kind"] + ["};", ""]
    kinds = list(config.VOCODERS)
    lines += [
        "// Kinds of vocoder, in the order of the configuration's table.",
        "#define MELISMA_VOCODERS(X) " + " ".join(f"X({kind})" for kind in kinds),
        "",
    ]
    lines += [f"enum class VocoderKind : int {{ {', '.join(kinds)} }};", ""]
    lines += ["struct Entries {", *(f"    {block.__name__} {name};" for name, block in blocks.items())]
    lines += ["    VocoderKind vocoder;", "};", "", "enum class Kind : uint8_t { WHOLE, REAL, LIST, FLAG };", ""]
    lines += ["struct Entry {", "    const char* name;", "    Kind kind;", "    double minimum, maximum;"]
    lines += ["    size_t place;    // in Entries", "    bool optional;   // an older file may lack it"]
    lines += ["    double missing;  // and is read as if it said this", "};", ""]
    for name, block in blocks.items():
        rows = [_entry(name, f) for f in fields(block) if f.name != "kind"]
        table = f"MELISMA_ENTRIES_OF_{name}" if name in config.VOCODERS else f"{name.upper()}_ENTRIES"
        lines += [f"constexpr Entry {table}[] = {{", *("    " + row for row in rows), "};"]
    lines += ["", "}  // namespace melisma", ""]
    return "\n".join(lines)


def _type(entry) -> str:
    return {int: "int", bool: "int", float: "double", tuple: "List"}[type(entry.default)]


def _entry(block: str, entry) -> str:
    kind = {int: "WHOLE", bool: "FLAG", float: "REAL", tuple: "LIST"}[type(entry.default)]
    bounds, missing = entry.metadata, entry.metadata["missing"]
    optional = f"{str(missing is not None).lower()}, {missing or 0:g}"
    place = f"offsetof(Entries, {block}.{entry.name})"
    return f'{{"{entry.name}", Kind::{kind}, {bounds["minimum"]:g}, {bounds["maximum"]:g}, {place}, {optional}}},'


def limits() -> str:
    """What no file goes beyond, and the versions that are read."""
    from melisma.files import limits as bounds

    lines = ["// " + NOTICE.format("src/melisma/files/limits.py"), "#pragma once", "", "#include <cstdint>", ""]
    lines += ["namespace melisma {", ""]
    lines += [f"constexpr double FORMAT_VERSIONS[] = {{{', '.join(map(str, bounds.VERSIONS))}}};"]
    lines += [f'#define FORMAT_VERSIONS_TEXT "{" and ".join(map(str, bounds.VERSIONS))}"']
    lines += [f"constexpr int64_t MOST_BYTES = {bounds.MOST_BYTES}, MOST_HEADER = {bounds.MOST_HEADER};"]
    lines += [f"constexpr uint32_t MOST_TENSORS = {bounds.MOST_TENSORS};"]
    lines += [f"constexpr int DEEPEST_JSON = {bounds.DEEPEST};"]
    lines += [f"constexpr int BYTE_ROW = {bounds.LONGEST_ROW};  // 8-bit weights of one output, at most"]
    return "\n".join([*lines, "", "}  // namespace melisma", ""])


# ---- tensors


def tensors() -> str:
    """One call of `want` for each row of TENSORS, in loops."""
    from melisma.files.shapes import TENSORS

    lines = ["// " + NOTICE.format("src/melisma/files/shapes.py")]
    for row in TENSORS:
        counters = "".join(f"for (int {name} = 0; {name} < {_cpp(end, row.vocoder)}; {name}++) " for name, end in row.loops)
        only = f"if (c.vocoder == VocoderKind::{row.vocoder}) " if row.vocoder else ""
        numbers = [_cpp(e, row.vocoder) for e in re.findall(r"\{(.*?)\}", row.name)]
        name = re.sub(r"\{.*?\}", "%d", row.name)
        shape = ", ".join(_cpp(axis, row.vocoder) for axis in row.shape)
        arguments = ", ".join([f'"{name}"', *numbers])
        lines.append(f"{only}{counters}want({{{len(row.shape)}, {{{shape}}}}}, {arguments});")
    return "\n".join(lines) + "\n"


def _cpp(expression: str, kind: str) -> str:
    expression = re.sub(r"len\(([\w.]+)\)", r"\1.count", expression)
    return re.sub(r"\b(vae|vocoder)\.", lambda m: f"c.{kind if m[1] == 'vocoder' else m[1]}.", expression)


# ---- what can be turned


def _row(p) -> str:
    whole = int(p.kind in ("switch", "integer"))
    return f'{{"{p.name}", "{p.unit}", "{p.summary}", {_float(p.minimum)}, {_float(p.maximum)}, {_float(p.default)}, {whole}}},'


_MACROS = {"DOMAIN"}  # of some system's math.h


def _place(p) -> str:
    name = p.name.replace(".", "_").upper()
    return f"TO_{name}" if name in _MACROS else name


def exciter() -> str:
    """The same for the exciter."""
    from melisma.latent.notes import EXCITER

    lines = ["// " + NOTICE.format("src/melisma/latent/notes.py"), "", "enum ExciterParameter : int {"]
    lines += [*(f"    {_place(p)}," for p in EXCITER), "    EXCITER_COUNT,", "};", ""]
    lines += ["constexpr melisma_parameter EXCITER[] = {", *(f"    {_row(p)}" for p in EXCITER), "};", ""]
    return "\n".join(lines)


def parameters() -> str:
    """Rows of melisma_parameter, and the names of their places."""
    from melisma.latent.live import LIVE, LIVE_OF_LATENTS, RENAMED

    lines = ["// " + NOTICE.format("src/melisma/latent/live.py"), "", "enum Fixed : int {"]
    lines += [f"    {_place(p)}," for p in LIVE]
    lines += ["    FIXED_COUNT,  // those of each latent follow, kind by kind", "};", ""]
    lines += ["constexpr melisma_parameter FIXED[] = {", *(f"    {_row(p)}" for p in LIVE), "};"]
    lines += ["// named NAME.1, NAME.2 … for the latents", "constexpr melisma_parameter OF_LATENTS[] = {"]
    lines += [*(f"    {_row(p)}" for p in LIVE_OF_LATENTS), "};"]
    lines += [f"enum OfLatents : int {{ {', '.join(p.name.upper() for p in LIVE_OF_LATENTS)}, OF_LATENTS_COUNT }};", ""]
    lines += ["// names of before, still found", "constexpr struct {", "    const char *old, *name;", "} RENAMED[] = {"]
    lines += [*(f'    {{"{old}", "{name}"}},' for old, name in RENAMED.items()), "};", ""]
    return "\n".join(lines)


def match() -> str:
    """The numbers of `match`, which the file and the stream share."""
    from melisma.latent import edits

    said = {"QUIET": "dBFS: what is fainter does not count", "WIDEN": "times at most that a deviation is made"}
    said["STEADY"] = "seconds in which the latents are followed, so that flutter is not widened"
    said["PITCH"] = "of the way, for the latents of pitch"
    lines = ["// " + NOTICE.format("src/melisma/latent/edits.py")]
    lines += [f"constexpr float {name} = {_float(getattr(edits, name))};  // {text}" for name, text in said.items()]
    return "\n".join(lines) + "\n"


def residual() -> str:
    """The numbers of the layers, which the path, the core and its reference share."""
    from melisma.latent import residual as shared

    lines = ["// " + NOTICE.format("src/melisma/latent/residual.py")]
    lines += [f"constexpr int FINE_FROM = {shared.FINE}, LAYER_MOST = {shared.LAYER_MOST};"]
    for name in ("LAYER_STEP", "SILENT", "SOUNDING", "BELOW", "SINKS", "LOWEST", "HIGHEST"):
        lines += [f"constexpr float {name} = {_float(getattr(shared, name))};"]
    return "\n".join(lines) + "\n"


def mel() -> str:
    """The scales of a mel's levels."""
    from melisma.sound import scales

    lines = ["// " + NOTICE.format("src/melisma/sound/scales.py")]
    for name in ("LOUDNESS_FLOOR", "LOUDNESS_FADE", "RELATIVE_LEAST", "RELATIVE_MOST", "MEL_CEILING"):
        lines += [f"constexpr float {name} = {_float(getattr(scales, name))};"]
    return "\n".join(lines) + "\n"


def loop() -> str:
    """The ranges of a loop's settings."""
    from melisma.latent.live import LOOP

    lines = ["// " + NOTICE.format("src/melisma/latent/live.py")]
    for p in LOOP:
        lines += [f"constexpr Range {p.name.upper()}_RANGE = {{{_float(p.minimum)}, {_float(p.maximum)}}};"]
    return "\n".join(lines) + "\n"


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return text + "f" if "." in text or "e" in text else text


# ---- the header's structs and functions


def header() -> str:
    """The header without its comments."""
    return re.sub(r"/\*.*?\*/", "", (HERE / "include" / "melisma.h").read_text(encoding="utf-8"), flags=re.DOTALL)


def structs() -> dict[str, list[tuple[str, str]]]:
    """Name → fields as (C type, name)."""
    found = {}
    for body, name in re.findall(r"typedef struct \{(.*?)\} (melisma_\w+);", header(), re.DOTALL):
        rows = []
        for line in filter(None, (part.strip() for part in body.split(";"))):
            kind, names = re.fullmatch(r"((?:const )?\w+)\s*(.*)", line, re.DOTALL).groups()
            for one in names.split(","):
                rows.append((kind + "*" * one.count("*"), one.replace("*", "").strip()))
        found[name] = rows
    return found


_CTYPES = {"const char*": "c_char_p", "const float*": "POINTER(c_float)", "float": "c_float"}
_CTYPES |= {"int32_t": "c_int32", "int64_t": "c_int64", "uint32_t": "c_uint32", "int": "c_int", "size_t": "c_size_t"}
_CLASSES = {"melisma_info": "Info", "melisma_parameter": "Parameter", "melisma_loop_settings": "LoopSettings"}


def layout() -> str:
    """The ctypes side: structures and functions."""
    lines = [f'"""{NOTICE.format("core/include/melisma.h")}"""', "", "# ruff: noqa: E501", "# fmt: off", "", "import ctypes"]
    lines += ["from ctypes import POINTER, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_uint32, c_void_p", ""]
    lines += ["VERSION = " + re.search(r"MELISMA_VERSION (\d+)", header())[1]]
    for name, rows in structs().items():
        lines += ["", "", f"class {_CLASSES[name]}(ctypes.Structure):", f'    """{name}: see melisma.h."""', ""]
        lines += ["    _fields_ = ["]
        lines += [f'        ("{field}", {_CTYPES[kind]}),' for kind, field in rows] + ["    ]"]
    lines += ["", "", "# name without melisma_ → result, arguments", "FUNCTIONS = {"]
    for result, name, arguments in re.findall(r"MELISMA_API ([\w\s*]+?)\s*\bmelisma_(\w+)\((.*?)\);", header(), re.DOTALL):
        kinds = [_argument(one) for one in arguments.split(",") if one.strip() != "void"]
        lines.append(f'    "{name}": ({_result(" ".join(result.split()))}, [{", ".join(kinds)}]),')
    return "\n".join([*lines, "}", ""])


def _result(kind: str) -> str:
    if kind == "const melisma_parameter*":
        return "POINTER(Parameter)"
    return "None" if kind == "void" else "c_void_p" if "*" in kind else _CTYPES[kind]


def _argument(text: str) -> str:
    """An argument's ctypes type: arrays go as addresses, texts and files as bytes."""
    kind = re.sub(r"\s*\w+$", "", " ".join(text.split())).replace(" *", "*")
    bare = kind.removeprefix("const ").rstrip("*")
    if bare in _CLASSES:
        return f"POINTER({_CLASSES[bare]})"
    if kind in ("const char*", "char*", "const void*"):
        return "c_char_p"
    if kind.count("*") == 2:
        return "POINTER(c_void_p)"
    return "c_void_p" if "*" in kind else _CTYPES[kind]


BEGIN, END = "// --- written by `make generate` from melisma.h ---\n", "// --- until here ---\n"


def wasm() -> str:
    """melisma.js with the places of the structs' fields, where pointers have 32 bits, and the parameters' names of before."""
    from melisma.latent.live import RENAMED

    whole = (HERE / "wasm" / "melisma.js").read_text(encoding="utf-8")
    lines = []
    for name in ("melisma_info", "melisma_parameter"):
        at, rows, widest = 0, [], 4
        for kind, field in structs()[name]:
            size = 8 if kind == "int64_t" else 4
            widest, at = max(widest, size), -(-at // size) * size
            read = {"int64_t": "long", "float": "float", "const char*": "text"}.get(kind, "pointer" if "*" in kind else "int")
            camel = re.sub(r"_(.)", lambda m: m[1].upper(), field)
            rows.append(f'  {camel}: [{at}, "{read}"],')
            at += size
        lines += [f"const {name.upper()} = {{", *rows, "};", f"const {name.upper()}_SIZE = {-(-at // widest) * widest};"]
    lines += [f"const RENAMED = {json.dumps(RENAMED)};"]
    before, rest = whole.split(BEGIN)
    return before + BEGIN + "\n".join(lines) + "\n" + END + rest.split(END)[1]


FILES = {
    "core/src/base/limits.h": limits, "core/src/format/schema.h": schema,
    "core/src/format/tensors.inc": tensors,
    "core/src/exciter/parameters.inc": exciter,
    "core/src/stream/parameters.inc": parameters, "core/src/latent/match.inc": match,
    "core/src/latent/residual.inc": residual, "core/src/dsp/loop.inc": loop, "core/src/dsp/mel.inc": mel,
    "src/melisma/core/layout.py": layout, "core/wasm/melisma.js": wasm,
}  # fmt: skip


def main() -> None:
    sys.path.insert(0, str(ROOT / "src"))
    for name, write in FILES.items():
        path, text = ROOT / name, write()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main()
