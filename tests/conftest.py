"""What tests share: a home of their own, and a model small enough to make on the spot."""

import os

import pytest

# Tiny models are slower on two threads. Numba has a say too: its threading layer (visqol starts it) sets OpenMP's for PyTorch.
os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


LONG = ("test_targets.py", "test_puredata.py", "test_damage.py", "test_reference.py")


def pytest_collection_modifyitems(items):
    """The longest files first: of several processes none is left with one of them at the end."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory):
    """MELISMA_HOME for the tests and for every process they start: nothing touches the user's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MELISMA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny(home):
    """The file of a model named "tiny": random weights, 3 of 4 latents kept, the `phase` vocoder as before training."""
    import torch

    from melisma.files.config import AnalysisConfig, ModelConfig, PhaseConfig, VAEConfig
    from melisma.training.export import to_file
    from melisma.training.reference import Reference
    from melisma.training.run import publish

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = ModelConfig(
        AnalysisConfig(sample_rate=16000, frame=256, hop=64, bands=32, fmin=60.0, fmax=8000.0),
        VAEConfig(latents=4, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=1, kernel=3, expansion=2),
        PhaseConfig(width=8, blocks=1, kernel=3, expansion=2),
    )
    latents = {
        "percentiles": [[-2.3, -1.6, 0.0, 1.6, 2.3]] * 3,
        "effect": [3.0, 2.0, 1.0],
        "kl": [2.0, 1.0, 0.5, 0.0],
        "collapsed": 1,
    }
    training = {"minutes_of_sound": 0.1, "licence": "CC0 [tests]", "seed": 0}
    file = to_file(Reference(config, kept=3).eval(), "tiny", latents, training)
    return publish(file, home / "models" / "tiny.melisma")


@pytest.fixture(scope="session")
def model(tiny):
    """That model, loaded."""
    import melisma

    return melisma.load("tiny")
