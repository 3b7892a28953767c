"""The page in a real browser: what is seen and heard of it while a pointer and a keyboard are used."""

import shutil

import numpy as np
import pytest
from browser import browser

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt install chromium")

PLAYING = "[...document.querySelectorAll('.play.playing[aria-pressed=true]')].map(a => a.getAttribute('href')).join()"
WIDTHS = (1400, 1024, 420)


def hero(k):
    return f"document.querySelectorAll('.hero .play')[{k}]"


def picture(k):
    return f"{hero(k)}.querySelector('img')"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(chromium, four):
    """Opens the page at a width."""

    def opened(width=1400, **others):
        chromium.open((four[0] / "index.html").as_uri(), width, **others)
        return chromium

    return opened


def alike(seen, picture):
    """How far two views of a picture go together within their frames, 1 at most, whatever their brightness; about 0 for a blank."""
    return np.corrcoef(*(view[4:-4, 4:-4].mean(2).ravel() for view in (seen, picture)))[0, 1]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_picture_that_plays_and_is_pointed_at_is_seen(page, width):
    shown = page(width)
    shown.run("loop.click()")
    for k in range(2):
        at_rest = shown.seen(picture(k))
        assert at_rest.std() > 10
        shown.point(picture(k))
        assert alike(shown.seen(picture(k)), at_rest) > 0.98
        shown.click(picture(k))
        shown.until(f"{PLAYING} && soundOf(current).currentTime > 0.2")
        for rests in (shown.point, lambda _: shown.point("document.querySelector('h1')")):
            rests(picture(k))
            seen = shown.seen(picture(k))
            assert alike(seen, at_rest) > 0.75 and seen.mean() > 0.9 * at_rest.mean()  # and the place is a line in it
        shown.click(picture(k))
        shown.until(f"!{PLAYING}")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_without_a_hint(page, width):
    shown = page(width)
    shown.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert not shown.run("document.documentElement.scrollWidth > innerWidth")
    cut = """[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('.wide table, svg, pre code'))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX == 'hidden')
        .map(e => e.outerHTML.slice(0, 80))"""
    assert shown.run(cut) == []
    assert shown.run("[...document.images].filter(image => image.naturalWidth < 100).length") == 0
    if shown.run("(w => w.scrollWidth > w.clientWidth)(document.querySelector('.wide'))"):
        # what is too wide scrolls, and its edge is lit until its end is reached
        shown.run("document.querySelector('.wide').scrollIntoView()")
        edge = lambda: shown.seen("document.querySelector('.wide')")[5:20, -6:].mean(axis=(0, 1))
        lit = edge()
        shown.run("document.querySelector('.wide').scrollLeft = 1e5")
        assert lit[1] - edge()[1] > 15


def test_one_sound_plays_at_a_time_and_its_place_is_kept(page):
    shown = page()
    shown.run("loop.click()")
    shown.click(hero(0))
    shown.until(f"{PLAYING} == 'cat.wav' && soundOf(current).currentTime > 0.5")
    shown.run("before = soundOf(current); before.pause(); before.currentTime = 1.2")
    shown.key("2")
    assert shown.run("soundOf(current).currentTime") >= 1.2
    shown.until(f"{PLAYING} == 'cat-through-strings.wav'")
    assert shown.run("before.paused && now.textContent") == "a cat through strings"
    shown.key("5")
    shown.until(f"{PLAYING} == 'cat-through-singing.wav'")
    assert shown.run("[...sounds.values()].filter(sound => !sound.paused).length") == 1
    # another strip begins at its beginning
    shown.run("soundOf(current).currentTime = 2; document.querySelector('a[href=\"A.wav\"]').click()")
    assert shown.run("soundOf(current).currentTime") < 1
    shown.until(f"{PLAYING} == 'A.wav'")


def test_the_place_is_seen_in_all_pictures_of_one_sound(page):
    shown = page()
    shown.click(hero(1))
    shown.until(f"{PLAYING} && soundOf(current).currentTime > 0.3")
    shown.run("soundOf(current).pause(); soundOf(current).currentTime = 1")
    left = "parseFloat(getComputedStyle(link.querySelector('.view'), '::after').left) / link.offsetWidth"
    shown.until("Math.abs(parseFloat(current.closest('.strip').style.getPropertyValue('--at')) - 1 / 2.219) < 0.01")
    places = shown.run(f"[...document.querySelectorAll('.hero .play')].map(link => {left})")
    assert places == pytest.approx([1 / 2.219] * 5, abs=0.01)


def test_keys_do_what_a_pointer_does(page):
    shown = page()
    shown.run(f"{hero(0)}.focus()")
    shown.key("ArrowRight")
    assert shown.run("document.activeElement.getAttribute('href')") == "cat-through-strings.wav"
    shown.key("l")
    shown.key(" ")
    shown.until(f"{PLAYING} == 'cat-through-strings.wav' && soundOf(current).loop")
    shown.key(" ")
    shown.until(f"!{PLAYING}")
    assert shown.run("toggle.getAttribute('aria-label')") == "Play"
    shown.run("seek.value = 1; seek.dispatchEvent(new Event('input')); seek.dispatchEvent(new Event('change'))")
    shown.until("clock.textContent.startsWith('1.0 / 2.2')")


def test_less_motion_is_none(page):
    moving = "[...document.querySelectorAll('*')].some(e => parseFloat(getComputedStyle(e).transitionDuration) > 0)"
    assert page().run(moving)
    assert not page(still=True).run(moving)


def test_a_sound_that_is_gone_is_said(page, four, tmp_path):
    shutil.copytree(four[0], tmp_path / "page")
    (tmp_path / "page" / "A.wav").unlink()
    shown = page()
    shown.open((tmp_path / "page" / "index.html").as_uri(), 1024)
    shown.run("document.querySelector('a[href=\"A.wav\"]').click()")
    shown.until("now.textContent.startsWith('This sound cannot be played')")
