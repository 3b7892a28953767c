"""Demos made by the command itself."""

import pytest

from melisma import demo
from melisma.cli import main as cli
from melisma.store import pretrained

HOSTILE = "<b>&x"


def made(folder, arguments, published):
    with pytest.MonkeyPatch.context() as patch:
        said = []
        patch.setattr(pretrained, "domains", lambda: published)
        patch.setattr(demo, "say", lambda text, style="": said.append(text))
        assert cli.run(["demo", "--out", str(folder), *arguments]) == 0
    return folder, said
