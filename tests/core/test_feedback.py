"""Feedback shaping and the `melisma pd` commands, from outside."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from needs import needs_core, needs_objects

from melisma.cli import main as cli
from melisma.core import binding as core
from melisma.core import feedback
from melisma.errors import MelismaError
from melisma.hosts import puredata

pytestmark = needs_core
points = st.lists(st.tuples(st.floats(0, 1e4), st.floats(20, 20000)), min_size=1, max_size=9).map(sorted)


@given(points)
def test_a_curve_passes_through_its_points(points):
    text = ",".join(f"{time!r}:{value!r}" for time, value in points)
    curve = feedback.curve(text, "freq")
    assert curve(points[0][0] - 1) == points[0][1] and curve(points[-1][0] + 1) == points[-1][1]
    times, values = np.array(points).T
    inside = curve(np.linspace(times[0], times[-1], 50))
    assert (inside >= values.min() - 1e-6).all() and (inside <= values.max() + 1e-6).all()


@given(st.text(max_size=12))
def test_any_text_is_a_curve_or_one_sentence(text):
    try:
        feedback.curve(text, "q")
    except MelismaError as error:
        assert str(error).startswith("--q ")


def test_curves_from_files(tmp_path):
    two, four = tmp_path / "two.txt", tmp_path / "four.txt"
    two.write_text("# time value\n0 100\n2 300;\n")
    four.write_text("0 440 3 2\n0.02 450 4 2.5\n")
    assert feedback.curve(str(two), "freq")(1) == 200
    assert [float(feedback.curve(str(four), name)(9)) for name in feedback.CURVES] == [450, 4, 2.5]
    for bad in ("", "0 1\nx y\n", "0\n"):
        two.write_text(bad)
        with pytest.raises(MelismaError, match="two.txt"):
            feedback.curve(str(two), "freq")


def test_the_command_sings_the_same_again_and_draws_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        more = ["--plot", "a.png"] if name == "a" else []
        assert cli.run(["feedback", "--freq", "0:300,3:900", "--gain", "3", "--seconds", "3", f"{name}.wav", *more]) == 0
    assert cli.run(["feedback", "--freq", "0:300,3:900", "--gain", "3", "--seconds", "3", "c.wav", "--seed", "1"]) == 0
    a, b, c = (soundfile.read(f"{name}.wav")[0] for name in "abc")
    assert len(a) == 3 * 44100 and np.array_equal(a, b) and not np.array_equal(a, c)
    assert np.abs(a[-44100:]).max() > 0.05 and (tmp_path / "a.png").stat().st_size > 10000
    for bad in (["--freq", "5", "d.wav"], ["--q", "nothing", "d.wav"], ["d.xyz"], ["no/d.wav"], ["-m", "nobody", "d.wav"]):
        capsys.readouterr()
        assert cli.run(["feedback", "--seconds", "1", *bad]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "a.wav", "b.wav", "c.wav"]


def test_it_stays_alive_and_bounded():
    """Half a minute; `melisma feedback --seconds 600` is the same for ten."""
    model = core.CoreModel(puredata.pretrained.locate("strings"))
    curves = [feedback.curve(text, name) for text, name in (("0:100,15:3000,30:200", "freq"), ("0:1,30:30", "q"), ("16", "gain"))]
    sound = feedback.sing(model, 30, *curves)
    assert np.isfinite(sound).all() and np.abs(sound).max() < 4
    level = np.sqrt(np.mean(sound[: 30 * 44100].reshape(30, -1) ** 2, 1))
    assert (level[3:] > 0.003).all()


@needs_objects
def test_installing_is_whole_and_takes_nothing_of_others(tmp_path, capsys):
    place = tmp_path / "deep" / "melisma"
    assert cli.run(["pd", "install", "--to", str(place)]) == 0
    assert str(place) in capsys.readouterr().out
    for name in ("feedback.pd", "melisma~-help.pd", "models/strings.melisma", "sounds/cat.wav", "sounds/LICENSE-gpl.md"):
        assert (place / name).is_file()
    (place / "mine.pd").write_text("")
    assert cli.run(["pd", "install", "--to", str(place)]) == 0 and (place / "mine.pd").exists()  # a file of one's own stays
    other = tmp_path / "other"
    other.mkdir()
    (other / "song.pd").write_text("mine")
    assert cli.run(["pd", "install", "--to", str(other)]) == 1
    assert [file.name for file in other.iterdir()] == ["song.pd"] and "not of Melisma's making" in capsys.readouterr().err
    assert cli.run(["pd", "open", "feedbak"]) == 1 and "did you mean feedback?" in capsys.readouterr().err
    assert {file.name for file in place.parent.iterdir()} == {"melisma"}


def test_without_objects_it_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(puredata, "_OWN", tmp_path)
    assert cli.run(["pd", "path"]) == 1 and "puredata-dev" in capsys.readouterr().err
