"""The studio's document, its files and its renderer."""

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from takes import RATE, SOUNDS, A, B, open_sound, paths, take

import melisma
from melisma.errors import MelismaError
from melisma.studio import document, pieces, protocol, session, typescript
from melisma.studio.document import (
    Draw,
    KeptCorner,
    Operate,
    Puck,
    RandomCorner,
    Revert,
    Session,
    SoundCorner,
    Square,
    Take,
    Target,
)

ROOT = Path(__file__).parents[2]


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
        wanted = model.decode(path, fine=fine, colour=colour, sound=open_sound(A))
        np.testing.assert_array_equal(
            session.sound(msgspec.structs.replace(old, fine=fine, colour=colour), open_sound, model), wanted
        )


def test_from_the_original_to_the_domain(model):
    """0 is the sound itself, 1 the usual transfer, to the bit; edits act on what is moved, and reverting ends there."""
    original = session.sound(Take("small", A, fine=1.0, colour=1.0, domain=0.0), open_sound, model)
    np.testing.assert_array_equal(original, model.decode(model.encode(open_sound(A)), sound=open_sound(A)))
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
