"""The sound card, through PortAudio (sounddevice)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..errors import BadValue, NotFound, Unavailable, extra
from .engine import LARGEST, Engine


@dataclass(frozen=True)
class Device:
    """A device of the system's, as --list shows it."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int
    default: str  # "input", "output", "input and output" or ""


def sounddevice() -> ModuleType:
    """The library; Unavailable in one sentence where it, or PortAudio, is missing."""
    with extra("live"):
        try:
            import sounddevice as library
        except OSError:
            raise Unavailable(
                "this needs the library PortAudio, which is not installed: apt install libportaudio2, or your system's like"
            ) from None
    return library


def devices() -> list[Device]:
    """All that the system has."""
    library = sounddevice()
    try:
        told = library.query_devices()
        usual = [int(index) for index in library.default.device]
    except library.PortAudioError as error:
        raise Unavailable(f"the sound cards cannot be listed ({_said(error)}): check that the system's sound works") from None
    listed = []
    for index, one in enumerate(told):
        default = " and ".join(word for word, at in zip(("input", "output"), usual) if at == index)
        rate = round(one["default_samplerate"])
        listed.append(Device(index, one["name"], one["max_input_channels"], one["max_output_channels"], rate, default))
    return listed


def chosen(text: str | None, side: str, listed: list[Device]) -> Device:
    """side: "input" or "output". A number of --list, a part of a name, or None for the system's usual one."""
    able = [one for one in listed if (one.inputs if side == "input" else one.outputs)]
    if not able:
        raise Unavailable(
            f"this machine has no sound card with an {side}: connect one; `melisma live --list` shows what there is"
        )
    if text is None:
        return next((one for one in able if side in one.default), able[0])
    if text.isdecimal():
        found = [one for one in able if one.index == int(text)]
    else:
        found = [one for one in able if one.name == text] or [one for one in able if text.lower() in one.name.lower()]
    if not found:
        raise NotFound(f"there is no {side} {text!r}; there are {', '.join(f'{one.index} {one.name}' for one in able)}")
    if len(found) > 1:
        raise BadValue(f"--{side} {text} may be {' or '.join(f'{one.index} {one.name}' for one in found)}; give the number")
    return found[0]


def rate_for(wanted: int, heard: Device | None, played: Device, channels: int) -> int:
    """The model's rate where the card can do it, else the card's own: the core converts."""
    library = sounddevice()
    for rate in (wanted, played.rate):
        try:
            if heard:
                library.check_input_settings(heard.index, channels, "float32", None, rate)
            library.check_output_settings(played.index, min(2, played.outputs), "float32", None, rate)
            return rate
        except library.PortAudioError as error:
            reason = _said(error)
    names = played.name if heard is None else f"{heard.name} and {played.name}"
    raise Unavailable(f"{names} cannot be opened ({reason}): is another program using it? `melisma live --list` shows others")


@contextmanager
def opened(engine: Engine, heard: Device | None, played: Device, block: int) -> Iterator[float]:
    """The card calls the engine until the block ends → the card's own delay in seconds, input and output together."""
    library = sounddevice()
    common: dict[str, Any] = {"samplerate": engine.rate, "blocksize": min(block, LARGEST), "dtype": "float32", "latency": "low"}
    outputs = min(2, played.outputs)
    late = ("output_underflow", "input_overflow")

    def both(x: Any, y: Any, frames: int, times: Any, status: Any) -> None:
        if status and any(getattr(status, flag) for flag in late):
            engine.underruns += 1
        engine.process(x, y)

    def out_only(y: Any, frames: int, times: Any, status: Any) -> None:
        if status and status.output_underflow:
            engine.underruns += 1
        engine.process(None, y)

    make: Callable[[], Any]
    if heard:
        make = lambda: library.Stream(
            device=(heard.index, played.index), channels=(engine.channels, outputs), callback=both, **common
        )
    else:
        make = lambda: library.OutputStream(device=played.index, channels=outputs, callback=out_only, **common)
    try:
        stream = make()
        stream.start()
    except library.PortAudioError as error:
        raise Unavailable(f"{played.name} cannot be opened ({_said(error)}): is another program using it?") from None
    try:
        latency = stream.latency
        yield float(sum(latency)) if isinstance(latency, tuple) else float(latency)
    finally:
        try:
            stream.stop()
        finally:
            stream.close()


def _said(error: BaseException) -> str:
    """PortAudio's own words, without its numbers."""
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.removeprefix("Error opening Stream: ").partition(" [")[0]
