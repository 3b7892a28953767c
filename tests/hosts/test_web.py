"""The page that plays, as `melisma web` writes it, in the real Chromium: from a folder and from a plain web server."""

import base64
import functools
import http.server
import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from browser import browser

from melisma.cli import main as cli
from melisma.core.binding import CoreModel
from melisma.files import modelfile
from melisma.hosts import web
from melisma.model import load
from melisma.play import SOURCE
from melisma.sound import audio
from melisma.store import pretrained

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(bool(web.missing()), reason="needs the page: pip install ziglang, python hosts/web/build.py"),
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt install chromium"),
]
START = "document.getElementById('start')"
SAID = "document.getElementById('said').textContent"
WIDTHS = (1400, 1024, 420)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    into = tmp_path_factory.mktemp("web") / "a page #1"
    assert cli.run(["web", str(into), "-m", "strings", "-m", "speech"]) == 0
    return into


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as opened:
        opened.call("Page.enable")
        yield opened


@pytest.fixture(scope="module")
def address(folder):
    """The folder served as `python -m http.server` serves it: no headers of ours."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def opened(chromium, address, width=1400):
    chromium.open(address, width)
    chromium.until(f"!{START}.disabled && melisma.stage.filled > 300")
    return chromium


def drop(page, name, data, over="document.body", where="clientX: 0"):
    """A file let go over the window, or over something in it."""
    page.run(
        f"(f => {{ const d = new DataTransfer(); d.items.add(f); "
        f"{over}.dispatchEvent(new DragEvent('drop', {{ dataTransfer: d, cancelable: true, bubbles: true, {where} }})); }})"
        f"(new File([Uint8Array.from(atob('{base64.b64encode(data).decode()}'), c => c.charCodeAt(0))], {json.dumps(name)}))"
    )


@pytest.mark.parametrize("where", ["folder", "server"])
def test_it_plays_what_it_shows_beforehand(chromium, folder, address, where):
    """Before anything sounds it shows the cat's path; then it plays it: the frames told while it plays are the core's own."""
    page = opened(chromium, (folder / "index.html").as_uri() if where == "folder" else address)
    assert not page.run("crossOriginIsolated")
    page.until("context = melisma.context, context.state == 'suspended'")
    core = CoreModel(pretrained.locate("strings"), "plain")
    rate = int(page.run("context.sampleRate"))
    stream = core.stream(rate)
    stream.set("match", 1), stream.set("fine", 1), stream.set("fine.kept", 1)
    stream.reset()
    sound = audio.read(ROOT / "src/melisma/sounds/gpl/cat.flac").mono().samples[0]
    fade = np.linspace(0, 1, 176, endpoint=False)  # the page's: a loop begins and ends without a step
    sound[:176] *= fade
    sound[-176:] *= fade[::-1]
    seen = []
    for at in range(0, len(sound) - 128, 128):
        stream.process(sound[at : at + 128])
        if stream.last_frame()[0] > len(seen):
            seen.append(stream.last_frame()[1])
    page.until("melisma.stage.bias.length == 16 && melisma.stage.filled == melisma.stage.length")
    script = """((s, n) => { const rows = []; for (let k = 0; k < s.filled; k++) { const at = (s.at + k) % s.length * s.size;
        rows.push([...s.frames.subarray(at, at + n)]); } return rows; })(melisma.stage, 16)"""
    shown = np.array(page.run(script), np.float32)
    wanted = np.array(seen[20:220])
    if rate == 44100:  # else the browser has resampled the file
        apart = min(np.abs(shown[k : k + 200] - wanted).max() for k in range(len(shown) - 200))
        assert apart < 0.02  # σ; Chromium scales what is positive by another 16-bit maximum than we do
    page.click(START)
    page.until(f"context.state == 'running' && {SAID}.startsWith('Pull')")
    before = page.run("melisma.stage.at")
    page.until(f"melisma.stage.at != {before} && melisma.level() > 0.2")
    page.click(START)
    page.until("context.state == 'suspended'")


def test_what_is_turned_is_heard(chromium, folder):
    page = opened(chromium, (folder / "index.html").as_uri())
    page.click(START)
    page.until("melisma.context.state == 'running'")
    page.run("document.getElementById('two').click()")
    left, top, width, height = page.box("document.getElementById('square')")
    place = {"x": left + 0.9 * width, "y": top + 0.25 * height}
    page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": left + width / 2, "y": top + height / 2}])
    page.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=[place])
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    across, up = page.run("melisma.square.axes")
    bias = page.run("melisma.stage.bias")
    assert bias[across] == pytest.approx(2.4, abs=0.1) and bias[up] == pytest.approx(1.5, abs=0.1)
    assert page.run(f"melisma.engine.settings['bias.{across + 1}']") == bias[across]
    mean = f"melisma.stage.last(200).reduce((sum, frame) => sum + frame[{across}] / 200, 0)"
    page.until(f"{mean} > 1")  # the frames that sound have gone there
    # another model takes over while it plays, with what was turned
    page.run("(m => { m.value = 'speech'; m.dispatchEvent(new Event('change')); })(document.getElementById('model'))")
    page.until("melisma.stage.model.name == 'speech' && melisma.stage.filled > 100")
    page.until(f"{mean} > 1")
    page.run("document.getElementById('reset').click()")
    assert not any(page.run("melisma.stage.bias"))


def test_the_corners_are_where_sounds_lie(chromium, folder):
    """In a corner the path goes to that sound's mean in this model, by the core's own count; in the middle nothing is added."""
    page = opened(chromium, (folder / "index.html").as_uri())
    page.until("melisma.square.places.every(place => place)")
    names = page.run("melisma.square.corners.map(corner => corner.name ?? corner.kind)")
    assert names == ["horse", "voice", "bell", "random"] and not any(page.run("melisma.stage.bias"))
    model = load("strings")
    bell = audio.read(ROOT / "src/melisma/sounds/cc0/bell.flac").mono()
    path = model.encode(audio.Audio(bell.samples[:, : 3 * bell.rate], bell.rate))
    bell = np.clip(path.values[:, path.loudness > -50].mean(1), -3, 3)
    place = np.array(page.run("melisma.square.places[2]"))
    assert np.abs(place - bell).max() < 0.3 and np.abs(bell).max() > 0.5  # another resampler, blocks instead of frames
    page.run("melisma.square.to(-1, -1)")
    page.until("melisma.engine.settings['bias.1'] != 0")
    bias = [page.run(f"melisma.engine.settings['bias.{row}']") for row in range(1, 17)]
    np.testing.assert_allclose(bias, place, atol=1e-6)
    # half way up: half of both at the left, and what the hand adds stays
    page.run("melisma.controls.bend(0, 1 + melisma.square.blend()(0)), melisma.square.to(-1, 0)")
    horse = np.array(page.run("melisma.square.places[0]"))
    half = (place + horse) / 2 + np.eye(16)[0]
    np.testing.assert_allclose(page.run("melisma.stage.bias"), np.clip(half, -3, 3), atol=1e-6)
    # another place for a corner, by its menu; and a sound let fall onto it
    page.run("(m => { m.value = 'random'; m.dispatchEvent(new Event('change')); })(melisma.square.menus[0])")
    page.until("melisma.square.places[0] && melisma.square.menus[0].selectedOptions[0].textContent == 'random 2'")
    left, top, width, height = page.box("document.getElementById('square')")
    where = f"clientX: {left + width - 30}, clientY: {top + 30}"
    drop(
        page,
        "my voice.flac",
        (ROOT / "src/melisma/sounds/mit/voice.flac").read_bytes(),
        "document.getElementById('square')",
        where,
    )
    page.until("melisma.square.places[1] && melisma.square.menus[1].selectedOptions[0].textContent == 'my voice'")
    page.run("document.getElementById('reset').click()")
    assert not any(page.run("melisma.stage.bias"))
    assert page.run("document.getElementById('square').getAttribute('aria-valuetext')") == "in the middle, as it is"


def test_the_domain_is_the_cores(chromium, folder):
    page = opened(chromium, (folder / "index.html").as_uri())
    page.run("(s => { s.value = 0.25; s.dispatchEvent(new Event('input')); })(document.getElementById('domain'))")
    told = page.run("melisma.engine.settings")
    assert [told[name] for name in ("domain", "match", "fine", "colour")] == [0.25, 1, 1, 0]


def test_what_is_no_model_or_no_sound_is_one_sentence(chromium, folder):
    page = opened(chromium, (folder / "index.html").as_uri())
    drop(page, "mine.melisma", b"this is no model\n" * 50)
    page.until(f"{SAID}.includes('mine.melisma: ')")
    assert page.run(f"{SAID}.length") < 300
    drop(page, "noise.wav", b"RIFF" + bytes(100))
    page.until(f"{SAID}.startsWith('noise.wav is no sound')")
    # and what was there plays on
    page.click(START)
    page.until("melisma.context.state == 'running' && melisma.stage.model.name == 'strings'")


def test_a_key_plays_its_note(chromium, folder):
    """Through the model: A4 stands as a line at 440 Hz in the mel of what is heard."""
    page = opened(chromium, (folder / "index.html").as_uri())
    page.run("(m => { m.value = 'keys'; m.dispatchEvent(new Event('change')); })(document.getElementById('source'))")
    page.run("(m => { m.value = 0; m.dispatchEvent(new Event('input')); })(document.getElementById('tone'))")  # a saw
    page.click(START)
    page.until("document.body.classList.contains('playing')")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="h", code="KeyH")
    page.until("document.querySelector('#piano .down')?.getAttribute('aria-label') == 'A4'")
    page.until("melisma.level() > 0.3")
    mel = "[...Array(128).keys()].map(j => { let sum = 0; for (let k = 0; k < 80; k++) sum += s.frames[((s.at - 1 - k + s.length) % s.length) * s.size + 17 + j]; return sum; })"
    page.until(f"(s = melisma.stage, m = {mel}, best = m.indexOf(Math.max(...m.slice(0, 40))), m[best] > 30)")
    page.call("Input.dispatchKeyEvent", type="keyUp", key="h", code="KeyH")
    page.until("!document.querySelector('#piano .down')")
    bands = load("strings").band_centres
    assert abs(np.log2(bands[page.run("best")] / 440)) < 0.12


def test_the_keyboard_begins_with_air_as_play_does_and_its_tone_is_turned(chromium, folder):
    page = opened(chromium, (folder / "index.html").as_uri())
    page.run("told = {}, post = MessagePort.prototype.postMessage, MessagePort.prototype.postMessage = function (...all) {"
             " if (all[0]?.tone) told[all[0].tone[0]] = all[0].tone[1]; return post.apply(this, all); }, 0")  # fmt: skip
    page.run("(m => { m.value = 'keys'; m.dispatchEvent(new Event('change')); })(document.getElementById('source'))")
    page.click(START)
    page.until("document.body.classList.contains('playing')")
    assert page.run("told") == SOURCE
    page.run("(m => { m.value = -60; m.dispatchEvent(new Event('input')); })(document.getElementById('air'))")
    page.run("(m => { m.value = 3; m.dispatchEvent(new Event('input')); })(document.getElementById('tone'))")
    assert page.run("told") == {**SOURCE, "shape": 3, "air": -60}


def test_a_model_and_a_sound_of_ones_own(chromium, folder, tiny):
    page = opened(chromium, (folder / "index.html").as_uri())
    drop(page, "mine.melisma", tiny.read_bytes())
    page.until("melisma.stage.model.name == 'tiny'")
    drop(page, "bell.flac", (ROOT / "src/melisma/sounds/cc0/bell.flac").read_bytes())
    page.until("source.selectedOptions[0].textContent == 'bell.flac'")
    page.click(START)
    page.until("melisma.context.state == 'running' && melisma.stage.filled > 300")


def test_the_menu_says_which_model_is_not_usable(chromium, tiny, tmp_path):
    model = modelfile.load(tiny)
    training = model.training | {"usable": False, "verdict": "Not usable yet: it hums."}
    modelfile.save(replace(model, training=training), tmp_path / "poor.melisma")
    assert cli.run(["web", str(tmp_path / "page"), "-m", "strings", "-m", str(tmp_path / "poor.melisma")]) == 0
    page = opened(chromium, (tmp_path / "page" / "index.html").as_uri())
    said = page.run("[...document.getElementById('model').options].map(o => [o.textContent, o.title])")
    assert said[:2] == [["strings", ""], ["tiny (not usable yet)", "Not usable yet: it hums."]]


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(chromium, folder, width):
    page = opened(chromium, (folder / "index.html").as_uri(), width)
    assert not page.run("document.documentElement.scrollWidth > innerWidth")
    out = "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)"
    assert page.run(f"{out}.map(e => e.outerHTML.slice(0, 80))") == []
    small = "[...document.querySelectorAll('button, select, input:not(.row input)')].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24)"
    assert page.run(f"{small}.map(e => e.outerHTML.slice(0, 80))") == []
    nameless = "[...document.querySelectorAll('input, select, button, [role]')].filter(e => e.checkVisibility() && !e.labels?.length && !e.ariaLabel && !e.textContent.trim() && e.role != 'status')"
    assert page.run(f"{nameless}.map(e => e.outerHTML.slice(0, 80))") == []


def test_a_page_of_anothers_stays(tmp_path, capsys):
    (tmp_path / "index.html").write_text("<h1>mine</h1>")
    assert cli.run(["web", str(tmp_path), "-m", "strings"]) == 1
    assert "is another page" in capsys.readouterr().err and (tmp_path / "index.html").read_text() == "<h1>mine</h1>"
    assert len(list(tmp_path.iterdir())) == 1
