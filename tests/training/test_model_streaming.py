"""A model's stream: it does not depend on its blocks, and is the offline chain by its latency late."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pieces import TOLERANCE, quick, splits

from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.model import Model
from melisma.sound.audio import Audio
from melisma.training.export import to_file
from melisma.training.reference import Reference

TINY = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=64, hop=16, bands=8, fmin=100.0, fmax=4000.0),
    VAEConfig(latents=3, encoder_width=6, encoder_blocks=1, decoder_width=6, decoder_blocks=1, kernel=3, expansion=2),
    PhaseConfig(width=6, blocks=1, kernel=3, expansion=2),
)
CONFIGS = {"phase": TINY, "melgan": replace(TINY, vocoder=MelganConfig(ratios=(4, 4), width=8, dilations=(1, 3), kernel=3))}
_models: dict[str, Model] = {}


def tiny_model(name: str) -> Model:
    if name not in _models:
        torch.manual_seed(2)
        reference = Reference(CONFIGS[name])
        with torch.no_grad():
            for p in reference.parameters():
                p.add_(0.1 * torch.randn_like(p))
        _models[name] = Model(to_file(reference.eval(), name, {"percentiles": [[-2, -1, 0, 1, 2]] * 3}, {}))
    return _models[name]


def sound(length: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = 0.3 * np.sin(np.arange(length) * 0.31) + 0.1 * rng.standard_normal(length)
    x[length // 2 : length // 2 + 80] = 0
    return x.astype(np.float32)


def streamed(stream, x: np.ndarray, sizes: list[int]) -> np.ndarray:
    blocks = [stream.process(block) for block in np.split(x, np.cumsum(sizes)[:-1])]
    assert [len(block) for block in blocks] == sizes, "a block is not answered in full"
    assert all(block.dtype == np.float32 for block in blocks)
    return np.concatenate(blocks)


vocoders = pytest.mark.parametrize("vocoder", CONFIGS)


@vocoders
@quick
@given(data=st.data())
def test_a_stream_does_not_depend_on_its_blocks(vocoder, data):
    model, x = tiny_model(vocoder), sound(500)
    whole = model.stream().process(x)
    stream = model.stream()
    sizes = data.draw(splits(len(x)))
    assert np.abs(streamed(stream, x, sizes) - whole).max() < TOLERANCE
    stream.reset()
    assert np.array_equal(stream.process(x), whole), "reset does not give the stream back as new"
    assert np.abs(whole).max() > 1e-3


def test_noise_does_not_part_blocks_from_the_whole(model):
    """In noise the phase integration magnifies any difference: half a second shows rounding that short sounds hide.

    The core rounds alike however a sound is cut. The reference, in double precision, made the golden pair: from that one single
    precision parts in the end, and not in the magnitudes.
    """
    x = 0.3 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    whole = model.stream().process(x)
    assert np.abs(streamed(model.stream(), x, [100] * 80) - whole).max() < TOLERANCE
    assert np.abs(whole[-1000:]).max() > 1e-3
    path = model.encode(x)
    pieces = Model(model.file)
    pieces._engine.chunk = 5 * model.hop
    assert np.abs(np.asarray(pieces.decode(path)) - model.decode(path)).max() < TOLERANCE
    late = model.stream(fine=1, colour=1).process(np.concatenate([x, np.zeros(model.latency, np.float32)]))
    with_it = np.asarray(model.decode(path, sound=Audio(x[None], model.sample_rate)))
    assert np.abs(late[model.latency :] - with_it).max() < TOLERANCE
    assert model.verify()["distance"] < 0.05


@vocoders
def test_sample_by_sample(vocoder):
    model, x = tiny_model(vocoder), sound(150)
    assert np.abs(streamed(model.stream(), x, [1] * len(x)) - model.stream().process(x)).max() < TOLERANCE


@vocoders
@pytest.mark.parametrize("length", [1, 15, 16, 17, 700])
def test_a_stream_is_the_offline_chain_by_its_latency_late(vocoder, length):
    """What `decode(encode(x))` gives, the stream gives `latency` samples later, and it declares that latency everywhere alike."""
    model, x = tiny_model(vocoder), sound(length)
    offline = np.asarray(model.decode(model.encode(x), colour=0.5, sound=Audio(x[None], model.sample_rate)))
    stream = model.stream(fine=1, colour=0.5)
    assert stream.latency == model.latency == model.file.latency > 0
    late = stream.process(np.concatenate([x, np.zeros(stream.latency, np.float32)]))
    assert np.abs(late[stream.latency :] - offline).max() < TOLERANCE
    if length > 100:  # it sounds, and one sample more or less would not fit
        assert np.abs(offline).max() > 1e-3
        for wrong in (-1, 1):
            assert np.abs(late[stream.latency + wrong :][: length - 1] - offline[: length - 1]).max() > 100 * TOLERANCE


@vocoders
def test_long_sounds_are_read_in_pieces(vocoder, monkeypatch):
    """Offline reading in small pieces gives what one piece gives."""
    model, x = tiny_model(vocoder), sound(1000)
    path, mel, kl, copy = (f(x) for f in (model.encode, model.mel, model.kl, model.copy_synthesis))
    pieces = Model(model.file)
    monkeypatch.setattr(pieces._engine, "chunk", 5 * model.hop)
    again = pieces.encode(x)
    assert np.abs(again.values - path.values).max() < TOLERANCE and np.abs(again.loudness - path.loudness).max() < 0.01
    assert np.abs(pieces.mel(x) - mel).max() < TOLERANCE
    assert np.abs(pieces.kl(x) - kl).max() < 1e-3
    assert np.abs(np.asarray(pieces.decode(path)) - model.decode(path)).max() < TOLERANCE
    assert np.abs(np.asarray(pieces.copy_synthesis(x)) - copy).max() < TOLERANCE


@vocoders
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38, 1e20, 1e-40])
def test_a_stream_outlives_bad_samples(vocoder, bad):
    """NaN, infinite, absurd and denormal samples leave finite sound, and no trace once the limiter has let go (0.1 s a factor e)."""
    model, x = tiny_model(vocoder), sound(8000)
    x[200:260] = bad
    y = model.stream().process(x)
    assert np.isfinite(y).all()
    silence = sound(8000)
    silence[200:260] = 0
    level, wanted = (np.abs(v[6400:]).max() for v in (y, model.stream().process(silence)))
    assert 0.3 * wanted < level < 3 * wanted
