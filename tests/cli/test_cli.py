"""The command `melisma`, as a user meets it: every journey, and everything that may be wrong on the way."""

import json

import numpy as np
import pytest
import soundfile
from commands import RATE, process, save, tone

import melisma
from melisma.files import pathfile

pytestmark = pytest.mark.usefixtures("tiny")


def test_twice_the_same_is_the_same_to_the_byte(tell, tmp_path, cat):
    for k in (1, 2):  # one in a process of its own
        run = process if k == 2 else tell
        said = run("transfer", cat, tmp_path / f"{k}.wav", "-m", "tiny", "--loudness", "-20dB")
        assert said.code == 0 and said.err == "", said
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "2.wav").read_bytes()


def test_encode_edit_decode_is_what_python_does(tell, tmp_path, cat, model):
    assert tell("encode", cat, tmp_path / "a.npz", "-m", "tiny").code == 0
    said = tell(
        "edit", tmp_path / "a.npz", tmp_path / "b.npz", "--op", "scale:latents=1,3:by=1.5", "--op", "reverse:start=0.1", "--op",
        "randomize:seed=3", "--op", f"interpolate:other={tmp_path / 'a.npz'}:curve=0.25",
    )  # fmt: skip
    assert said.code == 0 and "b.npz: 3 latents" in said.out, said
    for target in ("b.wav", "b.flac"):
        assert tell("decode", tmp_path / "b.npz", tmp_path / target).code == 0
    a = model.encode(melisma.read(cat))
    b = a.scale(1.5, dims=[0, 2]).reverse(start=0.1).randomize(seed=3).interpolate(a, 0.25)
    melisma.write(tmp_path / "wanted.wav", model.decode(b))
    assert (tmp_path / "b.wav").read_bytes() == (tmp_path / "wanted.wav").read_bytes()
    # straight to a sound, with the model said
    assert tell("edit", tmp_path / "b.npz", tmp_path / "c.wav", "--op", "gain:db=0", "-m", "tiny").code == 0
    assert (tmp_path / "c.wav").read_bytes() == (tmp_path / "wanted.wav").read_bytes()


def test_the_order_of_operators_counts(tell, tmp_path, path):
    orders = [("bias:by=1", "scale:by=2"), ("scale:by=2", "bias:by=1")]
    for k, (first, second) in enumerate(orders):
        assert tell("edit", path, tmp_path / f"{k}.npz", "--op", first, "--op", second).code == 0
    one, other = (pathfile.load(tmp_path / f"{k}.npz").values for k in (0, 1))
    assert np.allclose(one - other, 1, atol=1e-5)


def test_loudness_is_followed(tell, tmp_path, cat, path, model):
    save(tmp_path / "fading.wav", tone(0.2, 44100) * np.linspace(1, 0.01, 8820))  # another rate, and shorter
    natural = model.encode(melisma.read(cat))
    fading = model.encode(melisma.read(tmp_path / "fading.wav"))
    held = np.interp(natural.times, fading.times, fading.loudness)
    pathfile.save(natural.set_loudness(-33), tmp_path / "flat.npz")
    wanted = {
        "input": natural,
        "-20dB": natural.set_loudness(-20),
        "-20": natural.set_loudness(-20),
        "−20 dBFS": natural.set_loudness(-20),
        tmp_path / "fading.wav": natural.set_loudness(held),
        tmp_path / "flat.npz": natural.set_loudness(-33),
    }
    for k, (text, edited) in enumerate(wanted.items()):
        said = tell("transfer", cat, tmp_path / f"{k}.flac", "-m", "tiny", "--loudness", text)
        assert said.code == 0, said
        melisma.write(
            tmp_path / "wanted.flac",
            model.decode(model.transferred(natural, loudness=edited.loudness), colour=0, sound=melisma.read(cat)),
            RATE,
        )
        assert (tmp_path / f"{k}.flac").read_bytes() == (tmp_path / "wanted.flac").read_bytes(), text
    out = tmp_path / "no.wav"
    tell("transfer", cat, out, "-m", "tiny", "--loudness", "loud").refuses("--loudness loud is neither input, a level")
    tell("transfer", cat, out, "-m", "tiny", "--loudness", "500dB").refuses("500dB", "−100 to 12 dBFS")
    tell("transfer", cat, out, "-m", "tiny", "--loudness", "nan").refuses("nan")
    tell("transfer", cat, out, "-m", "tiny", "--loudness", tmp_path).refuses("is a folder")
    assert not out.exists()


def test_an_interpolation_begins_as_one_sound_and_ends_as_the_other(tell, tmp_path, model):
    a, b = save(tmp_path / "a.wav", tone(1.0)), save(tmp_path / "b.wav", 0.03 * tone(0.7, 44100, 2000), 44100)
    said = tell("interpolate", a, b, tmp_path / "ab.wav", "--plot", tmp_path / "ab.png", "-m", "tiny")
    assert said.code == 0 and "drawn in" in said.out, said
    assert (tmp_path / "ab.png").read_bytes()[:4] == b"\x89PNG"
    between, rate = soundfile.read(tmp_path / "ab.wav")
    assert rate == RATE and len(between) == RATE
    first, second = (np.asarray(model.decode(model.encode(melisma.read(file)))) for file in (a, b))

    def level(x):
        return 20 * np.log10(np.sqrt(np.mean(np.square(x))))

    steady = slice(1000, 2600)
    assert abs(level(between[steady]) - level(first[steady])) < 4
    assert abs(level(between[-2600:-1000]) - level(second[-2600:-1000])) < 4
    assert tell("interpolate", a, a, tmp_path / "aa.wav", "-m", "tiny").code == 0
    assert np.abs(soundfile.read(tmp_path / "aa.wav")[0] - np.clip(first, -1, 1)).max() < 1e-3


def test_the_four_figures_of_an_evaluation(tell, tmp_path):
    pytest.importorskip("visqol")
    save(tmp_path / "[x].wav", np.tile(tone(0.6), 2))
    (tmp_path / "not.wav").write_text("hello")
    said = tell("evaluate", "tiny", tmp_path, "--json", tmp_path / "figures.json", "--seconds", "1.2")
    assert said.code == 0 and "latents" in said.out and "not audio that can be read" in " ".join(said.out.split()), said
    assert "evaluating: [x].wav, 1 of 2" in said.err
    result = json.loads((tmp_path / "figures.json").read_text())
    assert result["model"] == "tiny" and result["file_count"] == 1 and result["rows"]["chain"]["mel_distance_db"] > 0
