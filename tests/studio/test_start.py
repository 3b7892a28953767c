"""Starting: one studio to a folder, whoever else there is, and a browser that cannot hold it up."""

import os
import signal
import subprocess
import sys
import time

import pytest
from running import COMMAND, Running

from melisma.system.lock import Taken, locked, note


def second(home, browser=False, **environment):
    """Another `melisma studio` on that home, run to its end."""
    return subprocess.run(
        [*COMMAND, "--port", "0", *([] if browser else ["--no-browser"])], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        env=os.environ | {"MELISMA_HOME": str(home)} | environment,
    )  # fmt: skip


# --- one to a folder ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["idle", "stopped"])
def test_the_second_says_where_the_first_is(tmp_path, state):
    """Also of one that cannot answer just now."""
    with Running(tmp_path) as studio:
        if state == "stopped":
            studio.process.send_signal(signal.SIGSTOP)
        try:
            other = second(tmp_path)
        finally:
            studio.process.send_signal(signal.SIGCONT)
        assert other.returncode == 0 and studio.address in other.stdout
        assert studio.ask("/")[0] == 200


def test_a_killed_owner_is_no_owner(tmp_path):
    with Running(tmp_path) as studio:
        studio.kill()
    with Running(tmp_path) as another:
        assert another.address != studio.address and another.ask("/")[0] == 200


def test_an_owner_without_an_address_is_named(tmp_path):
    """Something that is no studio has the folder: one sentence, nothing is touched."""
    (tmp_path / "studio").mkdir()
    with locked(tmp_path / "studio" / "lock"):
        other = second(tmp_path)
    assert other.returncode == 1 and other.stdout == ""
    assert "another process has" in other.stderr and "MELISMA_HOME" in other.stderr and "Traceback" not in other.stderr
    with Running(tmp_path) as studio:
        assert studio.ask("/")[0] == 200


def test_of_many_at_once_one_serves(tmp_path):
    """The others say its address."""
    command = [*COMMAND, "--port", "0", "--no-browser"]
    environment = os.environ | {"MELISMA_HOME": str(tmp_path)}
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(4)]
    try:
        found = [next(line for line in one.stdout if line.startswith("http://")) for one in several]
        deadline = time.monotonic() + 60
        while sum(one.poll() is None for one in several) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sum(one.poll() is None for one in several) == 1 and len(set(found)) == 1
    finally:
        for one in several:
            one.terminate()
            one.wait(30)
            one.stdout.close()


def test_a_lock_is_held_once_and_freed_by_death(tmp_path):
    file = tmp_path / "lock"
    code = "import sys, pathlib, melisma.system.lock as l\nwith l.locked(pathlib.Path(sys.argv[1])) as k: k.note('me'); print(1, flush=True); input()"
    owner = subprocess.Popen([sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with owner:
        owner.stdout.readline()
        with pytest.raises(Taken) as caught:
            with locked(file):
                pass
        assert caught.value.note == "me"
        owner.kill()
    with locked(file):
        assert note(file) == ""
        with pytest.raises(Taken):
            with locked(file):
                pass
    with locked(file) as again:
        again.note("another")
        assert note(file) == "another"


# --- the browser --------------------------------------------------------------------------------------------------------

TEXT = '#!/bin/sh\necho "$0 $@" >> {called}\nexec cat > /dev/null\n'  # takes the terminal's keys until it is left
WRAPPER = """#!{python}
import http.client, os, sys, time, urllib.parse
address = urllib.parse.urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(address.netloc)
connection.request("GET", "/?" + address.query)
status = connection.getresponse().status
with open({called}, "a") as out:
    print(os.getpid(), status, sys.stdin.isatty(), repr(sys.stdin.read()), file=out)
time.sleep(600)
"""  # a browser that never returns


def browser(folder, name, text):
    called = folder / f"{name} was called"
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(text.format(called=f"'{called}'", python=sys.executable))
    program.chmod(0o755)
    return program, called


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.skipif(sys.platform == "win32", reason="only on POSIX: shell scripts as browsers")
@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("name", ["w3m", "lynx", "www-browser"])
def test_a_text_browser_is_not_opened(tmp_path, name, chosen):
    """The only one, or the one that BROWSER names: the studio serves, and says its address."""
    program, called = browser(tmp_path, name, TEXT)
    environment = {"PATH": str(program.parent), "BROWSER": str(program) if chosen else "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with Running(tmp_path, browser=True, **environment) as studio:
        assert studio.ask("/", timeout=30)[0] == 200
        assert any("open on this machine" in line for line in studio.printed)
    assert not called.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="only on POSIX: shell scripts as browsers")
def test_a_browser_that_never_returns_holds_nobody_up(tmp_path):
    """It is called when the page is there, has no terminal and no keys of ours, and the studio ends without it."""
    program, called = browser(tmp_path, "wrapper", WRAPPER)
    try:
        with Running(tmp_path, browser=True, BROWSER=f"{program} %s") as studio:
            assert studio.ask("/", timeout=30)[0] == 200
            assert wait_for(lambda: called.exists() and called.read_text().endswith("\n")), "never called"
            assert called.read_text().split()[1:] == ["303", "False", "''"]
            other = second(tmp_path, browser=True, BROWSER=f"{program} %s")
            assert other.returncode == 0 and studio.address in other.stdout
            assert wait_for(lambda: called.read_text().count("\n") == 2), "the second opens the page of the first"
        assert studio.process.returncode is not None
    finally:
        for line in called.read_text().splitlines() if called.exists() else ():
            os.kill(int(line.split()[0]), signal.SIGKILL)
