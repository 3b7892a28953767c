"""Models that are random all over, sounds for them, and how near the core is held to its PyTorch reference."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import reference_engine as reference
import torch
from hypothesis import HealthCheck, reject, settings
from hypothesis import strategies as st

from melisma.core import binding as core
from melisma.core.engine import Engine
from melisma.errors import MelismaError
from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.files.shapes import expected
from melisma.files.weights import in_bytes
from melisma.measure.metrics import stft_distance
from melisma.training.export import to_file
from melisma.training.reference import Reference

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[1]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CLOSE = 1e-4

TINY = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=64, hop=16, bands=8, fmin=100.0, fmax=4000.0),
    VAEConfig(latents=3, encoder_width=4, encoder_blocks=1, decoder_width=4, decoder_blocks=1, kernel=3, expansion=2),
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
    return to_file(model, f"random {seed}", {"percentiles": [[-2.0, -1.5, 0.0, 1.5, 2.0]] * kept}, {"data": "noise"})


@cache
def file_bytes(config: ModelConfig, kept: int = 2, bits: int = 16) -> bytes:
    file = random_file(config, kept)
    with tempfile.TemporaryDirectory() as folder:
        modelfile.save(in_bytes(file) if bits == 8 else file, f"{folder}/model.melisma")
        return Path(f"{folder}/model.melisma").read_bytes()


def sound(rate: int, samples: int, seed: int = 0) -> np.ndarray:
    """A rising tone that starts and stops, over faint noise."""
    time = np.arange(samples) / rate
    tone = 0.3 * np.sin(2 * np.pi * (rate / 40 + rate / 50 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def kernels() -> list[str]:
    """The kernels that this machine runs."""
    found = []
    for name in ("plain", "avx2", "avx512", "avx512vnni", "neon"):
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
        # not on a bin: whether a band's edge holds it is rounding's matter then, and not decided alike by both
        draw(st.integers(2000, 90000)) + 0.3,
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
        return _possible(
            analysis,
            vae,
            PhaseConfig("phase", rounds, draw(widths), draw(counts), draw(taps), 2, draw(st.booleans())),
        )
    ratios = {16: (4, 2, 2), 17: (17,), 20: (5, 4), 32: (32,), 64: (8, 8)}[hop]
    dilations = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    return _possible(analysis, vae, MelganConfig("melgan", ratios, draw(st.integers(8, 40)), dilations, draw(taps)))


def _possible(analysis: AnalysisConfig, vae: VAEConfig, vocoder: PhaseConfig | MelganConfig) -> ModelConfig:
    """The configuration, if there can be such a model: no width that halves to nothing, no bands that hold no bin."""
    config = ModelConfig(analysis, vae, vocoder)
    try:
        expected(config, 1)
    except ValueError:
        reject()
    return config


def compare(ours: Engine, theirs: reference.Engine, x: np.ndarray) -> None:
    """Every method of the two engines on one sound."""
    latents, loudness = theirs.encode(x)
    for got, wanted in zip(ours.encode(x), (latents, loudness)):
        np.testing.assert_allclose(got, wanted, atol=CLOSE)
    mel = theirs.mel(x)
    np.testing.assert_allclose(ours.mel(x), mel, atol=CLOSE)
    np.testing.assert_allclose(ours.kl(x), theirs.kl(x), atol=CLOSE, rtol=CLOSE)
    np.testing.assert_allclose(ours.decode_mel(latents, loudness), theirs.decode_mel(latents, loudness), atol=CLOSE)
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


def same_sound(ours: Engine, wanted: np.ndarray, got: np.ndarray, again) -> None:
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


BUILT: dict[tuple, Path] = {}  # tests that want the same share it


def built(tmp_path_factory, name: str, *options: str) -> Path:
    """What core/build.py makes with the system's compiler; skipped where there is none."""
    if not shutil.which("c++"):
        pytest.skip("needs a compiler: apt install g++")
    if path := BUILT.get((name, *options)):
        return path
    path = BUILT[name, *options] = tmp_path_factory.mktemp("core") / name
    command = [sys.executable, str(ROOT / "core/build.py"), "--cxx", "c++", "--out", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path
