"""A path as a table and as a picture, and those of a whole folder: from the command, and from Python."""

import csv
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import soundfile

import melisma
from melisma.cli import main as cli
from melisma.errors import BadValue, MelismaWarning, NotFound
from melisma.files import pathfile


@pytest.fixture
def sounds(tmp_path):
    """Three sounds, two of one name but for the suffix; a file that is none, a hidden one, and a text."""
    folder = tmp_path / "sounds"
    (folder / "deep" / "er").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, seconds in (("a.wav", 0.5), ("a.flac", 0.3), ("deep/er/b, [x].wav", 0.4)):
        soundfile.write(folder / name, 0.1 * rng.standard_normal(int(seconds * 16000)), 16000)
    (folder / "deep" / "bad.wav").write_text("no sound")
    shutil.copy(folder / "a.wav", folder / ".hidden.wav")
    (folder / "notes.txt").write_text("a note")
    return folder


def rows(file):
    with open(file, newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_a_folder_is_mirrored_and_a_bad_file_is_named(sounds, tmp_path, model, capsys):
    assert cli.run(["encode", str(sounds), str(tmp_path / "out"), "-m", "tiny"]) == 1
    said = capsys.readouterr()
    out = tmp_path / "out"
    found = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}
    assert found == {"a.wav.npz", "a.flac.npz", "deep/er/b, [x].npz"}
    note, end = said.err.splitlines()
    assert "deep/bad.wav is left out" in note and "1 of 4 sounds" in end
    assert "the latent paths of 3 sounds, 1.2 s, by tiny" in said.out
    path, alone = pathfile.load(out / "a.wav.npz"), model.encode(melisma.read(sounds / "a.wav"))
    assert np.array_equal(path.values, alone.values) and path.length == alone.length
    (sounds / "deep" / "bad.wav").unlink()
    assert cli.run(["encode", str(sounds), str(out), "-m", "tiny"]) == 0  # again, over what is there


def test_no_path_of_a_folder_is_written_over_anothers(sounds, tmp_path, model):
    """The path of a.wav, which keeps its suffix beside a.flac, was lost to that of a.wav.flac."""
    for other in ("a.wav.flac", "b.wav", "b.wav.wav"):
        shutil.copy(sounds / f"a.{other.rpartition('.')[2]}", sounds / other)
    shutil.rmtree(sounds / "deep")
    assert cli.run(["encode", str(sounds), str(tmp_path / "out"), "-m", "tiny"]) == 0
    found = {file.name for file in (tmp_path / "out").iterdir()}
    assert found == {"a.wav.npz", "a.flac.npz", "a.wav.flac.npz", "b.npz", "b.wav.wav.npz"}
    assert pathfile.load(tmp_path / "out/a.wav.npz").length == 8000


def test_a_table_of_a_sound_and_of_a_folder(sounds, tmp_path, model):
    sound = sounds / "deep/er/b, [x].wav"
    assert cli.run(["encode", str(sound), str(tmp_path / "one.csv"), "-m", "tiny"]) == 0
    path, one = model.encode(melisma.read(sound)), rows(tmp_path / "one.csv")
    assert list(one[0]) == ["sound", "time", "loudness", "z1", "z2", "z3"] and len(one) == path.frames
    assert {row["sound"] for row in one} == {"b, [x].wav"}
    table = path.table()
    for name in ("time", "loudness", "z1", "z3"):
        assert np.allclose([float(row[name]) for row in one], table[name], rtol=1e-5, atol=6e-4), name
    assert cli.run(["encode", str(sounds), str(tmp_path / "all.csv"), "-m", "tiny"]) == 1
    everything = rows(tmp_path / "all.csv")
    assert list(dict.fromkeys(row["sound"] for row in everything)) == ["a.flac", "a.wav", "deep/er/b, [x].wav"]
    assert [row | {"sound": ""} for row in everything[-len(one) :]] == [row | {"sound": ""} for row in one]


def test_parquet_where_its_package_is(sounds, tmp_path, model):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing: pip install 'melisma[table]'")
    assert cli.run(["encode", str(sounds), str(tmp_path / "all.parquet"), "-m", "tiny"]) == 1
    found = parquet.read_table(tmp_path / "all.parquet").to_pydict()
    names, counts = np.unique(found["sound"], return_counts=True)
    paths = {name.as_posix(): path for name, path in encoded(model, sounds)}
    assert dict(zip(names, counts)) == {name: path.frames for name, path in paths.items()}
    assert np.array_equal(np.array(found["z2"], np.float32), np.concatenate([paths[name].values[1] for name in names]))


def test_parquet_where_its_package_is_not(sounds, tmp_path, tiny):
    code = "import sys; sys.modules['pyarrow'] = None\nfrom melisma.cli.main import main; main()"
    arguments = ["encode", sounds, tmp_path / "all.parquet", "-m", "tiny"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert (
        done.returncode == 1
        and done.stderr == "melisma: this needs pyarrow, which is not installed: pip install 'melisma[table]'\n"
    )
    assert not (tmp_path / "all.parquet").exists()


def test_what_a_folder_cannot_become(sounds, tmp_path, capsys):
    def refused(source, target, *words):
        assert cli.run(["encode", str(source), str(target), "-m", "tiny"]) == 1
        said = capsys.readouterr()
        assert said.out == "" and all(word in said.err for word in words), said.err

    (tmp_path / "file.npz").write_text("mine")
    refused(sounds, tmp_path / "file.npz", "file.npz one file", "a folder or a table")
    assert (tmp_path / "file.npz").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", tmp_path / "out", "empty holds no sound")
    (tmp_path / "empty" / "bad.wav").write_text("no")
    refused(tmp_path / "empty", tmp_path / "all.csv", "bad.wav is left out", "no sound of")
    refused(sounds / "a.wav", tmp_path / "out.txt", "does not end in", ".npz .csv .parquet")
    assert not (tmp_path / "out").exists() and not (tmp_path / "all.csv").exists()


def encoded(model, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MelismaWarning)
        return list(model.encode_folder(folder))


def test_a_folder_in_python(sounds, tmp_path, model):
    with pytest.warns(MelismaWarning, match="deep/bad.wav is left out"):
        found = dict(model.encode_folder(sounds))
    assert [name.as_posix() for name in found] == ["a.flac", "a.wav", "deep/er/b, [x].wav"]
    with pytest.raises(NotFound, match="does not exist"):
        next(model.encode_folder(tmp_path / "absent"))
    with pytest.raises(BadValue, match="not a folder"):
        next(model.encode_folder(sounds / "a.wav"))


def test_a_path_says_in_a_line_what_it_is_and_shows_itself(model, tmp_path):
    path = model.encode(np.zeros(16000, np.float32))
    frames = f"{path.frames} frames at 250.0 a second"
    assert repr(path) == f"<latent path by tiny: 1.00 s, {frames}, 3 latents, loudness, fine structure and colour>"
    assert "fine" not in repr(model.sample(1.0)) and "\n" not in repr(path)
    figure = path.plot(tmp_path / "path.png")
    assert (tmp_path / "path.png").read_bytes()[:4] == b"\x89PNG"
    assert len(figure.axes) == 4 and [axis.get_ylabel() for axis in figure.axes] == ["dBFS", "z1", "z2", "z3"]
    assert np.allclose(figure.axes[1].lines[0].get_ydata(), path.values[0])
    assert "data:image/png;base64," in path._repr_html_() and "&lt;latent path by tiny" in path._repr_html_()
    for shown in (figure, melisma.Audio(np.zeros(100), 16000).plot()):  # what a notebook asks for, no pyplot having been loaded
        assert shown._repr_png_()[:4] == b"\x89PNG"
    with pytest.raises(BadValue, match="does not end in"):
        path.plot(tmp_path / "path.txt")
