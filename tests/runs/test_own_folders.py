"""The table of own folders: of two runs of a kind the later, and what was run before is told apart."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "runs"))

import own_folders  # noqa: E402


def test_a_later_run_of_a_kind_stands_for_it(tmp_path, monkeypatch):
    rows = {"chain": {"visqol": 3.61, "mel_distance_db": 8.0}, "copy synthesis": {"visqol": 4.49, "mel_distance_db": 2.0}}
    first = {"set": "bells", "minutes": 5.0, "start": "shared", "cores": 1, "sound": 5.4, "rows": rows, "verdict": "Usable."}
    later = first | {"date": "2026-11-27", "rows": rows | {"colour": {"visqol": 4.4, "mel_distance_db": 2.5}}}
    other = first | {"minutes": 15.0}
    monkeypatch.setattr(own_folders, "RECORD", tmp_path / "record.jsonl")
    own_folders.RECORD.write_text("".join(json.dumps(entry) + "\n" for entry in (first, other, later)))
    told = [[cell.strip() for cell in line.split("|")[1:-1]] for line in own_folders.table().splitlines()[2:]]
    assert [cells[4] for cells in told] == ["2026-11-27", "before"]
    assert told[0][5:9] == ["4.49", "4.40", "–", "3.61"] and told[1][5:9] == ["4.49", "–", "–", "3.61"]
