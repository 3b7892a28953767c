"""The binding to the real-time core (core/include/melisma.h): models and streams on numpy arrays, without PyTorch."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from ctypes import c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue, Damaged, MelismaError, Unavailable
from ..files import modelfile
from ..sound.between import Between
from ..sound.door import block_of, channels_of
from ..sound.rates import cut
from .handle import Handle
from .layout import FUNCTIONS, VERSION, Info, LoopSettings

Samples = np.ndarray | Iterable[np.ndarray]
Coded = tuple[np.ndarray, np.ndarray, np.ndarray | None]  # latents (Z, L), loudness (L,), a residual's steps (M, L)

_SUFFIX = {"win32": "melisma.dll", "darwin": "libmelisma.dylib"}.get(sys.platform, "libmelisma.so")
_BUILD = "python core/build.py in its source"
CHUNK_SECONDS = 20  # sounds are read in pieces of this length, so that a long one needs little memory beside itself


def library_path() -> Path:
    """Where the core's shared library is, or should be; $MELISMA_CORE names another."""
    return Path(os.environ.get("MELISMA_CORE") or Path(__file__).parents[1] / "_core" / _SUFFIX)


@functools.cache
def library() -> ctypes.CDLL:
    """The core. MelismaError says what to do when it is missing."""
    path = library_path()
    if not path.is_file():
        raise Unavailable(f"the real-time core is not built ({path} is missing): reinstall melisma, or run {_BUILD}")
    try:
        core = ctypes.CDLL(str(path))
        version = core.melisma_version()
    except (OSError, AttributeError) as error:
        raise Unavailable(f"the real-time core {path} does not load here ({error}): run {_BUILD}") from None
    if version != VERSION:
        raise Unavailable(f"the real-time core {path} is version {version}, this package wants {VERSION}: run {_BUILD}")
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(core, f"melisma_{name}")
        function.restype, function.argtypes = result, arguments
    return core


def _call(name: str, *arguments: Any) -> Any:
    return getattr(library(), f"melisma_{name}")(*arguments)


def _refusal(error: Any, kind: type[MelismaError]) -> MelismaError:
    """What the core says of why it made nothing; of that kind, if memory is not what was missing."""
    text = error.value.decode("utf-8", "replace")
    return (Unavailable if "not enough memory" in text else kind)(text)


def _made(pointer: int | None, what: str) -> int:
    if not pointer:
        raise Unavailable(f"there is not enough memory for {what}")
    return pointer


def _floats(values: Any, what: str, *shape: int | None) -> np.ndarray:
    """Values as the core takes them, of that shape (None: any length): float32, contiguous. The core believes what it is told."""
    given = np.asarray(values)
    if given.dtype.kind not in "fiu":
        raise BadValue(f"{what} is of {given.dtype}; numbers are needed")
    if given.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, given.shape)):
        wanted = ", ".join("…" if n is None else str(n) for n in shape)
        raise BadValue(f"{what} has the shape {given.shape}; ({wanted}) is needed")
    return np.ascontiguousarray(given, np.float32)


def _at(values: np.ndarray | None) -> int | None:
    return None if values is None else values.ctypes.data


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


class CoreModel(Handle):
    """A model opened by the core, from a path or from a file's bytes. kernels: see melisma.h."""

    instead = "open its file there"

    def __init__(self, source: str | os.PathLike[str] | bytes, kernels: str | None = None):
        error = ctypes.create_string_buffer(600)
        name = None if kernels is None else kernels.encode()
        if isinstance(source, bytes):
            pointer = _call("open_memory", source, len(source), name, error, len(error))
        else:
            pointer = _call("open", os.fsencode(source), name, error, len(error))
        if not pointer:
            raise _refusal(error, Damaged)
        self._adopt(pointer, library().melisma_close)
        info = Info()
        _call("describe", self._handle, info, ctypes.sizeof(info))
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
        listed = (_call("parameter_at", self._handle, i).contents for i in range(_call("parameter_count", self._handle)))
        return [
            Parameter(p.name.decode(), p.unit.decode(), p.summary.decode(), p.minimum, p.maximum, p.default_value, bool(p.whole))
            for p in listed
        ]

    def stream(self, rate: int = 0, channels: int = 1) -> CoreStream:
        """A stream for a host at `rate` Hz, 0: the model's own; of one channel or two."""
        return CoreStream(self, rate, channels)


class CoreStream(Handle):
    """A stream of the core. Frames are rows here, (Z, L) as everywhere in Python. Not for two threads at once, but for `set`."""

    instead = "make a new one with stream() of the model"

    def __init__(self, model: CoreModel, rate: int = 0, channels: int = 1):
        self.model = model
        error = ctypes.create_string_buffer(600)
        pointer = _call("stream_new_channels", model._handle, rate, channels, error, len(error))
        if not pointer:
            raise _refusal(error, BadValue)
        self._adopt(pointer, library().melisma_stream_free)
        self.latency: int = _call("latency", self._handle)
        self.channels: int = _call("channels", self._handle)

    def set(self, name: str, value: float) -> None:
        _call("set", self._handle, self._index(name), value)

    def get(self, name: str) -> float:
        return _call("get", self._handle, self._index(name))

    def _index(self, name: str) -> int:
        index = _call("parameter_find", self.model._handle, name.encode())
        if index < 0:
            raise BadValue(f"there is no parameter {name!r}; there are {', '.join(p.name for p in self.model.parameters)}")
        return index

    def reset(self) -> None:
        """As if the stream had just been made; parameters keep their values."""
        _call("reset", self._handle)

    def process(self, block: np.ndarray) -> np.ndarray:
        """float32 (T,) → float32 (T,), `latency` samples late; (2, T) → (2, T) for a stream of two channels."""
        if self.channels > 1:
            block = channels_of(block, self.channels)
            out = np.empty_like(block)
            _call("process_channels", self._handle, _rows(block), _rows(out), block.shape[1])
            return out
        block = block_of(block)
        out = np.empty_like(block)
        _call("process", self._handle, _at(block), _at(out), len(block))
        return out

    def process_into(self, block: np.ndarray, out: np.ndarray) -> None:
        """As `process`, on arrays that are there: float32 (channels, T) whose rows are contiguous."""
        for array in (block, out):
            row = array.ndim == 2 and len(array) == self.channels and array.strides[1] == 4
            if array.dtype != np.float32 or not row or array.shape != block.shape:
                raise BadValue(f"a block is of {array.dtype} and {array.shape}; float32 of ({self.channels}, T) is needed")
        _call("process_channels", self._handle, _rows(block), _rows(out), block.shape[1])

    def last_frame(self) -> tuple[int, np.ndarray, float, np.ndarray]:
        """→ how many frames `process` has decoded; of the last latents (Z,), loudness and log-mel (M,). 0 before the first."""
        latents, mel = np.zeros(self.model.latents, np.float32), np.zeros(self.model.bands, np.float32)
        loudness = np.zeros(1, np.float32)
        count = _call("last_frame", self._handle, _at(latents), _at(loudness), _at(mel))
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
        frames = _call(name, self._handle, _at(x), len(x), _at(a), _at(b))
        return a[:frames].T, b[:frames].T

    def encode_layers(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Samples → latents (Z, L), loudness (L,) and the residual's steps, int8 (M, L), see melisma.h."""
        x = block_of(x)
        most = len(x) // self.model.hop + 1
        latents, loudness = np.empty((most, self.model.latents), np.float32), np.empty(most, np.float32)
        layers = np.empty((most, self.model.bands), np.int8)
        frames = _call("encode_layers", self._handle, _at(x), len(x), _at(latents), _at(loudness), _at(layers))
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
        level = _floats(loudness, "the loudness", None)
        rows = np.ascontiguousarray(_floats(latents, "latents", self.model.latents, len(level)).T)
        steps = np.ascontiguousarray(np.asarray(layers).T, np.int8)
        if steps.shape != (len(level), self.model.bands):
            raise BadValue(f"layers have the shape {steps.T.shape}; ({self.model.bands}, {len(level)}) is needed")
        out = np.empty((len(level), self.model.bands if mel else self.model.hop), np.float32)
        to = (_at(out), None) if mel else (None, _at(out))
        _call("decode_layers", self._handle, _at(rows), _at(level), _at(steps), fine, colour, len(level), *to)
        return out.T if mel else out.reshape(-1)

    def decode(self, latents: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → L · hop samples."""
        return self._decode("decode", latents, loudness, self.model.hop).reshape(-1)

    def decode_mel(self, latents: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → log-mel (M, L)."""
        return self._decode("decode_mel", latents, loudness, self.model.bands).T

    def _decode(self, name: str, latents: np.ndarray, loudness: np.ndarray, width: int) -> np.ndarray:
        level = _floats(loudness, "the loudness", None)
        rows = np.ascontiguousarray(_floats(latents, "latents", self.model.latents, len(level)).T)
        out = np.empty((len(level), width), np.float32)
        _call(name, self._handle, _at(rows), _at(level), len(level), _at(out))
        return out

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Log-mel (M, L) → L · hop samples."""
        rows = np.ascontiguousarray(_floats(mel, "the log-mel", self.model.bands, None).T)
        out = np.empty(len(rows) * self.model.hop, np.float32)
        _call("synthesize", self._handle, _at(rows), len(rows), _at(out))
        return out

    def synthesize_channels(self, mels: Sequence[np.ndarray], ipd: np.ndarray | None = None) -> np.ndarray:
        """A log-mel (M, L) for each channel, and how their phases differ (L, 2, bins) → (channels, L · hop); see melisma.h."""
        rows = [np.ascontiguousarray(_floats(mel, "the log-mel", self.model.bands, None).T) for mel in mels]
        frames = len(rows[0])
        if len(rows) != self.channels or any(len(row) != frames for row in rows):
            raise BadValue(f"{self.channels} log-mels of one length are needed")
        turned = None if ipd is None else _floats(ipd, "the phases", frames, 2, self.model.frame // 2 + 1)
        out = np.empty((self.channels, frames * self.model.hop), np.float32)
        places = (c_void_p * len(rows))(*[row.ctypes.data for row in rows])
        _call("synthesize_channels", self._handle, places, _at(turned), frames, _rows(out))
        return out

    def encode_signals(self, x: np.ndarray) -> np.ndarray:
        """float32 (T,) → (Z + 1, T): the latents and the loudness, held from the sample that completes each frame."""
        x = block_of(x)
        out = np.empty((self.model.latents + 1, len(x)), np.float32)
        _call("encode_signals", self._handle, _at(x), _rows(out), len(x))
        return out

    def decode_signals(self, signals: np.ndarray) -> np.ndarray:
        """(Z + 1, T) → float32 (T,)."""
        signals = _floats(signals, "the signals", self.model.latents + 1, None)
        out = np.empty(signals.shape[1], np.float32)
        _call("decode_signals", self._handle, _rows(signals), _at(out), len(out))
        return out


class CoreLoop(Handle):
    """What a sound passes on its way back to a stream's input, for loops closed outside of it: see melisma.h."""

    instead = "make a loop of its own there"

    def __init__(self, rate: int, seed: int = 0):
        self._adopt(_made(_call("loop_new", rate), f"a loop at {rate} Hz"), library().melisma_loop_free)
        _call("loop_reset", self._handle, seed)

    def process(self, block: np.ndarray, frequency: float, q: float, gain: float, breath: float) -> np.ndarray:
        """float32 (T,) → float32 (T,). Hz, centre over width, ×, dBFS."""
        block = block_of(block)
        out = np.empty_like(block)
        _call("loop_process", self._handle, LoopSettings(frequency, q, gain, breath), _at(block), _at(out), len(block))
        return out


def _rows(values: np.ndarray) -> Any:
    return (c_void_p * len(values))(*[values.ctypes.data + i * values.strides[0] for i in range(len(values))])


class Engine:
    """One model on the core: what `Model` needs, as the tests have it of the PyTorch reference.

    Waveforms are float32 (T,) at the model's rate, whole or as an iterable of their pieces; L = ⌈T / hop⌉ + frame / hop − 1
    frames. Samples that are no numbers are read as silence, and the absurd as ±10⁴.
    """

    def __init__(self, file: modelfile.ModelFile, kernels: str | None = None):
        self.model = CoreModel(file.source or modelfile.to_bytes(file, exact=True), kernels)
        self.hop, self.delay = self.model.hop, self.model.delay
        self.chunk = CHUNK_SECONDS * self.model.sample_rate

    @property
    def _frames(self) -> int:
        return max(1, self.chunk // self.hop)

    def encode(self, x: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Waveform → latents (Z, L), loudness (L,) in dBFS."""
        return self._whole("encode", x)

    def encode_layers(self, x: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Waveform → latents (Z, L), loudness (L,) in dBFS, and the residual's steps, int8 (M, L)."""
        latents, loudness, layers = self._whole("encode_layers", x)
        layers.setflags(write=False)  # a path takes it as it is
        return latents, loudness, layers

    def kl(self, x: Samples) -> np.ndarray:
        """Waveform → KL of each of the encoder's dimensions at every frame, in nats (Z', L)."""
        mean, log_variance = self._whole("posterior", x)
        # as expm1, or rounding would make it negative where the posterior is the prior
        return 0.5 * (mean**2 + np.maximum(np.expm1(log_variance) - log_variance, 0))

    def mel(self, x: Samples) -> np.ndarray:
        """Waveform → log-mel (M, L), 0 at −100 dBFS."""
        return self._whole("analyse", x)[0]

    def decode(self, z: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) in dBFS → waveform (L · hop − delay,)."""
        return np.concatenate([np.zeros(0, np.float32), *self.decoded(z, loudness)])

    def decoded(
        self, z: np.ndarray, loudness: np.ndarray, layers: np.ndarray | None = None, fine: float = 0.0, colour: float = 0.0
    ) -> Iterator[np.ndarray]:
        """The same, piece by piece; with layers, steps int8 (M, L), so much of each is added to what is decoded."""
        stream, frames = self.model.stream(), self._frames

        def piece(part: slice) -> np.ndarray:
            if layers is None:
                return stream.decode(z[:, part], loudness[part])
            return stream.decode_layers(z[:, part], loudness[part], layers[:, part], fine, colour)

        return self._on_time(piece(slice(i, i + frames)) for i in range(0, len(loudness), frames))

    def decoded_pair(
        self, pair: Sequence[Coded], heard: Iterator[np.ndarray], fine: float = 0.0, colour: float = 0.0
    ) -> Iterator[np.ndarray]:
        """Two of what `decoded` takes, of one length, → pieces (2, n) whose phases differ as those heard, pieces (2, n), do."""
        voice, streams, frames = self.model.stream(channels=2), [self.model.stream() for _ in pair], self._frames
        between = Between(heard, self.model.frame, self.hop)

        def piece(part: slice) -> np.ndarray:
            mels = []
            for stream, (z, loudness, layers) in zip(streams, pair):
                if layers is None:
                    mels.append(stream.decode_mel(z[:, part], loudness[part]))
                else:
                    mels.append(stream.decode_layers(z[:, part], loudness[part], layers[:, part], fine, colour, mel=True))
            return voice.synthesize_channels(mels, between.take(mels[0].shape[1]))

        return self._on_time(piece(slice(i, i + frames)) for i in range(0, len(pair[0][1]), frames))

    def decode_mel(
        self, z: np.ndarray, loudness: np.ndarray, layers: np.ndarray | None = None, fine: float = 0.0, colour: float = 0.0
    ) -> np.ndarray:
        """Latents (Z, L) and loudness (L,) → the decoder's log-mel (M, L); with layers as in `decoded`."""
        stream = self.model.stream()
        if layers is None:
            return np.ascontiguousarray(stream.decode_mel(z, loudness))
        return np.ascontiguousarray(stream.decode_layers(z, loudness, layers, fine, colour, mel=True))

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        """Log-mel (M, L) → waveform (L · hop − delay,)."""
        return np.concatenate([np.zeros(0, np.float32), *self.synthesized(mel)])

    def synthesized(self, mel: np.ndarray) -> Iterator[np.ndarray]:
        """The same, piece by piece."""
        stream = self.model.stream()
        return self._on_time(stream.synthesize(piece) for piece in cut(mel, self._frames))

    def stream(self, rate: int = 0, channels: int = 1) -> CoreStream:
        return self.model.stream(rate, channels)

    def _whole(self, name: str, x: Samples) -> Any:
        stream = self.model.stream()
        return tuple(np.concatenate(parts, -1) for parts in zip(*(getattr(stream, name)(piece) for piece in self._padded(x))))

    def _padded(self, x: Samples) -> Iterator[np.ndarray]:
        # the last frames are centred beyond the end, as the first are before the start: nothing of the sound is lost
        length = 0
        for piece in cut(x, self.chunk) if isinstance(x, np.ndarray) else x:
            length += len(piece)
            yield piece
        yield np.zeros(-length % self.hop + self.delay, np.float32)

    def _on_time(self, pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Without the delay at their start, which no sound lies in."""
        late = self.delay
        for piece in pieces:
            yield piece[..., late:]
            late -= min(late, piece.shape[-1])
