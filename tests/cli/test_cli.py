"""The command `melisma`, as a user meets it: every journey, and everything that may be wrong on the way."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import melisma
from melisma.cli import main as cli
from melisma.files import modelfile, pathfile
from melisma.measure import metrics
from melisma.studio.models import Models

RATE = 16000  # the tiny model's
pytestmark = pytest.mark.usefixtures("tiny")


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def refuses(self, *words):
        """One sentence, exit status 1, and nothing else; it names the culprit."""
        assert self.code == 1 and self.out == "", self
        assert self.err.startswith("melisma: ") and self.err.count("\n") == 1, self.err
        for word in words:
            assert word in self.err, self.err


@pytest.fixture
def tell(capsys):
    """Runs a command in this process."""

    def tell(*arguments):
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Said(code, *capsys.readouterr())

    return tell


def command(*arguments, before=""):
    """The command as a process of its own; `before` is Python that runs in it first."""
    code = f"{before}\nfrom melisma.cli.main import main; main()"
    return [sys.executable, "-c", code, *(str(a) for a in arguments)]


def process(*arguments, before="") -> Said:
    done = subprocess.run(command(*arguments, before=before), capture_output=True, encoding="utf-8", timeout=600)
    return Said(done.returncode, done.stdout, done.stderr)


def tone(seconds=0.4, rate=RATE, hz=440.0):
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def save(file, samples, rate=RATE, **more):
    soundfile.write(file, samples, rate, **more)
    return file


@pytest.fixture
def cat(tmp_path):
    return save(tmp_path / "cat.wav", tone())


@pytest.fixture
def path(tmp_path, model, cat):
    """The latent path of `cat`, in a file."""
    pathfile.save(model.encode(melisma.read(cat)), tmp_path / "cat.npz")
    return tmp_path / "cat.npz"


# --- what it says of itself ---------------------------------------------------------------------------------------------


def test_it_says_what_it_is(tell):
    assert tell("--version").out == f"melisma {melisma.__version__}\n"
    overview = tell("--help").out
    for (
        name
    ) in "demo web models info encode decode edit operators transfer interpolate mix sample prepare train evaluate".split():
        assert f"\n  {name} " in overview
        assert tell(name, "--help").code == 0
    assert "..." not in overview.partition("Commands:")[2]  # summaries are short enough to be whole
    assert "z[n] = z_a[n]" in " ".join(tell("interpolate", "-h").out.split())


def test_mistakes_of_spelling_are_usage_errors(tell):
    for line in ("transfr", "transfer", "transfer a.wav b.wav --modl x", "train x", "train x --name y --steps 1"):
        said = tell(*line.split())
        assert said.code == 2 and "Usage: melisma" in said.err and "Traceback" not in said.err


def test_models_and_info(tell, home, tiny):
    (home / "models" / "[broken].melisma").write_text("hello")
    said = tell("models")
    (home / "models" / "[broken].melisma").unlink()
    assert "tiny" in said.out and "CC0 [tests]" in said.out and "16.0 ms" in said.out
    assert "[broken].melisma" in said.err and said.code == 0
    for name in ("tiny", tiny):
        said = tell("info", name)
        assert said.code == 0 and "CC0 [tests]" in said.out and "6 seconds of sound" in said.out and "--more" in said.out
        assert "256 samples" not in said.out and "reproduced" not in said.out
    said = tell("info", "tiny", "--more").out
    assert "256 samples every 64" in said and "-2.30" in said
    assert [line.split()[0] for line in said.splitlines() if "-2.30" in line] == ["1", "2", "3"]


@pytest.fixture
def altered(home, tiny):
    """Puts tiny by another name among the models, its header's parts others."""
    made = []

    def altered(name, **parts):
        made.append(home / "models" / f"{name}.melisma")
        modelfile.save(replace(modelfile.load(tiny), name=name, **parts), made[-1])
        return made[-1]

    yield altered
    for file in made:
        file.unlink()


def test_a_model_that_is_not_usable_yet_says_so(tell, altered):
    verdict = "Not usable yet: critical bands are 9.0 dB off."
    altered("poor", training={"usable": False, "verdict": verdict, "minutes_of_sound": 0.5})
    altered("good", training={"usable": True, "verdict": "Usable.", "minutes_of_sound": 12})
    lines = {line.split()[0]: line for line in tell("models").out.splitlines()}
    assert lines["poor"].endswith("not usable yet") and "30 s" in lines["poor"]
    assert "usable" not in lines["good"] + lines["tiny"] and "12 min" in lines["good"]
    said = tell("info", "poor")
    assert said.err == f"note: {verdict}\n" and "30 seconds of sound" in said.out
    assert tell("info", "good").err == ""
    infos = {info.name: info.remark for info in Models().infos()}  # the studio's menu
    assert infos["poor"] == verdict and infos["good"] == infos["tiny"] == ""


def figures(value: float, leak: float) -> dict:
    from melisma.measure.evaluate import FIGURES
    from melisma.measure.rows import ROWS

    rows = {row: dict.fromkeys(FIGURES, value) | {"bits": 56917.0} for row in ROWS}
    kl = {"per_dimension": [3.95] * 16, "total": 61.3, "used": 16, "dimensions": 16}
    found = {"model": "poor", "file_count": 48, "seconds": 160.0, "rows": rows, "kl": kl, "leak_r2": leak, "leak_r2_all": 0.13}
    return found | {"follow_slope": 0.98, "follow_rms_db": 0.2, "follow_slope_all": 0.98}


def test_figures_are_whole_words_in_80_columns_and_agree(tell, altered):
    altered("poor", evaluation=figures(-0.123, -0.203), training={"minutes": 73, "minutes_of_sound": 59.76})
    said = tell("info", "poor", "--more").out
    assert all(len(line) <= 80 for line in said.splitlines()) and "…" not in said, said
    lines = [line.split() for line in said.splitlines()]
    assert ["latents", "+", "fine", "+", "colour", "copy", "Griffin", "Opus"] in lines
    assert ["gross", "errors", "above", "copy", *["-12.3%"] * 6] in lines and ["bits", "a", "second", *["56,917"] * 6] in lines
    assert "0.00 (the probe finds nothing); of all layers together 0.13" in said and "-0.2" not in said
    assert "minutes of training  73" in said and "minutes of sound  59.76" in said
    short = tell("info", "poor").out
    assert "-0.12: how near its copies" in short and "R²" not in short and "STFT" not in short


def test_the_operators_are_listed_as_declared(tell):
    from melisma.latent.operators import OPERATORS, written

    said = tell("operators")
    for operator in OPERATORS.values():
        assert operator.name in said.out and all(written(p) in said.out for p in operator.parameters)
    assert "0 to 4294967295" in said.out and "yes if not said" in said.out


def test_a_hostile_header_is_shown_as_text(tell, home, tiny):
    from dataclasses import replace

    from melisma.files import modelfile

    file = modelfile.load(tiny)
    odd = {"minutes_of_sound": "x", "licence": "[/b]\x1b[31m", "[x]": [1, None]}
    modelfile.save(replace(file, training=odd, evaluation={"rows": [], "model": "[/x]"}), home / "models" / "odd.melisma")
    try:
        for arguments in (["info", "odd"], ["models"]):
            said = tell(*arguments)
            assert said.code == 0 and "[/b]�[31m" in said.out and "\x1b" not in said.out
    finally:
        (home / "models" / "odd.melisma").unlink()


# --- sounds of every kind -----------------------------------------------------------------------------------------------


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


# --- journeys -----------------------------------------------------------------------------------------------------------


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
            tmp_path / "wanted.flac", model.decode(model.transferred(natural, loudness=edited.loudness), colour=0), RATE
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


# --- what is wrong gets one sentence ------------------------------------------------------------------------------------


def test_sounds_that_are_none(tell, tmp_path, cat):
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "empty.wav").touch()
    save(tmp_path / "nothing.wav", np.zeros(0))
    out = tmp_path / "out.wav"
    for name in ("absent.wav", "text.wav", "empty.wav", "nothing.wav", ""):
        for arguments in (["transfer", tmp_path / name, out], ["encode", tmp_path / name, tmp_path / "out.npz"],
                          ["interpolate", cat, tmp_path / name, out], ["interpolate", tmp_path / name, cat, out]):  # fmt: skip
            tell(*arguments, "-m", "tiny").refuses(str(tmp_path / name))
    assert not out.exists() and not (tmp_path / "out.npz").exists()


def test_outputs_that_cannot_be_are_refused_before_the_work(tell, tmp_path, cat, path, monkeypatch):
    monkeypatch.setattr("melisma.model.Model.encode", lambda *_: pytest.fail("it began to work"))
    monkeypatch.setattr("melisma.model.Model.decode", lambda *_: pytest.fail("it began to work"))
    before = sorted(tmp_path.iterdir())
    reasons = {"out.xyz": "does not end in", "out": "does not end in", "no/out.wav": "does not exist", "dir.wav": "is a folder"}
    (tmp_path / "dir.wav").mkdir()
    for name, reason in reasons.items():
        out = tmp_path / name
        inputs = {"transfer": [cat], "decode": [path], "edit": ["--op", "reverse", path], "interpolate": [cat, cat]}
        for name, arguments in inputs.items():
            tell(name, *arguments, out, "-m", "tiny").refuses(str(out), reason)
    tell("encode", cat, tmp_path / "x.wav", "-m", "tiny").refuses("x.wav", ".npz")
    tell("encode", cat, tmp_path / "no" / "x.npz", "-m", "tiny").refuses("does not exist")
    tell("interpolate", cat, cat, tmp_path / "o.wav", "--plot", tmp_path / "p.xyz", "-m", "tiny").refuses("p.xyz", ".png")
    tell("evaluate", "tiny", tmp_path, "--json", tmp_path / "no" / "f.json").refuses("does not exist")
    tell("transfer", cat, cat, "-m", "tiny").refuses("is what is read")
    tell("interpolate", path, cat, tmp_path / "." / "cat.wav", "-m", "tiny").refuses("is what is read")
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "dir.wav"])


def test_models_that_are_none(tell, tmp_path, cat, tiny):
    (tmp_path / "[garbage].melisma").write_bytes(b"garbage" * 100)
    data = tiny.read_bytes()
    (tmp_path / "cut.melisma").write_bytes(data[: len(data) // 2])
    (tmp_path / "flipped.melisma").write_bytes(data[:20] + b"\xff" + data[21:])
    out = tmp_path / "out.wav"
    for name in ("[garbage].melisma", "cut.melisma", "flipped.melisma", "absent.melisma"):
        tell("info", tmp_path / name).refuses(name)
        tell("transfer", cat, out, "-m", tmp_path / name).refuses(name)
        tell("evaluate", tmp_path / name, tmp_path).refuses(name)
        tell("demo", "--out", tmp_path / "demo", "-m", tmp_path / name).refuses(name)
    tell("info", "tinny").refuses("no model named 'tinny'", "did you mean tiny")
    tell("info", tmp_path).refuses("is a folder")
    assert not out.exists() and not (tmp_path / "demo").exists()


def test_a_golden_pair_that_is_not_reproduced(tell, tmp_path, model):
    """It is proved on the core; a damaged one is one sentence after what the model says of itself, and exit status 1."""
    sound, output = model.file.golden
    for golden, reason in (
        ((sound, -output), "does not reproduce its golden pair (spectral distance"),
        (None, "has no golden pair"),
    ):
        modelfile.save(replace(model.file, golden=golden), tmp_path / "damaged.melisma")
        said = tell("info", tmp_path / "damaged.melisma", "--verify")
        assert said.code == 1 and said.err.startswith(f"melisma: model tiny {reason}") and said.err.count("\n") == 1, said
        assert tell("info", tmp_path / "damaged.melisma").code == 0
    assert "golden pair reproduced: largest error" in tell("info", "tiny", "--verify").out


def test_paths_that_are_none(tell, tmp_path, path, model):
    data = path.read_bytes()
    (tmp_path / "cut.npz").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.npz").write_text("hello")
    out = tmp_path / "out.wav"
    for name in ("cut.npz", "text.npz", "absent.npz"):
        tell("decode", tmp_path / name, out).refuses(name)
        tell("edit", tmp_path / name, out, "--op", "reverse").refuses(name)
        tell("edit", path, out, "--op", f"interpolate:other={tmp_path / name}").refuses(name)
    foreign = melisma.LatentPath(np.zeros((5, 50)), np.zeros(50), 250.0, 3000, RATE, "[other]")
    pathfile.save(foreign, tmp_path / "foreign.npz")
    tell("decode", tmp_path / "foreign.npz", out).refuses("'[other]', which is not known here", "--model")
    tell("decode", tmp_path / "foreign.npz", out, "-m", "tiny").refuses("5 latents, model tiny has 3")
    tell("edit", path, out).refuses("give an operator, such as --op scale:by=1.5")
    tell("edit", path, out, "--op", "[scale]:by=2").refuses("unknown operator '[scale]'")
    tell("edit", path, out, "--op", "scale:by=much").refuses("'by=much'", "is not a number")
    tell("edit", path, out, "--op", "scale:latents=7").refuses("latents 1 to 3")
    assert not out.exists()


def test_what_is_there_stays_if_the_work_fails(tell, tmp_path, cat, monkeypatch):
    out = save(tmp_path / "out.wav", tone(0.1))
    before = out.read_bytes()
    monkeypatch.setattr(soundfile.SoundFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    tell("transfer", cat, out, "-m", "tiny").refuses("No space left")
    assert out.read_bytes() == before and sorted(f.name for f in tmp_path.iterdir()) == ["cat.wav", "out.wav"]


SLOW = """
import soundfile, time
write = soundfile.SoundFile.write
def slow(self, samples):
    write(self, samples)
    self.flush()
    time.sleep(600)
soundfile.SoundFile.write = slow
"""


def test_killed_while_it_writes_it_leaves_nothing(tmp_path, cat):
    running = {}
    for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        folder = tmp_path / kind.name
        folder.mkdir()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        running[kind] = subprocess.Popen(command("transfer", cat, folder / "out.wav", "-m", "tiny", before=SLOW), **quiet)
    for kind, child in running.items():
        folder = tmp_path / kind.name
        until = time.monotonic() + 300
        while not any(f.stat().st_size > 1000 for f in folder.iterdir()):
            assert child.poll() is None and time.monotonic() < until, "it never began to write"
            time.sleep(0.05)
        child.send_signal(kind)
        error = child.communicate(timeout=60)[1].decode()
        assert "Traceback" not in error
        assert not (folder / "out.wav").exists()
        if kind != signal.SIGKILL:  # which leaves no time to clean up: a hidden temporary file stays
            assert child.returncode == 128 + kind and not list(folder.iterdir())


EXTRAS = [
    "torch", "numba", "lightning_fabric", "tensorboard", "librosa", "visqol", "sklearn", "scipy", "threadpoolctl", "huggingface_hub",
]  # fmt: skip
WITHOUT = f"import sys\nfor name in {EXTRAS}: sys.modules[name] = None"  # each import of these fails


def test_all_but_training_and_evaluation_needs_no_more_than_is_installed(tmp_path, cat, tiny):
    """Every command of inference, where nothing is to be had but numpy, soundfile, soxr, safetensors and the printing."""
    a, out, picture = tmp_path / "a.npz", tmp_path / "out.wav", tmp_path / "mels.png"
    for line in (
        ["models"],
        ["info", "tiny", "--verify"],
        ["operators"],
        ["encode", cat, a, "-m", "tiny"],
        ["decode", a, out],
        ["edit", a, out, "--op", "scale:by=1.5"],
        ["transfer", cat, out, "-m", "tiny", "--loudness", "-20dB"],
        ["interpolate", cat, cat, out, "--plot", picture, "-m", "tiny"],
        ["mix", cat, cat, out, "-m", "tiny"],
        ["sample", a, "-m", "tiny"],
        ["prepare", tmp_path],
        ["demo", "--out", tmp_path / "demo", "-m", "tiny"],
        ["web", tmp_path / "web", "-m", "tiny"],
    ):
        said = process(*line, before=WITHOUT)
        assert said.code == 0 and "melisma: " not in said.err, (line, said)
        assert line[0] != "info" or "golden pair reproduced: largest error" in said.out
    assert picture.stat().st_size > 1000 and len(soundfile.read(out)[0]) == len(tone())


def test_without_the_packages_for_it_the_way_to_get_them_is_said(tmp_path, tiny):
    process("train", tmp_path, "--name", "x", before=WITHOUT).refuses("pip install 'melisma[train]'")
    process("evaluate", "tiny", tmp_path, before=WITHOUT).refuses("pip install 'melisma[evaluate]'")


# --- training -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sounds to train on, as few as can be."""
    folder = tmp_path_factory.mktemp("[sounds]")
    rng, time = np.random.default_rng(0), np.arange(44100 * 5) / 44100
    for k in range(2):
        partials = sum(np.sin(2 * np.pi * (150 + 90 * k) * h * time * (1 + 0.05 * np.sin(2 * time))) / h for h in range(1, 30))
        x = (0.1 * partials + 0.02 * rng.standard_normal(len(time))) * (0.3 + 0.7 * np.abs(np.sin(2 * time)))
        save(folder / f"[{k}].wav", x, 44100)
    (folder / "[odd].wav").write_text("hello")
    return folder


def test_prepare_reports_and_trains_nothing(tell, folder, tmp_path, home):
    said = tell("prepare", folder)
    assert said.code == 0 and "[odd].wav: is not audio" in said.out and "• only 0.2 minutes of sound" in said.out
    assert said.err == ""
    (tmp_path / "[empty]").mkdir()
    tell("prepare", tmp_path / "[empty]").refuses("[empty] holds no sound: looked for", ".wav", "no files at all")
    tell("prepare", tmp_path / "absent").refuses("absent does not exist")


def test_what_cannot_be_trained(tell, folder, tmp_path, home, tiny):
    (tmp_path / "empty").mkdir()
    tell("train", tmp_path / "empty", "--name", "e").refuses("empty holds no sound: looked for")
    for name in ("", "a/b", "../x", ".hidden", "-x", "[x]", "two words", "x.melisma", "x" * 65):
        tell("train", folder, f"--name={name}").refuses("cannot be a model's name: use letters, digits, - and _")
    tell("train", folder, "--name", "x", "--from", "strongs").refuses("no model named 'strongs'; did you mean strings?")
    tell("train", folder, "--name", "x", "--from", tiny).refuses("configured otherwise", "--from none")
    tell("train", folder, "--name", "x", "--vocoder", "wavenet").refuses("no vocoder 'wavenet': choose melgan or phase")
    (home / "runs" / "begun").mkdir(parents=True)
    (home / "runs" / "begun" / "state.pt").write_text("damaged")
    tell("train", folder, "--name", "begun").refuses("a run named begun exists: add --resume")
    said = tell("train", folder, "--name", "begun", "--resume", "--steps", "8")
    assert said.code == 1 and "cannot resume from" in said.err and "Traceback" not in said.err
    assert not (home / "models" / "begun.melisma").exists()


def test_a_folder_becomes_a_model(tell, folder, tmp_path, home, cat, monkeypatch):
    monkeypatch.setattr("melisma.training.calibrate.COLLAPSED", 0.0)  # so few steps bring no latent to life
    arguments = ["train", folder, "--name", "mine", "--steps", "8", "--latents", "4"]
    said = tell(*arguments, "--resume")
    assert said.code == 0 and "no run named mine to resume: it starts now" in said.err, said
    assert "mine.melisma" in said.out and "melisma transfer IN.wav OUT.wav --model mine" in said.out
    assert "sable" in said.out  # the verdict: usable, or not yet
    mine = melisma.load("mine")
    verdict = next(line for line in said.out.splitlines() if "sable" in line)
    assert mine.file.training["verdict"] == verdict and mine.file.training["usable"] == (not verdict.startswith("Not"))
    steps = [(stage, int(step)) for stage, step in re.findall(r"^(\d)/3 \w+, step (\d+): ", said.err, re.M)]
    assert len(steps) > 5 and steps == sorted(steps), "the log counts backwards"
    page = (Path(__file__).parents[2] / "docs/use/own-folder.md").read_text()
    named = set(re.findall(r"(?:: |· )([a-z A-Z]+?) [\d.e+-]+(?= ·|$)", said.err, re.M))
    assert len(named) >= 5 and all(f"\n  {name}: " in said.err and f"| *{name}* |" in page for name in named), named
    assert mine.file.training["steps"] == 8 and mine.sample_rate == 44100
    assert tell("transfer", cat, tmp_path / "out.wav", "-m", "mine").code == 0
    assert soundfile.info(tmp_path / "out.wav").frames == soundfile.info(cat).frames
    tell(*arguments).refuses("a run named mine exists: add --resume")
    said = tell(*arguments, "--resume")
    assert said.code == 0 and "was finished already" in said.out, said
    assert melisma.load("mine").file.digest == mine.file.digest


def test_a_model_begins_from_the_shared_one_and_sounds_at_once(tell, folder, home):
    """After eight steps nothing is learnt: what plays is what the training began from."""
    assert "starting from the model shared" in (said := tell("train", folder, "--name", "child", "--steps", "8")).out, said
    child, shared = melisma.load("child"), melisma.load("shared")
    assert child.file.training["start"] == "shared" and len(child.file.latents["percentiles"]) > 4
    sound = melisma.read(folder / "[0].wav").samples[0]
    mine, theirs = (
        metrics.mel_distance(sound, np.asarray(model.decode(model.encode(sound, rate=44100))), 44100) for model in (child, shared)
    )
    assert mine < theirs + 3
    assert "shared" not in tell("models").out  # it is a start, not a domain
    assert "starting from scratch" in tell("train", folder, "--name", "fresh", "--steps", "8", "--from", "none").out
    assert "start" not in melisma.load("fresh").file.training
