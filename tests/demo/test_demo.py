"""The demo: everything it promises is there, sounds as it should, and the page holds together wherever it is put."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made import HOSTILE

import melisma
from melisma import demo
from melisma.cli import main as cli
from melisma.demo.material import INPUTS, PHRASES, PIECE, SOUNDS
from melisma.demo.page import WORDS
from melisma.files import modelfile
from melisma.store import pretrained, summary

NAMES = [Path(sound).name for sound in INPUTS]
BESIDE = ["A-as-it-was", "A-back-2020", "A-back-today", "cat-2020", "cat-today"]  # the system of 2020, beside all models


class Page(HTMLParser):
    """What a page refers to, and what those who cannot see it are told."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.ids, self.tables, self.cell = [], [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.links += [attributes[key] for key in ("src", "href") if key in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.cell = True

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.cell:
            self.tables[-1][-1][-1] += data


def page_of(folder):
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def test_it_makes_what_it_promises(one, four):
    for (folder, said), models, cards in (
        (one, ["tiny"], []),
        (four, ["strings", "_b__x", "screams", "singing"], ["strings", "screams", "singing"]),
    ):
        stems = {*(BESIDE if "strings" in models else ()), *"AB", "A-to-B", "B-to-A", "feedback", "cat-path", "cat-bent"}
        stems |= {f"{name}{end}" for name in NAMES for end in ("", *(f"-through-{model}" for model in models))}
        wanted = (
            {"index.html"}
            | {stem + suffix for stem in stems for suffix in (".wav", ".png")}
            | {f"card-{name}.html" for name in cards}
        )
        files = {f.name for f in folder.iterdir()}
        assert files == wanted | set(demo.LICENCES.values()) | {demo.PLAY}
        everything = [file for file in folder.rglob("*") if file.is_file()]
        assert re.fullmatch(
            rf"{len(everything)} files, \d+\.\d MB, in \d+\.\d s: {len(stems)} sounds and their pictures\.", said[-2]
        )
        assert said[-1] == f"Open {folder / 'index.html'}"


def test_it_says_from_the_first_how_far_it_is(one, four):
    for (_, said), models in ((one, 1), (four, 4)):
        steps = [re.fullmatch(r" *(\d+) of (\d+)  (.+)", line) for line in said]
        numbers = [(int(step[1]), int(step[2])) for step in steps if step]
        total = len(INPUTS) * models + 5 + (models > 1)
        assert numbers == [(k, total) for k in range(1, total + 1)] and steps[0][3].startswith("a cat through ")


def test_the_first_sound_is_there_before_the_rest_is_made(tiny, tmp_path):
    """What is said to be heard already is a whole sound, and only the original lies beside it."""
    there = {}

    def listening(text, style=""):
        if text.startswith("To hear already: "):
            file = Path(text.removeprefix("To hear already: "))
            there.update(file=file.name, frames=soundfile.info(file).frames, beside={f.name for f in tmp_path.iterdir()})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "say", listening)
        assert cli.run(["demo", "--model", "tiny", "--out", str(tmp_path)]) == 0
    first = "cat-through-tiny.wav"
    frames = soundfile.info(SOUNDS / "gpl" / "cat.flac").frames
    assert there == {"file": first, "frames": frames, "beside": {"cat.wav", first}}


def test_strips_are_inputs_and_their_pictures_models(four):
    page = page_of(four[0])
    through = ["strings", "_b__x", "screams", "singing"]
    played = [attributes["href"] for _, attributes in page.tags if attributes.get("class") == "play"]
    rows = [[f"{name}.wav", *(f"{name}-through-{model}.wav" for model in through)] for name in NAMES]
    middle = ["cat-path.wav", "cat-bent.wav", "A.wav", "A-to-B.wav", "B.wav", "B-to-A.wav", "feedback.wav"]
    assert played == rows[0] + middle + sum(rows[1:], []) + [f"{stem}.wav" for stem in BESIDE]
    assert played[0] == "cat.wav"
    for tag, attributes in page.tags:
        if tag == "a" and attributes.get("class") == "play":
            assert float(attributes["data-seconds"]) == pytest.approx(
                soundfile.info(four[0] / attributes["href"]).duration, abs=1e-3
            )
    (facts,) = page.tables
    assert facts[0] == ["", "strings", HOSTILE, "screams", "singing"]
    rows = {row[0]: row[1:] for row in facts[1:]}
    assert rows["ViSQOL of the latents alone" + WORDS["ViSQOL of the latents alone"]] == ["4.25", "–", "–", "–"]
    assert rows["loudness left in the latents" + WORDS["loudness left in the latents"]][0] == "R² 0.00"
    assert rows["licence"] == ["CC0 [tests]", "<script>$model</script>", "CC0 [tests]", "CC0 [tests]"]
    assert not any("copy synthesis" in row for row in rows)  # none of them says it
    assert rows["in full"] == ["card of strings", "–", "card of screams", "card of singing"]


def test_every_figure_is_explained_in_words(four):
    told = summary.facts(modelfile.load(pretrained.locate("tiny"))) | {row[0]: "" for row in summary._FIGURES}
    assert set(WORDS) == set(told) - {"domain", "licence"}


def test_sounds_are_as_long_as_what_they_are_made_of(one):
    folder, _ = one
    longest = 0
    for sound in INPUTS:
        name = Path(sound).name
        source = soundfile.info(SOUNDS / f"{sound}.flac")
        for file in (f"{name}.wav", f"{name}-through-tiny.wav"):
            info = soundfile.info(folder / file)
            assert (info.frames, info.samplerate, info.channels) == (source.frames, source.samplerate, 1)
    for key in PHRASES:
        source, copy = (soundfile.read(file)[0] for file in (SOUNDS / "strings" / f"{key}.flac", folder / f"{key}.wav"))
        assert abs(source - copy).max() < 1e-3
        longest = max(longest, len(source))
    assert all(soundfile.info(folder / f"{way}.wav").frames == longest for way in ("A-to-B", "B-to-A"))
    assert soundfile.info(folder / "feedback.wav").duration == PIECE


def test_the_bent_path_is_the_same_sound_otherwise_heard(one):
    own, bent = (soundfile.read(one[0] / f"cat-{name}.wav")[0] for name in ("path", "bent"))
    assert len(own) == len(bent) == soundfile.info(SOUNDS / "gpl" / "cat.flac").frames
    assert np.std(own - bent) > 0.05 * np.std(own)
    drawn = [attributes for tag, attributes in page_of(one[0]).tags if tag == "polyline"]
    assert len(drawn) == 6 and [line.get("class") for line in drawn] == [None, "before", None, None, None, None]
    assert drawn[0]["points"] == drawn[1]["points"] != drawn[2]["points"]
    for line in drawn:
        assert all(0 <= float(number) <= 1 for point in line["points"].split() for number in point.split(","))


def test_the_page_holds_together_and_can_be_carried_away(one, four):
    for folder, _ in (one, four):
        text = (folder / "index.html").read_text(encoding="utf-8")
        page = Page(text)
        assert str(folder) not in text and "://" not in text
        for link in page.links:
            assert link.count("/") == link.startswith("play/") and (folder / link).is_file(), link
        assert {link.partition("/")[0] for link in page.links} == {f.name for f in folder.iterdir()} - {"index.html"}
        # for those who do not see it: a language, a title, headings, words for every picture, a name for every player
        assert ("html", {"lang": "en"}) in page.tags and "<title>Melisma: " in text
        assert [tag for tag, _ in page.tags if tag in ("h1", "main", "header", "footer")] == ["header", "h1", "main", "footer"]
        assert len(set(page.ids)) == len(page.ids)
        for tag, attributes in page.tags:
            if tag == "img":
                assert len(attributes["alt"]) > 20
            if "play" in attributes.get("class", "").split():
                assert attributes["aria-label"].startswith("Play ")
            if "aria-labelledby" in attributes:
                assert attributes["aria-labelledby"] in page.ids


def test_names_and_cards_are_text_on_the_page(four):
    for file in four[0].glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "<b>&x" not in text and "<script>$" not in text and "<i>this" not in text and 'href="javascript' not in text
    text = (four[0] / "card-strings.html").read_text(encoding="utf-8")
    assert "<h1>strings</h1>" in text and "<td>2</td>" in text and "&lt;i&gt;this" in text and 'href="index.html"' in text


def test_nothing_to_show_and_a_folder_that_cannot_be(tiny, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    assert cli.run(["demo", "--model", "tiny", "--out", str(tmp_path / "file")]) == 1
    assert "cannot be made" in capsys.readouterr().err
    monkeypatch.setattr(pretrained, "domains", dict)
    assert cli.run(["demo", "--out", str(tmp_path / "new")]) == 1
    assert "no published model" in capsys.readouterr().err and not (tmp_path / "new").exists()


def test_the_published_models_play_all_of_it(tmp_path):
    """By figures: their loudness goes with what went in, without clicks, steps or holes, and nothing is clipped."""
    assert cli.run(["demo", "--out", str(tmp_path)]) == 0
    ear = melisma.load("strings")
    sounds = {file.stem: soundfile.read(file)[0] for file in tmp_path.glob("*.wav")}
    assert len(sounds) == 7 + len(NAMES) * (1 + len(pretrained.domains())) + len(BESIDE)
    for name, x in sounds.items():
        assert 0.05 < np.abs(x).max() < 0.98, name
        assert abs(x[0]) < 0.01 and abs(x.mean()) < 0.005, name
        step = np.abs(np.diff(x))
        assert step.max() < 6 * np.percentile(step, 99.9), name  # a click is a step beyond all others
        if source := re.match(r"(\w+)-through-", name):
            before, after = (ear.encode(sound, rate=44100).loudness for sound in (sounds[source[1]], x))
            assert np.corrcoef(before, after)[0, 1] > 0.95, name
            assert abs(np.mean((after - before)[before > -60])) < 8, name
    assert -30 < 20 * np.log10(np.std(sounds["feedback"][44100:-44100])) < -10


def test_licences_are_short():
    singing = "MIT (vocobox, FluidR3), GPL-2 and GPL-2+ (KDE Edu: speech made to sing)"
    assert summary.licence(singing) == "MIT, GPL-2 and GPL-2+"
    assert [summary.licence(odd) for odd in (None, 3, "", " (x)")] == ["–"] * 4
