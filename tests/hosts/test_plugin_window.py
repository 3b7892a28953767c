"""The plug-in's own window, in a small CLAP host on a screen of its own: what hands do to it is what the host and the sound get, and
what the host does is what it shows."""

import json
import os
import shutil
import subprocess
import sys

import claphost_window
import lv2host_window
import numpy as np
import pytest
import session
from plugin_window import ACCENT, MATCH, MENU, MODELS, PIANO, ROOT, SAID, SQUARE, WRONG, near, needs_window, played, sound

from melisma.core.binding import CoreModel
from melisma.hosts.plugin import bundles

pytestmark = needs_window


def test_the_square_moves_two_latents_and_the_sound(opened):
    host, window = opened()
    x = sound(512 * 20)
    window.drag(SQUARE, (SQUARE[0] + 75, SQUARE[1] - 66))
    host.process(x[:, :512])  # CLAP hands parameters over with a block
    moved = [host.get("bias_1"), host.get("bias_2")]
    assert moved == pytest.approx([1.5, 1.5], abs=0.1) and host.get("bias_3") == 0
    host.reset()
    stream = CoreModel(MODELS / "strings.melisma").stream(44100, channels=2)
    for name, value in {"match": 1, "fine": 1, "bias.1": moved[0], "bias.2": moved[1]}.items():
        stream.set(name, value)
    stream.reset()
    assert np.array_equal(played(host, x), stream.process(x))
    window.hand("mousemove", *SQUARE, "click", "--repeat", 2, "--delay", 60, 1)  # twice: the middle
    host.process(x[:, :512])
    assert (host.get("bias_1"), host.get("bias_2")) == (0, 0)


def test_what_the_square_stands_over_is_kept_with_the_session(opened, plugins):
    host, window = opened()
    window.hand("mousemove", 750, 449, "click", 1)  # across
    window.hand("key", "Down", "Down", "Return")
    saved = host.save()
    assert b"square 3 2" in saved
    host, window = opened()
    assert host.load(saved)  # while its window is open
    window.run(0.3)
    window.drag(SQUARE, (SQUARE[0] + 75, SQUARE[1] - 66))
    host.process(sound(512))
    assert [host.get(f"bias_{k}") for k in (1, 2, 3)] == pytest.approx([0, 1.5, 1.5], abs=0.1)


def test_a_host_tells_of_gestures_and_a_slider_goes_where_it_is_drawn(opened):
    host, window = opened()
    window.drag((944, MATCH[1]), (870, MATCH[1]))  # from its thumb at 1
    host.process(sound(512))
    assert host.get("match") == pytest.approx(0.5, abs=0.02)
    kinds = [kind for kind, symbol, _ in host.told if symbol == "match"]
    assert kinds[0] == "begin" and kinds[-1] == "end" and "value" in kinds


def test_what_the_host_sets_is_seen(opened):
    host, window = opened()

    def thumb():
        row = near(window.picture(), (0xE7, 0xE9, 0xEE), MATCH[1], slice(790, 955))
        return 790 + np.flatnonzero(row).mean()

    for value in (0.25, 0.75):
        host.set("match", value)
        host.process(sound(512))
        window.run(0.5)
        assert thumb() == pytest.approx(796 + 148 * value, abs=2)


def test_the_path_and_the_spectrum_go_by(opened):
    host, window = opened()
    before = window.picture()
    for _ in range(10):
        played(host, sound(512 * 8))
        window.run(0.05)
    after = window.picture()
    spectrum, rows = (slice(112, 260), slice(22, 580)), (slice(266, 670), slice(90, 580))
    assert before[spectrum].max() < 40 and after[spectrum].max() > 150
    assert (after[rows] != before[rows]).any(-1).mean() > 0.005


def test_looking_changes_no_sample(opened, plugins):
    x = sound(512 * 40)
    host, window = opened()
    host.reset()
    heard = []
    for i in range(0, x.shape[1], 512):
        heard.append(host.process(x[:, i : i + 512]))
        if i % 4096 == 0:
            window.run(0.005)
    plain = session.open_in("clap", plugins, 44100, 512)
    plain.start()
    assert np.array_equal(np.concatenate(heard, 1), played(plain, x))
    plain.close()


def test_a_model_is_chosen_from_the_menu(opened):
    host, window = opened()
    window.hand("mousemove", *MENU, "click", 1)
    window.hand("key", "Up", "Up", "Return")  # of screams, singing, speech, strings
    host.process(sound(512))
    assert host.text("model", host.get("model")) == "singing"


def test_a_file_of_ones_own_is_chosen_in_its_folder(opened, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").mkdir()
    shutil.copyfile(MODELS / "speech.melisma", tmp_path / "mine" / "voice.melisma")
    host, window = opened()
    window.hand("mousemove", *MENU, "click", 1)
    window.hand("key", "End", "Return")  # a file of your own
    window.hand("key", "Down", "Down", "Return")  # after the folder above: mine/
    window.hand("key", "Down", "Down", "Return")
    for _ in range(200):
        host.process(sound(512))
        window.run(0.01)
        if host.get("status") == 0:
            break
    assert host.get("model") == 0 and host.get("status") == 0 and str(tmp_path / "mine" / "voice.melisma").encode() in host.save()


def test_what_is_the_matter_with_a_model_is_said(opened, tmp_path):
    def wrong(text):
        _, window = opened(text=text)
        window.run(0.5)
        return near(window.picture(), WRONG, *SAID).sum()

    (tmp_path / "bad.melisma").write_bytes(b"no model")
    assert wrong(session.text("strings")) == 0
    assert wrong(session.text("nowhere")) > 100 and wrong(session.text(str(tmp_path / "bad.melisma"))) > 100


def test_keys_reach_what_has_them(opened):
    host, window = opened()
    window.hand("mousemove", 640, 650, "click", 1)  # beside everything: nothing has the keys
    window.hand("key", "Tab", "Tab")  # the title, Original
    window.hand("key", "Return")
    host.process(sound(512))
    assert host.get("bypass") == 1
    window.hand("key", "Tab")  # the first row
    window.hand("key", "Right", "Right")
    host.process(sound(512))
    assert host.get("bias_1") == pytest.approx(0.24, abs=0.02)
    window.hand("key", "Delete")
    host.process(sound(512))
    assert host.get("bias_1") == 0


def test_it_is_as_sharp_at_twice_the_size_and_fits_others(opened):
    host, window = opened(scale=2)
    assert (window.width, window.height) == (2080, 1380)
    window.drag((2 * 944, 2 * MATCH[1]), (2 * 870, 2 * MATCH[1]))
    host.process(sound(512))
    assert host.get("match") == pytest.approx(0.5, abs=0.02)
    host, window = opened()
    window.resize(800, 600)
    picture = window.picture()
    assert picture.shape[:2] == (600, 800) and near(picture, ACCENT, slice(0, 40)).any()


def test_the_keyboard_plays(opened):
    host, window = opened("instrument")
    assert np.abs(host.process(None, 512)).max() < 0.001
    window.hand("mousemove", *PIANO, "mousedown", 1)
    assert np.abs(np.concatenate([host.process(None, 512) for _ in range(40)], 1)).max() > 0.01
    window.hand("mouseup", 1)
    quiet = np.concatenate([host.process(None, 512) for _ in range(200)], 1)
    assert np.abs(quiet[:, -4096:]).max() < 0.001


def test_it_opens_and_closes_again_and_again(opened):
    host, window = opened()
    for _ in range(20):
        window.close()
        window = claphost_window.Window(host)
        assert window.made and window.picture().max() > 100
    window.drag(SQUARE, (SQUARE[0] + 75, SQUARE[1]))
    host.process(sound(512))
    assert host.get("bias_1") > 1
    window.close()


def test_in_lv2_it_writes_ports_and_sees_them(plugins, screen, monkeypatch):
    monkeypatch.setenv("DISPLAY", screen)
    host = session.open_in("lv2", plugins, 44100, 512)
    host.start()
    host.process(sound(512))
    for _ in range(3):
        window = lv2host_window.Window(host, plugins / "lv2" / "melisma.lv2")
        window.drag(SQUARE, (SQUARE[0] + 75, SQUARE[1] - 66))
        window.hand("mousemove", 960, 60, "click", 1)  # Original: LV2 has "enabled"
        assert host.get("bias_1") == pytest.approx(1.5, abs=0.1) and host.get("enabled") == 0
        assert window.told[0] == ("bias_1", True) and ("bias_2", False) in window.told
        host.process(sound(512))
        host.set("bias_1", 0), host.set("bias_2", 0), host.set("bypass", 0)
        host.process(sound(512))
        window.run(0.5)
        assert near(window.picture(), ACCENT, slice(290, 310), slice(858, 880)).any()  # the ring is in the middle again
        window.close()
    monkeypatch.delenv("DISPLAY")
    window = lv2host_window.Window(host, plugins / "lv2" / "melisma.lv2")
    assert not window.made and played(host, sound(4096)).any()
    window.close(), host.close()


def test_in_vst3_pedalboards_editor_shows_it(plugins, screen):
    pytest.importorskip("pedalboard")
    command = [sys.executable, ROOT / "hosts" / "plugin" / "tests" / "editor.py", plugins / "vst3" / "Melisma" / "Melisma.vst3"]
    environment = dict(os.environ, DISPLAY=screen)
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment, timeout=120)
    told = json.loads(done.stdout or "{}")
    assert told["size"] == [1040, 690] and told["bias"] == pytest.approx([1.5, 1.5], abs=0.1), done.stderr


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
@pytest.mark.parametrize("name", list(bundles.PLUGINS))
def test_while_a_window_looks_there_is_no_memory_no_lock_and_no_sleep_in_process(plugins, screen, tmp_path, name):
    program, p = tmp_path / "quiet", bundles.PLUGINS[name]
    source = ROOT / "hosts" / "plugin" / "tests" / "quiet.cpp"
    subprocess.run(["g++", "-O1", "-rdynamic", source, "-o", program, "-ldl", "-pthread"], check=True)
    model = [row.symbol for row in p.rows()].index("model")
    file = plugins / "lv2" / "melisma.lv2" / f"{name}.so"
    command = [program, file, p.uri, 0 if p.instrument else 2, len(p.rows()), model, "window"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=dict(os.environ, DISPLAY=screen))
    told = dict(line.split() for line in done.stdout.splitlines())
    assert done.returncode == 0 and told["calls"] == "0" and int(told["looks"]) > 10, done.stdout + done.stderr


@pytest.mark.parametrize("display", [None, ":4711"])
def test_without_a_screen_it_plays_all_the_same(plugins, monkeypatch, display):
    monkeypatch.delenv("DISPLAY", raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)
    host = session.open_in("clap", plugins, 44100, 512)
    host.start()
    window = claphost_window.Window(host)
    assert not window.made
    assert played(host, sound(4096)).any()
    window.close(), host.close()
