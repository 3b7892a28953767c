"""The core gives what the PyTorch reference gives."""

from dataclasses import replace

import numpy as np
import pytest
import reference_engine as reference
from hypothesis import given
from hypothesis import strategies as st
from needs import needs_core
from random_models import MELGAN, ROOT, SMALL, SMALL_MELGAN, TINY, compare, configurations, file_bytes, quick, random_file, sound

from melisma.core import binding as core
from melisma.core.engine import Engine
from melisma.files import modelfile
from melisma.files.config import ModelConfig
from melisma.files.weights import in_bytes
from melisma.measure.metrics import stft_distance

pytestmark = needs_core


@quick
@given(configurations(), st.integers(0, 3), st.data())
def test_random_models_equal_the_reference(config, seed, data):
    kept = data.draw(st.integers(1, config.vae.latents))
    file = random_file(config, kept, seed)
    compare(Engine(file), reference.Engine(file), sound(config.analysis.sample_rate, 1500 + 7 * seed, seed))


@pytest.mark.parametrize("config", [SMALL, SMALL_MELGAN, ModelConfig()], ids=["phase", "melgan", "default"])
def test_models_of_usual_frames_equal_the_reference(config):
    file = random_file(config, 12)
    compare(Engine(file), reference.Engine(file), sound(44100, 20000))


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.melisma")), ids=lambda path: path.stem)
def test_published_models_equal_the_reference(path):
    file = modelfile.load(path)
    # with its weights as numbers of 32 bits; those of 8, whose inputs are rounded to 16, have tests of their own below
    compare(Engine(replace(file, scales={})), reference.Engine(file), file.golden[0])
    ours = Engine(file)
    stream = ours.stream()
    got = np.concatenate([stream.process(block) for block in np.array_split(file.golden[0], 7)])[ours.hop :]
    assert stft_distance(file.golden[1][: len(got)], got, file.config.analysis.sample_rate) < 0.05


@pytest.mark.parametrize("config", [TINY, MELGAN, SMALL, SMALL_MELGAN], ids=["tiny", "tiny melgan", "phase", "melgan"])
def test_the_golden_pair(config):
    model = core.CoreModel(file_bytes(config))
    sound, wanted = model.golden
    got = np.concatenate([model.stream().process(sound)])[model.hop :]
    assert stft_distance(wanted[: len(got)], got, model.sample_rate) < 0.05


def test_sixteen_bit_weights_are_exact():
    """Widening is exact: what is kept in 16 bits gives what the reference gives with the file's weights, subnormal ones included."""
    file = random_file(MELGAN)
    tensors = {name: value * (1e-6 if name == "decoder.0.conv.weight" else 1) for name, value in file.tensors.items()}
    file = replace(file, tensors=modelfile.rounded(tensors))
    compare(Engine(file), reference.Engine(file), sound(8000, 1000))


@pytest.mark.parametrize("config", [SMALL, SMALL_MELGAN, ModelConfig()], ids=["phase", "melgan", "default"])
def test_weights_in_8_bits_equal_the_reference_to_16_bits(config):
    """The reference computes with the same weights; the core's inputs of matrices are rounded to 16 bits besides."""
    file = in_bytes(random_file(config, 12))
    ours, theirs, x = Engine(file), reference.Engine(file), sound(44100, 20000)
    assert ours.model.weight_bytes < 0.3 * Engine(replace(file, scales={})).model.weight_bytes  # the others widened to 32
    latents, loudness = theirs.encode(x)
    np.testing.assert_allclose(ours.encode(x)[0], latents, atol=2e-3 * latents.std())
    mel = theirs.decode_mel(latents, loudness)
    np.testing.assert_allclose(ours.decode_mel(latents, loudness), mel, atol=1e-3)  # 0.1 dB


def test_weights_in_8_bits_lose_next_to_nothing():
    """Of a published model, rounded after training: the latents of a sound, and its mel."""
    file = modelfile.load(ROOT / "models" / "strings.melisma")
    whole, narrow = Engine(file), Engine(in_bytes(file))
    x = file.golden[0]
    (latents, loudness), (z, _) = whole.encode(x), narrow.encode(x)
    assert np.sqrt(np.mean((z - latents) ** 2)) < 0.05  # of a standard deviation of the training set
    error = 100 * (narrow.decode_mel(latents, loudness) - whole.decode_mel(latents, loudness))
    assert np.sqrt(np.mean(error**2)) < 0.5  # dB
