"""The core's parts, kernel by kernel."""

import ctypes

import numpy as np
import pytest
import torch
from needs import needs_core
from random_models import (
    CLOSE,
    SMALL,
    SMALL_MELGAN,
    kernels,
    random_file,
    sound,
)

from melisma.core.engine import Engine
from melisma.training.vocoders.integration import initial_phases, integrate

pytestmark = needs_core


KERNELS = ("plain", "avx2", "avx512", "avx512vnni", "neon", "wide")


def call(inner, name: str, kernels: str, *arguments) -> None:
    if not inner.parts_has(kernels.encode()):
        pytest.skip(f"only on processors with {kernels}")
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
        weight, x, bias, scale, add = (np.ascontiguousarray(v, np.float32) for v in (weight, x, bias, scale, add))
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
def test_matrices_of_bytes_are_exact(inner, name):
    """To the bit what numpy's whole numbers give, on every kernel: inputs of 16 bits by a scale of each frame, exact sums."""
    rng = np.random.default_rng(0)
    for case in range(80):
        outputs, inputs, taps, dilation = (int(rng.integers(1, n)) for n in (300, 900 if case % 4 == 0 else 40, 5, 4))
        frames = case % 20
        weight = rng.integers(-127, 128, (outputs, inputs, taps)).astype(np.int8)
        x = (rng.standard_normal((frames + (taps - 1) * dilation, inputs)) * 10 ** rng.uniform(-6, 3)).astype(np.float32)
        if case % 5 == 0:
            x[rng.random(len(x)) < 0.5] = 0  # silence
        if case % 7 == 0:
            weight[:], x[:] = 127, -x.max(initial=1)  # the largest sums that there can be
        scale = rng.uniform(1e-4, 1, outputs).astype(np.float32)
        y = np.full((frames + 1, outputs), 7, np.float32)  # one row that must stay
        call(
            inner, "parts_multiply_bytes", name, outputs, inputs, taps, dilation, frames, np.ascontiguousarray(weight),
            np.zeros(outputs, np.float32), scale, x, y,
        )  # fmt: skip
        assert (y[frames] == 7).all()
        places = inputs * taps
        most = np.float32(32767 if places < 512 else 0x7FFFFFFF // (128 * places))
        for t in range(frames):
            own = x[t : t + taps * dilation : dilation][:taps]
            top = np.abs(own).max()
            whole = np.rint(own * (most / top)).astype(np.int64) if top > 1e-30 else np.zeros(own.shape, np.int64)
            sums = np.einsum("ki,oik->o", whole, weight.astype(np.int64))
            assert np.abs(sums).max(initial=0) < 2**31
            np.testing.assert_array_equal(
                y[t], sums.astype(np.float32) * (scale * (top / most if top > 1e-30 else np.float32(0)))
            )


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
    wanted = torch.nn.functional.layer_norm(*(torch.from_numpy(a) for a in (v,)), (37,), torch.from_numpy(w), torch.from_numpy(b))
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
    plain, *others = [Engine(random_file(config), name) for name in kernels()]
    latents, loudness = plain.encode(x)
    for other in others:
        for a, b in zip(other.encode(x), (latents, loudness)):
            np.testing.assert_allclose(a, b, atol=CLOSE)
        np.testing.assert_allclose(other.decode_mel(latents, loudness), plain.decode_mel(latents, loudness), atol=CLOSE)
        np.testing.assert_allclose(other.decode(latents, loudness), plain.decode(latents, loudness), atol=CLOSE)
