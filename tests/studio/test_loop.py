"""The event loop never waits: while any work blocks, other requests are answered; no file is opened on it."""

import asyncio
import contextlib
import sys
import threading

import msgspec
import pytest
from asking import connect, hear, upload, wav

from melisma.sound.audio import Audio
from melisma.studio import library as libraries
from melisma.studio import protocol, server, session, sessionfile
from melisma.studio.document import Session, Take
from melisma.studio.journal import Journal
from melisma.studio.library import Incoming, Library
from melisma.studio.models import Models
from melisma.studio.protocol import Save


def post(path, body):
    return lambda client: client.post(path, content=body)


def get(path):
    return lambda client: client.get(path)


def over_the_socket(message):
    def send(client):
        with connect(client) as socket:
            hear(socket, protocol.Hello)
            socket.send_text(protocol.text(message))
            hear(socket, protocol.Saved)

    return send


# what may take long, where it is, and a request that needs it
WORK = {
    "an upload is written": (Incoming, "write", lambda ref, file: post("/api/sounds", wav())),
    "an upload is decoded": (libraries, "read_noting", lambda ref, file: post("/api/sounds", wav())),
    "an upload is removed": (Incoming, "close", lambda ref, file: post("/api/sounds", wav())),
    "an example is read": (libraries, "read_noting", lambda ref, file: post("/api/examples/bell", b"")),
    "a sound is verified": (Library, "holds", lambda ref, file: get(f"/api/sounds/{ref.hash}/samples?model=small")),
    "a sound is resampled": (server, "resample", lambda ref, file: get(f"/api/sounds/{ref.hash}/samples?model=small")),
    "a sound is pictured": (server, "outline", lambda ref, file: get(f"/api/sounds/{ref.hash}/outline")),
    "a model is opened": (Models, "open", lambda ref, file: get(f"/api/sounds/{ref.hash}/mel?model=small")),
    "the models are listed": (Models, "infos", lambda ref, file: over_the_socket(Save(1, Session(Take("small"))))),
    "a take is rendered": (
        session,
        "paths",
        lambda ref, file: post("/api/take/samples", msgspec.json.encode(Take("small", ref))),
    ),
    "a take is written": (Audio, "save", lambda ref, file: get("/api/take/a.wav")),
    "a session is packed": (sessionfile, "pack", lambda ref, file: get("/api/session/a.melisma-session")),
    "a session is unpacked": (sessionfile, "unpack", lambda ref, file: post("/api/session", file)),
    "a step is saved": (Library, "save", lambda ref, file: over_the_socket(Save(1, Session(Take("small"))))),
    "a step is journaled": (Journal, "write", lambda ref, file: over_the_socket(Save(1, Session(Take("small"))))),
}


@pytest.mark.parametrize("work", WORK)
def test_other_requests_are_answered_meanwhile(studio, client, monkeypatch, work):
    ref = upload(client, wav()).sound
    over_the_socket(Save(1, Session(Take("small", ref)), -1, "Opened"))(client)
    file = client.get("/api/session/a.melisma-session").content
    studio.library._opened.clear()  # noqa: SLF001 (as after a start)
    owner, name, make = WORK[work]
    real, begun, go_on = getattr(owner, name), threading.Event(), threading.Event()

    def blocked(*given, **named):
        begun.set()
        go_on.wait(120)
        return real(*given, **named)

    monkeypatch.setattr(owner, name, blocked)
    worker = threading.Thread(target=make(ref, file), args=(client,))
    other = threading.Thread(target=lambda: answers.append(client.get("/nothing").status_code))
    answers = []
    worker.start()
    try:
        assert begun.wait(60), "the request does not come by there"
        other.start()
        other.join(10)
        assert answers == [404], "the loop waits"
    finally:
        go_on.set()
        worker.join(60)
        if other.ident:
            other.join(60)
    assert not worker.is_alive()


def test_no_file_is_opened_on_the_loop(studio, client):
    """Everything that the page can ask for, watched by the interpreter's own audit: also what will be added here."""
    opened, watching, folder = [], True, str(studio.library.folder)

    def watch(event, arguments):
        if not watching or event not in ("open", "os.remove", "os.rename", "os.mkdir", "tempfile.mkstemp"):
            return
        if not isinstance(arguments[0], (str, bytes)) or folder not in str(arguments[0]):
            return
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            opened.append((event, arguments[0]))

    sys.addaudithook(watch)
    try:
        ref = upload(client, wav()).sound
        over_the_socket(Save(1, Session(Take("small", ref)), -1, "Opened"))(client)
        file = client.get("/api/session/a.melisma-session").content
        studio.library._opened.clear()  # noqa: SLF001
        for _, _, make in WORK.values():
            make(ref, file)(client)
    finally:
        watching = False
    assert not opened
