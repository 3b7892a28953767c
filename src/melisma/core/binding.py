"""Models and streams of the real-time core (core/include/melisma.h) on numpy arrays, without PyTorch."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadValue, Damaged
from ..sound.door import block_of, channels_of
from .handle import Handle
from .layout import Info
from .library import address, addresses, call, floats, library, number, pointers, refusal


@dataclass(frozen=True)
class Parameter:
    """What a stream lets be turned: see melisma.h."""

    name: str
    unit: str
    summary: str
    minimum: float
    maximum: float
    default: float
    whole: bool

    @classmethod
    def read(cls, at: Any) -> Parameter:
        """Where the core keeps it: a pointer to a melisma_parameter."""
        p = at.contents
        name, unit, summary = (text.decode() for text in (p.name, p.unit, p.summary))
        return cls(name, unit, summary, p.minimum, p.maximum, p.default_value, bool(p.whole))


class CoreModel(Handle):
    """A model opened by the core, from a path or from a file's bytes. kernels: see melisma.h."""

    instead = "open its file there"

    def __init__(self, source: str | os.PathLike[str] | bytes, kernels: str | None = None):
        error = ctypes.create_string_buffer(600)
        name = None if kernels is None else kernels.encode()
        if isinstance(source, bytes):
            pointer = call("open_memory", source, len(source), name, error, len(error))
        else:
            pointer = call("open", os.fsencode(source), name, error, len(error))
        if not pointer:
            raise refusal(error, Damaged)
        self._adopt(pointer, library().melisma_close)
        info = Info()
        call("describe", self._handle, info, ctypes.sizeof(info))
        texts = (info.name, info.vocoder, info.kernels)
        self.name, self.vocoder, self.kernels = (text.decode("utf-8", "replace") for text in texts)
        self.sample_rate: int = info.sample_rate
        self.frame: int = info.frame
        self.hop: int = info.hop
        self.bands: int = info.bands
        self.latents: int = info.latents
        self.encoder_latents: int = info.encoder_latents
        self.latency: int = info.latency
        self.delay: int = info.delay
        self.weight_bytes: int = info.weight_bytes
        self.percentiles = np.ctypeslib.as_array(info.percentiles, (info.latents, 5)).copy()
        length = info.golden_samples
        pair = (np.ctypeslib.as_array(v, (length,)).copy() for v in (info.golden_input, info.golden_output) if length)
        self.golden: tuple[np.ndarray, np.ndarray] | None = tuple(pair) or None  # type: ignore[assignment]

    @functools.cached_property
    def parameters(self) -> list[Parameter]:
        return [Parameter.read(call("parameter_at", self._handle, i)) for i in range(call("parameter_count", self._handle))]

    def stream(self, rate: int = 0, channels: int = 1) -> CoreStream:
        """A stream for a host at `rate` Hz, 0: the model's own; of one channel or two."""
        return CoreStream(self, rate, channels)


class CoreStream(Handle):
    """A stream of the core. Frames are rows here, (Z, L) as everywhere in Python. Not for two threads at once, but for `set`."""

    instead = "make a new one with stream() of the model"

    def __init__(self, model: CoreModel, rate: int = 0, channels: int = 1):
        self.model = model
        if not isinstance(channels, (int, np.integer)):
            raise BadValue(f"a stream has 1 or 2 channels, not {channels!r}")
        error = ctypes.create_string_buffer(600)
        pointer = call("stream_new_channels", model._handle, rate, channels, error, len(error))
        if not pointer:
            raise refusal(error, BadValue)
        self._adopt(pointer, library().melisma_stream_free)
        self.latency: int = call("latency", self._handle)
        self.channels: int = call("channels", self._handle)

    def set(self, name: str, value: float) -> None:
        call("set", self._handle, self._index(name), number(value, name))

    def get(self, name: str) -> float:
        return call("get", self._handle, self._index(name))

    def _index(self, name: str) -> int:
        index = call("parameter_find", self.model._handle, name.encode())
        if index < 0:
            raise BadValue(f"there is no parameter {name!r}; there are {', '.join(p.name for p in self.model.parameters)}")
        return index

    def reset(self) -> None:
        """As if the stream had just been made; parameters keep their values."""
        call("reset", self._handle)

    def process(self, block: np.ndarray) -> np.ndarray:
        """float32 (T,) → float32 (T,), `latency` samples late; (2, T) → (2, T) for a stream of two channels."""
        if self.channels > 1:
            block = channels_of(block, self.channels)
            out = np.empty_like(block)
            call("process_channels", self._handle, addresses(block), addresses(out), block.shape[1])
            return out
        block = block_of(block)
        out = np.empty_like(block)
        call("process", self._handle, address(block), address(out), len(block))
        return out

    def process_into(self, block: np.ndarray, out: np.ndarray) -> None:
        """As `process`, on arrays that are there: float32 (channels, T) whose rows are contiguous."""
        for array in (block, out):
            row = array.ndim == 2 and len(array) == self.channels and array.strides[1] == 4
            if array.dtype != np.float32 or not row or array.shape != block.shape:
                raise BadValue(f"a block is of {array.dtype} and {array.shape}; float32 of ({self.channels}, T) is needed")
        call("process_channels", self._handle, addresses(block), addresses(out), block.shape[1])

    def last_frame(self) -> tuple[int, np.ndarray, float, np.ndarray]:
        """→ how many frames `process` has decoded; of the last latents (Z,), loudness and log-mel (M,). 0 before the first."""
        latents, mel = np.zeros(self.model.latents, np.float32), np.zeros(self.model.bands, np.float32)
        loudness = np.zeros(1, np.float32)
        count = call("last_frame", self._handle, address(latents), address(loudness), address(mel))
        return count, latents, float(loudness[0]), mel

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Samples → latents (Z, L), loudness (L,) of the frames that they complete."""
        return self._read("encode", x, self.model.latents, None)

    def analyse(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Samples → log-mel (M, L), loudness (L,)."""
        return self._read("analyse", x, self.model.bands, None)

    def posterior(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Samples → mean and log-variance (Z', L)."""
        return self._read("posterior", x, self.model.encoder_latents, self.model.encoder_latents)

    def _read(self, name: str, x: np.ndarray, first: int, second: int | None) -> tuple[np.ndarray, np.ndarray]:
        x = block_of(x)
        most = len(x) // self.model.hop + 1
        a, b = np.empty((most, first), np.float32), np.empty((most, second) if second else most, np.float32)
        frames = call(name, self._handle, address(x), len(x), address(a), address(b))
        return a[:frames].T, b[:frames].T

    def encode_layers(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Samples → latents (Z, L), loudness (L,) and the residual's steps, int8 (M, L), see melisma.h."""
        x = block_of(x)
        most = len(x) // self.model.hop + 1
        latents, loudness = np.empty((most, self.model.latents), np.float32), np.empty(most, np.float32)
        layers = np.empty((most, self.model.bands), np.int8)
        frames = call("encode_layers", self._handle, address(x), len(x), address(latents), address(loudness), address(layers))
        return latents[:frames].T, loudness[:frames], np.ascontiguousarray(layers[:frames].T)

    def decode_layers(
        self,
        latents: np.ndarray,
        loudness: np.ndarray,
        layers: np.ndarray,
        fine: float = 1.0,
        colour: float = 1.0,
        mel: bool = False,
    ) -> np.ndarray:
        """Latents (Z, L), loudness (L,), steps int8 (M, L) and how much of each layer → L · hop samples, or log-mel (M, L)."""
        level = floats(loudness, "the loudness", None)
        rows = np.ascontiguousarray(floats(latents, "latents", self.model.latents, len(level)).T)
        steps = self._steps(layers, len(level))
        out = np.empty((len(level), self.model.bands if mel else self.model.hop), np.float32)
        to = (address(out), None) if mel else (None, address(out))
        call("decode_layers", self._handle, address(rows), address(level), address(steps), fine, colour, len(level), *to)
        return out.T if mel else out.reshape(-1)

    def keep_layers(
        self, latents: np.ndarray, loudness: np.ndarray, moved: np.ndarray, loudness_moved: np.ndarray, layers: np.ndarray
    ) -> np.ndarray:
        """Latents (Z, L), loudness (L,), both as they are after a move, steps int8 (M, L) → the steps after it; see melisma.h."""
        levels = [floats(level, "the loudness", len(loudness)) for level in (loudness, loudness_moved)]
        rows = [floats(z, "latents", self.model.latents, len(loudness)).T.copy() for z in (latents, moved)]
        steps = self._steps(layers, len(loudness)).copy()
        places = [address(values) for pair in zip(rows, levels) for values in pair]
        call("keep_layers", self._handle, *places, len(loudness), address(steps))
        return np.ascontiguousarray(steps.T)

    def _steps(self, layers: np.ndarray, frames: int) -> np.ndarray:
        """Steps int8 (M, L) → (L, M), as the core has them."""
        steps = np.ascontiguousarray(np.asarray(layers).T, np.int8)
        if steps.shape != (frames, self.model.bands):
            raise BadValue(f"layers have the shape {steps.T.shape}; ({self.model.bands}, {frames}) is needed")
        return steps

    def decode(self, latents: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → L · hop samples."""
        return self._decode("decode", latents, loudness, self.model.hop).reshape(-1)

    def decode_mel(self, latents: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → log-mel (M, L)."""
        return self._decode("decode_mel", latents, loudness, self.model.bands).T

    def _decode(self, name: str, latents: np.ndarray, loudness: np.ndarray, width: int) -> np.ndarray:
        level = floats(loudness, "the loudness", None)
        rows = np.ascontiguousarray(floats(latents, "latents", self.model.latents, len(level)).T)
        out = np.empty((len(level), width), np.float32)
        call(name, self._handle, address(rows), address(level), len(level), address(out))
        return out

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Log-mel (M, L) → L · hop samples."""
        rows = np.ascontiguousarray(floats(mel, "the log-mel", self.model.bands, None).T)
        out = np.empty(len(rows) * self.model.hop, np.float32)
        call("synthesize", self._handle, address(rows), len(rows), address(out))
        return out

    def decode_heard(
        self,
        paths: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray | None]],
        heard: np.ndarray,
        phases: np.ndarray,
        fine: float = 1.0,
        colour: float = 1.0,
        matched: float = 0.0,
    ) -> np.ndarray:
        """Latents (Z, L), loudness (L,) and steps (M, L) or None of each channel, their sounds, (channels, L · hop),
        how far their phases are taken, (L,), and how far they were matched → (channels, L · hop); see melisma.h.
        """
        if len(paths) != self.channels:
            raise BadValue(f"the stream has {self.channels} channels, and {len(paths)} paths were given")
        levels = [floats(level, "the loudness", len(paths[0][1])) for _, level, _ in paths]
        frames = len(levels[0])
        rows = [np.ascontiguousarray(floats(z, "latents", self.model.latents, frames).T) for z, _, _ in paths]
        steps = [None if layers is None else self._steps(layers, frames) for _, _, layers in paths]
        sounds = floats(heard, "the sounds", self.channels, frames * self.model.hop)
        follow = floats(phases, "how far phases are taken", frames)
        out = np.empty((self.channels, frames * self.model.hop), np.float32)
        places = [pointers(arrays) for arrays in (rows, levels, steps)]
        sound = addresses(sounds), address(follow), matched
        call("decode_heard", self._handle, *places, fine, colour, *sound, frames, addresses(out))
        return out

    def encode_signals(self, x: np.ndarray) -> np.ndarray:
        """float32 (T,) → (Z + 1, T): the latents and the loudness, held from the sample that completes each frame."""
        x = block_of(x)
        out = np.empty((self.model.latents + 1, len(x)), np.float32)
        call("encode_signals", self._handle, address(x), addresses(out), len(x))
        return out

    def decode_signals(self, signals: np.ndarray) -> np.ndarray:
        """(Z + 1, T) → float32 (T,)."""
        signals = floats(signals, "the signals", self.model.latents + 1, None)
        out = np.empty(signals.shape[1], np.float32)
        call("decode_signals", self._handle, addresses(signals), address(out), len(out))
        return out
