"""Demos for every test of them."""

from dataclasses import replace

import pytest
from made import HOSTILE, made

from melisma.files import modelfile


@pytest.fixture(scope="module")
def four(tiny, tmp_path_factory):
    """The folder of a demo of four models, one of them of an odd name and without a card, and what the command said."""
    models = tmp_path_factory.mktemp("models")
    file, published = modelfile.load(tiny), {}
    for name in ("singing", "screams", "strings", HOSTILE):
        training = {"licence": "<script>$model</script>"} if name == HOSTILE else file.training
        evaluation = {"rows": {"chain": {"visqol": 4.25}}, "leak_r2": -0.3} if name == "strings" else {}
        published[name] = models / f"{name}.melisma"
        modelfile.save(replace(file, name=name, training=training, evaluation=evaluation), published[name])
        if name != HOSTILE:
            text = f"# {name}\n\nsays <i>this</i>, [that](javascript:alert(1))\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
            published[name].with_suffix(".md").write_text(text)
    return made(tmp_path_factory.mktemp("demo") / "new" / "[out]", [], published)


@pytest.fixture(scope="module")
def one(tiny, tmp_path_factory):
    """The same of one model, which has no card."""
    return made(tmp_path_factory.mktemp("demo"), ["--model", "tiny"], {})
