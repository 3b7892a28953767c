"""The tables of docs/lab/speed.md, from the lines that bench/all.py wrote beside it: no figure there is typed by hand.

python bench/tables.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "lab" / "speed.md"
BUSY = 0.5  # load from which a figure is not of a quiet machine
PUBLISHED = {"encoder": (192, 4), "decoder": (256, 4), "refiner": (192, 4)}  # widths and blocks of the models in models/
Line = dict[str, Any]


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, ("---",) * len(head), *rows))


def machine(line: Line) -> str:
    busy = f"**other programs ran on it (load {line['load']})**" if line["load"] > BUSY else f"quiet (load {line['load']})"
    return f"{line['processor']}, {line['cores']} cores, {busy}, {line['when']}."


def calls(lines: dict[str, Line]) -> str:
    found = {
        f"{line['bits']} bits, {line['kernels']}": line for key in ("core", "core-avx2", "core-16") if (line := lines.get(key))
    }
    blocks = next(iter(found.values()))["blocks"]

    def row(name: str, value: Callable[[Line], object]) -> tuple[object, ...]:
        return (name, *(value(line) for line in found.values()))

    def percent(block: str, how: str) -> Callable[[Line], object]:
        return lambda line: f"{line['blocks'][block][how]['percent_of_core']:.2f} %"

    def late(block: str, how: str) -> Callable[[Line], object]:
        def told(line: Line) -> str:
            one = line["blocks"][block][how]
            times = one["microseconds"]
            return f"{times['p50']:.0f} · {times['p99.9']:.0f} µs, {one['p99.9_percent_of_period']:.0f} %"

        return told

    def limit(block: str, which: str) -> Callable[[Line], object]:
        return lambda line: f"{line['blocks'][block]['limits_percent_of_core'][which]:.2f} %"

    rows = []
    for block in blocks:
        rows += [row(f"{block} samples, {how}", percent(block, how)) for how in ("hot", "paced", "cold")]
        rows.append(row(f"{block}, paced: p50 · p99.9, of the period", late(block, "paced")))
        rows += [row(f"{block}: limit of the {which}", limit(block, which)) for which in ("arithmetic", "memory")]
    eight = "eight_paced_percent_of_core_each"
    rows += [
        row("one of eight streams of one model, 512", lambda line: f"{line[eight]['of_one_model']:.2f} %"),
        row("one of eight streams of eight models", lambda line: f"{line[eight]['of_eight']:.2f} %"),
        row("whole files, times real time", lambda line: f"{line['whole_files_times_real_time']:.0f}"),
        row("of the peak", lambda line: f"{line['whole_files_share_of_peak']:.2f}"),
        row(
            "peak, floats · pairs (10⁹ operations a second)",
            lambda line: f"{line['peak_gflops']:.0f} · {line['peak_gigapairs']:.0f}",
        ),
        row("memory, GB/s", lambda line: f"{line['memory_gb_per_s']:.1f}"),
    ]
    first = next(iter(found.values()))
    script = [(name, block["torchscript"]) for name, block in first["blocks"].items() if "torchscript" in block]
    told = "".join(
        f"\n\nTorchScript of the same networks, {name} samples: {s['hot_percent_of_core']:.1f} % hot, {s['times_hot']:g} times "
        f"as much; {s['paced_percent_of_core']:.1f} % paced, {s['times_paced']:g} times."
        for name, s in script
    )
    return table((f"of a core, `{first['model']}`", *found), rows) + told + f"\n\n{machine(first)}"


def start(lines: dict[str, Line]) -> str:
    line = lines["start"]
    parts = " · ".join(f"{name} {value:.0f}" for name, value in line["parts_ms"].items())
    return f"Wall {line['wall_ms']:.0f} ms, processor {line['cpu_ms']:.0f} ms; of it, in ms: {parts}.\n\n{machine(line)}"


def parts(lines: dict[str, Line]) -> str:
    line, other = lines["parts"], lines.get("parts-avx2", lines["parts"])
    ranks = {(row["part"], row["rank"]): row["visqol"] for row in lines.get("ranks", {}).get("rows", ())}
    rows = []
    for row, avx2 in zip(line["rows"], other["rows"], strict=True):
        about = "estimated" if row.get("estimated") else ""
        size = (row["part"], row["width"], row["blocks"], row.get("rank", "full"))
        took, theirs = (f"{one['microseconds']['hot']:.0f} · {one['microseconds']['cold']:.0f}" for one in (row, avx2))
        published = size[1:3] == PUBLISHED[row["part"]]
        visqol = ranks.get((row["part"], row.get("rank"))) if published else None
        heard = "" if visqol is None else f"{visqol:.3f}"
        rows.append((*size, f"{row['bytes'] / 1e3:.0f}", took, theirs, heard, about))
    head = ("part", "width", "blocks", "rank", "kB", "µs hot · cold", "AVX2", "ViSQOL", "")
    told = ""
    if ranks:
        with_files = lines["ranks"]
        told = f" ViSQOL: {len(with_files['files'])} files of the set *{with_files['set']}*, {with_files['seconds']:g} s each."
    return table(head, rows) + f"\n\n{machine(line)}{told}"


def boards(lines: dict[str, Line]) -> str:
    rows = []
    for board in lines["boards"]["boards"]:
        spans = [f"{b['at_least_percent']:.0f} … {b['at_most_percent']:.0f} %" for b in board["blocks"].values()]
        rows.append((board["name"], *spans, board["source"]))
    return table(("on paper, of a core", *(f"{n} samples" for n in lines["boards"]["boards"][0]["blocks"]), "from"), rows)


def share(stage: dict[str, dict[str, float]]) -> str:
    """Of the peak, that passes and optimizers of a stage reach."""
    known = stage.get("share_of_peak", {})
    return " · ".join(f"{known[part]:.2f}" for part in ("passes", "optimizers")) if known else ""


def train(lines: dict[str, Line]) -> str:
    line = lines["train"]
    rows: list[tuple[object, ...]] = [
        (name, stage["steps_per_second"], f"{stage['frames_per_second']:,}", *stage["milliseconds"].values(), share(stage))
        for name, stage in line["stages"].items()
    ]
    head = ("stage", "steps a second", "frames a second", "drawing, ms", "passes, ms", "optimizers, ms", "of the peak")
    peaks = " and ".join(f"{value} in {name}" for name, value in line.get("peak_gflops", {}).items())
    limit = f" Peak, 10⁹ operations a second of PyTorch's own products of matrices: {peaks}." if peaks else ""
    return table(head, rows) + f"\n\nOn {line['threads']} thread: {line['numbers']}.{limit} {machine(line)}"


TABLES = {
    "calls": (calls, "core"),
    "start": (start, "start"),
    "parts": (parts, "parts"),
    "boards": (boards, "boards"),
    "train": (train, "train"),
}


def filled(page: str, lines: dict[str, Line]) -> str:
    """The page with each table whose line is there made anew."""

    def made(found: re.Match[str]) -> str:
        function, needs = TABLES[found[1]]
        return f"{found[0].splitlines()[0]}\n{function(lines)}\n<!-- end of {found[1]} -->" if needs in lines else found[0]

    return re.sub(r"<!-- (\w+): bench/tables\.py -->\n.*?<!-- end of \1 -->", made, page, flags=re.DOTALL)


def read(text: str) -> Iterator[tuple[str, Line]]:
    for line in text.splitlines():
        entry = json.loads(line)
        yield entry["line"], entry


def main() -> None:
    lines = dict(read(PAGE.with_suffix(".jsonl").read_text()))
    PAGE.write_text(filled(PAGE.read_text(), lines))


if __name__ == "__main__":
    main()
