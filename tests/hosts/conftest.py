"""What the tests of hosts share."""

import pytest
from pd_sounds import STRINGS
from plugin_sounds import session

from melisma.core import binding as core
from melisma.hosts.plugin import bundles, install


@pytest.fixture(scope="module")
def strings():
    return core.CoreModel(STRINGS)


@pytest.fixture(scope="module")
def model_files(tmp_path_factory):
    """A second model, small and of 2 latents, in a folder as melisma.system.home has it."""
    from random_models import MELGAN, random_file

    from melisma.files import modelfile

    folder = tmp_path_factory.mktemp("home") / "models"
    folder.mkdir()
    file = random_file(MELGAN)
    modelfile.save(type(file)(**{**vars(file), "name": "bells"}), folder / "bells.melisma")
    return folder


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """A folder with the plug-ins in every format."""
    folder = tmp_path_factory.mktemp("plugins")
    for format in bundles.FORMATS:
        install.install(format, folder)
    return folder


@pytest.fixture(params=["clap", "lv2"])
def small(request, plugins):
    """A way to open the effect in one of the small hosts; all are closed at the end."""
    opened = []

    def make(rate=44100, block=512, start=True):
        host = session.open_in(request.param, plugins, rate, block)
        opened.append(host)
        if start:
            host.start()
        return host

    make.kind = request.param
    yield make
    for host in opened:
        host.close()
