"""What the package says of its licence is what lies in it."""

import re
import tomllib
from pathlib import Path

from packaging.licenses import canonicalize_license_expression

from melisma.files import modelfile

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SPDX = {
    "MIT": "MIT", "CC0": "CC0-1.0", "CC-BY 3.0": "CC-BY-3.0", "GPL-2+": "GPL-2.0-or-later", "GPL-2": "GPL-2.0-only",
    "GPL-3+": "GPL-3.0-or-later", "GPL-3": "GPL-3.0-only",
}  # fmt: skip
OF_SOUNDS = {"CC0 1.0": "CC0-1.0", "MIT licence": "MIT", "GNU General Public License, version 3": "GPL-3.0-or-later"}


def shipped() -> dict[str, set[str]]:
    """File → the licences that it bears."""
    notices = (ROOT / "src/melisma/hosts/plugin/NOTICES.txt").read_text()
    found = {
        "the code": {"MIT"},
        "what the plug-ins are made with": set(re.findall(r"\b(MIT|ISC|Zlib|Bitstream-Vera)\b", notices)),
    }
    for text in (ROOT / "src/melisma/sounds").glob("*/LICENSE.md"):
        title = text.read_text().partition("\n")[0].removeprefix("# ").partition(" (")[0]
        found[text.parent.name] = {OF_SOUNDS[title]}
    for model in (ROOT / "models").rglob("*.melisma"):
        told = modelfile.load(model).training["licence"]
        named = re.findall(r"GPL-\d\+?|CC-BY 3\.0|CC0|MIT", told)
        assert named, f"{model.name} says {told!r}"
        found[model.name] = {SPDX[name] for name in named}
    return found


def test_the_expression_names_all_that_is_shipped():
    said = set(PROJECT["license"].split(" AND "))
    assert canonicalize_license_expression(PROJECT["license"]) == PROJECT["license"]
    assert set().union(*shipped().values()) == said, shipped()


def test_each_text_is_in_it():
    files = [file for pattern in PROJECT["license-files"] for file in ROOT.glob(pattern)]
    texts = {file.name: file.read_text() for file in files}
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 2" in texts["COPYING.GPL-2"]
    assert "Version 3" in texts["COPYING"] and "MIT License" in texts["LICENSE"] + (ROOT / "LICENSE").read_text()
    assert all(PROJECT["license-files"]) and len(files) > 8
    for model in (ROOT / "models").rglob("*.melisma"):
        assert model.with_suffix(".md") in files  # its card: who made what it learnt from
