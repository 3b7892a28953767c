"""The page that plays: written with its models and sounds into a folder, which a browser opens as it is."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import BadValue, DiskError, NotFound, Unavailable
from ..files import modelfile
from ..store import DEFAULT, pretrained
from ..store.summary import remark
from ..system.atomic import atomic

_PAGE = Path(__file__).parents[1] / "_web" / "page.html"  # made by hosts/web/build.py
_SOUNDS = Path(__file__).parents[1] / "sounds"
PLAYED = {"gpl/cat": "a cat", "gpl/horse": "a horse", "mit/voice": "a voice", "cc0/bell": "a bell", "cc0/drums": "drums"}
LICENCES = {"gpl/COPYING": "licence-of-cat-and-horse.txt", "mit/LICENSE": "licence-of-voice.txt"}
_MARK = "<title>Melisma: play</title>"  # in every page of ours
_SAID = "Cat and horse: GCompris, GNU GPL 3. Voice: vocobox, MIT. Bell: AlaskaRobotics, CC0. Drums: Zajo and menegass, CC0."


def missing() -> str:
    """Why there is no page to write, in one sentence; nothing if there is."""
    if _PAGE.is_file():
        return ""
    return (
        "this Melisma has no page that plays: pip install ziglang, "
        "then install melisma again, or run python hosts/web/build.py in its source"
    )


def write(folder: Path, names: Sequence[str] = (), home: bool = False) -> list[Path]:
    """Write the page into a folder, with the models of these names or one published a domain. → the files, index.html first.

    home: whether it links to a page one folder up. What a page opened from a folder may read is a script beside it, so models
    and sounds are scripts, in base64.
    """
    if reason := missing():
        raise Unavailable(reason)
    names = list(names or sorted(pretrained.domains(), key=lambda name: (name != DEFAULT, name)))
    if not names:
        raise NotFound("there is no published model to play: say which one is meant")
    files = {name: pretrained.locate(name) for name in names}
    if (there := folder / "index.html").exists() and _MARK not in there.read_text(encoding="utf-8", errors="replace"):
        raise BadValue(f"{there} is another page, and stays: choose another folder")
    read = [(modelfile.load(file), file) for file in files.values()]
    models, remarks = {model.name: file for model, file in read}, {model.name: remark(model) for model, _ in read}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"the folder {folder} cannot be made: {error.strerror}; choose another") from error
    plain = [re.sub(r"[^\w-]", "_", name, flags=re.ASCII) for name in models]
    entries = {name: {"file": f"model-{k + 1}-{plain[k]}.js", "remark": remarks[name]} for k, name in enumerate(models)}
    sounds = {Path(file).name: {"title": title, "data": _text(_SOUNDS / f"{file}.flac")} for file, title in PLAYED.items()}
    made = [folder / "index.html"]
    _put(made[0], _PAGE.read_text(encoding="utf-8"))
    catalogue = {"home": home, "licences": _SAID, "models": entries, "sounds": sounds}
    made.append(_put(folder / "catalogue.js", f"Object.assign(melisma, {json.dumps(catalogue)});\n"))
    for name, file in models.items():
        script = f'melisma.models[{json.dumps(name)}].data = "{_text(file)}";\n'
        made.append(_put(folder / entries[name]["file"], script))
    for licence, copy in LICENCES.items():
        with atomic(folder / copy) as temporary:
            shutil.copyfile(_SOUNDS / licence, temporary)
        made.append(folder / copy)
    return made


def _text(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _put(file: Path, text: str) -> Path:
    with atomic(file) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return file
