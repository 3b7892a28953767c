"""The renderer: the page gets what its document says, the newest first."""

import threading
import time

import msgspec
import numpy as np
import pytest
from takes import LONG, open_sound, paths, take

from melisma.studio import document, pieces, protocol, session
from melisma.studio.document import (
    KeptCorner,
    Operate,
    Square,
    Take,
    Target,
)
from melisma.studio.render import Cancelled, Renderer


class Page:
    """What a page does with what it is sent."""

    def __init__(self, model):
        self.messages, self.curves, self.samples, self.mel, self.heard = [], {}, None, None, []
        self.done, self.slow = threading.Event(), 0.0
        self.renderer = Renderer(open_sound, lambda name: model, self.receive)

    def receive(self, message):
        time.sleep(self.slow)
        if isinstance(message, str):
            self.messages.append(document.read(message, protocol.FromServer))
            self.done.set()
            return
        header, body = protocol.parts(message)
        self.messages.append(header)
        if isinstance(header, protocol.Samples):
            self.heard.append((header.first, header.first + len(body) // 4, header.exact))
            if self.samples is None or len(self.samples) != header.total:
                self.samples = np.zeros(header.total, np.float32)
            piece = np.frombuffer(body, np.float32)
            self.samples[header.first : header.first + len(piece)] = piece
        elif isinstance(header, protocol.Curves):
            part = np.frombuffer(body, np.float32).reshape(header.lanes, -1)
            held = self.curves.setdefault(header.which, np.zeros((header.lanes, header.frames), np.float32))
            held[:, header.first : header.first + part.shape[1]] = part
        else:
            part = np.frombuffer(body, np.uint8).reshape(-1, header.bands)
            if self.mel is None:
                self.mel = np.zeros((header.frames, header.bands), np.uint8)
            self.mel[header.first : header.first + len(part)] = part

    def show(self, revision, wanted, heard=0.0):
        self.messages.clear()
        self.heard.clear()
        self.done.clear()
        self.renderer.request(revision, wanted, heard)
        assert self.done.wait(60)
        return self.messages[-1]


@pytest.fixture
def page(model):
    page = Page(model)
    yield page
    page.renderer.close()


def test_the_page_gets_what_the_document_says(page, model):
    late = Operate("bias", {"by": 1}, Target(start=0.6))
    early = Operate("reverse", {}, Target(lanes=(0,), end=0.5))
    for revision, edits in enumerate([(), (late,), (late, early), (early,), ()]):
        assert page.show(revision, take(*edits)).revision == revision
        path = paths(take(*edits), model)[2]
        np.testing.assert_array_equal(page.samples, np.concatenate(list(pieces.pieces(path, model))))
        np.testing.assert_array_equal(page.curves["result"][:-1], path.values)
        np.testing.assert_array_equal(page.curves["result"][-1], path.loudness)
    sent = model.mel(page.samples, rate=model.sample_rate)[:, : len(page.mel)].T
    np.testing.assert_allclose(page.mel / 255, np.clip(sent, 0, 1), atol=0.01)


def test_only_what_has_changed_is_sent(page):
    page.show(0, take())
    page.show(1, take(Operate("bias", {"by": 1}, Target(start=0.6))))
    first = min(m.first for m in page.messages if isinstance(m, protocol.Samples))
    assert 0.55 * 16000 < first < 0.61 * 16000
    assert all(m.first > 100 for m in page.messages if isinstance(m, protocol.Curves))
    page.show(2, take(Operate("bias", {"by": 1}, Target(start=0.6))))
    assert not [m for m in page.messages if isinstance(m, protocol.Curves | protocol.Mel)]


def test_a_newer_take_cancels_an_older(page, model):
    page.show(0, take())
    page.slow = 0.05
    page.done.clear()
    page.messages.clear()
    for revision in range(1, 6):
        page.renderer.request(revision, take(Operate("bias", {"by": revision}, Target())))
        time.sleep(0.06)
    page.slow = 0.0
    while not (page.messages and getattr(page.messages[-1], "revision", 0) == 5 and isinstance(page.messages[-1], protocol.Done)):
        assert page.done.wait(60)
        time.sleep(0.02)
    done = [m.revision for m in page.messages if isinstance(m, protocol.Done)]
    assert done == [5]
    path = paths(take(Operate("bias", {"by": 5}, Target())), model)[2]
    np.testing.assert_array_equal(page.samples, np.concatenate(list(pieces.pieces(path, model))))


def ahead(page):
    """What was sent before its turn, in seconds."""
    return [(first / 16000, last / 16000) for first, last, exact in page.heard if not exact]


def test_an_amount_that_is_turned_is_sent_as_a_whole(page, model):
    for revision, amounts in enumerate(({}, {"fine": 1.0}, {"fine": 1.0, "colour": 0.5}, {"fine": 1.0, "colour": 0.5})):
        wanted = Take("small", LONG, **amounts)
        page.show(revision, wanted)
        whole = session.played(wanted, open_sound, model).whole(model, True, **session.amounts(wanted)).samples[0]
        np.testing.assert_array_equal(page.samples, whole)
        assert bool(page.heard[0][0] < page.heard[0][1]) == (revision < 3)  # the last is as it was


def test_what_keeps_its_moment_or_not_is_sent_anew(page, model):
    """A corner that is what the lanes are changes no curve, yet frames that are mixed have not their sound's phases any more."""
    plain = Take("small", LONG, fine=1.0)
    square = Square(on=True, corners=(KeptCorner("now", LONG, ()), None, None, None))
    for revision, wanted in enumerate((plain, msgspec.structs.replace(plain, square=square), plain)):
        page.show(revision, wanted)
        whole = session.played(wanted, open_sound, model).whole(model, True, **session.amounts(wanted)).samples[0]
        np.testing.assert_array_equal(page.samples, whole)


def test_a_late_edit_is_heard_first_and_exact_in_the_end(page, model):
    page.show(0, Take("small", LONG))
    before = page.samples.copy()
    late = Take("small", LONG, (Operate("bias", {"by": 1}, Target(start=9.0, end=9.5)),))
    page.show(1, late)
    ((first, last),) = ahead(page)
    assert page.heard[0][2] is False and 8.9 < first < 9.0 and 9.5 < last < 10
    exact = [(first, last) for first, last, exact in page.heard if exact]
    assert exact[0][0] <= first * 16000 and exact[-1][1] == len(before)
    np.testing.assert_array_equal(page.samples, np.concatenate(list(pieces.pieces(paths(late, model)[2], model))))
    page.show(2, Take("small", LONG, (Operate("bias", {"by": 1}, Target(start=0.5, end=0.6)),)))
    assert not ahead(page)  # exact soon enough
    whole = Take("small", LONG, (Operate("bias", {"by": 1}, Target()),))
    page.show(3, whole, heard=7.0)  # the edit begins at once, and is listened to later
    ((first, _),) = ahead(page)
    assert 6.9 < first < 7.0
    np.testing.assert_array_equal(page.samples, np.concatenate(list(pieces.pieces(paths(whole, model)[2], model))))


def test_what_was_cancelled_before_it_was_heard_is_heard_next(page):
    page.show(0, Take("small", LONG))
    late = Take("small", LONG, (Operate("bias", {"by": 1}, Target(start=9.0, end=9.5)),))
    check, page.renderer._check = page.renderer._check, lambda: (_ for _ in ()).throw(Cancelled)
    page.renderer.request(1, late)
    time.sleep(0.3)
    page.renderer._check = check
    page.show(2, late)  # as the end of a gesture is the take of its last preview
    assert len(ahead(page)) == 1


def test_what_is_rendered_ahead_sounds_like_its_place(model):
    path = paths(Take("small", LONG), model)[2]
    whole = np.concatenate(list(pieces.pieces(path, model)))
    first, part = pieces.ahead(path, model, 2000, 2300)
    there = whole[first : first + len(part)]
    assert first == 2000 * model.hop and 300 * model.hop - 256 <= len(part) <= 300 * model.hop
    mels = [model.mel(x, rate=model.sample_rate)[:, 8:-8] for x in (part, there)]
    other = model.mel(whole[: len(part)], rate=model.sample_rate)[:, 8:-8]
    assert np.abs(mels[0] - mels[1]).mean() < 0.25 * np.abs(other - mels[1]).mean()
    assert pieces.ahead(path, model, path.frames, path.frames + 10)[1].size == 0


def test_a_take_that_cannot_be_rendered_is_one_sentence(page):
    failed = page.show(4, take(Operate("sparkle", {}, Target())))
    assert failed.revision == 4 and "sparkle" in failed.message
    assert isinstance(page.show(5, take()), protocol.Done)


def test_a_page_that_is_gone_ends_its_renderer(model):
    def send(message):
        raise Cancelled

    renderer = Renderer(open_sound, lambda name: model, send)
    renderer.request(0, take())
    time.sleep(0.1)
    renderer.close()
    renderer._thread.join(5)
    assert not renderer._thread.is_alive()
