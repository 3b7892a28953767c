"""An LV2 host as small as can be, over ctypes; it reads the ports from the Turtle, line by line."""

from __future__ import annotations

import ctypes as c
import re
import struct
from pathlib import Path

import numpy as np

P, U32, CHAR = c.c_void_p, c.c_uint32, c.c_char_p


class _Feature(c.Structure):
    _fields_ = [("uri", CHAR), ("data", P)]


class _Descriptor(c.Structure):
    _fields_ = [
        ("uri", CHAR), ("instantiate", c.CFUNCTYPE(P, P, c.c_double, CHAR, P)), ("connect", c.CFUNCTYPE(None, P, U32, P)),
        ("activate", c.CFUNCTYPE(None, P)), ("run", c.CFUNCTYPE(None, P, U32)), ("deactivate", c.CFUNCTYPE(None, P)),
        ("cleanup", c.CFUNCTYPE(None, P)), ("extension", c.CFUNCTYPE(P, CHAR)),
    ]  # fmt: skip


_Map = c.CFUNCTYPE(U32, P, CHAR)
_Store = c.CFUNCTYPE(U32, P, U32, P, c.c_size_t, U32, U32)
_Retrieve = c.CFUNCTYPE(P, P, U32, c.POINTER(c.c_size_t), c.POINTER(U32), c.POINTER(U32))
_Path = c.CFUNCTYPE(P, P, CHAR)


class _MapFeature(c.Structure):
    _fields_ = [("handle", P), ("map", _Map)]


class _PathFeature(c.Structure):
    _fields_ = [("handle", P), ("abstract", _Path), ("absolute", _Path)]


class _State(c.Structure):
    _fields_ = [("save", c.CFUNCTYPE(U32, P, _Store, P, U32, P)), ("restore", c.CFUNCTYPE(U32, P, _Retrieve, P, U32, P))]


ATOM, PATCH = "http://lv2plug.in/ns/ext/atom#", "http://lv2plug.in/ns/ext/patch#"


class Lv2:
    """One instance. maps: whether the host offers urid:map."""

    def __init__(self, bundle: Path, name: str, rate: float, maps: bool = True):
        text = (bundle / f"{name}.ttl").read_text(encoding="utf-8")
        self.symbols = re.findall(r'lv2:index \d+ ;\s+lv2:symbol "(\w+)"', text)
        defaults = dict(
            re.findall(r'lv2:symbol "(\w+)" ;\s+lv2:name "[^"]*" ;(?:\s+(?!lv2:symbol).*;)*?\s+lv2:default ([-\d.e+]+)', text)
        )
        self.values = {s: c.c_float(float(defaults[s])) for s in self.symbols if s in defaults}
        self.values["latency"] = c.c_float(-1)
        binary = next(file for file in bundle.glob(f"{name}.*") if file.suffix != ".ttl")
        library = c.CDLL(str(binary))
        library.lv2_descriptor.restype = c.POINTER(_Descriptor)
        self.d = library.lv2_descriptor(0).contents
        assert not library.lv2_descriptor(1)
        self.uris: list[str] = []
        self._map = _MapFeature(None, _Map(lambda _, uri: self.uri(uri.decode())))
        features = [_Feature(b"http://lv2plug.in/ns/ext/urid#map", c.addressof(self._map))] if maps else []
        self._features, self._list = features, (P * (len(features) + 1))(*(c.addressof(f) for f in features))
        self.at = self.d.instantiate(c.addressof(self.d), rate, str(bundle).encode() + b"/", c.addressof(self._list))
        assert self.at
        for symbol, value in self.values.items():
            self.d.connect(self.at, self.symbols.index(symbol), c.addressof(value))
        self._control, self._notify = np.zeros(2048, "<u8"), np.zeros(2048, "<u8")
        for symbol, room in (("control", self._control), ("notify", self._notify)) if maps else ():
            self.d.connect(self.at, self.symbols.index(symbol), room.ctypes.data)
        self._events: list[bytes] = []
        self.maps = maps

    def uri(self, uri: str) -> int:
        if uri not in self.uris:
            self.uris.append(uri)
        return self.uris.index(uri) + 1

    def start(self) -> None:
        self.d.activate(self.at)

    def reset(self) -> None:
        self.d.deactivate(self.at)
        self.d.activate(self.at)

    def close(self) -> None:
        self.d.deactivate(self.at)
        self.d.cleanup(self.at)

    @property
    def latency(self) -> int:
        return int(self.values["latency"].value)

    def set(self, symbol: str, value: float) -> None:
        if symbol == "bypass":
            symbol, value = "enabled", 1 - value
        self.values[symbol].value = value

    def get(self, symbol: str) -> float:
        return self.values[symbol].value

    def midi(self, data: bytes, time: int = 0) -> None:
        self._event(self.uri("http://lv2plug.in/ns/ext/midi#MidiEvent"), data, time)

    def _event(self, kind: int, data: bytes, time: int) -> None:
        self._events.append(struct.pack("<qII", time, len(data), kind) + data + bytes(-len(data) % 8))

    def send(self, path: str) -> None:
        """patch:Set of the model's file."""
        body = struct.pack("<II", 0, self.uri(PATCH + "Set"))

        def add(key: str, kind: str, value: bytes) -> bytes:
            return (
                struct.pack("<IIII", self.uri(PATCH + key), 0, len(value), self.uri(ATOM + kind)) + value + bytes(-len(value) % 8)
            )

        body += add("property", "URID", struct.pack("<I", self.uri("urn:melisma:file"))) + add(
            "value", "Path", path.encode() + b"\0"
        )
        self._event(self.uri(ATOM + "Object"), body, 0)

    def process(self, x: np.ndarray | None, frames: int = 0) -> np.ndarray:
        n = x.shape[-1] if x is not None else frames
        out = np.full((2, n), 9, np.float32)
        ins = np.ascontiguousarray(x, np.float32) if x is not None else None
        for i, side in enumerate(("left", "right")):
            self.d.connect(self.at, self.symbols.index(f"out_{side}"), out[i].ctypes.data)
            if ins is not None:
                self.d.connect(self.at, self.symbols.index(f"in_{side}"), ins[i].ctypes.data)
        events = b"".join(self._events)
        sequence = struct.pack("<IIII", 8 + len(events), self.uri(ATOM + "Sequence"), 0, 0) + events
        self._control.view("u1")[: len(sequence)] = np.frombuffer(sequence, "u1")
        self._notify[0] = 16000
        self.d.run(self.at, n)
        self._events = []
        return out

    def told(self) -> bytes:
        """What the plug-in said in the last block."""
        size = int(self._notify.view("<u4")[0])
        return self._notify.tobytes()[8 : 8 + size]

    def _paths(self, folder: str):
        """The host's own short paths: relative to a session's folder."""
        keep: list = []

        def text(path: bytes) -> int:
            libc = c.CDLL(None)
            libc.strdup.restype = P
            return libc.strdup(path)

        feature = _PathFeature(None)
        feature.abstract = _Path(lambda _, path: text(path.removeprefix(folder.encode())))
        feature.absolute = _Path(lambda _, path: text(path if path.startswith(b"/") else folder.encode() + path))
        entry = _Feature(b"http://lv2plug.in/ns/ext/state#mapPath", c.addressof(feature))
        array = (P * 2)(c.addressof(entry), None)
        return array, (feature, entry, keep)

    def _state(self) -> _State:
        return c.cast(self.d.extension(b"http://lv2plug.in/ns/ext/state#interface"), c.POINTER(_State)).contents

    def save(self, folder: str = "") -> dict[str, tuple[bytes, str]]:
        """Property → value, type."""
        kept = {}

        def store(_, key, value, size, kind, flags):
            kept[self.uris[key - 1]] = (c.string_at(value, size), self.uris[kind - 1])
            return 0

        features, keep = self._paths(folder) if folder else ((P * 1)(None), None)
        assert self._state().save(self.at, _Store(store), None, 0, c.addressof(features)) == 0
        return kept

    def load(self, kept: dict[str, tuple[bytes, str]], folder: str = "") -> bool:
        buffers = {}

        def retrieve(_, key, size, kind, flags):
            if self.uris[key - 1] not in kept:
                return None
            value, name = kept[self.uris[key - 1]]
            buffers[key] = c.create_string_buffer(value, len(value))
            size[0], kind[0], flags[0] = len(value), self.uri(name), 3
            return c.addressof(buffers[key])

        features, keep = self._paths(folder) if folder else ((P * 1)(None), None)
        return self._state().restore(self.at, _Retrieve(retrieve), None, 0, c.addressof(features)) == 0


def state(text: str) -> dict[str, tuple[bytes, str]]:
    """As the plug-in keeps it."""
    return {"urn:melisma:state": (text.encode() + b"\0", ATOM + "String")}
