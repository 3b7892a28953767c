"""A musician's own folder, proved: three timbres that no published model has heard, from the shared start and from scratch.

    python runs/own_folders.py [--sets bells birds drums] [--minutes 5 15 45] [--from shared none] [--beside] [--again]

Each is the command `melisma train FOLDER --name own-… --minutes M --from START --resume`, then figures on held-out sounds: as a
musician would, who hears the model after five minutes, lets it train on to fifteen, and so on. A line for each goes to
runs/own_folders.jsonl, the table to docs/lab/own-folders.md; what is there is run again only with --again. A run has the whole
machine, or, with --beside, one core, the starts of a folder beside each other: its minutes are then that core's, whatever else
it does meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from melisma.files import modelfile
from melisma.files.config import ModelConfig
from melisma.measure.evaluate import evaluate
from melisma.measure.report import cell
from melisma.model import Model
from melisma.store.pretrained import PUBLISHED, locate, own_models
from melisma.system.home import home

TOP = Path(__file__).resolve().parents[1]
RECORD, DOCUMENT = TOP / "runs" / "own_folders.jsonl", TOP / "docs" / "lab" / "own-folders.md"
SETS, MINUTES, STARTS = ("bells", "birds", "drums"), (5.0, 15.0, 45.0), ("shared", "none")
SECONDS = 6.0
BEGIN, END = "<!-- the table: runs/own_folders.py -->", "<!-- end of the table -->"


Run = tuple[str, float, int, str]  # set, minutes, cores, start


def called(run: Run) -> str:
    name, _, cores, start = run
    return f"own-{name}-{start}-{cores}"


def begun(run: Run) -> subprocess.Popen:
    """The training, by the command."""
    name, minutes, cores, start = run
    folder, melisma = home() / "data" / name, [sys.executable, "-m", "melisma"]
    if not folder.exists():
        subprocess.run([sys.executable, str(TOP / "runs" / "sources.py"), name], check=True)
    subprocess.run([*melisma, "prepare", str(folder)], check=True, stdout=subprocess.DEVNULL)
    if cores != 1:
        training = ["train", str(folder), "--name", called(run), "--minutes", str(minutes), "--from", start, "--resume"]
        return subprocess.Popen([*melisma, *training], stdout=subprocess.PIPE, text=True)
    command = [sys.executable, __file__, "--on-one-core", name, str(minutes), start]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def train_on_one_core(run: Run) -> None:
    """What the command does, by the processor's clock instead of the wall's."""
    from melisma.training import run as training
    from melisma.training.plan import STARTED, Plan
    from melisma.training.prepare import prepare

    name, minutes, _, start = run
    config, begun_from = ModelConfig(), None if start == "none" else modelfile.load(locate(PUBLISHED + start))
    weights = training.weights_of(begun_from, config) if begun_from else None
    prepared = home() / "prepared" / name
    prepare(home() / "data" / name, prepared, config.analysis.sample_rate)
    plan = Plan(minutes=minutes, **(STARTED if weights else {}))
    whose = begun_from.name if begun_from else ""
    file, told = training.train(
        prepared, called(run), config, plan, resume=True, start=weights, begun_from=whose, clock=time.process_time
    )
    training.publish(file, own_models() / f"{called(run)}.melisma")
    print(*told, sep="\n")


def finish(training: subprocess.Popen, run: Run) -> None:
    """Wait for it, measure, record."""
    name, minutes, cores, start = run
    told = training.communicate()[0]
    if training.returncode:
        raise SystemExit(f"{called(run)}: the training failed, see above")
    model = Model(modelfile.load(own_models() / f"{called(run)}.melisma"))
    result = evaluate(model, home() / "data" / name, seconds_limit=SECONDS)
    rows = {row: {key: result["rows"][row][key] for key in ("visqol", "mel_distance_db")} for row in result["rows"]}
    lines = [line for line in told.splitlines() if line.startswith(("Usable", "Not usable"))]
    entry = {
        "set": name, "minutes": minutes, "start": start, "cores": cores, "sound": model.file.training["minutes_of_sound"],
        "rows": rows, "leak_r2": result["leak_r2"], "latents": model.latents, "verdict": " ".join(lines),
        "date": datetime.date.today().isoformat(),
    }  # fmt: skip
    with open(RECORD, "a") as record:
        record.write(json.dumps(entry) + "\n")
    print(json.dumps(entry), flush=True)


def recorded() -> dict[Run, dict]:
    entries = map(json.loads, RECORD.read_text().splitlines()) if RECORD.exists() else ()
    return {(e["set"], e["minutes"], e["cores"], e["start"]): e for e in entries}


def table() -> str:
    """The recorded runs as Markdown; of two of a kind the later."""
    heading = ("folder", "minutes of sound", "trained for", "from", "run on", "copy synthesis", "+ fine + colour", "+ fine")
    heading = (*heading, "latents alone", "mel dB of these", "verdict")
    lines = ["| " + " | ".join(heading) + " |", "|" + len(heading) * "---|"]
    for (name, minutes, _, start), e in sorted(recorded().items()):
        rows = e["rows"]
        cells = [name, f"{e['sound']:.1f}", f"{minutes:g} min", "scratch" if start == "none" else start, e.get("date", "before")]
        cells += [cell(rows.get(row, {}).get("visqol"), "{:.2f}") for row in ("copy synthesis", "colour", "fine", "chain")]
        lines.append("| " + " | ".join([*cells, cell(rows["chain"]["mel_distance_db"], "{:.2f}"), e["verdict"]]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--minutes", nargs="+", type=float, default=MINUTES)
    parser.add_argument("--from", dest="starts", nargs="+", choices=STARTS, default=STARTS)
    parser.add_argument("--beside", action="store_true", help="the starts beside each other, a core each")
    parser.add_argument("--again", action="store_true", help="what is recorded, too")
    parser.add_argument("--on-one-core", nargs=3, metavar=("SET", "MINUTES", "FROM"), help="train this one, with no figures")
    options = parser.parse_args()
    if options.on_one_core:
        name, minutes, start = options.on_one_core
        return train_on_one_core((name, float(minutes), 1, start))
    cores = 1 if options.beside else os.cpu_count() or 1
    for minutes in options.minutes:
        for name in options.sets:
            asked = [(name, minutes, cores, start) for start in options.starts]
            wanted = [run for run in asked if options.again or run not in recorded()]
            for runs in [wanted] if options.beside else [[run] for run in wanted]:
                for training, run in [(begun(run), run) for run in runs]:
                    finish(training, run)
    before, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text(before + BEGIN + "\n\n" + table() + "\n\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
