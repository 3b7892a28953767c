"""The pictures: that they appear, show what they are given, and refuse what they cannot show."""

import re
import sys

import numpy as np
import pytest

from melisma.cli import main as cli
from melisma.errors import MelismaError, Unavailable
from melisma.latent import LatentPath
from melisma.measure import plot, png
from melisma.sound.audio import Audio

matplotlib = pytest.importorskip("matplotlib")
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.image import imread  # noqa: E402

BANDS = np.geomspace(60, 20000, 40)
RATE = 172.0


def mel(frames=200, level=0.6, seed=0):
    return np.clip(np.random.default_rng(seed).normal(level, 0.1, (40, frames)), 0, 1).astype(np.float32)


def test_the_interpolation_is_one_dark_picture(tmp_path):
    plot.interpolation_figure([mel(), mel(seed=1), mel(seed=2)], ["A", "A → B", "B"], tmp_path / "i.png", RATE, BANDS, "strings")
    picture = imread(tmp_path / "i.png")
    assert picture.shape[1] > 2.5 * picture.shape[0] > 800
    assert np.allclose(picture[0, 0, :3] * 255, [0x14, 0x16, 0x1A], atol=1)
    assert [f.name for f in tmp_path.iterdir()] == ["i.png"]


def test_a_bare_mel_is_a_pixel_for_each_band_and_frame_and_high_is_above(tmp_path):
    values = np.zeros((40, 100), np.float32)
    values[39, 50:] = 1
    png.bare(values, tmp_path / "x.png", (-70, 0))
    picture = imread(tmp_path / "x.png")[..., :3].mean(2)
    assert picture.shape == (40, 100) and np.all(picture[0, 50:] > 0.99)
    assert picture[1:].max() < 0.1 and picture[0, :50].max() < 0.1  # the ground


@pytest.fixture
def without_matplotlib(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)


def test_without_matplotlib_pages_have_their_pictures_and_what_draws_says_what_is_missing(tmp_path, without_matplotlib, capsys):
    assert png.bare_png(mel(50), (-70, 0)).startswith(b"\x89PNG")
    sound = Audio(np.zeros(4410, np.float32), 44100)
    path = LatentPath(np.zeros((4, 20)), np.full(20, -20.0), RATE, 5120, 44100)
    sentence = re.escape("this needs matplotlib, which is not installed: pip install 'melisma[plots]'")
    for draw in (sound.plot, lambda: plot.mel_figure([mel(100)], ["x"], tmp_path / "x.png", RATE, BANDS), path.plot):
        with pytest.raises(Unavailable, match=sentence):
            draw()
    sound.save(tmp_path / "in.wav")
    asked = ["interpolate", tmp_path / "in.wav", tmp_path / "in.wav", tmp_path / "out.wav", "--plot", tmp_path / "x.png"]
    assert cli.run([str(word) for word in asked]) == 1
    told = capsys.readouterr().err
    assert "pip install 'melisma[plots]'" in told and told.count("\n") == 1
    assert [f.name for f in tmp_path.iterdir()] == ["in.wav"], "it is said before the work"


@pytest.mark.parametrize("suffix", plot.SUFFIXES)
def test_other_kinds_of_picture(tmp_path, suffix):
    plot.mel_figure([mel(100), mel(150)], ["before", "after"], tmp_path / f"x{suffix}", RATE, BANDS)
    assert (tmp_path / f"x{suffix}").stat().st_size > 1000


@pytest.mark.parametrize("panels", [1, 3, 5])
def test_it_says_where_in_the_picture_things_are(tmp_path, panels):
    """What is black in a picture of silence is where a panel is said to be."""
    silence = np.zeros((40, 200), np.float32)
    boxes = plot.mel_figure([silence] * panels, ["x"] * panels, tmp_path / "x.png", RATE, BANDS, panel=2.1)
    box = plot.feedback_figure(silence, [lambda t: t] * 3, tmp_path / "f.png", RATE, BANDS)
    assert len(boxes) == panels and all(a[0] + a[2] < b[0] for a, b in zip(boxes, boxes[1:], strict=False))
    for file, places, share in (("x.png", boxes, 1.0), ("f.png", [box], 0.45)):
        picture = imread(tmp_path / file)[..., :3].max(2)
        height, width = picture.shape
        for left, top, wide, high in places:
            x0, x1 = round((left + 0.02 * wide) * width), round((left + 0.98 * wide) * width)
            y0, y1 = round((top + 0.02 * high) * height), round((top + 0.98 * high * share) * height)
            assert picture[y0:y1, x0:x1].max() < 0.05
            assert picture[round(top * height) - 4, x0:x1].min() > 0.06  # the ground begins where the panel ends


def test_levels_and_axes_are_what_the_mel_says():
    ax = Figure().add_subplot()
    values = np.zeros((40, 86), np.float32)
    values[20, 43] = 1
    image = plot.mel_image(ax, values, RATE, BANDS)
    assert image.get_array().max() == 0 and image.get_array().min() == -100
    assert image.get_clim() == (-70, 0) and image.get_cmap().name == "magma"
    assert ax.get_xlim() == (0, 0.5)
    labels = {text.get_text(): place for text, place in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)}
    assert {"1", "10"} <= set(labels)
    assert np.interp(labels["1"] - 0.5, np.arange(40), BANDS) == pytest.approx(1000)


def test_the_colour_scale_is_shared():
    assert plot.shared_limits([mel() * 0 + 0.32, mel() * 0 + 0.75]) == (-90, -20)
    assert plot.shared_limits([np.zeros((40, 3))]) == (-100, -30)


@pytest.mark.parametrize("frames", [1, 2, 1999, 2001, 50000])
def test_any_length(tmp_path, frames):
    values = np.zeros((40, frames), np.float32)
    values[10, -1] = 1
    image = plot.mel_image(Figure().add_subplot(), values, RATE, BANDS)
    assert image.get_array().shape[1] <= 2000 and image.get_array().max() == 0  # one loud frame is still seen
    plot.mel_figure([values, mel(30)], ["long", "short"], tmp_path / "x.png", RATE, BANDS)


def test_nan_is_drawn_as_silence(tmp_path):
    values = mel()
    values[3] = np.nan
    plot.mel_figure([values], ["x"], tmp_path / "x.png", RATE, BANDS)
    assert (tmp_path / "x.png").exists()


def test_curves(tmp_path):
    path = LatentPath(np.random.default_rng(0).standard_normal((12, 300)), np.full(300, -20.0), 100.0, 132300, 44100)
    plot.curves(path, tmp_path / "x.png")
    plot.curves(path.scale(2), tmp_path / "y.png", original=path, dims=[3])
    assert imread(tmp_path / "x.png").shape[0] > imread(tmp_path / "y.png").shape[0]


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (lambda d: plot.interpolation_figure([mel()] * 2, ["A", "B"], d / "x.png", RATE, BANDS), "by 3 mel-spectrograms, not 2"),
        (lambda d: plot.mel_figure([mel()], ["A", "B"], d / "x.png", RATE, BANDS), "1 mel-spectrograms cannot have 2 titles"),
        (lambda d: plot.mel_figure([], [], d / "x.png", RATE, BANDS), "0 mel-spectrograms"),
        (lambda d: plot.mel_figure([mel()[:39]], ["A"], d / "x.png", RATE, BANDS), r"shape \(39, 200\); \(40 bands, frames\)"),
        (lambda d: plot.mel_figure([mel(0)], ["A"], d / "x.png", RATE, BANDS), r"shape \(40, 0\)"),
        (lambda d: plot.mel_figure([mel()], ["A"], d / "x.txt", RATE, BANDS), r"x\.txt does not end in a kind .* \.png"),
        (lambda d: plot.mel_figure([mel()], ["A"], d / "no" / "x.png", RATE, BANDS), "folder .* does not exist"),
    ],
)
def test_what_cannot_be_drawn_gets_one_sentence_and_no_file(tmp_path, draw, reason):
    with pytest.raises(MelismaError, match=reason):
        draw(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(self, file, **_):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(MelismaError, match="could not be written: No space left"):
        plot.mel_figure([mel()], ["A"], tmp_path / "x.png", RATE, BANDS)
    assert list(tmp_path.iterdir()) == []


def test_the_callers_matplotlib_is_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    plot.mel_figure([mel()], ["A"], tmp_path / "x.png", RATE, BANDS)
    assert dict(matplotlib.rcParams) == before
