"""Files that are dropped on the plug-in's window, by a program that drags them (hosts/plugin/tests/dragged.py)."""

import shutil

import dragged
import numpy as np
import pytest
from plugin_window import MODELS, SAID, WRONG, near, needs_window, sound

pytestmark = needs_window
PLACE = 300, 400


@pytest.fixture
def drag():
    hands = []

    def make(*given, **more):
        hands.append(dragged.Dragged(*given, **more))
        return hands[-1]

    yield make
    for hand in hands:
        hand.close()


def wrong(window):
    window.run(0.3)
    return near(window.picture(), WRONG, *SAID).sum()


@pytest.mark.parametrize("deep", [True, False], ids=["asks every window", "asks the desktop's alone"])
def test_a_model_that_is_dropped_plays(opened, drag, tmp_path, deep):
    file = tmp_path / "my voice, höher.melisma"
    shutil.copyfile(MODELS / "speech.melisma", file)
    host, window = opened()
    hand = drag(f"# from here\r\n{tmp_path.as_uri()}/a.txt\r\n{file.as_uri()}\r\n".encode(), deep=deep)
    before = window.picture()
    assert hand.move(*PLACE) and hand.answer(window.once, "XdndStatus")
    window.run(0.3)
    assert (window.picture()[2:6] != before[2:6]).any(-1).mean() > 0.5  # the whole window is framed
    hand.drop()
    assert hand.answer(window.once, "XdndFinished")
    for _ in range(200):
        host.process(sound(512))
        window.run(0.01)
        if host.get("status") == 0:
            break
    assert host.get("model") == 0 and host.get("status") == 0 and str(file).encode() in host.save()
    assert wrong(window) == 0 and (window.picture()[2:6] == before[2:6]).all()


def test_of_anything_else_it_says_what_can_be_dropped(opened, drag):
    host, window = opened()
    assert wrong(window) == 0
    pictures = []
    for dropped in (b"file:///there/notes.txt", b"file:///there/folder/", b"https://there/a.melisma", b""):
        hand = drag(dropped + b"\r\n")
        assert hand.move(*PLACE) and hand.answer(window.once, "XdndStatus")
        hand.drop()
        assert not hand.answer(window.once, "XdndFinished")
        assert wrong(window) > 100
        pictures.append(window.picture()[SAID].tobytes())
        window.hand("mousemove", 640, 650, "click", 1)
        assert wrong(window) == 0
    assert len(set(pictures)) == 4
    host.process(sound(512))
    assert host.text("model", host.get("model")) == "strings"


def test_what_is_no_file_is_not_taken_and_what_goes_away_leaves_nothing(opened, drag):
    host, window = opened()
    before = window.picture()
    hand = drag(b"words", "text/plain")
    assert hand.move(*PLACE) and not hand.answer(window.once, "XdndStatus")
    assert wrong(window) > 100
    files = drag(b"file:///there/a.melisma\r\n")
    assert files.move(*PLACE) and files.answer(window.once, "XdndStatus")
    assert not files.move(2000, 1500)  # beside the window
    window.run(0.3)
    assert np.array_equal(window.picture(), before)
    window.close()
    assert not files.move(*PLACE)
