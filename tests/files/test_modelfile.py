"""The model file: what is saved comes back, and whatever else a file may hold gets one clear sentence."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_files import LATENTS, MELGAN, TINY, edited, parts, quick, tiny

from melisma.core.binding import CoreModel
from melisma.errors import MelismaError
from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.files.shapes import expected
from melisma.model import Model
from melisma.training.export import from_file, public, tensors, to_file
from melisma.training.reference import Reference

torch.set_num_threads(1)


@pytest.mark.parametrize("config", [TINY, MELGAN], ids=["phase", "melgan"])
def test_round_trip(tmp_path, config):
    saved = tiny(config)
    modelfile.save(saved, tmp_path / "tiny.melisma")
    loaded = modelfile.load(tmp_path / "tiny.melisma")
    for name in ("name", "config", "latents", "latency", "training", "evaluation"):
        assert getattr(loaded, name) == getattr(saved, name), name
    assert set(loaded.tensors) == set(saved.tensors)
    for name, value in saved.tensors.items():
        assert np.array_equal(loaded.tensors[name], value), name  # `to_file` has rounded them as the file does
    for ours, theirs in zip(loaded.golden, saved.golden):
        assert np.array_equal(ours, theirs) and ours.dtype == np.float32
    # the file's model makes the golden output from the golden input
    assert Model(loaded).verify()["error"] < 1e-4
    # and saving again gives the same bytes, hence the same digest
    modelfile.save(loaded, tmp_path / "again.melisma")
    assert modelfile.load(tmp_path / "again.melisma").digest == loaded.digest != ""


def test_verify_refuses_another_models_golden_pair():
    sound, output = tiny().golden
    with pytest.raises(MelismaError, match="golden pair"):
        Model(replace(tiny(), golden=(sound, output[::-1].copy()))).verify()


def test_the_file_proves_itself_to_any_reader_of_safetensors(tmp_path):
    """The format is plain safetensors: another reader finds the same tensors."""
    from safetensors.numpy import load

    modelfile.save(tiny(), tmp_path / "tiny.melisma")
    theirs = load((tmp_path / "tiny.melisma").read_bytes())
    for name, value in modelfile.load(tmp_path / "tiny.melisma").tensors.items():
        assert np.array_equal(theirs[f"model.{name}"].astype(np.float32), value)


def test_matrices_take_16_bits_unless_they_would_overflow(tmp_path):
    large = dict(tiny().tensors)
    large["decoder.0.conv.weight"] = np.full_like(large["decoder.0.conv.weight"], 1e5)
    modelfile.save(replace(tiny(), tensors=large), tmp_path / "large.melisma")
    entries, _, _ = parts((tmp_path / "large.melisma").read_bytes())
    assert entries["model.decoder.0.conv.weight"]["dtype"] == "F32"
    assert entries["model.encoder.0.conv.weight"]["dtype"] == "F16"
    assert modelfile.load(tmp_path / "large.melisma").tensors["decoder.0.conv.weight"].max() == np.float32(1e5)


kernels, counts = st.integers(1, 5), st.integers(0, 2)


@st.composite
def configurations(draw) -> ModelConfig:
    hop = draw(st.sampled_from([16, 20, 32]))
    frame, rate = hop * draw(st.integers(4, 5)), draw(st.sampled_from([8000, 22050]))
    analysis = AnalysisConfig(rate, frame, hop, draw(st.integers(8, 20)), draw(st.floats(20, 200)), 4000.0)
    widths = st.integers(1, 9)
    vae = VAEConfig(draw(widths), draw(widths), draw(counts), draw(widths), draw(counts), draw(kernels), draw(st.integers(1, 3)))
    if draw(st.booleans()):
        phase = PhaseConfig("phase", 2, draw(widths), draw(counts), draw(kernels), 2)
        return ModelConfig(analysis, vae, phase)
    ratios = {16: (4, 2, 2), 20: (5, 4), 32: (32,)}[hop]
    dilations = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    return ModelConfig(analysis, vae, MelganConfig("melgan", ratios, draw(st.integers(8, 12)), dilations, draw(kernels)))


@quick
@given(configurations(), st.data())
def test_expected_shapes_are_those_of_the_reference(config, data):
    kept = data.draw(st.integers(1, config.vae.latents))
    model = Reference(config, kept)
    assert expected(config, kept) == {name: value.shape for name, value in tensors(model).items()}
    assert len({public(name) for name in model.state_dict()}) == len(model.state_dict()), "two tensors share a public name"
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("culprit", ["weights", "evaluation", "disk"])
def test_nothing_half_written_stays_when_saving_fails(tmp_path, monkeypatch, culprit):
    modelfile.save(tiny(), tmp_path / "model.melisma")
    before = contents(tmp_path)
    file = tiny()
    if culprit == "weights":
        file = replace(file, tensors=file.tensors | {"decoder.0.conv.bias": np.full(4, np.nan)})
    elif culprit == "evaluation":
        file = replace(file, evaluation={"pitch error": float("nan")})  # JSON has no NaN
    else:

        def full(path, data):
            with open(path, "wb") as half:
                half.write(data[:100])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pathlib.Path.write_bytes", full)
    for name in ("model.melisma", "new.melisma"):
        with pytest.raises(MelismaError):
            modelfile.save(file, tmp_path / name)
    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_an_exported_model_is_the_model(tmp_path):
    """from_file gives the reference that was saved, but for the rounding to 16 bits."""
    torch.manual_seed(3)
    model = Reference(TINY, kept=3).eval()
    latents = {"percentiles": LATENTS["percentiles"][:1] * 3}
    modelfile.save(to_file(model, "same", latents, {}), tmp_path / "same.melisma")
    again = from_file(modelfile.load(tmp_path / "same.melisma"))
    for (name, ours), theirs in zip(model.state_dict().items(), again.state_dict().values()):
        assert torch.allclose(ours, theirs, atol=1e-4, rtol=1e-3), name


@pytest.mark.parametrize(
    "ratios, width", [([4, 4], 8), ([16], 2), ([4, 2], 8), ([4, 8], 8), ([4, 4], 3), ([2] * 16, 8), ([1] * 5, 8)]
)
def test_both_sides_refuse_the_same_melgans(tmp_path, ratios, width):
    """Ratios that do not multiply to the hop of 16, or halve the width to nothing: checked by Python and by the core."""

    def change(entries, header, body):
        header["config"]["vocoder"] |= {"ratios": ratios, "width": width}

    said = []
    data = edited(change, MELGAN)
    (tmp_path / "m.melisma").write_bytes(data)
    for reader in (lambda: modelfile.load(tmp_path / "m.melisma"), lambda: CoreModel(data)):
        try:
            reader()
            said.append("")
        except MelismaError as error:
            said.append(str(error))
    sane = math.prod(ratios) == 16 and width >> len(ratios) > 0
    assert ["melgan ratios" in text for text in said] == [not sane, not sane], said
