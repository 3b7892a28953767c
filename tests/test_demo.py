"""The demo: everything it promises is there, and the page holds together wherever it is put."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import soundfile

from melisma import cli, demo

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    """The folder of a demo with the tiny model, and what the command said."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "[out]"
    with pytest.MonkeyPatch.context() as patch:
        said = []
        patch.setattr(demo, "say", lambda text, style="": said.append(text))
        assert cli.run(["demo", "--model", "tiny", "--out", str(folder)]) == 0
    return folder, said


class Page(HTMLParser):
    """What a page refers to, and what those who cannot see it are told."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.links += [attributes[key] for key in ("src", "href") if key in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []


def test_it_makes_what_it_promises(made):
    folder, said = made
    files = {f.name for f in folder.iterdir()}
    wanted = {"index.html", "A.wav", "B.wav", "A-to-B.wav", "B-to-A.wav", "A-to-B.png"}
    wanted |= {f"{Path(sound).name}{end}" for sound in demo.OUTSIDE for end in (".wav", "-through-tiny.wav", "-through-tiny.png")}
    assert files == wanted | set(demo.LICENCES.values())
    text = "\n".join(said)
    assert all(f"{folder / name}  " in text for name in files)
    assert re.search(rf"{len(files)} files in \d+\.\d s, with the model tiny", text) and "latency: 16.0 ms" in text
    assert said[-1] == f"Open {folder / 'index.html'}"


def test_sounds_are_as_long_as_what_they_are_made_of(made):
    folder, _ = made
    longest = 0
    for sound in demo.OUTSIDE:
        name = Path(sound).name
        source = soundfile.info(demo.SOUNDS / f"{sound}.flac")
        for file in (f"{name}.wav", f"{name}-through-tiny.wav"):
            info = soundfile.info(folder / file)
            assert (info.frames, info.samplerate, info.channels) == (source.frames, source.samplerate, 1)
    for key in "AB":
        source, copy = (soundfile.read(file)[0] for file in (demo.SOUNDS / "strings" / f"{key}.flac", folder / f"{key}.wav"))
        assert abs(source - copy).max() < 1e-4
        longest = max(longest, len(source))
    assert all(soundfile.info(folder / f"{way}.wav").frames == longest for way in ("A-to-B", "B-to-A"))


def test_the_page_holds_together_and_can_be_carried_away(made):
    folder, _ = made
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert str(folder) not in text and "$" not in text and "://" not in text
    for link in page.links:
        assert "/" not in link and (folder / link).is_file(), link
    files = {f.name for f in folder.iterdir()} - {"index.html"}
    assert set(page.links) == files
    # for those who do not see it: a language, a title, headings, words for every picture, a name for every player
    assert ("html", {"lang": "en"}) in page.tags and "<title>Melisma: tiny</title>" in text
    assert [tag for tag, _ in page.tags if tag in ("h1", "main", "header", "footer")] == ["header", "h1", "main", "footer"]
    assert len(set(page.ids)) == len(page.ids)
    for tag, attributes in page.tags:
        if tag == "img":
            assert len(attributes["alt"]) > 20
        if tag in ("audio", "section"):
            assert attributes["aria-labelledby"] in page.ids
    assert "CC0 [tests]" in text


def test_names_are_text_on_the_page(tiny, tmp_path, monkeypatch):
    from dataclasses import replace

    from melisma import modelfile
    from melisma.model import Model

    hostile = replace(modelfile.load(tiny), name="../<b>&x", training={"licence": "<script>$model</script>"})
    monkeypatch.setattr(demo, "load", lambda name: Model(hostile))
    monkeypatch.setattr(demo, "OUTSIDE", {"gpl/cat": "a cat"})
    demo.make(tmp_path / "demo", "hostile")
    assert [f.name for f in tmp_path.iterdir()] == ["demo"]
    text = (tmp_path / "demo" / "index.html").read_text(encoding="utf-8")
    assert "<b>" not in text and "<script>" not in text
    assert all((tmp_path / "demo" / link).is_file() for link in Page(text).links)


def test_a_folder_that_cannot_be(tiny, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.run(["demo", "--model", "tiny", "--out", str(tmp_path / "file")]) == 1
    assert "cannot be made" in capsys.readouterr().err


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [400, 1200])
def test_a_browser_shows_it(made, tmp_path, width):
    """Every sound loads and no picture is missing or wider than the window."""
    folder, _ = made
    probe = """<script>addEventListener("load", () => {
        const sounds = [...document.querySelectorAll("audio")], images = [...document.images];
        const wait = () => sounds.some(a => !a.error && !a.duration) ? setTimeout(wait, 50) : document.title = JSON.stringify({
            sounds: sounds.filter(a => a.duration > 1).length, pictures: images.filter(i => i.naturalWidth > 500).length,
            over: document.documentElement.scrollWidth > innerWidth});
        wait(); })</script>"""
    shutil.copytree(folder, tmp_path / "page")
    page = tmp_path / "page" / "index.html"
    page.write_text(page.read_text(encoding="utf-8") + probe, encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += f" --disable-component-update --disable-sync --window-size={width},900 --virtual-time-budget=20000 --dump-dom"
    done = subprocess.run(
        [CHROMIUM, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", done.stdout)[1]
    assert title == '{"sounds":14,"pictures":6,"over":false}'
