"""A vocoder is whole or not there: declared, trained, played, each in a file of its name."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from melisma.files.bands import mel_filterbank
from melisma.files.blocks import VocoderConfig
from melisma.files.config import AnalysisConfig, ModelConfig
from melisma.files.shapes import expected
from melisma.files.vocoders import KINDS

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
    assert not {f.name for f in fields(config)} & set(kind.retired)
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
