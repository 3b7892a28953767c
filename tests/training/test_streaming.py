"""The one contract of every layer: `step` over blocks of any size equals `forward` over the whole, and nothing is hidden."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import TOLERANCE, quick, splits
from torch import Tensor, nn

from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.training.layers import Chain, Conv, ConvNeXt, Pointwise, Residual, Streaming, Upsample
from melisma.training.mel import Analysis
from melisma.training.reference import Reference
from melisma.training.vae import Decoder, Encoder
from melisma.training.vocoders.melgan import MelganVocoder
from melisma.training.vocoders.phase import PhaseVocoder

torch.set_num_threads(1)


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of (B, C, T)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


@st.composite
def analyses(draw) -> AnalysisConfig:
    hop = draw(st.sampled_from([16, 24]))
    overlap = draw(st.integers(3, 5)) if hop == 24 else 4
    rate, highpass = draw(st.sampled_from([8000, 44100])), draw(st.sampled_from([0.0, 30.0]))
    return AnalysisConfig(rate, hop * overlap, hop, 12, 100.0, 20000.0, highpass)


small = st.integers(1, 5)


@st.composite
def vaes(draw) -> VAEConfig:
    blocks = st.integers(0, 2)
    return VAEConfig(draw(small), draw(small), draw(blocks), draw(small), draw(blocks), draw(small), draw(st.integers(1, 2)))


@st.composite
def phases(draw) -> PhaseConfig:
    blocks = st.integers(0, 2)
    return PhaseConfig("phase", draw(st.integers(0, 3)), draw(small), draw(blocks), draw(small), 2)


def melgans(hop: int):
    ratios = st.sampled_from({16: [(4, 4), (2, 8), (16,)], 24: [(4, 3, 2), (6, 4)]}[hop])
    dilations = st.lists(st.integers(1, 9), min_size=1, max_size=2).map(tuple)
    return st.builds(MelganConfig, st.just("melgan"), ratios, st.integers(8, 10), dilations, small)


class Case:
    """A layer with random weights, the channels it reads, and one of its time steps' worth of output for each of input."""

    def __init__(self, layer: nn.Module, channels: int, seed: int, grain: int = 1, ratio: int = 1, kind: str = "any"):
        # in double precision: the phase integration magnifies the last bit (see Engine), and the contract is not about rounding
        self.layer, self.channels, self.seed = layer.eval().double(), channels, seed
        self.grain, self.ratio = grain, ratio  # input steps that complete one frame, output steps for each frame
        self.kind, self.length = kind, 24 * grain + grain // 2
        torch.manual_seed(seed)
        with torch.no_grad():
            for p in layer.parameters():  # not as initialised: zeros there would hide whole branches
                p.copy_(0.4 * torch.randn(p.shape) + (p.ndim == 1) * 0.1)

    def input(self, batch: int, variant: int = 0) -> torch.Tensor:
        """(batch, channels, length) of what the layer meets in life, with a stretch of digital silence in it."""
        rng = np.random.default_rng([self.seed, variant])
        x = rng.standard_normal((batch, self.channels, self.length))
        if self.kind == "waveform":
            time = np.arange(self.length)
            x = 0.02 * x + 0.5 * np.sin(time * rng.uniform(0.1, 1.5, (batch, 1, 1)) + rng.uniform(0, 6))
        if self.kind == "mel":
            x = np.clip(0.5 + 0.3 * x, -0.3, 1.1)
        if self.kind == "latents":
            x[:, -1] = rng.uniform(-100, 0, x[:, -1].shape)
        third = self.length // 3
        x[..., third : third + third // 2] = -100 if self.kind == "latents" else 0
        return torch.from_numpy(x.astype(np.float32)).double()

    def outputs(self, inputs: int) -> int:
        """Output steps after that many input steps."""
        return inputs // self.grain * self.ratio


def conv(draw, seed) -> Case:
    groups = draw(st.sampled_from([1, 1, 3]))
    layer = Conv(3, 6, draw(st.integers(1, 7)), draw(st.integers(1, 9)), groups)
    return Case(layer, 3, seed)


def upsample(draw, seed) -> Case:
    ratio = draw(st.integers(1, 8))
    return Case(Upsample(3, 2, ratio), 3, seed, ratio=ratio)


def chain(draw, seed) -> Case:
    layers = [conv(draw, seed).layer, Pointwise(nn.LeakyReLU(0.2)), Pointwise(ChannelNorm(6))]
    layers += [ConvNeXt(6, draw(small), 2), Residual(6, draw(small))]
    return Case(Chain(*layers[: draw(st.integers(1, 5))]), 3, seed)


def encoder(draw, seed) -> Case:
    return Case(Encoder(7, draw(vaes())), 7, seed, kind="mel")


def decoder(draw, seed) -> Case:
    config = draw(vaes())
    return Case(Decoder(7, config), config.latents + 1, seed, kind="latents")


def analysis(draw, seed) -> Case:
    config = draw(analyses())
    return Case(Analysis(config), 1, seed, grain=config.hop, kind="waveform")


def phase(draw, seed) -> Case:
    config = draw(analyses())
    layer = PhaseVocoder(config, draw(phases()))
    return Case(layer, layer.bank.shape[0], seed, ratio=config.hop, kind="mel")


def melgan(draw, seed) -> Case:
    config = draw(analyses())
    layer = MelganVocoder(config, draw(melgans(config.hop)))
    return Case(layer, Analysis(config).bands, seed, ratio=config.hop, kind="mel")


def reference(vocoder):
    def make(draw, seed) -> Case:
        analysis, vae = draw(analyses()), draw(vaes())
        config = ModelConfig(analysis, vae, draw(phases()) if vocoder == "phase" else draw(melgans(analysis.hop)))
        model = Reference(config, kept=draw(st.integers(1, vae.latents)))
        case = Case(model, 1, seed, grain=analysis.hop, ratio=analysis.hop, kind="waveform")
        for buffer in model.calibration.buffers():
            buffer.copy_(torch.randn(buffer.shape))
        return case

    return make


CASES = {
    "Pointwise": lambda draw, seed: Case(Pointwise(nn.Tanh()), 3, seed),
    "ChannelNorm": lambda draw, seed: Case(Pointwise(ChannelNorm(3)), 3, seed),
    "Conv": conv,
    "Upsample": upsample,
    "ConvNeXt": lambda draw, seed: Case(ConvNeXt(4, draw(st.integers(1, 7)), draw(st.integers(1, 3))), 4, seed),
    "Residual": lambda draw, seed: Case(Residual(4, draw(st.integers(1, 9))), 4, seed),
    "Chain": chain,
    "Analysis": analysis,
    "Encoder": encoder,
    "Decoder": decoder,
    "PhaseVocoder": phase,
    "MelganVocoder": melgan,
    "Reference phase": reference("phase"),
    "Reference melgan": reference("melgan"),
}
every_layer = pytest.mark.parametrize("name", CASES)


def drawn(name: str, data) -> Case:
    return CASES[name](data.draw, data.draw(st.integers(0, 10**6), label="seed"))


def test_no_layer_is_forgotten():
    def kinds(cls):
        own = {cls.__name__} if not cls.__module__.startswith("melisma.training.torchscript") else set()  # traced: its own tests
        return own | {name for sub in cls.__subclasses__() for name in kinds(sub)}

    covered = {name.split()[0] for name in CASES} | {"Streaming", "Vocoder"}
    assert kinds(Streaming) <= covered, "a streaming layer has no case here"


@torch.no_grad()
def run(layer: Streaming, x: torch.Tensor, sizes: list[int]) -> list[torch.Tensor]:
    """The outputs of each block."""
    state, outputs = layer.initial(x.shape[0]), []
    for block in x.split(sizes, -1):
        y, state = layer.step(block, state)
        outputs.append(y)
    return outputs


def close(a: torch.Tensor, b: torch.Tensor, what: str = "") -> None:
    assert a.shape == b.shape, (what, a.shape, b.shape)
    scale = max(1.0, float(b.abs().max())) if b.numel() else 1.0  # random weights may amplify: the tolerance is of full scale
    worst = float((a - b).abs().max()) / scale if b.numel() else 0.0
    assert worst <= TOLERANCE, (what, worst)


@every_layer
@quick
@given(data=st.data())
def test_blocks_of_any_size_equal_the_whole(name, data):
    case = drawn(name, data)
    x = case.input(data.draw(st.integers(1, 2), label="batch"))
    sizes = data.draw(splits(case.length), label="sizes")
    with torch.no_grad():
        whole = case.layer(x)
    assert whole.shape[-1] == case.outputs(case.length)
    blocks, seen = run(case.layer, x, sizes), 0
    for size, y in zip(sizes, blocks):
        # every output comes with the block that completes it, not later
        assert y.shape[-1] == case.outputs(seen + size) - case.outputs(seen)
        seen += size
    close(torch.cat(blocks, -1), whole)
    assert whole.abs().max() > 1e-6, "silence proves nothing"


@every_layer
@settings(quick, max_examples=4)
@given(data=st.data())
def test_single_steps_equal_the_whole(name, data):
    """Sample by sample (frame by frame), the hardest split, over a few frames because it is slow."""
    case = drawn(name, data)
    case.length = 9 * case.grain
    x = case.input(1)
    with torch.no_grad():
        close(torch.cat(run(case.layer, x, [1] * case.length), -1), case.layer(x))


@every_layer
@quick
@given(data=st.data())
def test_a_batch_is_its_rows(name, data):
    """Nothing passes between the rows of a batch."""
    case = drawn(name, data)
    x = case.input(3)
    with torch.no_grad():
        together = case.layer(x)
        for row in range(3):
            close(together[row : row + 1], case.layer(x[row : row + 1]))


@quick
@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 999))
def test_upsample_is_a_transposed_convolution(ratio, frames, seed):
    """Convolution and pixel shuffle are another way to write it: the tap of two frames ago is the kernel's second half."""
    layer, x = upsample(lambda *_, **__: ratio, seed).layer, torch.randn(1, 3, frames, dtype=torch.float64)
    weight = layer.conv.conv.weight.detach().view(2, ratio, 3, 2)  # out, place in the block, in, tap
    kernel = torch.cat([weight[..., 1], weight[..., 0]], 1).permute(2, 0, 1)  # in, out, 2 * ratio
    wanted = torch.nn.functional.conv_transpose1d(x, kernel, stride=ratio)[..., : frames * ratio]
    bias = layer.conv.conv.bias.detach().view(2, ratio).repeat(1, frames)
    with torch.no_grad():
        close(layer(x), wanted + bias)


def copied(state):
    if isinstance(state, (list, tuple)):
        return [copied(s) for s in state]
    return state.clone() if isinstance(state, torch.Tensor) else state.copy() if isinstance(state, np.ndarray) else state


def equal(a, b) -> bool:
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b))
    return a is b if a is None else bool((a == b).all())


@every_layer
@quick
@given(data=st.data())
def test_streams_do_not_disturb_each_other(name, data):
    """Two streams by turns through one module give what each gives alone, bit for bit; `forward` between them does no harm."""
    case = drawn(name, data)
    inputs = [case.input(1, variant) for variant in (0, 1)]
    sizes = data.draw(splits(case.length), label="sizes")
    alone = [run(case.layer, x, sizes) for x in inputs]
    states = [case.layer.initial(1), case.layer.initial(1)]
    with torch.no_grad():
        for i, pair in enumerate(zip(*(x.split(sizes, -1) for x in inputs))):
            for k, block in enumerate(pair):
                y, states[k] = case.layer.step(block, states[k])
                assert torch.equal(y, alone[k][i])
            if i == 0:
                case.layer(inputs[1])


@every_layer
@quick
@given(data=st.data())
def test_a_state_can_be_kept_and_gone_back_to(name, data):
    """`step` leaves the state it was given as it was, so the same step can be taken again."""
    case = drawn(name, data)
    x = case.input(1)
    half = data.draw(st.integers(1, case.length - 1), label="half")
    with torch.no_grad():
        _, state = case.layer.step(x[..., :half], case.layer.initial(1))
        kept = copied(state)
        first, _ = case.layer.step(x[..., half:], state)
        assert equal(state, kept)
        again, _ = case.layer.step(x[..., half:], state)
    assert torch.equal(first, again)


@every_layer
@quick
@given(data=st.data())
def test_an_empty_block_changes_nothing(name, data):
    case = drawn(name, data)
    x = case.input(2)
    half = data.draw(st.integers(0, case.length), label="half")
    with torch.no_grad():
        _, state = case.layer.step(x[..., :half], case.layer.initial(2))
        y, after = case.layer.step(x[..., :0], state)
        assert y.shape[-1] == 0 and equal(state, after)


@every_layer
@quick
@given(data=st.data())
def test_no_output_reads_the_future(name, data):
    """Another input from step t on leaves every output before the frame that holds t as it was, bit for bit nearly."""
    case = drawn(name, data)
    x, other = case.input(1, 0), case.input(1, 1)
    t = data.draw(st.integers(0, case.length - 1), label="t")
    with torch.no_grad():
        before, after = case.layer(x), case.layer(torch.cat([x[..., :t], other[..., t:]], -1))
    until = case.outputs(t)
    close(after[..., :until], before[..., :until])
    if t < case.length // 3:  # and the change is heard at all
        assert not torch.allclose(after[..., until:], before[..., until:], atol=1e-6)
