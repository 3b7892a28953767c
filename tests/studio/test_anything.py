"""Whatever is asked, in whatever way, is answered with what was asked for or with one sentence: never a traceback.

Below 500 always: an error that is not the asker's would be a bug of ours. TestClient raises what the server does not handle.
"""

import http.client
import json
import socket as sockets

import pytest
from asking import HOST, connect, upload, wav
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from running import Running, hear
from starlette.testclient import TestClient

from melisma.studio import document, protocol
from melisma.studio.document import Operate, Puck, Session, Snapshot, Square, Take, Target
from melisma.studio.library import Library
from melisma.studio.protocol import Save
from melisma.studio.server import Studio

HUGE = "9" * 5000
SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module")
def studio(small, tmp_path_factory):
    return Studio(Library(tmp_path_factory.mktemp("anything") / "studio"), 8337)


@pytest.fixture(scope="module")
def client(studio):
    with TestClient(studio.app(), f"http://{HOST}", follow_redirects=False) as client:
        client.cookies.set(studio.cookie, studio.token)
        ref = upload(client, wav()).sound
        session = Session(Take("small", ref, (Operate("reverse", {}, Target()),)), (Snapshot("dry", Take("small", ref)),))
        studio.workspace.keep(session, -1, "Opened")
        studio.workspace.session = session
        yield client


@pytest.fixture(scope="module")
def ref(studio, client):
    return studio.workspace.session.take.input


def sentence(answer):
    """What was asked for, or a refusal of one plain sentence."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        kind = answer.headers.get("content-type", "")
        text = answer.json()["message"] if "json" in kind else answer.text
        assert 3 <= len(text) < 1500 and "Traceback" not in text and "Error(" not in text, text


# --- requests -----------------------------------------------------------------------------------------------------------

words = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "²", "٣", "small", "strings", "../small", "%00", "cat", "NaN", "1e999", HUGE, "\n", "a" * 300]
    ),
    st.text(max_size=30),
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"{", b"[" * 100_000, b'"' + HUGE.encode() + b'"', HUGE.encode(), b"PK\x03\x04", b"RIFF\xff\xff\xff\xffWAVE"]
    ),
)


def escaped(text):
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))


@st.composite
def addresses(draw, ref):
    word = escaped(draw(words))
    base = draw(
        st.sampled_from(
            ["/", "/api/sounds", f"/api/examples/{word}", "/api/examples/bell", f"/api/sounds/{word}/samples", f"/api/sounds/{ref}/mel",
             f"/api/sounds/{ref}/samples", f"/api/sounds/{ref}/outline", f"/api/sounds/{word}/outline", f"/api/sounds/{'0' * 64}/mel", "/api/take/samples", "/api/take/a.wav", f"/api/take/{word}",
             "/api/session", f"/api/session/{word}", f"/assets/{word}", f"/{word}", "/ws", "/assets", "/assets/", f"/assets/%00{word}"]
        )
    )  # fmt: skip
    query = draw(st.lists(st.tuples(st.sampled_from(["model", "snapshot", "rate", "token", "x"]), words), max_size=3))
    return base + ("?" + "&".join(f"{name}={escaped(value)}" for name, value in query) if query else "")


@given(data=st.data())
@settings(max_examples=300, **SETTINGS)
def test_any_request(client, ref, data):
    method = data.draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"]))
    headers = {"x-name": escaped(data.draw(words))}
    if data.draw(st.booleans()):
        headers["range"] = data.draw(
            st.sampled_from(["bytes=0-", "bytes=-1", "bytes=9-1", f"bytes={HUGE}-", "x", "bytes=0-1,4-5"])
        )
    body = data.draw(bodies)
    sentence(client.request(method, data.draw(addresses(ref.hash)), content=body, headers=headers))


@given(value=words)
@example(HUGE)
@example("0" * 5000)
@settings(max_examples=60, **SETTINGS)
def test_any_snapshot(client, value):
    answer = client.get(f"/api/take/a.wav?snapshot={escaped(value)}")
    sentence(answer)
    assert answer.status_code == (200 if value == "0" else 400) and len(answer.content) < 400 or value == "0"


# --- messages -----------------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8) | st.sampled_from([HUGE, "\ud800", "loudness"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.just("type"), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def mutated(draw, value):
    """The value with something else somewhere in it."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: mutated(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], mutated(draw, value[at]), *value[at + 1 :]]
    return draw(json_values)


@st.composite
def messages(draw, ref):
    """A message of the page's with something wrong somewhere, or nothing of the kind."""
    square = Square(
        True, (None, document.SoundCorner(ref), document.RandomCorner(3), None), Puck(((0.0, 0.1, 0.2), (1.0, 1.0, 0.0)))
    )
    operate = Operate("scale", {"by": 1.5}, Target((0, 1), True, 0.1, 0.3))
    take = Take("small", ref, (operate, document.Draw("loudness", ((0.0, -20.0), (0.2, -6.0)))), square)
    good = [
        protocol.Render(1, take, 0.1), Save(2, Session(take, (Snapshot("a", take),)), 0, "Step"), protocol.Cancel(),
        Save(3, Session(Take("small")), -1, None),
    ]  # fmt: skip
    value = json.loads(protocol.text(draw(st.sampled_from(good))))
    for _ in range(draw(st.integers(0, 2))):
        value = mutated(draw, value)
    return json.dumps(value)


@given(data=st.data())
@settings(max_examples=60, **SETTINGS)
def test_any_frame(client, ref, data):
    """The session goes on after each: it answers a question that it understands."""
    frames = data.draw(st.lists(st.one_of(messages(ref), st.binary(max_size=40), st.text(max_size=40)), min_size=1, max_size=6))
    with connect(client) as socket:
        for frame in frames:
            if isinstance(frame, bytes):
                socket.send_bytes(frame)
            else:
                socket.send_text(frame.encode(errors="replace").decode())
        socket.send_text(protocol.text(protocol.Render(77_777, Take("no such model"))))
        while True:
            message = socket.receive()
            assert message["type"] == "websocket.send", message
            if not message.get("text"):
                continue
            found = document.read(message["text"], protocol.FromServer)
            if isinstance(found, protocol.Failed):
                assert "Error:" not in found.message and "Traceback" not in found.message, found.message
                if found.revision == 77_777:
                    break


@given(data=st.data())
@settings(max_examples=60, **SETTINGS)
def test_any_take(client, ref, data):
    """As a whole document over HTTP."""
    take = json.loads(data.draw(messages(ref)))
    sentence(client.post("/api/take/samples", content=json.dumps(take.get("take", take) if isinstance(take, dict) else take)))


# --- the real server ----------------------------------------------------------------------------------------------------

RAW = [
    b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"POST /api/sounds HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"POST /api/sounds HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"GET /%zz%ff HTTP/1.1\r\n", b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n",
]  # fmt: skip


def test_the_real_server_prints_no_traceback(small, home, tmp_path):
    """Bytes that are no HTTP, frames that are no text, numbers without end: it goes on, and its stderr stays clean."""
    import shutil

    (tmp_path / "models").mkdir()
    shutil.copy(small, tmp_path / "models")
    with Running(tmp_path) as studio:
        ref = studio.upload(wav())
        cookie = f"Host: {studio.host}\r\nCookie: {studio.headers['Cookie']}\r\n".encode()
        for raw in RAW:
            head, _, rest = raw.partition(b"\r\n")
            for given in (raw, head + b"\r\n" + cookie + rest):
                with sockets.create_connection(studio.host.split(":"), timeout=20) as connection:
                    connection.sendall(given)
                    connection.shutdown(sockets.SHUT_WR)
                    try:
                        connection.recv(1000)
                    except OSError:
                        pass
        with studio.dial() as (socket, _):
            for frame in (
                b"",
                b"\x00\xff",
                bytes(70_000),
                "",
                "{",
                "[" * 100_000,
                json.dumps({"type": "render", "revision": 10**400}),
            ):
                socket.send(frame)
                assert "understands" in hear(socket, "failed")["message"]
            session = {"take": {"model": "small", "input": ref}}
            socket.send(json.dumps({"type": "save", "revision": 5, "name": "Opened", "session": session}))
            assert hear(socket, "saved")["revision"] == 5
        for path in (
            f"/api/take/a.wav?snapshot={HUGE}",
            f"/api/sounds/{HUGE}/mel",
            f"/api/sounds/{ref['hash']}/mel?model={HUGE}",
        ):
            status, body = studio.ask(path)
            assert status == 400 and 10 < len(json.loads(body)["message"]) < 400
        try:
            studio.ask("/", headers={"x-name": "\udcff" * 10})
        except (UnicodeError, http.client.HTTPException):
            pass
        assert studio.ask("/api/take/a.wav")[0] == 200
        assert "Traceback" not in studio.said() and "Error" not in studio.said(), studio.said()
