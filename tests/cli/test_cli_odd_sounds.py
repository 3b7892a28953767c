"""Sounds of every kind, through the command: rates, channels, formats, odd contents, odd names."""

import os

import numpy as np
import pytest
import soundfile
from commands import RATE, process, save, tone

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.mark.parametrize(
    ("rate", "channels", "source", "target"),
    [
        (8000, 1, "in.wav", "out.wav"),
        (11025, 2, "in.ogg", "out.ogg"),
        (16000, 1, "in.flac", "out.flac"),
        (22050, 2, "in.aiff", "out.WAV"),
        (44100, 1, "in.mp3", "out.flac"),
        (48000, 2, "in.wav", "out.mp3"),
        (96000, 1, "in.flac", "out.wav"),
        (192000, 2, "in.wav", "out.flac"),
    ],
)
def test_the_same_length_and_rate_comes_out(tell, tmp_path, rate, channels, source, target):
    length = round(0.31 * rate) + 1
    x = np.random.default_rng(0).uniform(-0.3, 0.3, (length, channels))
    save(tmp_path / source, x, rate)
    said = tell("transfer", tmp_path / source, tmp_path / target, "--model", "tiny")
    assert said.code == 0 and target in said.out, said
    after = soundfile.info(tmp_path / target)
    assert (after.samplerate, after.channels) == (rate, channels) and ("stereo" in said.out) == (channels == 2)
    assert after.frames == soundfile.info(tmp_path / source).frames


def test_stereo_stays_stereo_and_equal_channels_equal(tell, tmp_path):
    rng = np.random.default_rng(3)
    x, other = rng.uniform(-0.3, 0.3, (2, 9000))
    kinds = {"one": x, "equal": np.stack([x, x], 1), "both": np.stack([x, other], 1)}
    made = {}
    for name, samples in kinds.items():
        save(tmp_path / f"{name}.wav", samples, 44100)
        assert tell("transfer", tmp_path / f"{name}.wav", tmp_path / "out.wav", "-m", "tiny").code == 0
        made[name] = soundfile.read(tmp_path / "out.wav")[0]
    assert made["both"].shape == (9000, 2)
    assert np.array_equal(made["equal"], np.stack([made["one"]] * 2, 1))
    assert not np.array_equal(made["both"][:, 0], made["both"][:, 1])
    assert tell("transfer", tmp_path / "both.wav", tmp_path / "out.wav", "-m", "tiny", "--mono").code == 0
    assert soundfile.info(tmp_path / "out.wav").channels == 1


def odd_sounds():
    rng = np.random.default_rng(1)
    loud = 4 * np.sin(np.arange(4000) * 0.1)
    holes = rng.uniform(-0.5, 0.5, 4000)
    holes[100:200], holes[300] = np.nan, np.inf
    return {
        "one sample": np.array([0.5]),
        "two samples": np.array([0.5, -0.5]),
        "less than a hop": np.ones(50),
        "silence": np.zeros(4000),
        "clipped": np.clip(loud, -1, 1),
        "far over full scale": 1e30 * loud,
        "not numbers": holes,
        "nothing but NaN": np.full(4000, np.nan),
        "constant": np.full(4000, 0.7),
        "opposite channels": np.stack([loud, -loud], 1) / 8,
        "seven channels": rng.uniform(-0.5, 0.5, (4000, 7)),
    }


@pytest.mark.parametrize("kind", odd_sounds())
def test_odd_sounds_get_a_sane_answer(tell, tmp_path, kind):
    x = odd_sounds()[kind]
    source = save(tmp_path / "in.wav", x.astype(np.float32), 44100, subtype="FLOAT")
    said = tell("transfer", source, tmp_path / "out.flac", "-m", "tiny")
    assert said.code == 0, said
    y, rate = soundfile.read(tmp_path / "out.flac")
    assert rate == 44100 and y.shape == (x.shape if kind == "opposite channels" else (len(x),)) and np.isfinite(y).all()
    assert ("not numbers were replaced" in said.err) == (not np.isfinite(x).all())
    if kind in ("silence", "nothing but NaN"):
        assert np.abs(y).max() < 1e-4


def test_a_sound_cut_short_is_played_as_far_as_it_goes_or_refused(tell, tmp_path):
    for suffix in (".wav", ".flac"):
        whole = save(tmp_path / f"whole{suffix}", np.random.default_rng(0).uniform(-0.1, 0.1, 32000)).read_bytes()
        (tmp_path / f"[cut]{suffix}").write_bytes(whole[: len(whole) // 2])
    said = tell("transfer", tmp_path / "[cut].wav", tmp_path / "out.wav", "-m", "tiny")
    assert said.code == 0 and "[cut].wav is cut short: it holds 1.00 s of the 2.00 s it announces" in said.err
    assert 0.9 < soundfile.info(tmp_path / "out.wav").duration <= 1.0
    said = tell("transfer", tmp_path / "[cut].flac", tmp_path / "out.flac", "-m", "tiny")
    assert said.code == 0 and "[cut].flac is damaged or cut short: it holds 0." in said.err, said
    (tmp_path / "[none].flac").write_bytes(whole[:90] + bytes(2000))
    tell("transfer", tmp_path / "[none].flac", tmp_path / "none.flac", "-m", "tiny").refuses("[none].flac is damaged")


@pytest.mark.parametrize("name", ["[x].wav", "[bold] :cat: [red].wav", "two words ü→.wav", "-dash.wav", "\x1b[31mred\n.wav"])
def test_any_file_name_is_said_as_it_is(tell, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    save("./" + name, tone(0.05))
    said = tell("transfer", "-m", "tiny", "--", name, "out " + name)
    shown = name.replace("\x1b", "�")
    assert said.code == 0 and f"out {shown}: 0.05 s" in said.out, said
    assert os.path.exists("out " + name)
    tell("transfer", "-m", "tiny", "--", "absent" + name, "x.wav").refuses() if "\n" not in name else None


def test_a_name_that_is_no_unicode(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff[x].wav"
    with open(name, "wb") as file:
        soundfile.write(file, tone(0.05), RATE, format="WAV")
    said = process("transfer", os.fsdecode(name), tmp_path / "out.wav", "-m", "tiny")
    assert said.code == 0 and (tmp_path / "out.wav").exists()
