"""The studio's document, its files and its renderer."""

import io
import json
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import melisma
from melisma.cli import main as cli
from melisma.errors import MelismaError, MelismaWarning
from melisma.sound.audio import Audio, write
from melisma.studio import document, pieces, protocol, session, typescript
from melisma.studio.document import (
    Draw,
    KeptCorner,
    Operate,
    Puck,
    RandomCorner,
    Revert,
    Session,
    Snapshot,
    SoundCorner,
    SoundRef,
    Square,
    Take,
    Target,
)
from melisma.studio.library import Library
from melisma.studio.render import Cancelled, Renderer
from melisma.studio.sessionfile import pack, references, unpack

ROOT = Path(__file__).parents[2]
A, B, LONG = (SoundRef(letter * 64, f"{letter}.wav") for letter in "abc")
RATE = 22050


def noise(seconds, seed=0):
    random = np.random.default_rng(seed)
    return Audio((0.2 * random.standard_normal(int(seconds * RATE))).astype(np.float32), RATE)


SOUNDS = {A.hash: noise(1.0), B.hash: noise(0.5, 1), LONG.hash: noise(12.0, 2)}


def open_sound(ref):
    return SOUNDS[ref.hash]


def take(*edits, square=None):
    return Take("small", A, edits, square or Square())


def paths(wanted, model):
    return session.paths(wanted, open_sound, model)


def test_both_sides_of_the_protocol_agree():
    assert (ROOT / "studio/src/lib/protocol.ts").read_text() == typescript.module()


def test_the_page_s_documents_are_read():
    """The fixtures that the page's own tests write and read."""
    for text in json.loads((ROOT / "studio/tests/documents.json").read_text()):
        read = document.read(json.dumps(text), Session)
        assert json.loads(msgspec.json.encode(read)) == text


def test_edits_in_their_order(model):
    inferred, edited, result = paths(take(), model)
    assert inferred is edited is result
    drawn = Draw(1, ((0.2, 1.0), (0.6, -1.0)))
    doubled = Operate("scale", {"by": 2.0}, Target(lanes=(1,)))
    path = paths(take(drawn, doubled), model)[1]
    expected = inferred.draw([(0.2, 1.0), (0.6, -1.0)], dims=1).scale(2, dims=1)
    np.testing.assert_array_equal(path.values, expected.values)
    other = paths(take(doubled, drawn), model)[1]
    assert not np.array_equal(path.values, other.values)


def test_loudness_is_a_lane(model):
    inferred, edited, _ = paths(take(Draw("loudness", ((0.2, -10.0), (0.4, -30.0)))), model)
    inside = (inferred.times >= 0.2) & (inferred.times <= 0.4)
    np.testing.assert_allclose(edited.loudness[inside], np.interp(inferred.times[inside], [0.2, 0.4], [-10, -30]), atol=1e-4)
    np.testing.assert_array_equal(edited.loudness[inferred.times < 0.19], inferred.loudness[inferred.times < 0.19])
    np.testing.assert_array_equal(edited.values, inferred.values)
    louder = paths(take(Operate("gain", {"db": 3}, Target(lanes=(), loudness=True, end=0.5))), model)[1]
    np.testing.assert_array_equal(louder.loudness, inferred.gain(3, end=0.5).loudness)


def test_revert_a_range(model):
    on = Target(lanes=(0, 2), start=0.3, end=0.6)
    inferred, edited, _ = paths(take(Operate("bias", {"by": 1}, Target(loudness=True)), Revert(on)), model)
    times = inferred.times
    inside = (times > 0.31) & (times < 0.59)
    np.testing.assert_array_equal(edited.values[0, inside], inferred.values[0, inside])
    outside = (times < 0.29) | (times > 0.61)
    assert (edited.values[0, outside] != inferred.values[0, outside]).all()
    assert (edited.values[1] != inferred.values[1]).all()


def test_what_is_beyond_the_end_or_the_model_does_nothing(model):
    edits = (
        Draw(0, ((5.0, 1.0), (6.0, 1.0))), Draw(99, ((0.1, 1.0),)), Operate("scale", {"by": 3}, Target(start=9.0)),
        Operate("bias", {"by": 3}, Target(lanes=(77,))), Revert(Target(lanes=(88,), end=0.0)),
    )  # fmt: skip
    inferred, edited, _ = paths(take(*edits), model)
    np.testing.assert_array_equal(edited.values, inferred.values)


def test_the_memo_changes_nothing(model):
    memo = session.Memo()
    edits = [Operate("randomize", {"amount": 0.3, "seed": seed}, Target(start=0.1 * seed)) for seed in range(4)]
    for count in (2, 4, 3, 4):
        wanted = take(*edits[:count])
        kept = session.paths(wanted, open_sound, model, memo)[2]
        np.testing.assert_array_equal(kept.values, paths(wanted, model)[2].values)


def test_a_take_without_amounts_sounds_as_it_did(model):
    """Documents of before there were layers name none: to the bit the latents alone."""
    before = msgspec.json.decode(msgspec.json.encode(take(Operate("bias", {"by": 0.5}, Target()))))
    assert before.pop("fine") == before.pop("colour") == before.pop("domain") == 0
    assert before.pop("stereo") is False
    old = document.read(json.dumps(before), Take)
    path = paths(old, model)[2]
    assert path.layers is not None
    np.testing.assert_array_equal(session.sound(old, open_sound, model), model.decode(replace(path, layers=None)))
    for fine, colour in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        wanted = model.decode(path, fine=fine, colour=colour)
        np.testing.assert_array_equal(
            session.sound(msgspec.structs.replace(old, fine=fine, colour=colour), open_sound, model), wanted
        )


def test_from_the_original_to_the_domain(model):
    """0 is the sound itself, 1 the usual transfer, to the bit; edits act on what is moved, and reverting ends there."""
    original = session.sound(Take("small", A, fine=1.0, colour=1.0, domain=0.0), open_sound, model)
    np.testing.assert_array_equal(original, model.decode(model.encode(open_sound(A))))
    usual = Take("small", A, fine=1.0, colour=0.0, domain=1.0)
    np.testing.assert_array_equal(session.sound(usual, open_sound, model), melisma.transfer(open_sound(A), model=model))
    half = Take("small", A, (Operate("bias", {"by": 2.0}, Target(lanes=(0,))),), domain=0.5)
    inferred, edited, _ = paths(half, model)
    moved = inferred.match(0.5)
    assert not np.array_equal(moved.values, inferred.values)
    np.testing.assert_array_equal(edited.values, moved.bias(2.0, dims=[0]).values)
    back = msgspec.structs.replace(half, edits=(*half.edits, Revert(Target())))
    np.testing.assert_array_equal(paths(back, model)[1].values, moved.values)
    corner = Square(on=True, corners=(SoundCorner(B), None, None, None), puck=Puck(((0.0, 0.0, 0.0),)))
    squared = session.paths(Take("small", A, square=corner, domain=1.0), open_sound, model)[2]
    alone = session.paths(Take("small", B, domain=1.0), open_sound, model)[2]
    assert abs(squared.values.mean() - alone.values.mean()) < 0.1  # corners are moved as well


def test_edits_in_time_and_reverting_take_the_layers_along(model):
    inferred, turned, _ = paths(take(Operate("reverse", {}, Target())), model)
    assert np.array_equal(turned.layers, inferred.layers[:, ::-1]) and not np.array_equal(turned.layers, inferred.layers)
    part = paths(take(Operate("reverse", {}, Target()), Revert(Target(start=0.25, end=0.5))), model)[1]
    back = (part.times >= 0.25 - 0.5 / part.rate) & (part.times < 0.5 - 0.5 / part.rate)
    assert np.array_equal(part.layers[:, back], inferred.layers[:, back])
    assert np.array_equal(part.layers[:, ~back], turned.layers[:, ~back])
    one = paths(take(Operate("reverse", {}, Target(lanes=(0,))), Revert(Target(lanes=(0,)))), model)[1]
    assert np.array_equal(one.layers, inferred.layers)


def test_a_corner_that_wanders_has_no_layers(model):
    alone = Square(on=True, corners=(RandomCorner(1),) * 4)
    assert not paths(take(square=alone), model)[2].layers.any()
    both = Square(on=True, corners=(SoundCorner(B), None, None, None), puck=Puck(((0.0, 0.0, 0.0),)))
    there = paths(take(square=both), model)[2].layers
    assert np.array_equal(there, session.stretched(model.encode(SOUNDS[B.hash]), model.encode(SOUNDS[A.hash])).layers)


def test_the_way_from_a_to_b_is_the_paper_s(model):
    over = (model.encode(SOUNDS[A.hash]).frames) / model.frame_rate
    square = Square(True, (None, SoundCorner(B), None, None), Puck(((0.0, 0.0, 0.0), (over, 1.0, 0.0))))
    inferred, _, result = paths(take(square=square), model)
    a, b = inferred, session.stretched(model.encode(SOUNDS[B.hash]), inferred)
    n = np.arange(a.frames) / a.frames
    np.testing.assert_allclose(result.values, a.values * (1 - n) + b.values * n, atol=1e-5)
    np.testing.assert_allclose(result.loudness, a.loudness * (1 - n) + b.loudness * n, atol=1e-4)


@pytest.mark.parametrize("acts", ["latents", "loudness", "both"])
def test_the_square_acts_on_what_it_says(model, acts):
    kept = KeptCorner("kept", B, (Operate("reverse", {}, Target()),))
    square = Square(True, (None, RandomCorner(3), kept, None), Puck(((0.0, 0.2, 0.9),)), acts)
    _, edited, result = paths(take(Operate("bias", {"by": 0.5}, Target()), square=square), model)
    assert (result.values != edited.values).any() == (acts != "loudness")
    assert (result.loudness != edited.loudness).any() == (acts != "latents")
    assert (result.frames, result.length) == (edited.frames, edited.length)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5),
    st.booleans(),
    st.floats(0.1, 10),
)
def test_shares_sum_to_one(points, loop, speed):
    shares = session.weights(Puck(tuple(points), loop, speed), np.linspace(0, 3, 50))
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=0), 1)


def test_a_looped_puck_comes_round():
    puck = Puck(((0.0, 0.0, 0.0), (1.0, 1.0, 0.5)), True, 2.0)
    x, y = session.puck_at(puck, np.array([0.0, 0.25, 0.5, 0.75]))
    np.testing.assert_allclose(x, [0, 0.5, 0, 0.5])
    np.testing.assert_allclose(y, [0, 0.25, 0, 0.25])


def test_pieces_are_the_decoded_sound(model):
    path = paths(take(Operate("randomize", {"seed": 5}, Target())), model)[2]
    own = replace(path, source_rate=model.sample_rate, length=round(path.length * model.sample_rate / RATE))
    joined = np.concatenate(list(pieces.pieces(path, model, fine=1.0, colour=1.0)))
    np.testing.assert_array_equal(joined, model.decode(own))


def test_unknown_operators_and_parameters_are_named(model):
    for edit, wanted in (
        (Operate("sparkle", {}, Target()), "sparkle"),
        (Operate("scale", {"wobble": 1}, Target()), "wobble"),
        (Operate("draw", {}, Target()), "draw"),
    ):
        with pytest.raises(MelismaError, match=wanted):
            paths(take(edit), model)
    with pytest.raises(MelismaError, match="no sound yet"):
        paths(Take("small"), model)


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["type", "take", "revision", "model", "edits", "input", "op"]), inner)
        ),
        max_leaves=12,
    )
)
@settings(max_examples=60)
def test_no_message_is_a_crash(value):
    with pytest.raises(MelismaError):
        document.read(json.dumps(value), protocol.ToServer)


def test_nan_and_the_absurd_are_refused():
    good = msgspec.json.encode(take(Draw(0, ((0.0, 1.0),)))).decode()
    assert document.read(good, Take) == take(Draw(0, ((0.0, 1.0),)))
    for bad in ("NaN", "1e400", "1e9", '"1"', "null"):
        with pytest.raises(MelismaError):
            document.read(good.replace("1.0", bad), Take)


def test_binary_messages_are_read_back():
    header = protocol.Samples(3, 7, 99, True)
    for body in (b"", b"\0\0\x80\x3f" * 5):
        message = protocol.binary(header, body)
        read, rest = protocol.parts(message)
        assert read == header and bytes(rest) == body
        assert (len(message) - len(body)) % 4 == 0


# --- the renderer -------------------------------------------------------------------------------------------------------


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
        whole = np.concatenate(list(pieces.pieces(paths(wanted, model)[2], model, **amounts)))
        np.testing.assert_array_equal(page.samples, whole)
        assert bool(page.heard[0][0] < page.heard[0][1]) == (revision < 3)  # the last is as it was


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


# --- files --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "studio")


@pytest.fixture
def whole(library, tmp_path):
    """A session of all kinds of parts, whose sounds are in the library."""
    refs = []
    for name, audio in (("a.wav", SOUNDS[A.hash]), ("b.flac", SOUNDS[B.hash])):
        write(tmp_path / name, audio.samples, audio.rate)
        refs.append(library.add_file(tmp_path / name).sound)
    edits = (Draw(0, ((0.1, 1.0), (0.4, -1.0))), Operate("randomize", {"amount": 0.5, "seed": 9}, Target(loudness=True)))
    square = Square(True, (None, SoundCorner(refs[1]), KeptCorner("k", refs[1], edits), RandomCorner(1)), acts="latents")
    wanted = Take("small", refs[0], edits, square)
    return Session(wanted, (Snapshot("plain", Take("small", refs[0])), Snapshot("other", Take("small", refs[1]))))


def test_a_session_file_sounds_the_same_in_another_process(whole, library, model, tmp_path):
    pack(library, whole, tmp_path / "s.melisma-session")
    other = Library(tmp_path / "other")
    assert unpack(other, tmp_path / "s.melisma-session", "s") == whole
    here = session.sound(whole.take, library.open, model)
    np.testing.assert_array_equal(session.sound(whole.take, other.open, model).samples, here.samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MelismaWarning)  # random weights may clip
        write(tmp_path / "here.wav", here, RATE)
    for target, more in (("there.wav", []), ("plain.wav", ["--snapshot", "plain"])):
        command = [sys.executable, "-m", "melisma", "render", tmp_path / "s.melisma-session", tmp_path / target, *more]
        subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "there.wav").read_bytes() == (tmp_path / "here.wav").read_bytes()
    assert (tmp_path / "plain.wav").read_bytes() != (tmp_path / "here.wav").read_bytes()


def test_session_files_that_are_none(whole, library, tmp_path):
    pack(library, whole, file := tmp_path / "s.melisma-session")
    data = file.read_bytes()
    fresh = Library(tmp_path / "fresh")
    for wrong in (b"", b"PK", b"hello" * 100, data[:-200], data[: len(data) // 2]):
        with pytest.raises(MelismaError, match="the file"):
            unpack(fresh, io.BytesIO(wrong), "the file")
    assert not list(fresh.sounds.iterdir())


def _with(file, **members):
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            if (data := members.get(info.filename.replace(".", "_").replace("/", "_"), source.read(info))) is not None:
                target.writestr(info.filename, data)
    out.seek(0)
    return out


def test_session_files_with_something_else_in_them(whole, library, tmp_path):
    pack(library, whole, file := tmp_path / "s.melisma-session")
    told = json.loads(msgspec.json.encode(whole))
    sound = f"sounds_{references(whole)[0].hash}"
    fresh = Library(tmp_path / "fresh")
    for members, reason in (
        ({"session_json": json.dumps(told | {"format": 2})}, "update Melisma"),
        ({"session_json": json.dumps(told | {"take": {}})}, "take"),
        ({sound: b"RIFF"}, "not what it was"),
        ({sound: None}, "damaged"),
        ({"session_json": json.dumps(told).replace(references(whole)[0].hash, "../" + "a" * 61)}, "hash"),
    ):
        with pytest.raises(MelismaError, match=reason):
            unpack(fresh, _with(file, **members), "s")


def test_the_autosave_is_whole_or_put_aside(whole, library):
    assert library.restore() is None
    library.save(whole)
    assert Library(library.folder).restore() == whole
    (library.folder / "autosave.json").write_bytes(b'{"take": ')
    assert library.restore() is None
    assert (library.folder / "autosave-unreadable.json").read_bytes() == b'{"take": '


def test_render_says_what_is_wrong(tmp_path, whole, library, capsys):
    pack(library, whole, file := tmp_path / "s.melisma-session")
    (tmp_path / "none.melisma-session").write_bytes(b"nothing")
    for arguments, reason in (
        ([str(tmp_path / "missing"), str(tmp_path / "o.wav")], "is not a file"),
        ([str(tmp_path / "none.melisma-session"), str(tmp_path / "o.wav")], "not a session"),
        ([str(file), str(tmp_path / "o.wav"), "--snapshot", "nope"], "plain, other"),
    ):
        assert cli.run(["render", *arguments]) == 1
        assert reason in capsys.readouterr().err
        assert not (tmp_path / "o.wav").exists()


def test_nothing_of_the_studio_needs_torch():
    code = "import sys, melisma.studio.serve; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert melisma.__version__


def test_what_there_is_to_say_of_a_sound_is_said_when_it_comes(library, tmp_path):
    """Channels that cancel, and what the reader found: in the answer to the upload, by the name that people know."""
    x = 0.2 * np.sin(np.arange(8000) / 9)
    soundfile.write(tmp_path / "wide.wav", np.stack([x, -x, 0 * x], 1), RATE, "FLOAT")
    soundfile.write(tmp_path / "crash.wav", x, RATE, "PCM_16")
    data = bytearray((tmp_path / "crash.wav").read_bytes())
    data[40:44] = bytes(4)
    (tmp_path / "crash.wav").write_bytes(data)
    wide, crash = (library.add_file(tmp_path / name) for name in ("wide.wav", "crash.wav"))
    assert len(wide.notes) == 1 and wide.notes[0].startswith("wide.wav: its channels cancel each other") and wide.channels == 3
    assert np.allclose(library.open(wide.sound).samples, x, atol=1e-6)
    assert len(crash.notes) == 1 and crash.notes[0].startswith(f"crash.wav announces 0.00 s and holds {8000 / RATE:.2f} s")
    assert crash.seconds == 8000 / RATE
    assert library.add_file(tmp_path / "wide.wav").notes == wide.notes
