"""A stereo sound in the studio: two channels in, edited alike, two channels out."""

import subprocess
import sys
import threading

import msgspec
import numpy as np
import pytest
import soundfile
from asking import connect, hear, upload

from melisma.sound.audio import Audio
from melisma.studio import document, protocol, session
from melisma.studio.document import (
    Draw,
    KeptCorner,
    Operate,
    Puck,
    RandomCorner,
    Revert,
    Session,
    SoundCorner,
    SoundRef,
    Square,
    Take,
    Target,
)
from melisma.studio.render import Renderer

RATE = 22050
WIDE, EQUAL, ONE, LONG = (SoundRef(letter * 64, f"{letter}.wav") for letter in "abcd")


def noise(seconds, seed):
    return (0.2 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))).astype(np.float32)


LEFT, RIGHT = noise(1, 0), 0.25 * noise(1, 0) + 0.1 * noise(1, 1)
SOUNDS = {
    WIDE.hash: Audio(np.stack([LEFT, RIGHT]), RATE), EQUAL.hash: Audio(np.stack([LEFT, LEFT]), RATE), ONE.hash: Audio(LEFT, RATE),
    LONG.hash: Audio(np.stack([noise(12, 2), noise(12, 3)]), RATE),
}  # fmt: skip
EDITS = (
    Operate("bias", {"by": 1.0}, Target(lanes=(0,))), Draw(1, ((0.2, 1.0), (0.6, -1.0))), Operate("reverse", {}, Target(end=0.5)),
    Draw("loudness", ((0.3, -20.0), (0.7, -40.0))), Revert(Target(lanes=(1,), start=0.4)),
)  # fmt: skip
SQUARE = Square(
    True, (None, SoundCorner(EQUAL), KeptCorner("k", WIDE, EDITS), RandomCorner(2)), Puck(((0.0, 0.2, 0.1), (1.0, 0.9, 0.8)))
)


def open_sound(ref):
    return SOUNDS[ref.hash]


def take(ref=WIDE, *edits, **more):
    return Take("small", ref, edits, **{"fine": 1.0, "domain": 1.0, "stereo": True, **more})


def sound(wanted, model):
    return session.sound(wanted, open_sound, model)


def test_a_new_take_is_the_transfer_to_the_bit(model):
    got = sound(take(), model)
    assert got.channels == 2 and got.rate == RATE
    assert np.array_equal(got.samples, model.transfer(open_sound(WIDE)).samples)


def test_channels_that_are_equal_stay_so_and_are_what_one_is(model):
    for edits, square in (((), Square()), (EDITS, SQUARE)):
        both, one = (sound(take(ref, *edits, square=square), model).samples for ref in (EQUAL, ONE))
        assert both.shape == (2, RATE) and one.shape == (1, RATE)
        assert np.array_equal(both[0], one[0]) and np.array_equal(both[1], one[0])


def test_a_take_from_before_is_mixed_as_it_was(model):
    told = msgspec.json.decode(msgspec.json.encode(take(WIDE, *EDITS, square=SQUARE)))
    del told["stereo"]
    old = document.read(msgspec.json.encode(told), Take)
    got = sound(old, model)
    mixed = {**SOUNDS, WIDE.hash: Audio(SOUNDS[WIDE.hash].samples.mean(0), RATE)}
    wanted = session.sound(take(WIDE, *EDITS, square=SQUARE), lambda ref: mixed[ref.hash], model)
    assert got.channels == 1 and np.array_equal(got.samples, wanted.samples)


def test_edits_act_on_both(model):
    """Each channel is, but for a drawn loudness and phases, what it would be alone."""
    edits = tuple(edit for edit in EDITS if getattr(edit, "lane", 0) != "loudness")
    pair = session.played(take(WIDE, *edits), open_sound, model).paths
    for path, samples in zip(pair, SOUNDS[WIDE.hash].samples):
        alone = session.paths(take(ONE, *edits), lambda ref: Audio(samples, RATE), model)[2]  # noqa: B023 (called at once)
        assert np.array_equal(path.values, alone.values) and np.array_equal(path.loudness, alone.loudness)
        assert np.array_equal(path.layers, alone.layers)


def test_a_loudness_that_is_drawn_leaves_the_balance(model):
    wanted = take(WIDE, Draw("loudness", ((0.2, -10.0), (0.8, -30.0))))
    before, after = (session.played(one, open_sound, model).paths for one in (take(), wanted))
    inside = (before[0].times > 0.21) & (before[0].times < 0.79)
    for path in after:
        assert not np.array_equal(path.loudness[inside], before[0].loudness[inside])
    balance = [pair[0].loudness - pair[1].loudness for pair in (before, after)]
    assert balance[0][inside].mean() > 3
    np.testing.assert_allclose(balance[1], balance[0], atol=1e-3)
    mix = session.paths(wanted, open_sound, model)[2]
    np.testing.assert_allclose(mix.loudness[inside], np.interp(mix.times[inside], [0.2, 0.8], [-10, -30]), atol=1e-3)


def test_the_memo_changes_nothing(model):
    memo = session.Memo(most=4)
    for count in (1, 5, 3, 5):
        wanted = take(WIDE, *EDITS[:count], square=SQUARE)
        kept, anew = (session.played(wanted, open_sound, model, one) for one in (memo, None))
        for a, b in zip(kept.paths, anew.paths):
            assert np.array_equal(a.values, b.values) and np.array_equal(a.loudness, b.loudness)


# --- what the page is sent ----------------------------------------------------------------------------------------------


class Page:
    """Holds what it is sent, as the page does."""

    def __init__(self, model):
        self.samples, self.sent, self.done = None, [], threading.Event()
        self.renderer = Renderer(open_sound, lambda name: model, self.receive)

    def receive(self, message):
        if isinstance(message, str):
            self.last = document.read(message, protocol.FromServer)
            return self.done.set()
        header, body = protocol.parts(message)
        if isinstance(header, protocol.Samples):
            piece = np.frombuffer(body, np.float32).reshape(header.channels, -1)
            if self.samples is None or self.samples.shape != (header.channels, header.total):
                self.samples = np.zeros((header.channels, header.total), np.float32)
            self.samples[:, header.first : header.first + piece.shape[1]] = piece
            self.sent.append((header.first, piece.shape[1], header.exact))

    def show(self, wanted):
        self.sent.clear()
        self.done.clear()
        self.renderer.request(0, wanted)
        assert self.done.wait(60) and isinstance(self.last, protocol.Done), self.last


@pytest.fixture
def page(model):
    page = Page(model)
    yield page
    page.renderer.close()


def test_the_page_holds_both_channels_whatever_was_before(page, model):
    shown = [
        take(),
        take(WIDE, *EDITS),
        take(ONE),
        take(WIDE, *EDITS[:2]),
        take(EQUAL),
        take(WIDE),
        take(WIDE, stereo=False),
        take(),
    ]
    for wanted in shown:
        page.show(wanted)
        whole = session.played(wanted, open_sound, model).whole(model, True, **session.amounts(wanted)).samples
        assert np.array_equal(page.samples, whole[: len(page.samples)])  # equal channels are sent once
        assert len(page.samples) == (2 if wanted.input is WIDE and wanted.stereo else 1)


def test_a_late_edit_is_heard_first_and_only_what_changed_is_sent(page, model):
    page.show(take(LONG))
    late = take(LONG, Operate("bias", {"by": 1}, Target(start=9.0, end=9.5)))
    page.show(late)
    first, length, exact = page.sent[0]
    assert not exact and 8.9 * 16000 < first < 9.0 * 16000 and length > 0.5 * 16000
    assert min(first for first, _, exact in page.sent if exact) > 8.5 * 16000
    whole = session.played(late, open_sound, model).whole(model, True, **session.amounts(late)).samples
    assert np.array_equal(page.samples, whole)
    page.show(late)
    assert [length for _, length, _ in page.sent] == [0]


def test_what_is_rendered_ahead_stands_where_it_stood(model):
    """The balance of a place is that of the whole."""
    played = session.played(take(WIDE), open_sound, model)
    whole = played.whole(model, True, **session.amounts(take())).samples
    first, part = played.ahead(model, 100, 200, fine=1.0, colour=0.0)
    there = whole[:, first : first + part.shape[1]]
    sides = [10 * np.log10(np.square(x).mean(1)) for x in (part, there)]
    assert part.shape[1] > 90 * model.hop and np.abs(sides[0] - sides[1]).max() < 1
    assert abs(np.corrcoef(part)[0, 1] - np.corrcoef(there)[0, 1]) < 0.1


# --- the server ---------------------------------------------------------------------------------------------------------


def test_opened_played_saved_and_rendered_in_stereo(client, tmp_path):
    soundfile.write(tmp_path / "wide.wav", SOUNDS[WIDE.hash].samples.T, RATE, "FLOAT")
    info = upload(client, (tmp_path / "wide.wav").read_bytes(), "wide.wav")
    assert info.channels == 2 and info.notes == ()
    wanted = take(info.sound, *EDITS[:2])
    with connect(client) as socket:
        hear(socket, protocol.Hello)
        socket.send_text(protocol.text(protocol.Save(1, Session(wanted), name="Opened")))
        header, body = hear(socket, protocol.Samples)
        assert header.channels == 2 and len(body) % 8 == 0
        hear(socket)
    answer = client.get("/api/take/out.wav")
    (tmp_path / "page.wav").write_bytes(answer.content)
    got, rate = soundfile.read(tmp_path / "page.wav", dtype="float32")
    assert rate == RATE and got.shape == (RATE, 2)
    assert client.get("/api/take/out.wav?rate=model").status_code == 200
    piece = client.post("/api/take/samples", content=msgspec.json.encode(wanted))
    assert piece.headers["x-channels"] == "2" and len(piece.content) == 2 * 4 * 16000
    (tmp_path / "s.melisma-session").write_bytes(client.get("/api/session/s.melisma-session").content)
    command = [sys.executable, "-m", "melisma", "render", tmp_path / "s.melisma-session", tmp_path / "there.wav"]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "there.wav").read_bytes() == answer.content
