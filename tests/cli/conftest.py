"""What the tests of commands share."""

import pytest
from commands import Said, save, tone

import melisma
from melisma.cli import main as cli
from melisma.files import pathfile


@pytest.fixture
def tell(capsys):
    """Runs a command in this process."""

    def tell(*arguments):
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Said(code, *capsys.readouterr())

    return tell


@pytest.fixture
def cat(tmp_path):
    return save(tmp_path / "cat.wav", tone())


@pytest.fixture
def path(tmp_path, model, cat):
    """The latent path of `cat`, in a file."""
    pathfile.save(model.encode(melisma.read(cat)), tmp_path / "cat.npz")
    return tmp_path / "cat.npz"
