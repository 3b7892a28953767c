"""MIDI ports, through mido on the system's own MIDI (python-rtmidi, or pygame's)."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import BadValue, NotFound, Unavailable, extra

TICK = 0.001  # seconds between two looks at a port


def inputs() -> list[str]:
    """The names of the ports that can be heard."""
    return list(dict.fromkeys(_asked(lambda mido: mido.get_input_names())))


def chosen(text: str, names: list[str]) -> str:
    """A number of --list from 1, a name, or a part of one."""
    if not names:
        raise Unavailable("there is no MIDI port: connect a keyboard; `melisma live --list` shows what there is")
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    found = [name for name in names if name == text] or [name for name in names if text.lower() in name.lower()]
    if not found:
        raise NotFound(f"there is no MIDI port {text!r}; there are {', '.join(names)}")
    if len(found) > 1:
        raise BadValue(f"--midi {text} may be {' or '.join(found)}; write more of it")
    return found[0]


@contextmanager
def opened(name: str, receive: Callable[[bytes], None]) -> Iterator[None]:
    """Short messages of the port, each as bytes, on a thread of its own until the block ends."""
    port = _asked(lambda mido: mido.open_input(name))
    over = threading.Event()
    thread = threading.Thread(target=_listen, args=(port, receive, over), name="melisma-midi", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        port.close()


def _listen(port: Any, receive: Callable[[bytes], None], over: threading.Event) -> None:
    """Asks the port: not every one of mido's backends calls back."""
    while not over.is_set():
        message = port.poll()
        if message is None:
            over.wait(TICK)
        elif message.type != "sysex" and (told := message.bin()) and told[0] < 0xF0:
            receive(bytes(told))


def _asked(question: Callable[[Any], Any]) -> Any:
    """What mido answers; Unavailable in one sentence where the system has no MIDI."""
    import mido

    with extra("live"):
        if not os.environ.get("MIDO_BACKEND"):
            mido.set_backend(f"mido.backends.{_backend()}")
        try:
            return question(mido)
        except ImportError:
            raise
        except Exception as error:  # each backend raises its own
            reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise Unavailable(f"the system's MIDI does not answer ({reason}): is it running, and may you use it?") from None


def _backend() -> str:
    """rtmidi where it is installed, else pygame where that is."""
    if importlib.util.find_spec("rtmidi") is None and importlib.util.find_spec("pygame") is not None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        return "pygame"
    return "rtmidi"
