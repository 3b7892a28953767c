"""A musician's own folder, proved: three timbres that no published model has heard, from the shared start and from scratch.

    python runs/own.py [--sets bells birds drums] [--minutes 5 15 45] [--from shared none]

Each is the command `melisma train FOLDER --name own-… --minutes M --from START`, then figures on held-out sounds. A line a run
goes to runs/own.jsonl, and the table to docs/own.md; what is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from melisma import modelfile
from melisma.evaluate import evaluate
from melisma.home import home
from melisma.model import Model
from melisma.pretrained import own_models

TOP = Path(__file__).resolve().parents[1]
RECORD, DOCUMENT = TOP / "runs" / "own.jsonl", TOP / "docs" / "own.md"
SETS, MINUTES, STARTS = ("bells", "birds", "drums"), (5.0, 15.0, 45.0), ("shared", "none")
SECONDS = 6.0
BEGIN, END = "<!-- the table: runs/own.py -->", "<!-- end of the table -->"


def run(name: str, minutes: float, start: str) -> None:
    """Train with the command, measure, record."""
    folder, called = home() / "data" / name, f"own-{name}-{start}-{minutes:g}"
    if not folder.exists():
        subprocess.run([sys.executable, str(TOP / "runs" / "sources.py"), name], check=True)
    command = ["train", str(folder), "--name", called, "--minutes", str(minutes), "--from", start, "--resume"]
    told = subprocess.run([sys.executable, "-m", "melisma.cli", *command], check=True, capture_output=True, text=True).stdout
    model = Model(modelfile.load(own_models() / f"{called}.melisma"))
    result = evaluate(model, folder, seconds_limit=SECONDS)
    rows = {row: {key: result["rows"][row][key] for key in ("visqol", "mel_distance_db")} for row in result["rows"]}
    lines = [line for line in told.splitlines() if line.startswith(("Usable", "Not usable"))]
    entry = {
        "set": name, "minutes": minutes, "start": start, "sound": model.file.training["minutes_of_sound"], "rows": rows,
        "leak_r2": result["leak_r2"], "latents": model.latents, "verdict": " ".join(lines),
    }  # fmt: skip
    with open(RECORD, "a") as record:
        record.write(json.dumps(entry) + "\n")
    print(json.dumps(entry), flush=True)


def recorded() -> dict[tuple[str, float, str], dict]:
    entries = map(json.loads, RECORD.read_text().splitlines()) if RECORD.exists() else ()
    return {(e["set"], e["minutes"], e["start"]): e for e in entries}


def table() -> str:
    """The recorded runs as Markdown."""
    lines = [
        "| folder | minutes of sound | trained for | from | copy ViSQOL | chain ViSQOL | chain mel dB | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (name, minutes, start), e in sorted(recorded().items()):
        copy, chain = e["rows"]["copy synthesis"], e["rows"]["chain"]
        cells = [name, f"{e['sound']:.1f}", f"{minutes:g} min", "scratch" if start == "none" else start]
        cells += ["–" if v is None else f"{v:.2f}" for v in (copy["visqol"], chain["visqol"], chain["mel_distance_db"])]
        lines.append("| " + " | ".join([*cells, e["verdict"]]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--minutes", nargs="+", type=float, default=MINUTES)
    parser.add_argument("--from", dest="starts", nargs="+", choices=STARTS, default=STARTS)
    options = parser.parse_args()
    for minutes in options.minutes:
        for name in options.sets:
            for start in options.starts:
                if (name, minutes, start) not in recorded():
                    run(name, minutes, start)
    before, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text(before + BEGIN + "\n\n" + table() + "\n\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
