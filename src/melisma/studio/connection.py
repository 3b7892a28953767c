"""One page's WebSocket: what it asks for goes to a renderer of its own, what that makes goes to the page."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..control import midimap
from ..control.midimap import CONTROL, Knobs
from ..errors import BadValue, MelismaError
from .bugs import told
from .document import read
from .exchange import printable
from .library import MOST_SECONDS
from .models import operators
from .protocol import VERSION, Away, Cancel, Controller, Failed, Hello, Save, Saved, ToServer, Turned, text
from .render import Cancelled, Renderer
from .workspace import Workspace, examples

_CLOSED = (RuntimeError, WebSocketDisconnect)  # what is raised for a socket whose page has gone
QUEUED = 16  # messages that wait for a slow page before the renderer does
QUIET = 0.25  # seconds that a page which is left has to close
PATIENCE = 10.0  # seconds, at most, for what a page said before it went


class Connection:
    """A page that has the session in hand."""

    def __init__(self, socket: WebSocket, workspace: Workspace, knobs: Knobs):
        """knobs: gets the user's MIDI map, once the page tells of a controller."""
        self._socket, self._workspace = socket, workspace
        self._knobs, self._mapped = knobs, False
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | bytes] = asyncio.Queue(QUEUED)
        self._gone, self._ended = asyncio.Event(), asyncio.Event()
        self._said: asyncio.Queue[Any] = asyncio.Queue()  # by the page, and not yet dealt with
        self._renderer = Renderer(workspace.library.open, workspace.models.open, self._put)

    async def run(self) -> None:
        """Until the page closes, or another takes the session over."""
        with contextlib.suppress(*_CLOSED):
            await self._socket.accept()
        models = await run_in_threadpool(self._workspace.models.infos)
        steps, at = await run_in_threadpool(self._workspace.journal.shown)
        hello = Hello(VERSION, steps, at, models, operators(), tuple(examples()), MOST_SECONDS)
        parts = (self._receiving(), self._sending(), self._taking(), self._gone.wait())
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(part) for part in parts]
        receiving, sending, *_ = tasks
        try:
            await self._socket.send_text(await run_in_threadpool(text, hello))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except _CLOSED:  # before it was greeted
            pass
        finally:
            self._gone.set()
            self._renderer.close()
            sending.cancel()
            # what the page said before it went, which may be more than the disk takes at once, is kept like all before
            kept = asyncio.create_task(self._said.join())
            tasks += [asyncio.create_task(self._forgetting()), kept]
            await asyncio.wait([receiving], timeout=QUIET)
            await asyncio.wait([kept], timeout=PATIENCE)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                ended = None if task.cancelled() else task.exception()
                if isinstance(ended, Exception) and not isinstance(ended, _CLOSED):
                    await run_in_threadpool(told, ended)
            with contextlib.suppress(*_CLOSED):
                await self._socket.close()

    def end(self) -> None:
        """It is over: whoever waits for that goes on."""
        self._ended.set()

    async def leave(self) -> None:
        """Tell the page that another has the session now, and let it go. What it has said is kept when this returns."""
        with contextlib.suppress(*_CLOSED):
            await self._socket.send_text(text(Away()))
        self._gone.set()
        await self._ended.wait()

    def tell(self, turned: Turned) -> None:
        """From another thread: the page is to do it. Where it has gone meanwhile nobody is there to."""
        with contextlib.suppress(Cancelled):
            self._put(text(turned))

    def _put(self, message: str | bytes) -> None:
        """From another thread, such as the renderer's: waits while the page is slow."""
        if self._gone.is_set():
            raise Cancelled
        waiting = asyncio.run_coroutine_threadsafe(self._queue.put(message), self._loop)
        while True:
            try:
                return waiting.result(timeout=0.5)
            except TimeoutError:
                if self._gone.is_set():
                    waiting.cancel()
                    raise Cancelled from None

    async def _sending(self) -> None:
        while True:
            message = await self._queue.get()
            if isinstance(message, str):
                await self._socket.send_text(message)
            else:
                await self._socket.send_bytes(message)

    async def _forgetting(self) -> None:
        """Instead of sending, once the page has gone: whoever tells it something goes on."""
        while True:
            await self._queue.get()

    async def _receiving(self) -> None:
        """Read what the page says as soon as it is there: what the system holds of a page that goes may be lost with it."""
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            self._said.put_nowait(message)

    async def _taking(self) -> None:
        """What the page says, one after the other. Whatever it says, it gets an answer, and the session goes on."""
        while True:
            message = await self._said.get()
            try:
                await self._take(_read(message))
            except MelismaError as error:
                await self._fail(str(error))
            except OSError as error:
                await self._fail(f"the session could not be saved: {error.strerror or error}")
            except Exception as error:
                await self._fail(await run_in_threadpool(told, error))
            finally:
                self._said.task_done()

    async def _fail(self, sentence: str) -> None:
        await self._queue.put(text(Failed(None, printable(sentence))))

    async def _take(self, message: Any) -> None:
        if isinstance(message, Cancel):
            self._renderer.cancel()
        elif isinstance(message, Controller):
            await run_in_threadpool(self._turn, message)
        elif isinstance(message, Save):
            if message.session.take.input is not None:  # a new one has nothing to render
                self._renderer.request(message.revision, message.session.take, message.heard)
            self._workspace.session = message.session  # at once: the page may ask for its file next
            await run_in_threadpool(self._workspace.keep, message.session, message.at, message.name)
            await self._queue.put(text(Saved(message.revision)))
        else:
            self._renderer.request(message.revision, message.take, message.heard)

    def _turn(self, moved: Controller) -> None:
        if not self._mapped:
            self._mapped = True  # what is wrong with it is said once
            if midimap.place().is_file():
                self._knobs.knobs = midimap.load(midimap.place())
        self._knobs.receive(bytes([CONTROL | moved.channel - 1, moved.number, moved.value]))


def _read(message: Any) -> Any:
    """A frame → what it says. MelismaError for what the page does not say."""
    if message.get("text") is None:
        size = len(message.get("bytes") or b"")
        raise BadValue(f"that is not what the studio understands: {size} bytes in a binary frame, and it reads text")
    return read(message["text"], ToServer)  # type: ignore[arg-type]
