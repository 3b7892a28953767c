"""Commit subjects of more than 72 characters are refused (.ci/subjects), in whole and shallow clones; without git it is said."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "subjects"
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="only where there is a shell"),
    pytest.mark.skipif(not shutil.which("git"), reason="needs git: apt install git"),
]
LONG = "x" * 73
EDGE = "ü" * 72  # characters, not bytes


def git(folder, *arguments):
    named = ["-c", "user.name=n", "-c", "user.email=e@e", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *named, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A long subject from before, and one after it that is just short enough."""
    folder = tmp_path / "it"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / ".ci")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    for subject in (LONG, EDGE):
        git(folder, "commit", "-q", "--allow-empty", "-m", subject)
    return folder


def look(folder, *arguments, **environment):
    command = ["bash", str(folder / ".ci" / "subjects"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"} | environment)


def test_a_new_long_subject_is_refused_and_an_old_one_is_not(repository):
    old = git(repository, "rev-parse", "HEAD~1")
    assert look(repository, old).stdout == "commit subjects: 1 looked at\n" and look(repository, old).returncode == 0
    git(repository, "commit", "-q", "--allow-empty", "-m", LONG, "-m", "a body")
    refused = look(repository, old)
    assert refused.returncode == 1 and f"has 73 characters, 72 at most (git commit --amend): {LONG}" in refused.stderr


def test_a_shallow_clone_is_looked_at_as_far_as_it_reaches(repository, tmp_path):
    old = git(repository, "rev-parse", "HEAD~1")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    done = look(tmp_path / "shallow", old)
    assert (done.returncode, done.stdout) == (0, "commit subjects: 1 looked at\n")
    git(tmp_path / "shallow", "commit", "-q", "--allow-empty", "-m", LONG)
    assert look(tmp_path / "shallow", old).returncode == 1


def test_without_git_or_that_commit_it_is_said(repository, tmp_path):
    done = look(repository, "0" * 40)
    assert done.returncode == 0 and "does not hold" in done.stdout
    shutil.rmtree(repository / ".git")
    done = look(repository, GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert done.returncode == 0 and "no git checkout" in done.stdout
