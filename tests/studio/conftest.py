"""A model of random numbers, made without PyTorch, and a studio that plays it."""

import numpy as np
import pytest
from asking import HOST
from starlette.testclient import TestClient

import melisma
from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.files.shapes import expected
from melisma.studio.library import Library
from melisma.studio.server import Studio


@pytest.fixture(scope="session")
def small(home):
    """The file of a model named "small": 3 latents at 16 kHz, the `phase` vocoder."""
    config = ModelConfig(
        AnalysisConfig(sample_rate=16000, frame=256, hop=64, bands=32, fmin=60.0, fmax=8000.0),
        VAEConfig(latents=4, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=1, kernel=3, expansion=2),
        PhaseConfig(width=8, blocks=1, kernel=3, expansion=2),
    )
    random = np.random.default_rng(0)
    tensors = {
        name: (random.standard_normal(shape) * 0.3).astype(np.float32) for name, shape in sorted(expected(config, 3).items())
    }
    latents = {"percentiles": [[-2.3, -1.6, 0.0, 1.6, 2.3]] * 3}
    (home / "models").mkdir(exist_ok=True)
    file = home / "models" / "small.melisma"
    modelfile.save(modelfile.ModelFile("small", config, tensors, latents, latency=256), file)
    return file


@pytest.fixture(scope="session")
def model(small):
    """That model, loaded."""
    return melisma.load("small")


@pytest.fixture
def studio(small, tmp_path):
    return Studio(Library(tmp_path / "studio"), 8337)


@pytest.fixture
def client(studio):
    with TestClient(studio.app(), f"http://{HOST}", follow_redirects=False) as client:
        client.cookies.set(studio.cookie, studio.token)
        yield client
