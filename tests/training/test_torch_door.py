"""`melisma.torch`: the model as a module to differentiate through."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from needs import needs_core
from random_models import CLOSE, MELGAN, TINY, random_file, sound

import melisma
import melisma.torch
from melisma.errors import MelismaError
from melisma.files import modelfile

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "use" / "pytorch.md"


@pytest.fixture(params=[TINY, MELGAN], ids=["phase", "melgan"])
def file(request, tmp_path):
    path = tmp_path / "m.melisma"
    modelfile.save(random_file(request.param), path)
    return path


@needs_core
def test_it_equals_the_core(file):
    model, own = melisma.torch.load(file), melisma.load(file)
    assert not model.training and all(p.requires_grad for p in model.parameters())
    hop = own.hop
    x = sound(8000, 100 * hop)
    path = own.encode(x)
    with torch.no_grad():
        z, loudness = model.encode(torch.from_numpy(x)[None, None])
        mel = model.decode(z, loudness)
    frames = z.shape[-1]
    np.testing.assert_allclose(z[0], path.values[:, :frames], atol=CLOSE)
    np.testing.assert_allclose(loudness[0, 0], path.loudness[:frames], atol=1e-3)
    np.testing.assert_allclose(mel[0], own.decode_mel(path, fine=0, colour=0)[:, :frames], atol=CLOSE)


def slope(f, x, along, step):
    """The derivative of f at x along a direction, by differences."""
    with torch.no_grad():
        return float(f(x + step * along) - f(x - step * along)) / (2 * step)


def test_gradients_of_its_parts_are_true(file):
    """Encode and decode, against differences; so the highpass passes them, too."""
    model = melisma.torch.load(file).double()
    torch.manual_seed(0)
    x = torch.from_numpy(sound(8000, 40 * 16))[None, None].double()
    z, loudness = (v.detach() for v in model.encode(x))
    weights = torch.randn_like(z)
    toward = torch.randn_like(model.decode(z, loudness))
    # samples, means and mels are rounded to 32 bits on the way: the differences are as large as that wants
    for f, at, step in (
        (lambda x: (weights * model.encode(x)[0]).sum(), x, 1e-5),
        (lambda x: model.encode(x)[1].sum(), x, 1e-5),
        (lambda z: (toward * model.decode(z, loudness)).sum(), z, 1e-3),
        (lambda level: (toward * model.decode(z, level)).sum(), loudness.clamp(min=-70), 1e-2),
    ):
        at = at.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(f(at), at)
        along = torch.randn_like(at)
        assert float((gradient * along).sum()) == pytest.approx(slope(f, at.detach(), along, step), rel=0.02, abs=1e-6)


def test_gradients_go_from_the_sound_to_the_input(file):
    model = melisma.torch.load(file)
    x = torch.from_numpy(sound(8000, 60 * 16))[None, None].requires_grad_()
    y = model.synthesize(model.decode(*model.encode(x)))
    y.square().sum().backward()
    assert torch.isfinite(x.grad).all() and (x.grad != 0).float().mean() > 0.5
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.decoder.parameters())


def test_descent_finds_a_path(tmp_path):
    """The page's example as it is written, made short."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    assert "range(200)" in code
    shutil.copy(ROOT / "src/melisma/sounds/mit/voice.flac", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code.replace("range(200)", "range(12)")], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, last = (float(number) for number in re.findall(r"([\d.]+) dB", done.stdout)[:2])
    assert last < 0.9 * first
    assert melisma.read(tmp_path / "learnt.wav").samples.any()


def test_what_is_wrong_is_one_sentence():
    with pytest.raises(MelismaError, match="there is no model named 'strngs'"):
        melisma.torch.load("strngs")
    code = "import sys; sys.modules['torch'] = None; import melisma.torch; melisma.torch.load('strings')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Unavailable: this needs torch" in done.stderr and "melisma[train]" in done.stderr
