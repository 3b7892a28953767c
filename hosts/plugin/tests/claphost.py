"""A CLAP host as small as can be, over ctypes: what CLAP's headers say, and nothing of this plug-in."""

from __future__ import annotations

import ctypes as c
from pathlib import Path

import numpy as np

P, U32, CHAR = c.c_void_p, c.c_uint32, c.c_char_p
Call = c.CFUNCTYPE(None, P)
_VERSION = U32 * 3
PARAM_VALUE, GESTURE, MIDI = 5, 7, 10


class _Host(c.Structure):
    _fields_ = [
        ("version", _VERSION), ("data", P), ("name", CHAR), ("vendor", CHAR), ("url", CHAR), ("own_version", CHAR),
        ("get_extension", c.CFUNCTYPE(P, P, CHAR)), ("request_restart", Call), ("request_process", Call),
        ("request_callback", Call),
    ]  # fmt: skip


class _Plugin(c.Structure):
    _fields_ = [
        ("descriptor", P), ("data", P), ("init", c.CFUNCTYPE(c.c_bool, P)), ("destroy", Call),
        ("activate", c.CFUNCTYPE(c.c_bool, P, c.c_double, U32, U32)), ("deactivate", Call),
        ("start_processing", c.CFUNCTYPE(c.c_bool, P)), ("stop_processing", Call), ("reset", Call),
        ("process", c.CFUNCTYPE(c.c_int32, P, P)), ("get_extension", c.CFUNCTYPE(P, P, CHAR)), ("on_main_thread", Call),
    ]  # fmt: skip


class _Descriptor(c.Structure):
    _fields_ = [("version", _VERSION), *((n, CHAR) for n in ("id", "name", "vendor", "url", "manual", "support", "own", "about"))]
    _fields_ += [("features", c.POINTER(CHAR))]


class _Factory(c.Structure):
    _fields_ = [
        ("count", c.CFUNCTYPE(U32, P)), ("descriptor", c.CFUNCTYPE(c.POINTER(_Descriptor), P, U32)),
        ("create", c.CFUNCTYPE(c.POINTER(_Plugin), P, P, CHAR)),
    ]  # fmt: skip


class _Entry(c.Structure):
    _fields_ = [("version", _VERSION), ("init", c.CFUNCTYPE(c.c_bool, CHAR)), ("deinit", c.CFUNCTYPE(None))]
    _fields_ += [("factory", c.CFUNCTYPE(P, CHAR))]


class _Buffer(c.Structure):
    _fields_ = [("data32", c.POINTER(P)), ("data64", P), ("channels", U32), ("latency", U32), ("constant", c.c_uint64)]


class _Event(c.Structure):
    _fields_ = [("size", U32), ("time", U32), ("space", c.c_uint16), ("type", c.c_uint16), ("flags", U32)]


class _Value(c.Structure):
    _fields_ = [
        ("header", _Event), ("id", U32), ("cookie", P), ("note", c.c_int32), ("port", c.c_int16), ("channel", c.c_int16),
        ("key", c.c_int16), ("value", c.c_double),
    ]  # fmt: skip


class _Midi(c.Structure):
    _fields_ = [("header", _Event), ("port", c.c_uint16), ("data", c.c_uint8 * 3)]


class _InEvents(c.Structure):
    _fields_ = [("context", P), ("size", c.CFUNCTYPE(U32, P)), ("get", c.CFUNCTYPE(P, P, U32))]


class _OutEvents(c.Structure):
    _fields_ = [("context", P), ("push", c.CFUNCTYPE(c.c_bool, P, P))]


class _Process(c.Structure):
    _fields_ = [
        ("time", c.c_int64), ("frames", U32), ("transport", P), ("inputs", P), ("outputs", P), ("input_count", U32),
        ("output_count", U32), ("events", c.POINTER(_InEvents)), ("told", c.POINTER(_OutEvents)),
    ]  # fmt: skip


class _Info(c.Structure):
    _fields_ = [("id", U32), ("flags", U32), ("cookie", P), ("name", c.c_char * 256), ("module", c.c_char * 1024)]
    _fields_ += [("minimum", c.c_double), ("maximum", c.c_double), ("default", c.c_double)]


class _Params(c.Structure):
    _fields_ = [
        ("count", c.CFUNCTYPE(U32, P)), ("info", c.CFUNCTYPE(c.c_bool, P, U32, c.POINTER(_Info))),
        ("value", c.CFUNCTYPE(c.c_bool, P, U32, c.POINTER(c.c_double))),
        ("text", c.CFUNCTYPE(c.c_bool, P, U32, c.c_double, P, U32)),
    ]  # fmt: skip


_Stream = c.CFUNCTYPE(c.c_int64, P, P, c.c_uint64)


class _StreamObject(c.Structure):
    _fields_ = [("context", P), ("call", _Stream)]


class _State(c.Structure):
    _fields_ = [("save", c.CFUNCTYPE(c.c_bool, P, P)), ("load", c.CFUNCTYPE(c.c_bool, P, P))]


class Clap:
    """One instance. Parameters are known by the last part of their module's path, DPF's symbol."""

    def __init__(self, file: Path, rate: float, block: int, inputs: int = 2):
        self.rate, self.block, self.inputs, self.restarts = rate, block, inputs, 0
        entry = _Entry.in_dll(c.CDLL(str(file)), "clap_entry")
        assert entry.init(str(file).encode())
        factory = c.cast(entry.factory(b"clap.plugin-factory"), c.POINTER(_Factory))
        at = c.cast(factory, P)
        assert factory.contents.count(at) == 1
        self.descriptor = factory.contents.descriptor(at, 0).contents
        self.extensions: dict[bytes, int] = {}  # what more this host has: name → address
        self._latency = (Call * 1)(Call(lambda _: None))
        self._host = _Host(_VERSION(1, 1, 2), None, b"tests", b"tests", b"", b"1")
        self._host.get_extension = type(self._host.get_extension)(
            lambda _, name: c.addressof(self._latency) if name == b"clap.latency" else self.extensions.get(name)
        )
        self._host.request_restart = Call(lambda _: setattr(self, "restarts", self.restarts + 1))
        self._host.request_process = self._host.request_callback = Call(lambda _: None)
        self.plugin = factory.contents.create(at, c.byref(self._host), self.descriptor.id)
        self.p, self.at = self.plugin.contents, c.cast(self.plugin, P)
        assert self.p.init(self.at)
        self.params = c.cast(self.p.get_extension(self.at, b"clap.params"), c.POINTER(_Params)).contents
        self.infos = {}
        for i in range(self.params.count(self.at)):
            info = _Info()
            assert self.params.info(self.at, i, c.byref(info))
            self.infos[info.module.decode().split("/")[-1].replace("dpf_", "")] = info
        self._events: list[c.Structure] = []
        self.told: list[tuple[str, str, float | None]] = []  # kind, symbol, value
        self.active = False

    def start(self) -> None:
        assert self.p.activate(self.at, self.rate, 1, self.block) and self.p.start_processing(self.at)
        self.active = True

    def reset(self) -> None:
        self.p.stop_processing(self.at), self.p.deactivate(self.at)
        self.start()

    def close(self) -> None:
        if self.active:
            self.p.stop_processing(self.at), self.p.deactivate(self.at)
        self.p.destroy(self.at)

    @property
    def latency(self) -> int:
        call = c.cast(self.p.get_extension(self.at, b"clap.latency"), c.POINTER(c.CFUNCTYPE(U32, P)))
        return call[0](self.at)

    def set(self, symbol: str, value: float, time: int = 0) -> None:
        """From the next block on."""
        info = self.infos[symbol]
        event = _Value(_Event(c.sizeof(_Value), time, 0, PARAM_VALUE, 0), info.id, None, -1, -1, -1, -1, value)
        self._events.append(event)

    def midi(self, data: bytes, time: int = 0) -> None:
        event = _Midi(_Event(c.sizeof(_Midi), time, 0, MIDI, 0), 0, (c.c_uint8 * 3)(*data.ljust(3, b"\0")))
        self._events.append(event)

    def get(self, symbol: str) -> float:
        value = c.c_double()
        assert self.params.value(self.at, self.infos[symbol].id, c.byref(value))
        return value.value

    def text(self, symbol: str, value: float) -> str:
        text = c.create_string_buffer(256)
        assert self.params.text(self.at, self.infos[symbol].id, value, text, 256)
        return text.value.decode()

    def process(self, x: np.ndarray | None, frames: int = 0) -> np.ndarray:
        """(2, n) → (2, n), one block; without inputs, `frames` of it."""
        n = x.shape[-1] if x is not None else frames
        out = np.full((2, n), 9, np.float32)
        ins = np.ascontiguousarray(x, np.float32) if x is not None else None

        def buffer(array):
            rows = (P * 2)(*(array[i].ctypes.data for i in range(2)))
            return _Buffer(c.cast(rows, c.POINTER(P)), None, 2, 0, 0), rows

        (b_out, keep_out) = buffer(out)
        b_in, keep_in = buffer(ins) if ins is not None else (None, None)
        events = self._events
        told = _OutEvents(None, type(_OutEvents().push)(self._hear))
        given = _InEvents(None, type(_InEvents().size)(lambda _: len(events)))
        given.get = type(given.get)(lambda _, i: c.addressof(events[i]))
        process = _Process(-1, n, None, c.addressof(b_in) if b_in else None, c.addressof(b_out), int(b_in is not None), 1)
        process.events, process.told = c.pointer(given), c.pointer(told)
        assert self.p.process(self.at, c.addressof(process)) == 1
        self._events = []
        return out

    def _hear(self, _, at: int) -> bool:
        """What the plug-in tells of its parameters: a hand at it, values, the hand gone."""
        kind = {PARAM_VALUE: "value", GESTURE: "begin", GESTURE + 1: "end"}.get(_Event.from_address(at).type)
        if kind:
            event = _Value.from_address(at)
            symbol = next(symbol for symbol, info in self.infos.items() if info.id == event.id)
            self.told.append((kind, symbol, event.value if kind == "value" else None))
        return True

    def save(self) -> bytes:
        data = bytearray()

        def write(_, buffer, size):
            data.extend(c.string_at(buffer, size))
            return size

        stream = _StreamObject(None, _Stream(write))
        assert self._state().save(self.at, c.addressof(stream))
        return bytes(data)

    def load(self, data: bytes) -> bool:
        left = bytearray(data)

        def read(_, buffer, size):
            part = bytes(left[:size])
            del left[:size]
            c.memmove(buffer, part, len(part))
            return len(part)

        stream = _StreamObject(None, _Stream(read))
        return bool(self._state().load(self.at, c.addressof(stream)))

    def _state(self) -> _State:
        return c.cast(self.p.get_extension(self.at, b"clap.state"), c.POINTER(_State)).contents


def chunk(text: str, saved: bytes) -> bytes:
    """A state as DPF wrote it, with another text of Melisma's own in it."""
    before, rest = saved.split(b"__dpf_state_begin__\0state\0")
    return before + b"__dpf_state_begin__\0state\0" + text.encode() + rest[rest.index(b"\0") :]
