"""A user without a folder: what is published needs none, and what needs one says so in a sentence."""

import ast
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import melisma
from melisma.errors import MelismaError
from melisma.system import home

SOURCE = pathlib.Path(melisma.__file__).parent
# a system that knows no account of this number, as in a container started with --user
NOBODY = """if True:
    import pwd, sys
    def none(_): raise KeyError("getpwuid(): uid not found")
    pwd.getpwuid = none
    from melisma.cli.main import main
    main()
"""
KINDS = {
    "no home": {},
    "empty home": {"HOME": ""},
    "no such user": {"MELISMA_HOME": "~nosuchuser/x", "HOME": "/tmp"},
    "nobody's": {"MELISMA_HOME": "~/x"},
}


def command(kind, *arguments, cwd=None):
    environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "MELISMA_HOME", "XDG_CACHE_HOME")}
    return subprocess.run(
        [sys.executable, "-c", NOBODY, *map(str, arguments)],
        env=environment | KINDS[kind],
        capture_output=True,
        text=True,
        cwd=cwd,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_published_models_need_no_home(kind, tmp_path):
    soundfile.write(tmp_path / "in.wav", 0.1 * np.sin(np.arange(22050) / 20), 44100)
    said = command(kind, "transfer", tmp_path / "in.wav", tmp_path / "out.wav", "-m", "strings", cwd=tmp_path)
    assert said.returncode == 0 and (tmp_path / "out.wav").is_file(), said
    assert (said.stderr == "") == ("MELISMA_HOME" not in KINDS[kind]) and said.stderr.count("\n") <= 1, said
    if "MELISMA_HOME" in KINDS[kind]:
        assert said.stderr.startswith("note: MELISMA_HOME is ~") and "only what is published is found" in said.stderr
    said = command(kind, "models", cwd=tmp_path)
    assert said.returncode == 0 and "\nstrings " in said.stdout
    assert command(kind, "info", "strings", cwd=tmp_path).returncode == 0
    assert {file.name for file in tmp_path.iterdir()} == {"in.wav", "out.wav"}  # no folder named ~


NEEDING = [["prepare", "sounds"], ["studio", "--no-browser"], ["pd", "path"], ["info", "hf://me/one"]]


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [*((kind, a) for a in NEEDING for kind in KINDS), ("no home", ["train", "sounds", "--name", "x"])],
    ids=lambda a: a[0] if isinstance(a, list) else a,
)
def test_what_needs_one_says_so(kind, arguments, tmp_path):
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "a.wav", 0.1 * np.sin(np.arange(44100) / 20), 44100)
    said = command(kind, *arguments, cwd=tmp_path)
    last = said.stderr.splitlines()[-1]
    assert said.returncode == 1 and last.startswith("melisma: ") and "Traceback" not in said.stderr, said
    assert "set HOME (or MELISMA_HOME)" in last or "there is no user nosuchuser" in last
    assert {file.name for file in tmp_path.iterdir()} == {"sounds"}


def test_paths_of_nobody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MelismaError, match="there is no user nosuchuser"):
        melisma.load("~nosuchuser/a.melisma")
    with pytest.raises(MelismaError, match="there is no user nosuchuser"):
        home.expanded("~nosuchuser/pd")
    (tmp_path / "~nosuchuser").touch()
    for name in ("a/~b", "~nosuchuser"):
        assert home.expanded(name) == pathlib.Path(name)


@pytest.mark.parametrize(
    ("system", "wanted"),
    [("linux", ".cache/melisma"), ("darwin", "Library/Application Support/melisma"), ("win32", "AppData/Local/melisma")],
)
def test_each_system_has_its_folder_and_an_older_one_stays_it(system, wanted, tmp_path, monkeypatch):
    """By platformdirs' own classes for the other systems."""
    import platformdirs

    for name in ("MELISMA_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(sys, "platform", system)
    if system == "darwin":
        from platformdirs.macos import MacOS as here
    elif system == "win32":
        from platformdirs import windows
        from platformdirs.windows import Windows as here

        monkeypatch.setattr(windows, "get_win_folder", lambda _: str(tmp_path / "AppData" / "Local"))
    else:
        here = platformdirs.PlatformDirs
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *a, **k: here(*a, **k).user_data_path)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *a, **k: here(*a, **k).user_cache_path)
    assert home.home() == tmp_path / wanted
    (tmp_path / ".cache" / "melisma").mkdir(parents=True)
    assert home.home() == tmp_path / ".cache" / "melisma"


def test_nobody_else_asks_for_the_users_folder():
    """Path.home() and expanduser() raise RuntimeError where there is none: system/home.py alone knows what to say then."""
    found = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and (node.attr == "expanduser" or (node.attr == "home" and getattr(node.value, "id", "") == "Path"))
    ]
    assert all(place.startswith("system/home.py") for place in found), found
