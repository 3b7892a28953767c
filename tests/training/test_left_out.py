"""What is left out of a mel, parted; and the tuning stage that plays it."""

import numpy as np
import pytest
import torch
from random_models import TINY
from scipy.fft import dct

from melisma.files.config import AnalysisConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.latent import FINE, LAYER_STEP
from melisma.sound.scales import RELATIVE_LEAST
from melisma.training.mel import implied_level
from melisma.training.reference import Reference
from melisma.training.residual import Residual, cosines, left_out, parts
from melisma.training.stages import TuneStage, Weights

SMALL = ModelConfig(
    AnalysisConfig(sample_rate=16000, frame=512, hop=128, bands=40, fmin=50.0, fmax=8000.0),
    VAEConfig(latents=3, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=1, kernel=3, expansion=2),
    PhaseConfig(width=8, blocks=1, kernel=3, expansion=2),
)


def test_the_basis_is_the_cosine_transform():
    x = np.random.default_rng(0).standard_normal((40, 3))
    np.testing.assert_allclose(cosines(40).numpy() @ x.astype(np.float32), dct(x, axis=0, norm="ortho"), atol=1e-5)


def test_the_two_parts_are_all_but_the_level():
    x = torch.randn(2, 40, 5)
    colour, fine = parts(x, cosines(40))
    torch.testing.assert_close(colour + fine, x - x.mean(1, keepdim=True), atol=1e-5, rtol=0)
    assert not torch.matmul(cosines(40), fine)[:, :FINE].abs().max() > 1e-5
    assert parts(torch.randn(1, FINE, 4), cosines(FINE))[1].abs().max() == 0


def test_it_knows_no_gain_and_no_silence():
    mel, loudness, decoded = torch.rand(1, 40, 6), torch.full((1, 1, 6), -20.0), torch.rand(1, 40, 6)
    louder = left_out(mel + 0.1, loudness + 10, decoded)
    torch.testing.assert_close(louder, left_out(mel, loudness, decoded), atol=1e-5, rtol=0)
    assert not left_out(mel, torch.full((1, 1, 6), -80.0), decoded).any()


def test_of_what_lies_below_only_that_is_told():
    """Beside a loudness of −20 dBFS: at −80 or −90 dB it is the same, and a decoder that is lower is left alone."""
    loudness, decoded = torch.full((1, 1, 1), -20.0), torch.tensor([0.3, 0.0, -0.02, -0.06])[None, :, None]
    deep = [left_out(torch.full((1, 4, 1), 1 - level / 100), loudness, decoded) for level in (95.0, 99.0)]
    assert torch.equal(*deep)
    torch.testing.assert_close(deep[0].ravel(), torch.tensor([-0.34, -0.04, -0.02, 0.0]))
    heard = left_out(torch.full((1, 4, 1), 0.2), loudness, decoded)  # −60 dB of the loudness
    torch.testing.assert_close(decoded + heard, torch.full((1, 4, 1), 0.1))


def test_each_frame_is_its_own_and_rounded():
    """A beat from one frame to the next is kept: a low note has no pitch without it."""
    layer = Residual(12)
    shape = torch.rand(1, 12, 1) * torch.tensor([1.0, -1.0]).repeat(4)[None, None] + 1
    x = torch.cat([shape, torch.full((1, 1, 8), -30.0), torch.ones(1, 12, 8)], 1)
    steps = layer(x)
    assert not steps[:, 0].any() and torch.equal(steps, steps.round()) and (steps[..., 0] != steps[..., 1]).any()
    assert torch.equal(steps[..., ::2], steps[..., :1].expand(-1, -1, 4)) and torch.equal(layer(x[..., 3:5]), steps[..., 3:5])
    back = layer.spread(steps, 1.0, 1.0) - (left := shape - 1)
    assert (back - back.mean(1, keepdim=True)).abs().max() < 0.5 * LAYER_STEP / 100 * 12 and left.abs().max() > 0.3


@pytest.mark.parametrize("config", [SMALL, TINY], ids=["both", "colour alone"])
def test_tuning_plays_every_setting(config):
    """Excerpts are heard as the latents alone, as the true mel, and with amounts of the layers; gradients reach the decoder."""
    torch.manual_seed(0)
    stage = TuneStage(Reference(config), Weights())
    x = 0.1 * torch.randn(8, stage.samples)
    given = torch.Generator().manual_seed(1)
    mel, extra = stage.mels(x, given)
    true, loudness = stage.model.analyse(x[:, None])
    assert torch.equal(mel[1::2], true[1::2].clamp(min=0))
    asked = torch.Generator().manual_seed(1)
    with torch.no_grad():
        again, _ = TuneStage.mels(stage, x, asked)
    torch.testing.assert_close(mel.detach(), again)
    level = implied_level((100 * (mel - 1) - loudness - RELATIVE_LEAST) / 100, stage.model.analysis.log_band_weights)
    assert level[::2].abs().max() < 0.02  # 2 dB: the layers leave the level to the loudness
    # with the layers it is nearer to the sound than the latents alone
    far = (mel - true.clamp(min=0)).abs().mean((1, 2))
    assert far[2::4].mean() < far[0::4].mean()
    (mel[2].sum() + extra).backward()
    assert all(p.grad is not None for p in stage.model.decoder.parameters())
