"""The studio's server, from outside: who is let in, what it takes in, and what is there after it was killed."""

import io
import json
import os
import signal
import struct
import subprocess
import sys
import urllib.request

import msgspec
import numpy as np
import pytest
import soundfile
from asking import HOST, ORIGIN, connect, hear, upload, wav
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from melisma.studio import document, protocol
from melisma.studio.document import Operate, Session, Snapshot, Take, Target
from melisma.studio.protocol import Render, Save

# --- who is let in ------------------------------------------------------------------------------------------------------


def test_the_token_is_asked_for(studio):
    with TestClient(studio.app(), f"http://{HOST}", follow_redirects=False) as stranger:
        for path in ("/", "/api/session/x.melisma-session", "/api/take/x.wav", "/assets/x.js", "/nothing", "/?token=wrong"):
            answer = stranger.get(path)
            assert answer.status_code == 403 and "token" in answer.text
        with pytest.raises(WebSocketDisconnect):
            with connect(stranger):
                pass
        answer = stranger.get(f"/?token={studio.token}")
        assert answer.status_code == 303 and answer.headers["location"] == "/"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie
        assert stranger.get("/").status_code != 403


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example:8337"}, {"host": "127.0.0.1:80"}, {"origin": "http://evil.example"}, {"origin": "null"}]
)
def test_other_hosts_and_origins_are_refused(client, headers):
    assert client.get("/", headers=headers).status_code == 403
    assert client.post("/api/sounds", content=wav(), headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect):
        with client.websocket_connect("/ws", headers={"host": HOST} | ORIGIN | headers):
            pass


def test_a_websocket_says_its_origin(client):
    with pytest.raises(WebSocketDisconnect):
        with client.websocket_connect("/ws", headers={"host": HOST}):
            pass


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/assets/../../server.py", "/assets/%2e%2e/%2e%2e/server.py", "/%2fetc/passwd", "/assets//etc/passwd",
     "/api/sounds/..%2f..%2fautosave.json/samples?model=small", "/api/sounds/" + "0" * 63 + "/samples?model=small",
     "/api/sounds/" + "0" * 64 + "/samples?model=../../small", "/api/sounds/" + "0" * 64 + "/mel?model=small"],
)  # fmt: skip
def test_no_path_reaches_the_file_system(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404) and b"root:" not in answer.content and b"import" not in answer.content


def test_headers_isolate_the_page(client):
    for path in ("/", "/nothing"):
        headers = client.get(path).headers
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-embedder-policy"] == "require-corp"
        assert "default-src 'self'" in headers["content-security-policy"]


# --- sounds -------------------------------------------------------------------------------------------------------------


def test_sounds_in_and_out(client, studio):
    info = upload(client, wav(0.5, 22050, 2), "two%20channels.wav")
    assert (info.sound.name, info.seconds, info.rate, info.channels) == ("two channels.wav", 0.5, 22050, 2)
    samples = np.frombuffer(client.get(f"/api/sounds/{info.sound.hash}/samples?model=small").content, "<f4")
    assert len(samples) == 8000 and samples.any()
    both = client.get(f"/api/sounds/{info.sound.hash}/samples?model=small&channels=2")
    assert (both.headers["x-channels"], both.headers["x-sides"]) == ("2", "2")
    left, right = np.frombuffer(both.content, "<f4").reshape(2, -1)
    assert not np.array_equal(left, right)
    np.testing.assert_allclose((left + right) / 2, samples, atol=1e-6)
    mel = client.get(f"/api/sounds/{info.sound.hash}/mel?model=small").content
    assert len(mel) % 32 == 0 and len(mel) // 32 >= 8000 // 64
    assert upload(client, wav(0.5, 22050, 2), "again.wav").sound.hash == info.sound.hash
    assert len(list(studio.library.sounds.iterdir())) == 1


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"not a sound" * 1000, wav()[:40], struct.pack("<4sI", b"RIFF", 2**32 - 1) + b"WAVEfmt "]
)
def test_uploads_that_are_no_sounds(client, studio, data):
    message = upload(client, data, "odd.wav")
    assert isinstance(message, str) and message.startswith("odd.wav") and str(studio.library.folder) not in message
    assert not list(studio.library.sounds.iterdir())
    assert not list(studio.library.folder.glob("incoming-*"))


def test_uploads_are_bounded(client, studio, monkeypatch):
    long = io.BytesIO()
    soundfile.write(long, np.zeros(2 * 3600 * 1000, np.int16), 1000, format="FLAC")
    assert "two hours.flac is longer than 30 minutes: cut out" in upload(client, long.getvalue(), "two hours.flac")
    monkeypatch.setattr("melisma.studio.server.MOST_BYTES", 1 << 20)
    assert "larger than 1 MiB" in upload(client, wav(30))
    assert not list(studio.library.sounds.iterdir()) and not list(studio.library.folder.glob("incoming-*"))


def test_names_are_for_people(client):
    for name, shown in (
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\x.wav", "x.wav"),
        ("", "sound"),
        ("%00%1b[2Jx.wav", "[2Jx.wav"),
    ):
        assert upload(client, wav(), name).sound.name == shown
    assert len(upload(client, wav(), "n" * 5000).sound.name) == 200


def test_examples(client):
    info = document.read(client.post("/api/examples/bell").content, protocol.SoundInfo)
    assert info.sound.name == "bell.flac"
    assert client.post("/api/examples/..%2f..%2fcli").status_code in (400, 404, 405)


# --- the session --------------------------------------------------------------------------------------------------------


def test_a_session_from_upload_to_wav(client, studio):
    ref = upload(client, wav()).sound
    session = Session(Take("small", ref, (Operate("reverse", {}, Target()),)), (Snapshot("dry", Take("small", ref)),))
    with connect(client) as socket:
        hello = hear(socket, protocol.Hello)
        assert hello.history == () and "small" in [m.name for m in hello.models]
        assert hello.models[0].name == "strings"  # what the commands use when none is named, whatever else is there
        assert {"scale", "randomize", "bias", "reverse"} <= {o.name for o in hello.operators}
        socket.send_text(protocol.text(Save(1, session)))
        header, body = hear(socket, protocol.Samples)
        assert header.total == 8000
        hear(socket, protocol.Done)
    answer = client.get("/api/take/my%20result.wav")
    assert "my%20result.wav" in answer.headers["content-disposition"]
    result, rate = soundfile.read(io.BytesIO(answer.content))
    assert rate == 22050 and len(result) == 11025 and result.any()
    dry, _ = soundfile.read(io.BytesIO(client.get("/api/take/dry.wav?snapshot=0").content))
    assert (dry != result).any()
    for wrong in ("1", "-1", "x", "²"):
        assert client.get(f"/api/take/dry.wav?snapshot={wrong}").status_code == 400
    samples = client.post("/api/take/samples", content=msgspec.json.encode(session.snapshots[0].take)).content
    assert len(samples) == 4 * 8000
    file = client.get("/api/session/s.melisma-session").content
    assert document.read(client.post("/api/session", content=file).content, Session) == session
    assert "damaged" in client.post("/api/session", content=file[:500], headers={"x-name": "s"}).json()["message"]


def test_a_new_session_has_its_place_in_the_history(client, studio):
    ref = upload(client, wav()).sound
    new, opened = Session(Take("small")), Session(Take("small", ref))
    with connect(client) as socket:
        hear(socket, protocol.Hello)
        socket.send_text(protocol.text(Save(1, new, -1, "New")))
        hear(socket, protocol.Saved)  # and nothing is said to have failed
        socket.send_text(protocol.text(Save(2, opened, 0, "Opened")))
        hear(socket, protocol.Done)
        socket.send_text(protocol.text(Save(3, new, 0)))
        while hear(socket, protocol.Saved).revision != 3:
            pass
    with connect(client) as socket:
        hello = hear(socket, protocol.Hello)
        assert [(step.name, step.session) for step in hello.history] == [("New", new), ("Opened", opened)]
        assert hello.at == 0


def test_messages_that_are_none(client):
    with connect(client) as socket:
        hear(socket, protocol.Hello)
        for wrong in ("", "{", "[]", '{"type": "render"}', '{"type": "format-disk"}', "[" * 100000):
            socket.send_text(wrong)
            assert "understands" in hear(socket, protocol.Failed).message
        socket.send_text(protocol.text(Render(3, Take("small"))))
        assert "no sound yet" in hear(socket, protocol.Failed).message
        socket.send_text(protocol.text(Render(4, Take("nope"))))
        assert "no model named 'nope'" in hear(socket, protocol.Failed).message


def test_a_second_tab_takes_over(client):
    with connect(client) as first:
        hear(first, protocol.Hello)
        with connect(client) as second:
            hear(second, protocol.Hello)
            hear(first, protocol.Away)
            with pytest.raises(WebSocketDisconnect):
                hear(first, protocol.Done)
            second.send_text(protocol.text(Render(1, Take("small"))))
            hear(second, protocol.Failed)


def test_a_page_that_goes_in_the_middle_of_a_render(client):
    ref = upload(client, wav(60)).sound
    with connect(client) as socket:
        hear(socket, protocol.Hello)
        socket.send_text(protocol.text(Render(1, Take("small", ref))))
        hear(socket, protocol.Samples)
    with connect(client) as socket:
        hear(socket, protocol.Hello)
        socket.send_text(protocol.text(Render(1, Take("small", upload(client, wav()).sound))))
        hear(socket, protocol.Done)


# --- the real thing -----------------------------------------------------------------------------------------------------


def start(home, *arguments):
    command = [sys.executable, "-m", "melisma", "studio", "--no-browser", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"MELISMA_HOME": str(home)})
    for line in process.stdout:
        if line.startswith("http://127.0.0.1:"):
            return process, line.strip()
    raise AssertionError(f"no address; exit status {process.wait()}")


def test_a_killed_server_has_kept_the_session(tmp_path):
    from websockets.sync.client import connect as dial

    process, address = start(tmp_path, "--port", "0")
    host, _, token = address.removeprefix("http://").partition("/?token=")
    headers = {"Cookie": f"melisma-{host.partition(':')[2]}={token}", "x-name": "a.wav"}
    request = urllib.request.Request(f"http://{host}/api/sounds", data=wav(), headers=headers)
    ref = json.load(urllib.request.urlopen(request))["sound"]
    save = {"type": "save", "revision": 1, "name": "Opened", "session": {"take": {"model": "strings", "input": ref}}}
    with dial(f"ws://{host}/ws", origin=f"http://{host}", additional_headers=headers) as socket:
        socket.recv()
        socket.send(json.dumps(save))
        while not (isinstance(message := socket.recv(timeout=60), str) and json.loads(message)["type"] == "saved"):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    process, address = start(tmp_path, "--port", "0")
    try:
        host = address.removeprefix("http://").partition("/?token=")[0]
        headers = {"Cookie": f"melisma-{host.partition(':')[2]}={token}"}
        with dial(f"ws://{host}/ws", origin=f"http://{host}", additional_headers=headers) as socket:
            hello = json.loads(socket.recv())
            assert [(step["name"], step["session"]["take"]["input"]) for step in hello["history"]] == [("Opened", ref)]
        assert address.endswith(f"?token={token}"), "a page that was open is still let in"
        assert (tmp_path / "studio" / "token").stat().st_mode & 0o777 == 0o600
        other = subprocess.run(
            [sys.executable, "-m", "melisma", "studio", "--port", host.partition(":")[2]], capture_output=True, text=True
        )
        assert other.returncode == 1 and "choose another with --port" in other.stderr
        second, same = start(tmp_path, "--port", "0")
        assert same == address and second.wait(60) == 0
    finally:
        process.terminate()
        assert process.wait(60) is not None


def test_a_sound_as_a_small_picture(client):
    info = upload(client, wav(0.5, 22050))
    found = document.read(client.get(f"/api/sounds/{info.sound.hash}/outline").content, protocol.Outline)
    assert (found.seconds, found.rate, len(found.low), len(found.high)) == (0.5, 22050, 120, 120)
    samples, _ = soundfile.read(io.BytesIO(wav(0.5, 22050)))
    assert max(found.high) == pytest.approx(samples.max(), abs=1e-3) and min(found.low) == pytest.approx(samples.min(), abs=1e-3)
    assert all(low <= high for low, high in zip(found.low, found.high, strict=True))


def test_a_take_at_the_models_rate(client, studio):
    """A sound of a low rate may be heard with all that the model makes of it."""
    ref = upload(client, wav(0.5, 8000)).sound
    with connect(client) as socket:
        hear(socket, protocol.Hello)
        socket.send_text(protocol.text(Save(1, Session(Take("small", ref)), -1, "Opened")))
        hear(socket, protocol.Done)
    for query, rate in (("", 8000), ("?rate=input", 8000), ("?rate=model", 16000)):
        samples, found = soundfile.read(io.BytesIO(client.get(f"/api/take/a.wav{query}").content))
        assert (found, len(samples)) == (rate, rate // 2) and samples.any()
    assert "no rate '11025'" in client.get("/api/take/a.wav?rate=11025").json()["message"]
