"""What is a model by name: Python and the objects for Pure Data have one rule each, and these agree."""

import os
import shutil
import subprocess
import sys

import pytest
from needs import needs_objects, needs_pd
from pd import OBJECTS, ROOT, Patch, run_pd

from melisma.cli import main as cli
from melisma.store import pretrained

STRINGS = ROOT / "models" / "strings.melisma"


@pytest.fixture
def crowded(tmp_path, tiny, monkeypatch):
    """A home whose models lie among everything that comes to lie beside them."""
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    for name in ("mine", "strings", "with space", "a.b", "ünï", "x" * 240):
        shutil.copyfile(tiny, folder / f"{name}.melisma")
    for name in ("._mine", ".0123456789ab.part", ".hidden", ""):
        shutil.copyfile(tiny, folder / f"{name}.melisma")
    for name in (".DS_Store", "mine.md", "mine.melisma.txt", "mine.melisma~", ".nfs0000001"):
        (folder / name).write_bytes(b"?")
    (folder / "folder.melisma").mkdir()
    (folder / "broken.melisma").symlink_to(folder / "gone")
    (folder / "linked.melisma").symlink_to(tiny)
    monkeypatch.setenv("MELISMA_HOME", str(folder.parent))
    return folder


OWN = {"mine", "strings", "with space", "a.b", "ünï", "x" * 240, "linked"}


def test_what_lies_beside_models_is_not_listed(crowded, capsys):
    assert set(pretrained.names()) == OWN | set(pretrained.published()) | {"published:strings"}
    assert cli.run(["models"]) == 0
    said = capsys.readouterr()
    listed = {line.split("  ")[0] for line in said.out.splitlines()[1:] if not line.startswith("copies: ")}
    assert listed == set(pretrained.names()) and said.err == ""
    for name in ("._mine", ".hidden", "folder", "broken"):
        assert cli.run(["info", name]) == 1 and "no model named" in capsys.readouterr().err


@needs_pd
@needs_objects
def test_pd_knows_the_same_names_and_the_same_files_by_them(crowded, tmp_path):
    """`models`, `pick` and `load` over the folder as it is installed, beside the same home."""
    objects = tmp_path / "objects"
    (objects / "models").mkdir(parents=True)
    for file in OBJECTS.glob("melisma*.pd_*"):
        shutil.copy2(file, objects)
    for name, file in pretrained.published().items():
        shutil.copy2(file, objects / "models" / f"{name}.melisma")
        shutil.copy2(file, objects / "models" / f"._{name}.melisma")
    patch = Patch(tmp_path)
    chain = patch.object("melisma~", "chain")
    patch.hears(chain, 1)
    patch.at(1, "chain models")
    asked = ["strings", "published:strings", "published:mine", "._mine", "folder", "broken"]
    for i, name in enumerate(asked):
        patch.at(10 + i, f"chain load {name}")
    run = patch.run(4410, dsp=False, path=objects)
    known = [line.split(" ", 3)[3].replace("\\ ", " ") for line in run.lines if line.startswith("heard: known")]
    assert known == sorted(pretrained.names(), key=str.encode)
    said = [line.removeprefix("heard: ").split()[:3] for line in run.lines if line.startswith(("heard: model", "heard: silent"))]
    assert said == [["model", "tiny", "3"], ["model", "strings", "16"], *(["silent", name] for name in asked[2:])], run.lines


HOMES = {
    "chosen": {"MELISMA_HOME": "{}/chosen"},
    "tilde": {"MELISMA_HOME": "~/chosen", "HOME": "{}"},
    "only tilde": {"MELISMA_HOME": "~", "HOME": "{}/chosen"},
    "older": {"HOME": "{}/older", "XDG_CACHE_HOME": "{}/xdg"},
    "xdg": {"HOME": "{}/empty", "XDG_CACHE_HOME": "{}/xdg"},
    "relative": {"HOME": "{}/usual", "XDG_CACHE_HOME": "xdg"},
    "nobody": {"MELISMA_HOME": "~nosuchuser/x", "HOME": "{}"},
    "empty": {"MELISMA_HOME": "", "HOME": "{}/older"},
}


@needs_pd
@needs_objects
@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux: its folders")
@pytest.mark.parametrize("kind", HOMES)
def test_pd_looks_in_the_same_home(tmp_path, tiny, kind):
    folders = {
        "chosen": "chosen/models", "older": "older/.cache/melisma/models", "xdg": "xdg/melisma/models",
        "usual": "usual/.cache/melisma/models",
    }  # fmt: skip
    for name, folder in folders.items():
        (tmp_path / folder).mkdir(parents=True)
        shutil.copyfile(tiny, tmp_path / folder / f"{name}.melisma")
    environment = {key: value for key, value in os.environ.items() if key not in ("MELISMA_HOME", "HOME", "XDG_CACHE_HOME")}
    environment |= {key: value.format(tmp_path) for key, value in HOMES[kind].items()}
    code = "from melisma.store import pretrained; print(*(pretrained.names().keys() - pretrained.published().keys()))"
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=tmp_path)
    patch = Patch(tmp_path)
    patch.hears(patch.object("melisma~", "chain"), 1)
    patch.at(1, "chain models")
    patch.run(640, dsp=False)
    run = run_pd(tmp_path / "patch.pd", environment=environment)
    assert told.stdout.split() == [line.split()[3] for line in run.lines if line.startswith("heard: known")], (told, run)
    wanted = {"nobody": [], "tilde": ["chosen"], "only tilde": ["chosen"], "relative": ["usual"], "empty": ["older"]}
    assert told.stdout.split() == wanted.get(kind, [kind])
