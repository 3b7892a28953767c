"""What the tests of hosts share."""

import os
import subprocess

import numpy as np
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


@pytest.fixture(scope="module")
def screen():
    """A screen that nobody sees. OpenGL is Mesa's software's here, on one thread: others have the machine's other cores."""
    os.environ["LP_NUM_THREADS"] = "0"
    ours, theirs = os.pipe()
    options = ["-displayfd", str(theirs), "-screen", "0", "2100x1600x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(["Xvfb", *options], pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    with os.fdopen(ours) as told:
        number = told.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def opened(plugins, screen, monkeypatch):
    """A way to open a plug-in and its window; all are closed at the end."""
    import claphost_window  # hosts/plugin/tests: wants Pillow

    monkeypatch.setenv("DISPLAY", screen)
    hosts, windows = [], []

    def make(name="effect", scale=1, text=""):
        host = session.open_in("clap", plugins, 44100, 512, name)
        hosts.append(host)
        if text:
            session.load(host, text)
        host.start()
        host.process(np.zeros((2, 512), np.float32) if name == "effect" else None, 512)
        windows.append(claphost_window.Window(host, scale))
        return host, windows[-1]

    yield make
    for window in windows:
        window.close()
    for host in hosts:
        host.close()
