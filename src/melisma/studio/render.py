"""One thread that turns takes into curves and sound: the newest take wins, and only what has changed is sent.

The core is causal: a path that begins like the one before sounds like it up to where they part. The renderer knows what
the page holds (`_delivered`), so that it sends curves and samples from there on.

A stream of the core begins at its beginning: there is no going on from the middle of a sound, as its phases follow from all
that came before. So what an edit late in a long sound changes is sent twice: at once, rendered from a little before (see
`ahead`), to be heard; and exact, when the rendering from the beginning comes by.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import MelismaError
from ..latent import LatentPath
from ..model import Model
from ..sound.audio import Audio
from ..sound.channels import one_of
from ..sound.rates import resampled_length
from . import session
from .bugs import told
from .document import Take
from .pieces import WARM, Played
from .protocol import Curves, Done, Failed, Mel, Outline, Samples, binary, text

AHEAD_AFTER = 4.0  # seconds of sound: what is rendered exactly within a few tens of milliseconds is not sent twice
AHEAD_LENGTH = 6.0  # seconds of sound that are rendered ahead
FADE = 0.01  # seconds, to and from what the page has around it

Send = Callable[[str | bytes], None]

Which = Literal["inferred", "edited", "result"]


class Cancelled(Exception):
    """A newer take has come, or the page is gone."""


@dataclass
class _Delivered:
    """What the page holds: the model and paths it got sound of, and up to which sample at the model's rate it is exact.

    amounts: of fine and colour. samples: (paths, T).
    waiting: the first of the frames that are to be heard ahead, and the one after the last.
    """

    model: Model
    played: Played
    amounts: dict[str, float]
    samples: np.ndarray
    until: int
    waiting: tuple[int, int]


class Renderer:
    """Renders for one page. `send` is called from the renderer's thread and may block; it raises Cancelled at the end."""

    def __init__(self, open_sound: session.Open, open_model: Callable[[str], Model], send: Send):
        self._open_sound, self._open_model, self._send = open_sound, open_model, send
        self._memo = session.Memo()
        self._delivered: _Delivered | None = None
        self._curves: dict[str, LatentPath] = {}
        self._kept: np.ndarray | None = None  # the layers that the page has seen the strengths of
        self._wanted: tuple[int, Take, float, float] | None = None
        self._stop = self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="renderer", daemon=True)
        self._thread.start()

    def request(self, revision: int, take: Take, heard: float = 0.0) -> None:
        """Render this take next, and stop what is being rendered. heard: the second that is listened to."""
        with self._changed:
            self._wanted = (revision, take, heard, time.perf_counter())
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
                assert self._wanted is not None
                (revision, take, heard, asked), self._wanted, self._stop = self._wanted, None, False
            try:
                self._render(revision, take, heard, asked)
            except Cancelled:
                continue
            except MelismaError as error:
                self._try_to_send(text(Failed(revision, str(error))))
            except Exception as error:  # the studio goes on, whatever a take did
                self._try_to_send(text(Failed(revision, f"this cannot be rendered, undo it: {told(error)}")))

    def _try_to_send(self, message: str) -> None:
        try:
            self._send(message)
        except Cancelled:
            pass

    def _check(self) -> None:
        if self._stop:
            raise Cancelled

    def _render(self, revision: int, take: Take, heard: float, asked: float) -> None:
        model = self._open_model(take.model)
        inferred, edited, result = session.paths(take, self._open_sound, model, self._memo)
        shown: dict[Which, LatentPath] = {"inferred": inferred, "edited": edited, "result": result}
        for which, path in shown.items():
            self._check()
            self._send_curves(revision, which, path)
        self._send_kept(revision, edited)
        played = session.played(take, self._open_sound, model, self._memo)
        self._send_sound(revision, model, played, session.amounts(take), heard)
        self._send(text(Done(revision, 1000 * (time.perf_counter() - asked))))

    def _send_curves(self, revision: int, which: Which, path: LatentPath) -> None:
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

    def _send_kept(self, revision: int, path: LatentPath) -> None:
        """How strong fine and colour are, if they are not as the page has them."""
        before, self._kept = self._kept, path.layers
        if before is path.layers or before is not None and path.layers is not None and np.array_equal(before, path.layers):
            return
        body = strengths(path).astype("<f4")
        self._send(binary(Curves(revision, "kept", 0, path.frames, len(body), path.rate), body.tobytes()))

    def _send_sound(self, revision: int, model: Model, played: Played, amounts: dict[str, float], heard: float) -> None:
        before, path, shape = self._delivered, played.path, _shape(played, model)
        total = shape[1]
        first, last = self._changed_frames(model, played, amounts)
        same = total if first == last else max(0, (first - _behind(model)) * model.hop)
        since = min(before.until, same) if before else 0
        if before and before.played.path.frames == path.frames and before.waiting[0] < before.waiting[1]:
            first, last = min(first, before.waiting[0]), max(last if first < last else 0, before.waiting[1])
        # written over from `since` on; what is beyond `until` is not exact any more
        samples = before.samples if before is not None and before.samples.shape == shape else np.zeros(shape, np.float32)
        delivered = self._delivered = _Delivered(model, played, amounts, samples, since, (first, last))
        if since == total:
            self._send(binary(Samples(revision, total, total, True, _channels(shape)), b""))
            return
        self._send_ahead(revision, delivered, heard)
        delivered.waiting = (path.frames, path.frames)
        done = 0
        for piece in played.pieces(model, fine=amounts["fine"], colour=amounts["colour"]):
            self._check()
            end = done + piece.shape[1]
            if end > since:
                self._put(revision, delivered, max(done, since), piece[:, max(since - done, 0) :], exact=True)
                delivered.until = end
            done = end

    def _send_ahead(self, revision: int, delivered: _Delivered, heard: float) -> None:
        """What is heard next of what has changed, if the exact rendering will be there only later."""
        model, path, total = delivered.model, delivered.played.path, delivered.samples.shape[1]
        now, (first, last) = round(heard * path.rate), delivered.waiting
        first = now if first < now < last else first
        if first >= last or first < AHEAD_AFTER * path.rate:
            return
        self._check()
        fade = round(FADE * model.sample_rate)
        early = -(-fade // model.hop)  # frames that are as before, for the fade
        last = min(last + WARM, first + round(AHEAD_LENGTH * path.rate))
        begin, piece = delivered.played.ahead(model, first - early, last, **delivered.amounts)
        piece = piece[:, : total - begin]
        if piece.shape[1] <= 2 * fade:
            return
        share = np.ones(piece.shape[1], np.float32)
        share[:fade] = np.linspace(0, 1, fade, dtype=np.float32)
        if begin + len(share) < total:
            share[-fade:] = share[:fade][::-1]
        there = delivered.samples[:, begin : begin + len(share)]
        self._put(revision, delivered, begin, there + share * (piece - there), exact=False)

    def _put(self, revision: int, delivered: _Delivered, first: int, piece: np.ndarray, exact: bool) -> None:
        """Samples and their mel, here and on the page."""
        end, shape = first + piece.shape[1], delivered.samples.shape
        delivered.samples[:, first:end] = piece
        self._send(binary(Samples(revision, first, shape[1], exact, _channels(shape)), piece.astype("<f4").tobytes()))
        self._send_mel(revision, delivered.model, delivered.samples, first, end)

    def _changed_frames(self, model: Model, played: Played, amounts: dict[str, float]) -> tuple[int, int]:
        """The first frame that differs from what the page has sound of, and the one after the last; (L, L) if none does."""
        delivered, path = self._delivered, played.path
        if delivered is None or delivered.model is not model or delivered.played.sound is not played.sound:
            return 0, path.frames
        before = delivered.played.path
        if before.model != path.model or before.length != path.length or before.values.shape != path.values.shape:
            return 0, path.frames
        if path.layers is not None and delivered.amounts != amounts:
            return 0, path.frames
        pairs = zip(delivered.played.paths, played.paths)
        parted = np.flatnonzero(np.logical_or.reduce([_parted(a, b) for a, b in pairs]))
        return (int(parted[0]), int(parted[-1]) + 1) if len(parted) else (path.frames, path.frames)

    def _send_mel(self, revision: int, model: Model, samples: np.ndarray, first: int, last: int) -> None:
        """The log-mel of the frames that end within samples [first, last)."""
        hop, late = model.hop, _behind(model)
        total = samples.shape[1]
        begin, end = first // hop, (last // hop if last < total else -(-last // hop))
        if end <= begin:
            return
        start = (begin - late) * hop
        heard = one_of(samples[:, max(start, 0) : end * hop])
        piece = np.concatenate([np.zeros(max(-start, 0), np.float32), heard])
        mel = model.mel(piece)[:, late : late + end - begin]
        header = Mel(revision, begin, -(-total // hop), mel.shape[0])
        self._send(binary(header, as_bytes(mel).tobytes()))


def strengths(path: LatentPath) -> np.ndarray:
    """How strong a path's fine structure and its colour are: their deviation over the bands in dB, (2, L)."""
    if path.fine is None or path.colour is None or path.layers is None:
        return np.zeros((2, path.frames), np.float32)
    bands = len(path.layers)  # the cosines are orthonormal
    return np.sqrt(np.stack([(part.astype(np.float32) ** 2).sum(0) / bands for part in (path.fine, path.colour)]))


def as_bytes(mel: np.ndarray) -> np.ndarray:
    """A log-mel (M, L) of 0…1 → bytes (L, M)."""
    return np.ascontiguousarray((np.clip(mel, 0, 1) * 255 + 0.5).astype(np.uint8).T)


def outline(audio: Audio, most: int = 120) -> Outline:
    """The lowest and highest samples of up to `most` stretches of a sound, its channels mixed."""
    samples = one_of(audio.samples)
    cuts = np.linspace(0, len(samples), min(most, len(samples)), endpoint=False).astype(int)
    low, high = (np.round(part.reduceat(samples, cuts), 3).tolist() for part in (np.minimum, np.maximum))
    return Outline(audio.duration, audio.rate, tuple(low), tuple(high))


def _shape(played: Played, model: Model) -> tuple[int, int]:
    """Of all the samples at the model's rate."""
    path = played.path
    return len(played.paths), resampled_length(path.length, path.source_rate, model.sample_rate)


def _channels(shape: tuple[int, ...]) -> Literal[1, 2]:
    return 2 if shape[0] == 2 else 1


def _behind(model: Model) -> int:
    """How many hops a frame reaches back."""
    return -(-model.config.analysis.frame // model.hop)


def _parted(a: LatentPath, b: LatentPath) -> np.ndarray:
    """Which frames of two paths of one shape differ, (L,)."""
    parted = (a.values != b.values).any(axis=0) | (a.loudness != b.loudness) | (_in_time(a) != _in_time(b))
    if a.layers is b.layers:
        return parted
    if a.layers is None or b.layers is None or a.layers.shape != b.layers.shape:
        return np.ones_like(parted)
    return parted | (a.layers != b.layers).any(axis=0)


def _in_time(path: LatentPath) -> np.ndarray:
    """Which frames are still at their sound's moment, and so have its phases, (L,)."""
    return np.zeros(path.frames, bool) if path.in_time is None else path.in_time
