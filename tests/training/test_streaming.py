"""The one contract of every layer: `step` over blocks of any size equals `forward` over the whole, and nothing is hidden."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.model import Model
from melisma.training.export import to_file
from melisma.training.layers import Chain, Conv, ConvNeXt, Pointwise, Residual, Streaming, Upsample
from melisma.training.mel import Analysis
from melisma.training.reference import Reference
from melisma.training.vae import Decoder, Encoder
from melisma.training.vocoders.melgan import MelganVocoder
from melisma.training.vocoders.phase import PhaseVocoder

torch.set_num_threads(1)
TOLERANCE = 1e-4
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of (B, C, T)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


# ---------------------------------------------------------------- what is tested: random layers and inputs that suit them


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


# ---------------------------------------------------------------- blocks


def splits(length: int):
    """Block sizes that add up to a length: the whole, single steps, hops, or any, empty ones among them."""
    cuts = st.lists(st.integers(0, length), max_size=12).map(lambda at: [int(n) for n in np.diff([0, *sorted(at), length])])
    even = st.integers(1, length).map(lambda n: [n] * (length // n) + [length % n])
    return st.one_of(cuts, even)


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


# ---------------------------------------------------------------- the state is explicit


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


# ---------------------------------------------------------------- causality


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


# ---------------------------------------------------------------- the model


TINY = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=64, hop=16, bands=8, fmin=100.0, fmax=4000.0),
    VAEConfig(latents=3, encoder_width=6, encoder_blocks=1, decoder_width=6, decoder_blocks=1, kernel=3, expansion=2),
    PhaseConfig(width=6, blocks=1, kernel=3, expansion=2),
)
CONFIGS = {"phase": TINY, "melgan": replace(TINY, vocoder=MelganConfig(ratios=(4, 4), width=8, dilations=(1, 3), kernel=3))}
_models: dict[str, Model] = {}


def tiny_model(name: str) -> Model:
    if name not in _models:
        torch.manual_seed(2)
        reference = Reference(CONFIGS[name])
        with torch.no_grad():
            for p in reference.parameters():
                p.add_(0.1 * torch.randn_like(p))
        _models[name] = Model(to_file(reference.eval(), name, {"percentiles": [[-2, -1, 0, 1, 2]] * 3}, {}))
    return _models[name]


def sound(length: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = 0.3 * np.sin(np.arange(length) * 0.31) + 0.1 * rng.standard_normal(length)
    x[length // 2 : length // 2 + 80] = 0
    return x.astype(np.float32)


def streamed(stream, x: np.ndarray, sizes: list[int]) -> np.ndarray:
    blocks = [stream.process(block) for block in np.split(x, np.cumsum(sizes)[:-1])]
    assert [len(block) for block in blocks] == sizes, "a block is not answered in full"
    assert all(block.dtype == np.float32 for block in blocks)
    return np.concatenate(blocks)


vocoders = pytest.mark.parametrize("vocoder", CONFIGS)


@vocoders
@quick
@given(data=st.data())
def test_a_stream_does_not_depend_on_its_blocks(vocoder, data):
    model, x = tiny_model(vocoder), sound(500)
    whole = model.stream().process(x)
    stream = model.stream()
    sizes = data.draw(splits(len(x)))
    assert np.abs(streamed(stream, x, sizes) - whole).max() < TOLERANCE
    stream.reset()
    assert np.array_equal(stream.process(x), whole), "reset does not give the stream back as new"
    assert np.abs(whole).max() > 1e-3


def test_noise_does_not_part_blocks_from_the_whole(model):
    """In noise the phase integration magnifies any difference: half a second shows rounding that short sounds hide.

    The core rounds alike however a sound is cut. The reference, in double precision, made the golden pair: from that one single
    precision parts in the end, and not in the magnitudes.
    """
    x = 0.3 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    whole = model.stream().process(x)
    assert np.abs(streamed(model.stream(), x, [100] * 80) - whole).max() < TOLERANCE
    assert np.abs(whole[-1000:]).max() > 1e-3
    path = model.encode(x)
    pieces = Model(model.file)
    pieces._engine.chunk = 5 * model.hop
    assert np.abs(np.asarray(pieces.decode(path)) - model.decode(path)).max() < TOLERANCE
    late = model.stream(fine=1, colour=1).process(np.concatenate([x, np.zeros(model.latency, np.float32)]))
    assert np.abs(late[model.latency :] - np.asarray(model.decode(path))).max() < TOLERANCE
    assert model.verify()["distance"] < 0.05


@vocoders
def test_sample_by_sample(vocoder):
    model, x = tiny_model(vocoder), sound(150)
    assert np.abs(streamed(model.stream(), x, [1] * len(x)) - model.stream().process(x)).max() < TOLERANCE


@vocoders
@pytest.mark.parametrize("length", [1, 15, 16, 17, 700])
def test_a_stream_is_the_offline_chain_by_its_latency_late(vocoder, length):
    """What `decode(encode(x))` gives, the stream gives `latency` samples later, and it declares that latency everywhere alike."""
    model, x = tiny_model(vocoder), sound(length)
    offline = np.asarray(model.decode(model.encode(x), colour=0.5))
    stream = model.stream(fine=1, colour=0.5)
    assert stream.latency == model.latency == model.file.latency > 0
    late = stream.process(np.concatenate([x, np.zeros(stream.latency, np.float32)]))
    assert np.abs(late[stream.latency :] - offline).max() < TOLERANCE
    if length > 100:  # it sounds, and one sample more or less would not fit
        assert np.abs(offline).max() > 1e-3
        for wrong in (-1, 1):
            assert np.abs(late[stream.latency + wrong :][: length - 1] - offline[: length - 1]).max() > 100 * TOLERANCE


@vocoders
def test_long_sounds_are_read_in_pieces(vocoder, monkeypatch):
    """Offline reading in small pieces gives what one piece gives."""
    model, x = tiny_model(vocoder), sound(1000)
    path, mel, kl, copy = (f(x) for f in (model.encode, model.mel, model.kl, model.copy_synthesis))
    pieces = Model(model.file)
    monkeypatch.setattr(pieces._engine, "chunk", 5 * model.hop)
    again = pieces.encode(x)
    assert np.abs(again.values - path.values).max() < TOLERANCE and np.abs(again.loudness - path.loudness).max() < 0.01
    assert np.abs(pieces.mel(x) - mel).max() < TOLERANCE
    assert np.abs(pieces.kl(x) - kl).max() < 1e-3
    assert np.abs(np.asarray(pieces.decode(path)) - model.decode(path)).max() < TOLERANCE
    assert np.abs(np.asarray(pieces.copy_synthesis(x)) - copy).max() < TOLERANCE


@vocoders
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38, 1e20, 1e-40])
def test_a_stream_outlives_bad_samples(vocoder, bad):
    """NaN, infinite, absurd and denormal samples leave finite sound, and no trace once the limiter has let go (0.1 s a factor e)."""
    model, x = tiny_model(vocoder), sound(8000)
    x[200:260] = bad
    y = model.stream().process(x)
    assert np.isfinite(y).all()
    silence = sound(8000)
    silence[200:260] = 0
    level, wanted = (np.abs(v[6400:]).max() for v in (y, model.stream().process(silence)))
    assert 0.3 * wanted < level < 3 * wanted
