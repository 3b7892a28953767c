"""The real-time core against the PyTorch reference, and what a host may ask of it."""

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from melisma import latent
from melisma.core import binding as core
from melisma.errors import MelismaError
from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.measure.metrics import stft_distance
from melisma.training import engine as reference
from melisma.training.export import to_file
from melisma.training.reference import Reference
from melisma.training.vocoders.integration import initial_phases, integrate

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(
    not core.library_path().is_file(), reason="the core is not built: python core/build.py"
)
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
CLOSE = 1e-4

TINY = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=64, hop=16, bands=8, fmin=100.0, fmax=4000.0),
    VAEConfig(
        latents=3, encoder_width=4, encoder_blocks=1, decoder_width=4, decoder_blocks=1, kernel=3, expansion=2
    ),
    PhaseConfig(width=4, blocks=1, kernel=3, expansion=2),
)
MELGAN = replace(TINY, vocoder=MelganConfig(ratios=(4, 4), width=8, dilations=(1, 3), kernel=3))
SMALL = ModelConfig(
    vae=VAEConfig(encoder_width=40, decoder_width=72, encoder_blocks=2),
    vocoder=PhaseConfig(width=48, blocks=1),
)
SMALL_MELGAN = replace(SMALL, vocoder=MelganConfig(width=64))


@cache
def random_file(config: ModelConfig, kept: int = 2, seed: int = 0) -> modelfile.ModelFile:
    """A model that is random all over, also where training starts from zero."""
    torch.manual_seed(seed)
    model = Reference(config, kept=kept).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "magnitude" in name or "turn" in name or "norm" in name:
                value.add_(0.1 * torch.randn_like(value))
        model.calibration.mean.normal_(0, 0.3)
        model.calibration.forth.normal_(0, 0.5)
        model.calibration.back.normal_(0, 0.5)
    return to_file(
        model, f"random {seed}", {"percentiles": [[-2.0, -1.5, 0.0, 1.5, 2.0]] * kept}, {"data": "noise"}
    )


@cache
def file_bytes(config: ModelConfig, kept: int = 2) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        modelfile.save(random_file(config, kept), f"{folder}/model.melisma")
        return Path(f"{folder}/model.melisma").read_bytes()


def sound(rate: int, samples: int, seed: int = 0) -> np.ndarray:
    """A rising tone that starts and stops, over faint noise."""
    time = np.arange(samples) / rate
    tone = 0.3 * np.sin(2 * np.pi * (rate / 40 + rate / 50 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def kernels() -> list[str]:
    """The kernels that this machine runs."""
    found = []
    for name in ("plain", "avx2", "avx512", "neon"):
        try:
            found.append(core.CoreModel(file_bytes(TINY), name).kernels)
        except MelismaError:
            continue
    return found


counts = st.integers(0, 2)


@st.composite
def configurations(draw) -> ModelConfig:
    hop = draw(st.sampled_from([16, 17, 20, 32, 64]))
    frame = hop * draw(st.integers(4 if hop > 15 else 5, 6))
    frame = max(frame, -(-64 // hop) * hop)
    analysis = AnalysisConfig(
        draw(st.sampled_from([8000, 22050])),
        frame,
        hop,
        draw(st.integers(8, 40)),
        draw(st.floats(20, 200)),
        draw(st.floats(2000, 9e4)),
        draw(st.sampled_from([0.0, 10.0, 60.0])),
    )
    widths, taps = st.integers(1, 40), st.integers(1, 6)
    vae = VAEConfig(
        draw(st.integers(2, 20)),
        draw(widths),
        draw(counts),
        draw(widths),
        draw(counts),
        draw(taps),
        draw(st.integers(1, 4)),
    )
    if draw(st.booleans()):
        rounds = draw(st.integers(0, 5))
        return ModelConfig(
            analysis,
            vae,
            PhaseConfig("phase", rounds, draw(widths), draw(counts), draw(taps), 2, draw(st.booleans())),
        )
    ratios = {16: (4, 2, 2), 17: (17,), 20: (5, 4), 32: (32,), 64: (8, 8)}[hop]
    dilations = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    return ModelConfig(
        analysis, vae, MelganConfig("melgan", ratios, draw(st.integers(8, 40)), dilations, draw(taps))
    )


def compare(ours: core.Engine, theirs: reference.Engine, x: np.ndarray) -> None:
    """Every method of the two engines on one sound."""
    latents, loudness = theirs.encode(x)
    for got, wanted in zip(ours.encode(x), (latents, loudness)):
        np.testing.assert_allclose(got, wanted, atol=CLOSE)
    mel = theirs.mel(x)
    np.testing.assert_allclose(ours.mel(x), mel, atol=CLOSE)
    np.testing.assert_allclose(ours.kl(x), theirs.kl(x), atol=CLOSE, rtol=CLOSE)
    np.testing.assert_allclose(
        ours.decode_mel(latents, loudness), theirs.decode_mel(latents, loudness), atol=CLOSE
    )
    same_sound(
        ours,
        theirs.synthesize(mel),
        ours.synthesize(mel),
        lambda wobble: theirs.synthesize(mel * wobble(mel)),
    )
    decoded = theirs.decode(latents, loudness)
    same_sound(
        ours,
        decoded,
        ours.decode(latents, loudness),
        lambda wobble: theirs.decode(latents * wobble(latents), loudness * wobble(loudness)),
    )


def same_sound(ours: core.Engine, wanted: np.ndarray, got: np.ndarray, again) -> None:
    """MelGAN agrees to 1e-4. So do integrated phases at first; later, where a random model's magnitudes leave bins undecided between
    their neighbours, rounding parts them, the reference's from its own when its input moves by a few roundings: then the
    core may be no further from it, in spectral distance, than that."""
    assert got.shape == wanted.shape and np.isfinite(got).all()
    largest = max(1.0, np.abs(wanted).max(initial=0))
    if ours.model.vocoder == "melgan" or np.abs(got - wanted).max(initial=0) < CLOSE * largest:
        np.testing.assert_allclose(got, wanted, atol=CLOSE * largest)
        return
    start = 3 * ours.hop
    np.testing.assert_allclose(got[:start], wanted[:start], atol=10 * CLOSE * largest)

    rng = np.random.default_rng(1)

    def wobble(values: np.ndarray) -> np.ndarray:
        return (1 + 1e-6 * rng.standard_normal(values.shape)).astype(np.float32)

    def distance(x: np.ndarray) -> float:
        return float(stft_distance(wanted, x, ours.model.sample_rate))

    assert distance(got) <= 2 * max(distance(again(wobble)) for _ in range(4)) + 0.02


# ---------------------------------------------------------------- equal to the reference


@quick
@given(configurations(), st.integers(0, 3), st.data())
def test_random_models_equal_the_reference(config, seed, data):
    kept = data.draw(st.integers(1, config.vae.latents))
    try:
        file = random_file(config, kept, seed)
    except ValueError:  # a width that halves to nothing, bands that hold no bin
        return
    compare(
        core.Engine(file), reference.Engine(file), sound(config.analysis.sample_rate, 1500 + 7 * seed, seed)
    )


@pytest.mark.parametrize("config", [SMALL, SMALL_MELGAN, ModelConfig()], ids=["phase", "melgan", "default"])
def test_models_of_usual_frames_equal_the_reference(config):
    file = random_file(config, 12)
    compare(core.Engine(file), reference.Engine(file), sound(44100, 20000))


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.melisma")), ids=lambda path: path.stem)
def test_published_models_equal_the_reference(path):
    file = modelfile.load(path)
    ours = core.Engine(file)
    compare(ours, reference.Engine(file), file.golden[0])
    stream = ours.stream()
    got = np.concatenate([stream.process(block) for block in np.array_split(file.golden[0], 7)])[ours.hop :]
    assert stft_distance(file.golden[1][: len(got)], got, file.config.analysis.sample_rate) < 0.05


@pytest.mark.parametrize(
    "config", [TINY, MELGAN, SMALL, SMALL_MELGAN], ids=["tiny", "tiny melgan", "phase", "melgan"]
)
def test_the_golden_pair(config):
    model = core.CoreModel(file_bytes(config))
    sound, wanted = model.golden
    got = np.concatenate([model.stream().process(sound)])[model.hop :]
    assert stft_distance(wanted[: len(got)], got, model.sample_rate) < 0.05


def test_sixteen_bit_weights_are_exact():
    """Widening is exact: what is kept in 16 bits gives what the reference gives with the file's weights, subnormal ones included."""
    file = random_file(MELGAN)
    tensors = {
        name: value * (1e-6 if name == "decoder.0.conv.weight" else 1) for name, value in file.tensors.items()
    }
    file = replace(file, tensors=modelfile.rounded(tensors))
    compare(core.Engine(file), reference.Engine(file), sound(8000, 1000))


# ---------------------------------------------------------------- streams


@quick
@given(
    st.sampled_from([TINY, MELGAN]),
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from([0, 8000, 11025, 12345, 48000]),
)
def test_blocks_of_any_size_give_the_same_samples(config, sizes, rate):
    x = sound(8000, 3000)
    model = core.CoreModel(file_bytes(config))
    whole = model.stream(rate).process(x)
    blocks = np.split(x, np.minimum(np.cumsum(sizes), len(x))) if sizes else [x]
    stream = model.stream(rate)
    assert np.array_equal(np.concatenate([stream.process(block) for block in blocks]), whole)
    stream.reset()
    assert np.array_equal(stream.process(x), whole)
    single = model.stream(rate)
    assert np.array_equal(np.concatenate([single.process(x[i : i + 1]) for i in range(500)]), whole[:500])


@pytest.mark.parametrize("config", [TINY, MELGAN], ids=["phase", "melgan"])
def test_streams_of_one_model_do_not_meet(config):
    model = core.CoreModel(file_bytes(config))
    sounds = [sound(8000, 2000, seed) for seed in range(3)]
    alone = [model.stream().process(x) for x in sounds]
    streams = [model.stream() for _ in sounds]
    parts = [[] for _ in sounds]
    for i in range(0, 2000, 77):
        for x, stream, kept in zip(sounds, streams, parts):
            kept.append(stream.process(x[i : i + 77]))
    for kept, wanted in zip(parts, alone):
        assert np.array_equal(np.concatenate(kept), wanted)


def test_streams_outlive_their_model():
    model = core.CoreModel(file_bytes(TINY))
    stream, x = model.stream(), sound(8000, 500)
    wanted = stream.process(x)
    stream.reset()
    core.library().melisma_close(model._handle)
    model._handle = None
    assert np.array_equal(stream.process(x), wanted)


def test_the_stream_equals_the_references():
    file = random_file(MELGAN)
    ours, theirs, x = core.Engine(file).stream(), reference.Engine(file).stream(), sound(8000, 4000)
    assert ours.latency == theirs.latency
    for block in np.array_split(x, 9):
        np.testing.assert_allclose(ours.process(block), theirs.process(block), atol=CLOSE)


@pytest.mark.parametrize("config", [TINY, MELGAN, SMALL], ids=["phase", "melgan", "usual frames"])
@pytest.mark.parametrize("rate", [0, 11025, 48000])
def test_latents_as_signals_equal_the_chain(config, rate):
    model = core.CoreModel(file_bytes(config))
    x = sound(rate or model.sample_rate, 5000)
    wanted = model.stream(rate).process(x)
    encoder, decoder = model.stream(rate), model.stream(rate)
    blocks = [decoder.decode_signals(encoder.encode_signals(block)) for block in np.array_split(x, 23)]
    assert np.array_equal(np.concatenate(blocks), wanted)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 88200, 96000, 192000])
def test_host_rates(rate):
    """As the model between two resamplers that hear everything at once, but `latency` samples late, as declared."""
    from melisma.sound.audio import resample

    model = core.CoreModel(file_bytes(SMALL_MELGAN))
    # nothing near the band's edges, where resamplers differ
    time = np.arange(rate) / rate
    x = (
        0.3 * np.sin(2 * np.pi * 440 * time) * np.minimum(1, 20 * time)
        + 0.1 * np.sin(2 * np.pi * 3000 * time * time)
    ).astype(np.float32)
    stream = model.stream(rate)
    got = stream.process(x)[stream.latency :]
    own = model.stream()
    inner = own.process(np.concatenate([resample(x, rate, 44100), np.zeros(own.latency, np.float32)]))[
        own.latency :
    ]
    wanted = resample(inner, 44100, rate)[: len(got)]
    # a random MelGAN is broadband: leave out what lies above both pass bands
    low = slice(0, int(0.4 * min(rate, 44100) * len(got) / rate))
    a, b = (np.fft.rfft(v * np.hanning(len(got)))[low] for v in (got, wanted))
    assert 20 * np.log10(np.linalg.norm(a - b) / np.linalg.norm(b)) < -60


@pytest.mark.parametrize("rate", [0, 48000, 96000])
@pytest.mark.parametrize("block", [1, 64, 512, 5000])
def test_declared_latency_is_measured(rate, block):
    """Dry and wet meet: clicks come out of the model where the delayed dry clicks lie, within a hop, for blocks of any size."""
    model = core.CoreModel(ROOT / "models" / "strings.melisma")
    host, blocks = rate or model.sample_rate, block if block > 1 else 41
    places = [host // 5, host // 2 + 77]
    x = np.zeros(host * 4 // 5, np.float32)
    for place in places:
        x[place : place + 8] = 0.9
    stream = model.stream(rate)

    def run(mix: float) -> np.ndarray:
        stream.set("mix", mix)
        stream.reset()
        if block == 1:  # one sample at a time about the first click
            start = places[0] - 200
            split = [0, start, *range(start + 1, start + 400), len(x)]
        else:
            split = [*range(0, len(x), blocks), len(x)]
        return np.concatenate([stream.process(x[a:b]) for a, b in zip(split, split[1:])])

    dry = run(0)
    assert np.array_equal(dry[stream.latency :], x[: -stream.latency]) and not dry[: stream.latency].any()
    energy, hop = run(1).astype(float) ** 2, model.hop * host / model.sample_rate
    for place in places:
        near = energy[place : place + 2 * stream.latency + 16]
        centre = place + (near * np.arange(len(near))).sum() / near.sum()
        assert abs(centre - (place + 4 + stream.latency)) < hop


# ---------------------------------------------------------------- parameters


def test_parameters_are_declared_and_kept_in_range():
    model = core.CoreModel(file_bytes(TINY))
    stream = model.stream()
    names = [p.name for p in model.parameters]
    assert {"mix", "noise", "feedback", "scale.1", "bias.2"} <= set(names) and len(set(names)) == len(names)
    for p in model.parameters:
        assert p.least <= p.usual <= p.most and p.summary
        assert stream.get(p.name) == np.float32(p.usual)
        stream.set(p.name, 1e9)
        assert stream.get(p.name) == np.float32(p.most)
        stream.set(p.name, float("nan"))
        assert stream.get(p.name) == np.float32(p.most)
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
    wide = {"calibration.forth": 30 * file.tensors["calibration.forth"], "calibration.back": 20 * file.tensors["calibration.back"]}
    latents = file.latents | ({} if timbre is None else {"timbre": timbre})
    file = replace(file, latents=latents, tensors=file.tensors | wide)  # so wide that an error would be heard
    model = core.CoreModel(modelfile.to_bytes(file))
    x = np.concatenate([sound(8000, 4800), np.zeros(800, np.float32), sound(8000, 4800, 1)])
    latents, loudness = model.stream().encode(x)
    timbre = [0, 1] if timbre is None else timbre
    order = sorted([0, 1], key=lambda row: row in timbre)
    going = np.array([1 if row in timbre else latent.PITCH for row in order])
    share, mean, covariance = 1 - np.exp(-model.hop / 8000 / 0.5), np.zeros(2), np.eye(2)
    wanted, moved = latents.astype(float), []
    for i in range(len(loudness)):
        z = latents[order, i].astype(float)
        if loudness[i] > -60:
            gap = z - mean
            mean, covariance = mean + share * gap, (1 - share) * (covariance + share * np.outer(gap, gap))
        shrunk = covariance + (np.eye(2) - covariance) / latent.WIDEN**2
        moved.append(z + going * (np.linalg.solve(np.linalg.cholesky(shrunk), z - mean) - z))
        steady = (moved[i] + 2 * moved[max(i - 1, 0)] + moved[max(i - 2, 0)]) / 4
        wanted[order, i] = z + 0.75 * (steady - z)
    stream = model.stream()
    stream.set("match", 0.75)
    stream.set("match.seconds", 0.5)
    for _ in range(2):
        stream.reset()
        got = stream.process(x)
        assert np.abs(got[model.hop :] - model.stream().decode(wanted, loudness)[: len(x) - model.hop]).max() < 1e-3
    assert np.abs(model.stream().decode(wanted, loudness) - model.stream().decode(latents, loudness)).max() > 0.02


def test_noise_is_seeded():
    model = core.CoreModel(file_bytes(MELGAN))
    x = sound(8000, 2000)

    def run(seed: int, amount: float) -> np.ndarray:
        stream = model.stream()
        stream.set("noise", amount)
        stream.set("noise.seed", seed)
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
    assert np.array_equal(
        np.concatenate([stream.process(b) for b in np.array_split(x, 91)]), whole.process(x)
    )


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


# ---------------------------------------------------------------- levels


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.melisma")), ids=lambda path: path.stem)
def test_latents_pulled_far_out_hurt_nobody(path):
    """Loud by hand, scales, biases and noise at their ends: the limiter holds all of it at +12 dBFS, in any blocks."""
    model = core.CoreModel(path)
    stream, x = model.stream(), sound(model.sample_rate, 4 * model.sample_rate)
    turned = {"loudness.by_hand": 1, "loudness.level": -8, "noise": 10, "noise.rate": 50, "noise.seed": 1, "scale.1": -3.2}
    for name, value in (turned | {"scale.2": -10, "bias.1": -10, "bias.2": 10}).items():
        stream.set(name, value)
    stream.reset()
    whole = stream.process(x)
    assert np.isfinite(whole).all() and 0.5 < np.abs(whole).max() <= reference.CEILING
    stream.reset()
    assert np.array_equal(np.concatenate([stream.process(block) for block in np.array_split(x, 91)]), whole)


def test_the_limiter_is_the_references():
    file = modelfile.load(ROOT / "models" / "strings.melisma")
    ours, theirs = core.Engine(file), reference.Engine(file)
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


# ---------------------------------------------------------------- damaged sound, damaged files


@pytest.mark.parametrize("config", [TINY, MELGAN, SMALL], ids=["phase", "melgan", "usual frames"])
@pytest.mark.parametrize("rate", [0, 48000])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38, 1e-42])
def test_bad_samples_do_not_stick(config, rate, bad):
    model = core.CoreModel(file_bytes(config))
    stream = model.stream(rate)
    stream.set("feedback", 0.5)
    x = sound(rate or model.sample_rate, 6000)
    x[100:200] = bad
    assert np.isfinite(stream.process(x)).all()
    assert np.isfinite(stream.process(np.full(3000, bad, np.float32))).all()
    assert np.isfinite(stream.process(sound(8000, 6000))).all()
    for value in (np.nan, np.inf, 3e38):
        assert np.isfinite(
            stream.decode(np.full((2, 9), value, np.float32), np.full(9, value, np.float32))
        ).all()
        assert np.isfinite(stream.synthesize(np.full((model.bands, 9), value, np.float32))).all()


def refusal(data: bytes) -> str:
    with pytest.raises(MelismaError) as caught:
        core.CoreModel(data)
    text = str(caught.value)
    assert text and text.isprintable() and len(text) < 400
    return text


def parts(data: bytes) -> tuple[dict, dict, bytes]:
    (length,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + length])
    return entries, json.loads(entries.pop("__metadata__")["melisma"]), data[8 + length :]


def joined(entries: dict, header: object, body: bytes) -> bytes:
    text = json.dumps(entries | {"__metadata__": {"melisma": json.dumps(header)}}).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_every_truncation_is_refused():
    data = file_bytes(TINY)
    for length in [*range(0, 400, 7), *range(400, len(data), 997), len(data) - 1]:
        refusal(data[:length])


def agrees(data: bytes) -> None:
    """The core takes what modelfile.py takes, and survives whatever it takes."""
    try:
        modelfile._parse(data)
        fine = True
    except MelismaError:
        fine = False
    try:
        model = core.CoreModel(data)
    except MelismaError as error:
        assert str(error).isprintable()
        assert not fine, f"only the core refuses it: {error}"
        return
    assert fine, "only the core takes it"
    model.stream().process(np.zeros(200, np.float32))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([TINY, MELGAN]), st.integers(0, 4000), st.binary(min_size=1, max_size=4))
def test_damaged_bytes(config, place, new):
    data = bytearray(file_bytes(config))
    data[place : place + len(new)] = new
    try:
        core.CoreModel(bytes(data)).stream().process(np.zeros(200, np.float32))
    except MelismaError as error:
        assert str(error).isprintable()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([TINY, MELGAN]), st.data())
def test_hostile_headers(config, data):
    """Any entry of the two headers replaced by anything."""
    entries, header, body = parts(file_bytes(config))
    nasty = st.sampled_from(
        [
            None,
            True,
            -1,
            0,
            1,
            3,
            1.5,
            2**31,
            2**53,
            2**63,
            1e300,
            "",
            "x",
            "phase",
            [],
            [1],
            [[]],
            {},
            [2**40] * 4,
        ]
    )
    whole = data.draw(st.sampled_from(["header", "entries"]))
    node = header if whole == "header" else entries
    while True:
        key = data.draw(
            st.sampled_from(list(node)) if isinstance(node, dict) else st.integers(0, len(node) - 1)
        )
        if not (isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans())):
            break
        node = node[key]
    if data.draw(st.booleans()):
        node[key] = data.draw(nasty)
    else:
        del node[key]
    if header.get("version") is not True:  # which Python takes for 1
        agrees(joined(entries, header, body))


@pytest.mark.parametrize(
    "damage, says",
    [
        (b"", "cut short"),
        (b"\xff" * 100, "absurd"),
        (struct.pack("<Q", 60) + b"[" * 60 + b" " * 100, "not JSON"),
        (struct.pack("<Q", 2) + b"{}" + b" " * 100, "header"),
    ],
)
def test_other_files(damage, says):
    assert says in refusal(damage)


def test_paths(tmp_path):
    for path in (tmp_path / "none.melisma", tmp_path):
        with pytest.raises(MelismaError) as caught:
            core.CoreModel(path)
        assert path.name in str(caught.value)
    (tmp_path / "ünï.melisma").write_bytes(file_bytes(TINY))
    assert core.CoreModel(tmp_path / "ünï.melisma").latents == 2


def test_a_missing_library_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("MELISMA_CORE", str(tmp_path / "none.so"))
    core.library.cache_clear()
    try:
        with pytest.raises(MelismaError, match="core/build.py"):
            core.library()
    finally:
        monkeypatch.undo()
        core.library.cache_clear()


# ---------------------------------------------------------------- parts, kernel by kernel


BUILT: dict[tuple, Path] = {}  # tests that want the same share it


def built(tmp_path_factory, name: str, *options: str) -> Path:
    """What core/build.py makes with the system's compiler; skipped where there is none."""
    if not shutil.which("c++"):
        pytest.skip("no system compiler")
    if path := BUILT.get((name, *options)):
        return path
    path = BUILT[name, *options] = tmp_path_factory.mktemp("core") / name
    command = [sys.executable, str(ROOT / "core/build.py"), "--cxx", "c++", "--out", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="session")
def inner(tmp_path_factory):
    sources = [f"--with={ROOT / 'core/tests' / name}" for name in ("parts.cpp", "wide.cpp")]
    return ctypes.CDLL(str(built(tmp_path_factory, "parts.so", *sources)))


KERNELS = ("plain", "avx2", "avx512", "neon", "wide")


def call(inner, name: str, kernels: str, *arguments) -> None:
    if not inner.parts_has(kernels.encode()):
        pytest.skip(f"no {kernels} here")
    given = [a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else a for a in arguments]
    getattr(inner, name)(kernels.encode(), *given)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("size", [2, 4, 64, 80, 95, 102, 128, 1000, 1024, 1536, 2048, 8191])
def test_fourier_transform(inner, name, size):
    x = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    re, im = np.zeros((2, size // 2 + 1), np.float32)
    back = np.zeros(size, np.float32)
    call(inner, "parts_fft", name, size, x, re, im, back)
    wanted = np.fft.rfft(x.astype(float))
    np.testing.assert_allclose(re + 1j * im, wanted, atol=3e-6 * np.sqrt(size))
    np.testing.assert_allclose(back / size, x, atol=1e-5)


@pytest.mark.parametrize("name", KERNELS)
def test_matrices(inner, name):
    rng = np.random.default_rng(0)
    for case in range(60):
        outputs, inputs, taps, dilation = (int(rng.integers(1, n)) for n in (300, 40, 5, 4))
        frames = case % 20
        weight, x = (
            rng.standard_normal((outputs, inputs, taps)),
            rng.standard_normal((frames + (taps - 1) * dilation, inputs)),
        )
        bias, scale, add = (
            rng.standard_normal(outputs),
            rng.standard_normal(outputs),
            rng.standard_normal((frames, outputs)),
        )
        weight, x, bias, scale, add = (
            np.ascontiguousarray(v, np.float32) for v in (weight, x, bias, scale, add)
        )
        y = np.full((frames + 1, outputs), 7, np.float32)  # one row that must stay
        call(
            inner,
            "parts_multiply",
            name,
            outputs,
            inputs,
            taps,
            dilation,
            frames,
            weight,
            bias,
            scale,
            add,
            x,
            y,
        )
        wanted = sum(x[k * dilation : k * dilation + frames] @ weight[:, :, k].T for k in range(taps))
        np.testing.assert_allclose(y[:frames], (wanted + bias) * scale + add, atol=1e-4)
        assert (y[frames] == 7).all()


@pytest.mark.parametrize("name", KERNELS)
def test_functions(inner, name):
    x = np.concatenate([np.linspace(-30, 30, 4001), [-1e30, 1e30, 0, 1e-30]]).astype(np.float32)
    y = x.copy()
    call(inner, "parts_gelu", name, y, len(y))
    exact = torch.nn.functional.gelu(torch.from_numpy(x).double(), approximate="tanh").numpy()
    np.testing.assert_allclose(y, exact, rtol=2e-6, atol=2e-7)
    y = x.copy()
    call(inner, "parts_tanh", name, y, len(y))
    np.testing.assert_allclose(y, np.tanh(x.astype(float)), atol=3e-7)
    w, b, v = np.random.default_rng(0).standard_normal((3, 37)).astype(np.float32)
    y = np.zeros(37, np.float32)
    call(inner, "parts_norm", name, w, b, 37, v, y)
    wanted = torch.nn.functional.layer_norm(
        *(torch.from_numpy(a) for a in (v,)), (37,), torch.from_numpy(w), torch.from_numpy(b)
    )
    np.testing.assert_allclose(y, wanted.numpy(), atol=1e-5)


@pytest.mark.parametrize("name", KERNELS)
def test_phases_are_integrated_as_the_reference_does(inner, name):
    """Frame by frame from the reference's own state, so that nothing adds up."""
    rng = np.random.default_rng(0)
    for frame, hop in ((64, 16), (95, 19), (1024, 256)):
        bins = frame // 2 + 1
        state = initial_phases(1, bins)
        for _ in range(30):
            magnitude = np.exp(rng.normal(-5, 4, (1, 1, bins))).astype(np.float32)
            re, im = np.zeros((2, bins), np.float32)
            own = np.ascontiguousarray(state[0])
            phasor, state = integrate(magnitude, state, frame, hop)
            call(inner, "parts_integrate", name, bins, frame, hop, magnitude, own, re, im)
            level = np.maximum(magnitude[0, 0], 1e-30)
            np.testing.assert_allclose(np.stack([re, im], 1) / level[:, None], phasor[0, 0], atol=1e-6)
            np.testing.assert_allclose(own, state[0], atol=1e-9)


@pytest.mark.parametrize("config", [SMALL, SMALL_MELGAN], ids=["phase", "melgan"])
def test_kernels_agree(config):
    x = sound(44100, 8000)
    plain, *others = [core.Engine(random_file(config), name) for name in kernels()]
    latents, loudness = plain.encode(x)
    for other in others:
        for a, b in zip(other.encode(x), (latents, loudness)):
            np.testing.assert_allclose(a, b, atol=CLOSE)
        np.testing.assert_allclose(
            other.decode_mel(latents, loudness), plain.decode_mel(latents, loudness), atol=CLOSE
        )
        np.testing.assert_allclose(
            other.decode(latents, loudness), plain.decode(latents, loudness), atol=CLOSE
        )


# ---------------------------------------------------------------- safe in the audio thread


@pytest.fixture(scope="session")
def model_paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, config in {"phase": TINY, "melgan": MELGAN, "usual": SMALL}.items():
        (folder / f"{name}.melisma").write_bytes(file_bytes(config))
    return sorted(folder.glob("*.melisma"))


def drive(driver: Path, path: Path, seconds: float = 2) -> tuple[int, dict, str]:
    env = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    done = subprocess.run([str(driver), str(path), str(seconds)], capture_output=True, text=True, env=env)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="counts by glibc's own names")
def test_nothing_allocates_or_locks(tmp_path_factory, model_paths):
    driver = built(tmp_path_factory, "driver", f"--driver={ROOT / 'core/tests/driver.cpp'}", "--optimise=1")
    for path in model_paths:
        code, found, errors = drive(driver, path)
        assert (
            code == 0
            and found["counted"]
            and found["allocations"] == found["locks"] == 0
            and found["blocks"] > 20
        ), (found, errors)


@pytest.mark.skipif(sys.platform != "linux", reason="counts by glibc's own names")
def test_a_deliberate_allocation_is_found(tmp_path_factory, model_paths):
    driver = built(
        tmp_path_factory,
        "driver",
        f"--driver={ROOT / 'core/tests/driver.cpp'}",
        "--define=MELISMA_SABOTAGE",
        "--optimise=1",
    )
    code, found, _ = drive(driver, model_paths[0])
    assert code != 0 and found["allocations"] > 0


@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_under_sanitizers(tmp_path_factory, model_paths, sanitizer):
    if not shutil.which("c++"):
        pytest.skip("no system compiler")
    driver = built(
        tmp_path_factory,
        "driver",
        f"--driver={ROOT / 'core/tests/driver.cpp'}",
        f"--with={ROOT / 'core/tests/fuzz.cpp'}",
        f"--sanitize={sanitizer}",
        "--optimise=1",
    )
    for path in model_paths:
        code, found, errors = drive(driver, path, 0.5)
        assert code == 0 and "runtime error" not in errors and "WARNING" not in errors, errors[-3000:]
    files = sorted((ROOT / "core/tests/corpus").glob("[0-9a-f]*"))  # what fuzzing came to know
    done = subprocess.run([driver, "--replay", *files], capture_output=True, text=True)
    assert done.returncode == 0 and "runtime error" not in done.stderr, done.stderr[-3000:]
    assert json.loads(done.stdout) == {"replayed": len(files)} and len(files) > 50


@pytest.mark.skipif(not shutil.which("cc"), reason="no system compiler")
def test_the_header_is_c99(tmp_path):
    (tmp_path / "host.c").write_text(
        "#include <melisma.h>\nint main(void) { return melisma_version() != MELISMA_VERSION; }\n"
    )
    command = [
        "cc",
        "-std=c99",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I",
        str(ROOT / "core/include"),
        "-c",
        "host.c",
        "-o",
        "host.o",
    ]
    subprocess.run(command, cwd=tmp_path, check=True)
