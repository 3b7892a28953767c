"""`melisma train` as a user types it."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from commands import save

import melisma
from melisma.measure import metrics

pytestmark = pytest.mark.usefixtures("tiny")


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
