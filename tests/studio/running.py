"""A real `melisma studio` in a process of its own, spoken to as the page does."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager

from websockets.sync.client import connect

COMMAND = [sys.executable, "-m", "melisma", "studio"]


class Running:
    """A server; `with Running(home) as studio`. `printed`: its lines up to the address."""

    def __init__(self, home, *arguments, browser=False, **environment):
        self.errors = tempfile.TemporaryFile("w+")
        options = [] if browser else ["--no-browser"]
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", *options, *arguments], stdout=subprocess.PIPE, stderr=self.errors, stdin=subprocess.PIPE,
            text=True, env=os.environ | {"MELISMA_HOME": str(home)} | environment,
        )  # fmt: skip
        self.printed, self.address = [], ""
        for line in self.process.stdout:
            self.printed.append(line)
            if line.startswith("http://127.0.0.1:"):
                self.address = line.strip()
                break
        assert self.address, f"no address; exit status {self.process.wait()}, {self.said()}"
        self.host, _, self.token = self.address.removeprefix("http://").partition("/?token=")
        self.headers = {"Cookie": f"melisma-{self.host.partition(':')[2]}={self.token}"}

    def said(self):
        """What it wrote to stderr so far."""
        self.errors.seek(0)
        return self.errors.read()

    def ask(self, path, body=None, headers=(), timeout=60):
        """→ status and body of the answer."""
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        connection.request("GET" if body is None else "POST", path, body, self.headers | dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()

    def upload(self, data, name="a.wav"):
        status, body = self.ask("/api/sounds", data, {"x-name": name})
        assert status == 200, body
        return json.loads(body)["sound"]

    @contextmanager
    def dial(self):
        """The WebSocket, greeted: it and the greeting."""
        origin = f"http://{self.host}"
        with connect(f"ws://{self.host}/ws", origin=origin, additional_headers=self.headers, max_size=None) as socket:
            yield socket, json.loads(socket.recv(timeout=60))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process.stdout.close()
        self.process.stdin.close()
        said = self.said()
        self.errors.close()
        assert kind or "Traceback" not in said, said


def hear(socket, *kinds):
    """The next message of one of those types."""
    while True:
        message = socket.recv(timeout=60)
        if isinstance(message, str) and (found := json.loads(message))["type"] in kinds:
            return found
