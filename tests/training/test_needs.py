"""What training needs of its data is checked before it begins: silence, or nothing to train on, is said at once."""

import json

import numpy as np
import pytest
import torch

from melisma.errors import BadValue
from melisma.training import fit as fitting
from melisma.training.plan import Plan


def prepared(folder, samples, split="train"):
    """A prepared set of one clip."""
    folder.mkdir()
    (folder / "audio.i16").write_bytes(np.asarray(samples, "<i2").tobytes())
    clips = [{"file": "x.wav", "start": 0, "samples": len(samples), "split": split}]
    (folder / "index.json").write_text(json.dumps({"version": 3, "sample_rate": 16000, "clips": clips}))
    return folder


@pytest.mark.parametrize(
    ("samples", "split", "reason"),
    [
        (np.zeros(16000), "train", "there is no sound above -60 dBFS to train on: check that these are the files you meant"),
        (np.random.default_rng(0).integers(-2, 3, 16000), "train", "there is no sound above -60 dBFS"),
        (np.full(16000, 8000), "held", "nothing is left to train on: all that could be read is held out"),
    ],
)
def test_it_is_said_before_a_step_is_made(tmp_path, model, monkeypatch, samples, split, reason):
    def stage(*_):
        pytest.fail("training has begun")

    monkeypatch.setattr(fitting, "StageRun", stage)
    torch.manual_seed(0)
    folder = prepared(tmp_path / "set", samples, split)
    with pytest.raises(BadValue, match=reason):
        fitting.fit(folder, tmp_path / "run", model.config, Plan(steps=4))
    assert not (tmp_path / "run" / "state.pt").exists()


def test_what_has_sound_is_let_through(tmp_path, model, monkeypatch):
    class Begun(Exception):
        pass

    def stage(*_):
        raise Begun

    monkeypatch.setattr(fitting, "StageRun", stage)
    sound = 3000 * np.sin(np.arange(16000) / 5)
    with pytest.raises(Begun):
        fitting.fit(prepared(tmp_path / "set", sound), tmp_path / "run", model.config, Plan(steps=4))
