"""What nobody foresaw, in a running studio: one sentence on stderr, a report in a file that it names, an answer, and it goes on."""

import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import running
import soundfile
from running import Running, hear
from websockets.exceptions import InvalidStatus

# a fault is put into the real server, in its own process
BROKEN = """
import sys
from melisma.studio import library, server, session, workspace
def broken(*_, **__):
    raise KeyError("a bell")
{}
from melisma.cli.main import main
main()
"""
PLACES = {
    "a request": "library.Library.add_file = broken",
    "a message": "workspace.Workspace.keep = broken",
    "the renderer": "session.paths = broken",
    "the greeting": "server.Connection.run = broken",
    "a task": "import asyncio\nstarted = server.Studio.index\n"
    "async def index(*a):\n    asyncio.get_running_loop().call_soon(broken)\n    return await started(*a)\nserver.Studio.index = index",
}


def provoke(studio: Running, place: str) -> str:
    """Do what meets the fault → the sentence that the page gets."""
    if place == "a request":
        status, body = studio.ask("/api/examples/bell", b"")
        assert status == 500
        return json.loads(body)["message"]
    if place == "a task":
        assert studio.ask("/")[0] in (200, 500)  # 500: the page is not built here
        return ""
    if place == "the greeting":
        with pytest.raises(InvalidStatus), studio.dial():
            pass
        return ""
    with studio.dial() as (socket, _):
        take = {"model": "strings"}
        if place == "the renderer":
            samples = 0.1 * np.sin(np.arange(8000) / 10)
            soundfile.write(file := Path(studio.home) / "a.wav", samples, 16000)
            take["input"] = studio.upload(file.read_bytes())
        save = {"type": "save", "revision": 1, "at": -1, "name": "step", "session": {"take": take}}
        for _ in range(2):  # the session goes on, and the second time nothing more is written
            socket.send(json.dumps(save))
            message = hear(socket, "failed")["message"]
        return message


@pytest.mark.parametrize("place", PLACES)
def test_a_bug_is_told_as_the_commands_are(place, tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text(BROKEN.format(PLACES[place]))
    monkeypatch.setattr(running, "COMMAND", [sys.executable, str(tmp_path / "broken.py"), "studio"])
    with Running(tmp_path) as studio:
        studio.home = tmp_path
        answer = provoke(studio, place)
        deadline = time.monotonic() + 60
        while "please send" not in studio.said() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert studio.ask("/assets/nothing")[0] == 404, "it does not go on"
        said = studio.said()
    assert said.count("\n") == 1, said
    found = re.fullmatch(
        r"melisma: (this is a bug of Melisma, not a mistake of yours \(KeyError: 'a bell'\): please send (\S+) to .*)\n", said
    )
    assert found, said
    assert not answer or found[1] in answer
    reports = list((tmp_path / "bugs").iterdir())
    assert reports == [Path(found[2])] and "in broken" in reports[0].read_text() and "'studio'" in reports[0].read_text()
    assert os.stat(reports[0]).st_mode & 0o77 == 0
