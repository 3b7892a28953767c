"""The commands that list models, and that blend and draw sounds."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

import melisma
from melisma.cli import main as cli
from melisma.files import modelfile, pathfile
from melisma.store import pretrained

RATE = 16000  # the tiny model's
pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def tell(capsys):
    """Runs a command in this process: exit status, stdout, stderr."""

    def tell(*arguments):
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return code, *capsys.readouterr()

    return tell


@pytest.fixture
def refused(tell):
    """Runs a command that must fail with one sentence which holds the words."""

    def refused(*arguments, words):
        code, out, err = tell(*arguments)
        assert code == 1 and out == "" and err.startswith("melisma: ") and err.count("\n") == 1, (out, err)
        assert all(word in err for word in words), err

    return refused


@pytest.fixture
def sounds(tmp_path):
    """Five sounds of different lengths and rates."""
    files = []
    for k in range(5):
        rate = (RATE, 44100)[k % 2]
        x = 0.2 * np.sin(2 * np.pi * 220 * (k + 1) * np.arange(round((0.2 + 0.05 * k) * rate)) / rate)
        files.append(tmp_path / f"[{k}].wav")
        soundfile.write(files[-1], x, rate)
    return files


# --- lists --------------------------------------------------------------------------------------------------------------


def test_models_are_listed_one_a_line_within_120_columns(tell, tiny, tmp_path, monkeypatch):
    file, many = modelfile.load(tiny), {}
    training = {
        "minutes_of_sound": 61.7,
        "licence": "GPL-2+ (a, b), CC-BY-SA 3.0 (c), and " + "more, " * 30,
        "domain": "screaming",
    }
    figures = {"rows": {"chain": {"visqol": 4.2, "level_rms_db": 0.72}, "copy synthesis": {"visqol": 4.6}}, "leak_r2": -0.1}
    for name, changes in (("screams", {"training": training, "evaluation": figures}), ("of-my-own", {}), ("ü", {"training": {}})):
        many[name] = tmp_path / f"{name}.melisma"
        modelfile.save(replace(file, name=name, **changes), many[name])
    monkeypatch.setattr(pretrained, "names", lambda: many)
    code, out, err = tell("models")
    *lines, legend = out.splitlines()
    assert code == 0 and err == "" and len(lines) == 4 and 110 < max(map(len, lines)) <= 120 and legend.startswith("copies: ")
    assert lines[0].split() == "name domain sound licence latency copies".split()
    assert lines[1].startswith("screams ") and "  GPL-2+, CC-BY-SA 3.0" in lines[1] and "…  " in lines[1]
    assert lines[1].split()[1:4] == ["screaming", "62", "min"]
    assert lines[3].split() == ["ü", "ü", "–", "–", "16.0", "ms", "–"]
    where = lines[0].index("copies")
    assert [line[where : where + 4].strip() for line in lines[1:]] == ["4.20", "–", "–"]


def test_a_card_is_shown_whole(tell, refused):
    code, out, _ = tell("info", "strings", "--card")
    assert code == 0 and out.rstrip() == pretrained.card("strings").rstrip()
    refused("info", "tiny", "--card", words=["tiny has no card"])


# --- blends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_mix_is_what_python_makes(tell, sounds, tmp_path, model, count):
    weights = ["1", "2.5", "0", "1"][:count]
    code, out, _ = tell("mix", *sounds[:count], tmp_path / "out.wav", "--weights", ",".join(weights), "-m", "tiny")
    assert code == 0 and f"{count} sounds through tiny" in out
    wanted = melisma.mix(sounds[:count], weights=[float(w) for w in weights], model=model)
    melisma.write(tmp_path / "wanted.wav", wanted.samples, wanted.rate)
    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "wanted.wav").read_bytes()
    assert soundfile.info(tmp_path / "out.wav").duration == pytest.approx(0.15 + 0.05 * count, abs=1e-3)
    if count == 2:
        assert tell("mix", *sounds[:2], tmp_path / "equal.wav", "-m", "tiny")[0] == 0
        wanted = melisma.mix(sounds[:2], model=model)
        melisma.write(tmp_path / "wanted.wav", wanted.samples, wanted.rate)
        assert (tmp_path / "equal.wav").read_bytes() == (tmp_path / "wanted.wav").read_bytes()


def test_what_cannot_be_mixed(refused, sounds, tmp_path):
    out = tmp_path / "out.wav"
    refused("mix", *sounds, out, words=["5 sounds are more than can be mixed: give 4 at most"])
    refused("mix", *sounds[:2], out, "--weights", "1,2,3", words=["--weights 1,2,3 are 3 for 2 sounds"])
    for wrong in ("1,x", "1,-1", "0,0", "nan,1", "inf,1", ""):
        refused("mix", *sounds[:2], out, f"--weights={wrong}", words=["are not numbers from 0 on"])
    refused("mix", sounds[0], tmp_path / "absent.wav", out, "-m", "tiny", words=["absent.wav does not exist"])
    refused("mix", *sounds[:2], sounds[1], words=["is what is read"])
    refused("mix", *sounds[:2], tmp_path / "out.xyz", words=["does not end in a format"])
    assert not out.exists()


# --- out of nothing -----------------------------------------------------------------------------------------------------


def test_a_sample_is_its_seeds(tell, tmp_path, model):
    def made(name, *more):
        code, out, err = tell("sample", tmp_path / name, "-m", "tiny", "--seconds", "0.5", *more)
        assert code == 0 and f"{name}: 0.50 s at 16000 Hz, drawn from tiny" in out, err
        return (tmp_path / name).read_bytes()

    first = made("a.wav", "--seed", "3")
    assert first == made("b.wav", "--seed", "3") != made("c.wav", "--seed", "4")
    melisma.sample(0.5, model=model, seed=3).save(tmp_path / "wanted.wav")
    assert first == (tmp_path / "wanted.wav").read_bytes()
    made("d.npz", "--seed", "3", "--smoothness", "0.1", "--temperature", "0.5", "--loudness", "-30dB")
    path, wanted = pathfile.load(tmp_path / "d.npz"), model.sample(0.5, seed=3, smoothness=0.1, temperature=0.5, loudness=-30)
    assert np.array_equal(path.values, wanted.values) and np.array_equal(path.loudness, wanted.loudness)
    made("e.npz", "--loudness", tmp_path / "a.wav")
    encoded = model.encode(melisma.read(tmp_path / "a.wav"))
    assert np.allclose(pathfile.load(tmp_path / "e.npz").loudness, encoded.loudness, atol=1e-3)
    assert tell("decode", tmp_path / "d.npz", tmp_path / "f.wav")[0] == 0


def test_what_cannot_be_drawn(tell, refused, tmp_path):
    refused("sample", tmp_path / "x.txt", words=["does not end in a format"])
    refused("sample", tmp_path / "x.wav", "--loudness", "loud", words=["--loudness loud is"])
    refused("sample", tmp_path / "x.wav", "-m", "tinny", words=["did you mean tiny"])
    for wrong in (["--seconds", "0"], ["--seed", "-1"], ["--temperature", "99"], ["--smoothness", "x"]):
        assert tell("sample", tmp_path / "x.wav", *wrong)[0] == 2
    assert list(tmp_path.iterdir()) == []
