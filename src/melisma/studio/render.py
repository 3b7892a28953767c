"""One thread that turns takes into curves and sound: the newest take wins, and only what has changed is sent.

The core is causal: a path that begins like the one before sounds like it up to where they part. The renderer knows what
the page holds (`_held`), so that it sends curves and samples from there on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..audio import resampled_length
from ..errors import MelismaError
from ..latent import LatentPath
from ..model import Model
from . import session
from .protocol import Curves, Done, Failed, Mel, Samples, Take, binary, text

Send = Callable[[str | bytes], None]


class Cancelled(Exception):
    """A newer take has come, or the page is gone."""


@dataclass
class _Held:
    """What the page holds: the model and path it got sound of, and up to which sample at the model's rate."""

    model: Model
    path: LatentPath
    samples: np.ndarray
    until: int


class Renderer:
    """Renders for one page. `send` is called from the renderer's thread and may block; it raises Cancelled at the end."""

    def __init__(self, open_sound: session.Open, open_model: Callable[[str], Model], send: Send):
        self._open_sound, self._open_model, self._send = open_sound, open_model, send
        self._memo = session.Memo()
        self._held: _Held | None = None
        self._curves: dict[str, LatentPath] = {}
        self._wanted: tuple[int, Take, float] | None = None
        self._stop = self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="renderer", daemon=True)
        self._thread.start()

    def request(self, revision: int, take: Take) -> None:
        """Render this take next, and stop what is being rendered."""
        with self._changed:
            self._wanted = (revision, take, time.perf_counter())
            self._stop = True
            self._changed.notify()

    def cancel(self) -> None:
        """Stop rendering; the page keeps what it has."""
        with self._changed:
            self._wanted, self._stop = None, True

    def close(self) -> None:
        """Let the thread end."""
        with self._changed:
            self._closed = self._stop = True
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    return
                (revision, take, asked), self._wanted, self._stop = self._wanted, None, False
            try:
                self._render(revision, take, asked)
            except Cancelled:
                continue
            except MelismaError as error:
                self._try_to_send(text(Failed(revision, str(error))))
            except Exception as error:  # the studio goes on, whatever a take did
                self._try_to_send(text(Failed(revision, f"this cannot be rendered ({type(error).__name__}: {error}): undo it")))

    def _try_to_send(self, message: str) -> None:
        try:
            self._send(message)
        except Cancelled:
            pass

    def _check(self) -> None:
        if self._stop:
            raise Cancelled

    def _render(self, revision: int, take: Take, asked: float) -> None:
        model = self._open_model(take.model)
        inferred, edited, result = session.paths(take, self._open_sound, model, self._memo)
        for which, path in (("inferred", inferred), ("edited", edited), ("result", result)):
            self._check()
            self._send_curves(revision, which, path)
        self._send_sound(revision, model, result)
        self._send(text(Done(revision, 1000 * (time.perf_counter() - asked))))

    def _send_curves(self, revision: int, which: str, path: LatentPath) -> None:
        """The frames that are not as the page has them."""
        before = self._curves.get(which)
        first, last = 0, path.frames
        if before is not None and before.values.shape == path.values.shape and before.model == path.model:
            changed = np.flatnonzero(_parted(before, path))
            if not len(changed):
                return
            first, last = int(changed[0]), int(changed[-1]) + 1
        body = np.concatenate([path.values[:, first:last], path.loudness[None, first:last]]).astype("<f4")
        self._send(binary(Curves(revision, which, first, path.frames, path.dimensions + 1, path.rate), body.tobytes()))
        self._curves[which] = path

    def _send_sound(self, revision: int, model: Model, path: LatentPath) -> None:
        since, held = self._since(model, path), self._held
        total = resampled_length(path.length, path.source_rate, model.sample_rate)
        # written over from `since` on; what is beyond `until` is of no path any more
        samples = held.samples if held is not None and len(held.samples) == total else np.zeros(total, np.float32)
        held = self._held = _Held(model, path, samples, since)
        if since == total:
            self._send(binary(Samples(revision, total, total), b""))
            return
        done = 0
        for piece in session.pieces(path, model):
            self._check()
            end = done + len(piece)
            if end > since:
                piece = piece[max(since - done, 0) :]
                samples[end - len(piece) : end] = piece
                self._send(binary(Samples(revision, end - len(piece), total), piece.astype("<f4").tobytes()))
                self._send_mel(revision, model, samples, end - len(piece), end)
                held.until = end
            done = end

    def _since(self, model: Model, path: LatentPath) -> int:
        """Up to which sample the page's sound is this path's already."""
        held = self._held
        if held is None or held.model is not model or held.path.model != path.model or held.path.length != path.length:
            return 0
        if held.path.values.shape != path.values.shape:
            return 0
        parted = _parted(held.path, path)
        frame = int(parted.argmax()) if parted.any() else len(parted)
        same = len(held.samples) if frame == len(parted) else max(0, (frame - _behind(model)) * model.hop)
        return min(held.until, same)

    def _send_mel(self, revision: int, model: Model, samples: np.ndarray, first: int, last: int) -> None:
        """The log-mel of the frames that end within samples [first, last)."""
        hop, late = model.hop, _behind(model)
        begin, end = first // hop, (last // hop if last < len(samples) else -(-last // hop))
        if end <= begin:
            return
        start = (begin - late) * hop
        piece = np.concatenate([np.zeros(max(-start, 0), np.float32), samples[max(start, 0) : end * hop]])
        mel = model.mel(piece)[:, late : late + end - begin]
        header = Mel(revision, begin, -(-len(samples) // hop), mel.shape[0])
        self._send(binary(header, as_bytes(mel).tobytes()))


def as_bytes(mel: np.ndarray) -> np.ndarray:
    """A log-mel (M, L) of 0…1 → bytes (L, M)."""
    return np.ascontiguousarray((np.clip(mel, 0, 1) * 255 + 0.5).astype(np.uint8).T)


def _behind(model: Model) -> int:
    """How many hops a frame reaches back."""
    return -(-model.config.analysis.frame // model.hop)


def _parted(a: LatentPath, b: LatentPath) -> np.ndarray:
    """Which frames of two paths of one shape differ, (L,)."""
    return (a.values != b.values).any(axis=0) | (a.loudness != b.loudness)
