"""Maps of the published models' domains, from what they were trained on: `python runs/maps.py [NAME …]`.

Each file is written anew with the map in its `latents` entry, and nothing else in it changes: the same weights, figures and
golden pair. A model that `melisma train` or recipe.py makes has its map from the start.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from melisma.files import modelfile
from melisma.model import Model
from melisma.system.home import home
from melisma.training.data import Prepared
from melisma.training.mapping import domain_map

TOP = Path(__file__).resolve().parents[1]
FIGURES = TOP / "runs" / "figures.json"
NAMES = ("strings", "screams", "singing", "speech")


def put(name: str) -> None:
    path = TOP / "models" / f"{name}.melisma"
    before = modelfile.load(path)
    found = domain_map(Model(before, path), Prepared(home() / "prepared" / name).clips("train"))
    if found is None:
        raise SystemExit(f"{name}: too little of the training set sounds")
    after = replace(before, latents=before.latents | {"map": found.entry()})
    modelfile.save(after, path)
    kept = modelfile.load(path)
    if not all((kept.tensors[key] == value).all() for key, value in before.tensors.items()):
        raise SystemExit(f"{name}: its weights have changed: take the file back from git")
    if FIGURES.exists():  # they are of the same sound
        FIGURES.write_text(FIGURES.read_text().replace(before.digest, kept.digest))
    size = len(json.dumps(found.entry()))
    print(f"{name}: {len(found.points)} points, {size >> 10} KiB of {path.stat().st_size >> 10}", flush=True)


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        put(name)
