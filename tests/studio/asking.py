"""How the tests ask the studio's server, over HTTP and the socket."""

import io

import numpy as np
import soundfile
from starlette.websockets import WebSocketDisconnect

from melisma.studio import document, protocol

HOST = "127.0.0.1:8337"
ORIGIN = {"origin": f"http://{HOST}"}


def wav(seconds=0.5, rate=22050, channels=1, **options):
    """A file of noise."""
    file = io.BytesIO()
    random = np.random.default_rng(0)
    soundfile.write(file, 0.1 * random.standard_normal((int(seconds * rate), channels)), rate, format="WAV", **options)
    return file.getvalue()


def upload(client, data, name="a.wav"):
    """→ what is answered: a SoundInfo, or the message of the refusal."""
    answer = client.post("/api/sounds", content=data, headers={"x-name": name})
    return document.read(answer.content, protocol.SoundInfo) if answer.status_code == 200 else answer.json()["message"]


def connect(client):
    """The socket as the page opens it."""
    return client.websocket_connect("/ws", headers=ORIGIN | {"host": HOST})


def hear(socket, kind=protocol.Done):
    """Messages up to the first of that kind."""
    while True:
        message = socket.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message["code"])
        if message.get("text"):
            read = document.read(message["text"], protocol.FromServer)
            if isinstance(read, kind):
                return read
        elif isinstance(protocol.parts(message["bytes"])[0], kind):
            return protocol.parts(message["bytes"])
