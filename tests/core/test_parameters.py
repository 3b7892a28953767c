"""Parameters of a stream, each heard."""

from dataclasses import replace

import numpy as np
import pytest
from needs import needs_core
from random_models import CLOSE, MELGAN, ROOT, TINY, file_bytes, random_file, sound

from melisma import latent
from melisma.core import binding as core
from melisma.errors import MelismaError
from melisma.files import modelfile

pytestmark = needs_core


def test_parameters_are_declared_and_kept_in_range():
    model = core.CoreModel(file_bytes(TINY))
    stream = model.stream()
    names = [p.name for p in model.parameters]
    assert names[0] == "domain"  # the first in every host
    assert {"mix", "randomize", "feedback", "scale.1", "bias.2"} <= set(names) and len(set(names)) == len(names)
    for p in model.parameters:
        assert p.minimum <= p.default <= p.maximum and p.summary
        assert stream.get(p.name) == np.float32(p.default)
        stream.set(p.name, 1e9)
        assert stream.get(p.name) == np.float32(p.maximum)
        stream.set(p.name, float("nan"))
        assert stream.get(p.name) == np.float32(p.maximum)
    with pytest.raises(MelismaError, match="no parameter"):
        stream.set("volume", 1)


@pytest.mark.parametrize("config", [TINY, MELGAN], ids=["phase", "melgan"])
def test_latent_parameters_edit_the_path(config):
    model = core.CoreModel(file_bytes(config))
    x = sound(8000, 3200)
    latents, loudness = model.stream().encode(x)
    stream = model.stream()
    for name, value in {"scale.1": 0.5, "bias.2": 1.5, "loudness.offset": -6}.items():
        stream.set(name, value)
    stream.reset()
    edited = np.stack([0.5 * latents[0], latents[1] + 1.5])
    wanted = model.stream().decode(edited, np.where(loudness > -100, np.maximum(loudness - 6, -100), -100))
    np.testing.assert_allclose(stream.process(x)[model.hop :], wanted[: len(x) - model.hop], atol=CLOSE)
    stream.set("loudness.by_hand", 1)
    stream.set("loudness.level", -30)
    stream.reset()
    wanted = model.stream().decode(edited, np.full(len(loudness), -30))
    np.testing.assert_allclose(stream.process(x)[model.hop :], wanted[: len(x) - model.hop], atol=CLOSE)


@pytest.mark.parametrize("timbre", [None, [0], [1], []])
def test_match_takes_out_what_the_timbre_has_been_lately(timbre):
    """By the header's words: mean and covariance of the last seconds that sounded, those of the domain (0 and 1) at first; averaged over three frames."""
    file = random_file(MELGAN)
    wide = {
        "calibration.forth": 30 * file.tensors["calibration.forth"],
        "calibration.back": 20 * file.tensors["calibration.back"],
    }
    latents = file.latents | ({} if timbre is None else {"timbre": timbre})
    file = replace(file, latents=latents, tensors=file.tensors | wide)  # so wide that an error would be heard
    model = core.CoreModel(modelfile.to_bytes(file))
    x = np.concatenate([sound(8000, 4800), np.zeros(800, np.float32), sound(8000, 4800, 1)])
    latents, loudness = model.stream().encode(x)
    timbre = [0, 1] if timbre is None else timbre
    order = sorted([0, 1], key=lambda row: row in timbre)
    going = np.array([1 if row in timbre else latent.PITCH for row in order])
    share, mean, covariance = 1 - np.exp(-model.hop / 8000 / 0.5), np.zeros(2), np.eye(2)
    pole = 1 - np.exp(-model.hop / 8000 / latent.STEADY)
    wanted, steady = latents.astype(float), latents[order, 0].astype(float)
    for i in range(len(loudness)):
        z = latents[order, i].astype(float)
        steady = steady + pole * (z - steady)
        if loudness[i] > -60:
            gap = steady - mean
            mean, covariance = mean + share * gap, (1 - share) * (covariance + share * np.outer(gap, gap))
        shrunk = covariance + (np.eye(2) - covariance) / latent.WIDEN**2
        white = np.linalg.solve(np.linalg.cholesky(shrunk), steady - mean)
        wanted[order, i] = z + 0.75 * going * (white - z)
    stream = model.stream()
    stream.set("match", 0.75)
    stream.set("match.seconds", 0.5)
    for _ in range(2):
        stream.reset()
        got = stream.process(x)
        assert np.abs(got[model.hop :] - model.stream().decode(wanted, loudness)[: len(x) - model.hop]).max() < 1e-3
    assert np.abs(model.stream().decode(wanted, loudness) - model.stream().decode(latents, loudness)).max() > 0.01


def test_noise_is_seeded():
    model = core.CoreModel(file_bytes(MELGAN))
    x = sound(8000, 2000)

    def run(seed: int, amount: float) -> np.ndarray:
        stream = model.stream()
        stream.set("randomize", amount)
        stream.set("noise.seed", seed)  # its name of before
        stream.reset()
        return stream.process(x)

    assert np.array_equal(run(1, 1), run(1, 1)) and not np.array_equal(run(1, 1), run(2, 1))
    assert np.array_equal(run(1, 0), model.stream().process(x))


def test_feedback_lives_and_stays_bounded():
    model = core.CoreModel(file_bytes(MELGAN))
    x = sound(8000, 40000)
    x[2000:] = 0
    stream = model.stream()
    for name, value in {
        "feedback": 4,
        "feedback.frequency": 700,
        "feedback.q": 20,
        "loudness.by_hand": 1,
        "loudness.level": 0,
    }.items():
        stream.set(name, value)
    out = np.concatenate([stream.process(block) for block in np.array_split(x, 50)])
    assert np.isfinite(out).all() and np.abs(out).max() < 10
    whole = model.stream()
    for p in model.parameters:
        whole.set(p.name, stream.get(p.name))
    whole.reset(), stream.reset()
    assert np.array_equal(np.concatenate([stream.process(b) for b in np.array_split(x, 91)]), whole.process(x))


def test_feedback_sings_out_of_silence_and_stops():
    model = core.CoreModel(ROOT / "models" / "strings.melisma")
    stream, second = model.stream(), np.zeros(model.sample_rate, np.float32)

    def level(seconds: int) -> float:
        out = np.concatenate([stream.process(second) for _ in range(seconds)])
        assert np.abs(out).max() < 4
        return float(20 * np.log10(np.sqrt((out[-model.sample_rate :] ** 2).mean()) + 1e-9))

    assert level(2) < -90
    stream.set("feedback", 4)
    assert level(8) > -45 and level(8) > -45
    stream.set("feedback", 0)
    assert level(3) < -80


def test_a_turned_parameter_does_not_click():
    model = core.CoreModel(file_bytes(MELGAN))
    x = 0.3 * np.sin(2 * np.pi * 100 / 8000 * np.arange(8000)).astype(np.float32)
    stream = model.stream()
    first = stream.process(x[:4000])
    stream.set("mix", 0)
    second = stream.process(x[4000:])
    steps = np.abs(np.diff(np.concatenate([first, second])))
    assert steps[3990:4010].max() <= 2 * max(steps[:3900].max(), np.abs(np.diff(x)).max())
