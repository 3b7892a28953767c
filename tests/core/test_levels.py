"""The limiter, and latents pulled far out."""

import numpy as np
import pytest
import reference_engine as reference
import torch
from needs import needs_core
from random_models import ROOT, same_sound, sound

from melisma.core import binding as core
from melisma.core.engine import Engine
from melisma.files import modelfile

pytestmark = needs_core


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.melisma")), ids=lambda path: path.stem)
def test_latents_pulled_far_out_hurt_nobody(path):
    """Loud by hand, scales, biases and noise at their ends: the limiter holds all of it at +12 dBFS, in any blocks."""
    model = core.CoreModel(path)
    stream, x = model.stream(), sound(model.sample_rate, 4 * model.sample_rate)
    turned = {
        "loudness.by_hand": 1,
        "loudness.level": -8,
        "randomize": 10,
        "randomize.rate": 50,
        "randomize.seed": 1,
        "scale.1": -3.2,
    }
    for name, value in (turned | {"scale.2": -10, "bias.1": -10, "bias.2": 10}).items():
        stream.set(name, value)
    stream.reset()
    whole = stream.process(x)
    assert np.isfinite(whole).all() and 0.5 < np.abs(whole).max() <= reference.CEILING
    stream.reset()
    assert np.array_equal(np.concatenate([stream.process(block) for block in np.array_split(x, 91)]), whole)


def test_the_limiter_is_the_references():
    file = modelfile.load(ROOT / "models" / "strings.melisma")
    ours, theirs = Engine(file), reference.Engine(file)
    latents, loudness = theirs.encode(sound(44100, 22050))
    latents[0] -= 12
    wanted, got = theirs.decode(latents, loudness + 24), ours.decode(latents, loudness + 24)
    assert np.abs(wanted).max() == pytest.approx(reference.CEILING)
    same_sound(ours, wanted, got, lambda wobble: theirs.decode(latents * wobble(latents), loudness + 24))


def test_the_limiter_leaves_alone_what_is_within_and_lets_go_of_what_is_not():
    x = torch.from_numpy(8 * sound(8000, 8000).astype(np.float64))
    same, envelope = reference.bounded(x, 8000)
    assert torch.equal(same, x) and envelope == reference.CEILING
    x[4000:4100] *= 9
    out, _ = reference.bounded(x, 8000)
    assert float(out.abs().max()) == pytest.approx(reference.CEILING)
    assert torch.equal(out[:4000], x[:4000]) and torch.equal(out[-1000:], x[-1000:])
    first, envelope = reference.bounded(x[:4050], 8000)
    torch.testing.assert_close(torch.cat([first, reference.bounded(x[4050:], 8000, envelope)[0]]), out)
