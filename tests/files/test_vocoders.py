"""A vocoder is whole or not there: declared, trained, played, each in a file of its name."""

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from melisma.files.bands import mel_filterbank
from melisma.files.blocks import VocoderConfig
from melisma.files.config import AnalysisConfig, ModelConfig
from melisma.files.shapes import expected
from melisma.files.vocoders import KINDS
from melisma.measure.metrics import stft_distance

ROOT = Path(__file__).resolve().parents[2]


def names(folder: str, row: str) -> set[str]:
    """Files of a folder that hold such a row, by the name in it, which is their own."""
    found = {}
    for file in (ROOT / folder).iterdir():
        if file.is_file() and file.suffix in (".py", ".cpp") and (match := re.search(row, file.read_text(), re.MULTILINE)):
            found[file.stem] = match[1] if match.groups() else file.stem
    assert all(stem == name for stem, name in found.items()), found
    return set(found)


def test_no_vocoder_is_half_there():
    declared = names("src/melisma/files/vocoders", r"^KIND = Kind\(")
    trained = names("src/melisma/training/vocoders", r"^VOCODER = ")
    played = names("core/src/vocoders", r"^(?:extern )?const Vocoder vocoder_(\w+)\b")
    assert declared == trained == played == set(KINDS) and len(declared) >= 2


@pytest.mark.parametrize("name", KINDS)
def test_what_a_vocoder_declares_holds_together(name):
    import torch

    from melisma.training.layers import Vocoder
    from melisma.training.vocoders import build

    kind = KINDS[name]
    config = kind.config()
    assert isinstance(config, VocoderConfig) and config.kind == name and kind.config.__doc__
    assert all(f.name == "kind" or f.metadata["minimum"] is not None for f in fields(config))
    assert kind.tensors and {row.vocoder for row in kind.tensors} == {name}
    assert all(row.name.startswith("vocoder.") for row in kind.tensors)
    model = ModelConfig(vocoder=config)
    assert ModelConfig.from_dict(model.to_dict()) == model
    assert any(tensor.startswith("vocoder.") for tensor in expected(model, 1))
    vocoder = build(AnalysisConfig(), config)
    assert isinstance(vocoder, Vocoder) and isinstance(vocoder.delay, int)
    with torch.no_grad():
        mel = torch.zeros(1, len(mel_filterbank(AnalysisConfig())), 3)
        assert vocoder(mel).shape == (1, 1, 3 * AnalysisConfig().hop)


def test_a_file_that_turns_phases_plays_as_it_did():
    """Its golden pair is what f7f1ed8 played, the last version whose training knew `turns_phase`: but for rounding, the same."""
    import melisma

    model = melisma.load(ROOT / "tests/files/turns-phase.melisma")
    assert model.config.vocoder.turns_phase
    sound, wanted = model.file.golden
    stream = model.stream()
    got = stream.process(np.concatenate([sound, np.zeros(model.hop, np.float32)]))[model.hop :]
    begun = 2 * model.config.analysis.frame  # later rounding may turn phases
    assert np.abs(got - wanted)[:begun].max() < 1e-4 < 0.1 < np.abs(wanted).max()
    assert stft_distance(wanted, got, model.sample_rate) < 0.05
    still = {"vocoder.turn.weight": np.zeros_like(model.file.tensors["vocoder.turn.weight"])}  # it does count
    other = (
        melisma.Model(replace(model.file, tensors=model.file.tensors | still))
        .stream()
        .process(np.concatenate([sound, np.zeros(model.hop, np.float32)]))[model.hop :]
    )
    assert np.abs(other - wanted)[:begun].max() > 1e-3


def test_its_training_side_plays_it_alike():
    import torch

    from melisma.files import modelfile
    from melisma.training.export import from_file

    file = modelfile.load(ROOT / "tests/files/turns-phase.melisma")
    with torch.no_grad():
        sound, wanted = (torch.from_numpy(v) for v in file.golden)
        got = from_file(file)(sound[None, None])[0, 0]
    assert torch.allclose(got[: len(wanted)], wanted, atol=1e-4)


def test_no_new_file_has_it(tmp_path):
    from melisma.files import modelfile

    file = modelfile.load(ROOT / "tests/files/turns-phase.melisma")
    assert "turns_phase" not in ModelConfig().to_dict()["vocoder"]
    assert file.config.to_dict()["vocoder"]["turns_phase"] is True  # one that has it keeps it
    for said in (1, "true", None):
        data = file.config.to_dict()
        with pytest.raises(ValueError, match="turns_phase"):
            ModelConfig.from_dict(data | {"vocoder": data["vocoder"] | {"turns_phase": said}})
    data = ModelConfig().to_dict()  # as files of the first days say it
    assert ModelConfig.from_dict(data | {"vocoder": data["vocoder"] | {"turns_phase": False}}) == ModelConfig()
