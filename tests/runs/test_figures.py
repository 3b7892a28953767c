"""The page of figures and the README's table: what was measured, held out and elsewhere beside each other."""

import copy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "runs"))

import figures  # noqa: E402

from melisma.measure.rows import ROWS  # noqa: E402

FOUND = {
    "of": {"sha256": "0" * 64, "files": ["mono_a.flac", "b.flac"]}, "file_count": 2, "seconds": 10.0, "missing": {},
    "rows": {row: {"visqol": 4.0 + k / 10, "bits": 16000.4, "pitch_lost": 0.1} for k, row in enumerate(ROWS)},
    "kl": {"total": 60.0}, "leak_r2": 0.02, "leak_r2_all": 0.04, "follow_slope": 0.98, "follow_slope_all": 0.99,
    "lines": {"count": 1, "rows": {row: dict.fromkeys(figures.KEPT, 0.05) for row in ROWS}},
    "weak": [{"file": name, "rows": {row: dict.fromkeys(figures.KEPT, 0.5) for row in ROWS}} for name in ("worst.flac", "bad.flac")],
}  # fmt: skip


def test_every_figure_of_the_readme_has_its_elsewhere_beside_it():
    store = {"strings": {"held": FOUND, "elsewhere": copy.deepcopy(FOUND)}, "screams": {"held": FOUND}}
    store["strings"]["elsewhere"]["rows"]["chain"]["visqol"] = 3.33
    lines = figures.readme(store).splitlines()
    strings, screams = (next(line for line in lines if f"[{name}]" in line) for name in ("strings", "screams"))
    assert "4.00 · 3.33" in strings and "+5% · +5%" in strings
    assert all(" · " in cell for cell in strings.split("|")[2:-1])
    assert "4.00 · –" in screams, "what was not measured is not told"


def test_the_page_has_both_sets_and_the_weak_by_name():
    page = figures.page({"strings": {"held": FOUND, "elsewhere": FOUND}})
    assert page.index("**Held out**") < page.index("**Elsewhere**")
    assert page.index("worst.flac") < page.index("bad.flac") and "1 monophonic lines" in page
    assert "(of an earlier file of this model)" in page, "the digest is not the published model's"
    for heading in ROWS.values():
        assert heading in page
    assert "R²: 0.02; with all layers 0.04" in page and "slope 0.98; with all layers 0.99" in page


def test_the_page_and_the_readme_are_those_of_the_store():
    import json

    store = json.loads(figures.STORE.read_text())
    assert figures.PAGE.read_text() == figures.page(store), "run python runs/figures.py --write"
    text = figures.README.read_text()
    assert figures.readme(store) in text or figures.BEGIN not in text, "run python runs/figures.py --write"
