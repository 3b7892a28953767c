"""The documentation: its tables are made from the program, its links lead somewhere, and its pages build."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("*/*/README.md")])
PAGES = [page for page in PAGES if not {"node_modules", "out", ".venv"} & set(page.relative_to(ROOT).parts)]


def tables():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_what_the_program_says():
    old = [file.name for file, text in tables().pages().items() if not file.exists() or file.read_text() != text]
    assert not old, f"run python docs/tables.py: {', '.join(old)} changed"


def test_bounds_are_not_rounded():
    """The tables had seeds go to 4.29497e+09 and 1.67772e+07, which no seed does."""
    pages = {file.stem: text for file, text in tables().pages().items()}
    assert not [name for name, text in pages.items() if re.search(r"\de\+\d", text)]
    assert "| 0 to 4294967295 |" in pages["operators"] and "| 0 to 16777215 |" in pages["parameters"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_titles(page):
    for target in re.findall(r"\]\((?!https?:|mailto:|hf:)([^)\s]+)\)", page.read_text()):
        name, _, title = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if title and file.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", file.read_text(), re.M)
            assert title in [re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles], (
                f"{name or page.name} has no title #{title}"
            )


def test_the_pages_build_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", ROOT / "docs", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "reference" / "python.html").read_text()
    assert "melisma.Model.encode" in page and "latent path" in page


def test_what_is_named_is_there():
    """Links of Markdown files, and files of this repository that a text or a comment names by their whole path."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no checkout: there is no list of the repository's files")
    files, missing = set(listed.stdout.split()), []
    path = re.compile(r"(?<![\w./])((?:docs|runs|src|core|hosts|bench)/[\w./-]+\.(?:md|py|cpp|h))\b")
    for name in files:
        if not name.endswith((".md", ".py", ".cpp", ".h", ".inl")) or name.startswith(("tests/", "docs/lab/house.md")):
            continue
        text = re.sub(r"^#include .*$", "", (ROOT / name).read_text("utf-8"), flags=re.M)  # a compiler looks for these
        here = [found for found in path.findall(text) if "NAME" not in found]
        missing += [(name, found) for found in here if not (ROOT / found).exists() and not in_a_host(name, found)]
        if name.endswith(".md"):
            links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if not re.match(r"\w+:", link)]
            missing += [(name, link) for link in links if not ((ROOT / name).parent / link).exists()]
    assert len(files) > 300 and not missing


def in_a_host(name: str, found: str) -> bool:
    """A host's README, and core's, name files of their own folder; hosts.md names what each host has."""
    return (ROOT / name).parent.joinpath(found).exists() or name == "hosts/README.md"
