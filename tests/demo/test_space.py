"""The page of a model's latent space: what is in it, and that it sounds when it is clicked."""

import base64
import io
import re
import shutil

import numpy as np
import pytest
import soundfile
from browser import browser

from melisma.cli import main as cli

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def page(tmp_path_factory, tiny):
    file = tmp_path_factory.mktemp("space") / "space.html"
    assert cli.run(["space", "tiny", str(file)]) == 0
    return file


def sounds(text: str) -> list[tuple[str, np.ndarray, int]]:
    """Title, samples and rate of all that can be played."""
    links = re.findall(r'<a class="play[^"]*" href="data:audio/flac;base64,([^"]+)" data-title="([^"]+)"', text)
    return [(title, *soundfile.read(io.BytesIO(base64.b64decode(data)))) for data, title in links]


def test_all_is_in_the_file_and_sounds(page, model):
    text = page.read_text()
    assert not re.search(r'(src|href)="(?!data:)', text), "it needs another file"
    found = sounds(text)
    sweeps = [(samples, rate) for title, samples, rate in found if title.startswith("latent")]
    points = [(samples, rate) for title, samples, rate in found if title.startswith("point")]
    assert len(sweeps) == model.latents and len(points) == 48
    for samples, rate in sweeps + points:
        assert rate == model.sample_rate and np.isfinite(samples).all() and 0.001 < np.abs(samples).max() <= 0.98
        assert abs(samples[0]) < 0.01 and abs(samples[-1]) < 0.01  # no click
    assert {len(samples) / rate for samples, rate in sweeps} == {2.5}
    assert len({samples.tobytes() for samples, _ in sweeps}) == model.latents
    # the points and their places are the same ones every time
    first = [samples.tobytes() for samples, _ in points]
    assert len(set(first)) == 48


def test_what_cannot_be_written(tmp_path, capsys):
    for arguments, words in ((["tiny", "x.txt"], "does not end in"), (["tinny", "x.html"], "no model named 'tinny'")):
        assert cli.run(["space", arguments[0], str(tmp_path / arguments[1])]) == 1
        assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt install chromium")
def test_it_plays_where_it_is_clicked(page, tmp_path):
    with browser(CHROMIUM, tmp_path / "profile") as opened:
        opened.open(page.as_uri(), 1400)
        for place, title in ((".dot circle", "point 1"), (".sweeps .play", "latent 1, from −2 to +2 σ")):
            opened.run(
                f"document.querySelector('{place}').dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))"
            )
            opened.until(
                f"document.getElementById('now').textContent == '{title}' && document.querySelectorAll('.play.playing').length == 1"
            )
        assert opened.run("location.href").endswith("space.html")  # no link was followed
        opened.open(page.as_uri(), 420)
        assert opened.run("document.documentElement.scrollWidth") <= 420
