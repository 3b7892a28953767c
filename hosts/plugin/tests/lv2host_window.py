"""The window of an LV2 plug-in, over ctypes: what LV2's ui.h and instance-access.h say."""

from __future__ import annotations

import ctypes as c
from pathlib import Path

import screen
from lv2host import CHAR, U32, Lv2, P, _Feature

_UI = b"http://lv2plug.in/ns/extensions/ui#"
_Write = c.CFUNCTYPE(None, P, U32, U32, U32, P)
_Resize = c.CFUNCTYPE(c.c_int, P, c.c_int, c.c_int)
_Touch = c.CFUNCTYPE(None, P, U32, c.c_bool)


class _Descriptor(c.Structure):
    _fields_ = [
        ("uri", CHAR), ("instantiate", c.CFUNCTYPE(P, P, CHAR, CHAR, _Write, P, P, P)), ("cleanup", c.CFUNCTYPE(None, P)),
        ("port_event", P), ("extension", c.CFUNCTYPE(P, CHAR)),
    ]  # fmt: skip


class _Call(c.Structure):
    _fields_ = [("handle", P), ("call", P)]


class Window(screen.Shown):
    """The plug-in's window, shown. told: (port's symbol, value, or whether a hand was put on it)."""

    def __init__(self, host: Lv2, bundle: Path, name: str = "effect"):
        super().__init__()
        self.host, self.told = host, []
        library = c.CDLL(str(next(file for file in bundle.glob(f"{name}.*") if file.suffix != ".ttl")))
        library.lv2ui_descriptor.restype = c.POINTER(_Descriptor)
        self.d = library.lv2ui_descriptor(0).contents
        if self.display:
            self.place(1, 1)
        write, resize, touch = _Write(self._write), _Resize(self._sized), _Touch(self._touched)
        calls = [_Call(None, c.cast(f, P)) for f in (resize, touch)]
        features = [_Feature(_UI + b"parent", self.id), _Feature(b"http://lv2plug.in/ns/ext/instance-access", host.at)]
        features += [_Feature(_UI + n, c.addressof(call)) for n, call in zip((b"resize", b"touch"), calls, strict=True)]
        listed = (P * (len(features) + 1))(*(c.addressof(f) for f in features))
        self._kept = [write, resize, touch, calls, features, listed]
        widget, at = P(), c.addressof(self.d)
        self.ui = self.d.instantiate(at, host.d.uri, str(bundle).encode(), write, None, c.addressof(widget), c.addressof(listed))
        self.made = bool(self.ui)
        if self.made:
            self._idle = c.cast(self.d.extension(_UI + b"idleInterface"), c.POINTER(c.CFUNCTYPE(c.c_int, P)))[0]
            self.run(0.1)

    def _sized(self, _, width: int, height: int) -> int:
        super().resize(width, height)
        return 0

    def _touched(self, _, port: int, begins: bool) -> None:
        self.told.append((self.host.symbols[port], begins))

    def _write(self, _, port: int, size: int, protocol: int, value: int) -> None:
        assert (size, protocol) == (4, 0)
        symbol = self.host.symbols[port]
        self.host.values[symbol].value = c.c_float.from_address(value).value
        self.told.append((symbol, self.host.values[symbol].value))

    def once(self) -> None:
        assert self._idle(self.ui) == 0

    def close(self) -> None:
        if self.made:
            self.d.cleanup(self.ui)
        super().close()
