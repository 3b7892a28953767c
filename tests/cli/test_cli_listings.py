"""What the command says of itself, its models and its operators."""

from dataclasses import replace

import pytest

import melisma
from melisma.files import modelfile
from melisma.studio.models import Models

pytestmark = pytest.mark.usefixtures("tiny")


def test_it_says_what_it_is(tell):
    assert tell("--version").out == f"melisma {melisma.__version__}\n"
    overview = tell("--help").out
    for (
        name
    ) in "demo web models info encode decode edit operators transfer interpolate mix sample prepare train evaluate".split():
        assert f"\n  {name} " in overview
        assert tell(name, "--help").code == 0
    assert "..." not in overview.partition("Commands:")[2]  # summaries are short enough to be whole
    assert "z[n] = z_a[n]" in " ".join(tell("interpolate", "-h").out.split())


def test_mistakes_of_spelling_are_usage_errors(tell):
    for line in ("transfr", "transfer", "transfer a.wav b.wav --modl x", "train x", "train x --name y --steps 1"):
        said = tell(*line.split())
        assert said.code == 2 and "Usage: melisma" in said.err and "Traceback" not in said.err


def test_models_and_info(tell, home, tiny):
    (home / "models" / "[broken].melisma").write_text("hello")
    said = tell("models")
    (home / "models" / "[broken].melisma").unlink()
    assert "tiny" in said.out and "CC0 [tests]" in said.out and "16.0 ms" in said.out
    assert "[broken].melisma" in said.err and said.code == 0
    for name in ("tiny", tiny):
        said = tell("info", name)
        assert said.code == 0 and "CC0 [tests]" in said.out and "6 seconds of sound" in said.out and "--more" in said.out
        assert "256 samples" not in said.out and "reproduced" not in said.out
    said = tell("info", "tiny", "--more").out
    assert "256 samples every 64" in said and "-2.30" in said
    assert [line.split()[0] for line in said.splitlines() if "-2.30" in line] == ["1", "2", "3"]


@pytest.fixture
def altered(home, tiny):
    """Puts tiny by another name among the models, its header's parts others."""
    made = []

    def altered(name, **parts):
        made.append(home / "models" / f"{name}.melisma")
        modelfile.save(replace(modelfile.load(tiny), name=name, **parts), made[-1])
        return made[-1]

    yield altered
    for file in made:
        file.unlink()


def test_a_model_that_is_not_usable_yet_says_so(tell, altered):
    verdict = "Not usable yet: critical bands are 9.0 dB off."
    altered("poor", training={"usable": False, "verdict": verdict, "minutes_of_sound": 0.5})
    altered("good", training={"usable": True, "verdict": "Usable.", "minutes_of_sound": 12})
    lines = {line.split()[0]: line for line in tell("models").out.splitlines()}
    assert lines["poor"].endswith("not usable yet") and "30 s" in lines["poor"]
    assert "usable" not in lines["good"] + lines["tiny"] and "12 min" in lines["good"]
    said = tell("info", "poor")
    assert said.err == f"note: {verdict}\n" and "30 seconds of sound" in said.out
    assert tell("info", "good").err == ""
    infos = {info.name: info.remark for info in Models().infos()}  # the studio's menu
    assert infos["poor"] == verdict and infos["good"] == infos["tiny"] == ""


def figures(value: float, leak: float) -> dict:
    from melisma.measure.evaluate import FIGURES
    from melisma.measure.rows import ROWS

    rows = {row: dict.fromkeys(FIGURES, value) | {"bits": 56917.0} for row in ROWS}
    kl = {"per_dimension": [3.95] * 16, "total": 61.3, "used": 16, "dimensions": 16}
    found = {"model": "poor", "file_count": 48, "seconds": 160.0, "rows": rows, "kl": kl, "leak_r2": leak, "leak_r2_all": 0.13}
    return found | {"follow_slope": 0.98, "follow_rms_db": 0.2, "follow_slope_all": 0.98}


def test_figures_are_whole_words_in_80_columns_and_agree(tell, altered):
    altered("poor", evaluation=figures(-0.123, -0.203), training={"minutes": 73, "minutes_of_sound": 59.76})
    said = tell("info", "poor", "--more").out
    assert all(len(line) <= 80 for line in said.splitlines()) and "…" not in said, said
    lines = [line.split() for line in said.splitlines()]
    assert ["latents", "+", "fine", "+", "colour", "played", "copy", "Griffin", "Opus"] in lines
    assert ["gross", "errors", "above", "copy", *["-12.3%"] * 7] in lines and ["bits", "a", "second", *["56,917"] * 7] in lines
    assert "0.00 (the probe finds nothing); of all layers together 0.13" in said and "-0.2" not in said
    assert "minutes of training  73" in said and "minutes of sound  59.76" in said
    short = tell("info", "poor").out
    assert "-0.12: how near its copies" in short and "R²" not in short and "STFT" not in short


def test_the_operators_are_listed_as_declared(tell):
    from melisma.latent.operators import OPERATORS, written

    said = tell("operators")
    for operator in OPERATORS.values():
        assert operator.name in said.out and all(written(p) in said.out for p in operator.parameters)
    assert "0 to 4294967295" in said.out and "yes if not said" in said.out


def test_a_hostile_header_is_shown_as_text(tell, home, tiny):
    from dataclasses import replace

    from melisma.files import modelfile

    file = modelfile.load(tiny)
    odd = {"minutes_of_sound": "x", "licence": "[/b]\x1b[31m", "[x]": [1, None]}
    modelfile.save(replace(file, training=odd, evaluation={"rows": [], "model": "[/x]"}), home / "models" / "odd.melisma")
    try:
        for arguments in (["info", "odd"], ["models"]):
            said = tell(*arguments)
            assert said.code == 0 and "[/b]�[31m" in said.out and "\x1b" not in said.out
    finally:
        (home / "models" / "odd.melisma").unlink()
