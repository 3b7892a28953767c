"""Notes played through a model: a MIDI file, rendered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from .core.exciter import Exciter
from .errors import BadValue, Damaged, NotFound
from .model import Model, load
from .sound.audio import Audio
from .store import DEFAULT
from .stream import Stream

TAIL = 2.0  # seconds after the last note, for what still sounds
LONGEST = 3600  # seconds
LARGEST = 64 << 20  # bytes of a MIDI file
BLOCK = 4096
# where keyboards begin: of what was tried a narrow pulse keeps most notes (runs/keyboard.py), and with a faint noise what lies
# between its partials is as little silent as in what was learnt from
SOURCE = {"shape": 1.0, "width": 0.1, "air": -30.0}
# what makes the model give the timbre and the notes keep their pitch
PLAYED = {"match": 1.0, "fine": 1.0, "fine.kept": 1.0}


def notes_of(path: str | os.PathLike[str]) -> list[tuple[float, bytes]]:
    """The short messages of a MIDI file as (seconds, bytes), in time; MelismaError says what is wrong with a file."""
    import mido

    file = Path(path)
    if not file.is_file():
        raise NotFound(f"{file} is not a file; give a MIDI file")
    if file.stat().st_size > LARGEST:
        raise BadValue(
            f"{file} has {file.stat().st_size >> 20} MiB, which no MIDI file needs: give one of at most {LARGEST >> 20}"
        )
    told: list[tuple[float, bytes]] = []
    now = 0.0
    try:
        score = mido.MidiFile(file, clip=True)
        if score.type == 2:
            raise BadValue(f"{file} holds songs beside each other (type 2): save it as a file of type 0 or 1")
        for message in score:
            now += message.time
            if not now <= LONGEST:
                raise BadValue(f"{file} is longer than {LONGEST // 60} minutes: cut out what you need")
            if not message.is_meta and message.type not in ("sysex",):
                told.append((now, bytes(message.bytes())))
    except BadValue:
        raise
    except Exception as error:  # the reader raises whatever it stumbles over
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Damaged(f"{file} is not an intact MIDI file ({reason}): write it anew") from None
    if not any(message[0] >> 4 == 9 and message[2] for _, message in told):
        raise BadValue(f"{file} holds no note: there is nothing to play")
    return told


def play(
    notes: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | Model = DEFAULT,
    parameters: Mapping[str, float] | None = None,
    exciter: Mapping[str, float] | None = None,
) -> Audio:
    """A MIDI file played by a model, at the model's rate: the exciter's sound of its notes through a stream, on time.

    parameters: of the stream, over match, fine and fine.kept, which are 1. exciter: of the exciter, such as shape or attack, over
    SOURCE.
    All channels are played alike, channel 10, the drums of General MIDI, too.
    """
    loaded = model if isinstance(model, Model) else load(model)  # type: ignore[arg-type]
    told = notes_of(notes)
    stream = Stream(loaded._engine, {**PLAYED, **(parameters or {})})
    source = Exciter(loaded.sample_rate)
    for name, value in {**SOURCE, **(exciter or {})}.items():
        source.set(name, value)
    length = round((told[-1][0] + TAIL) * loaded.sample_rate)
    sound = np.zeros(length, np.float32)
    late, at = stream.latency, 0
    for block in _pieces(source, told, loaded.sample_rate, length + late):
        out = stream.process(block)
        begin = max(0, late - at)
        piece = out[begin:]
        start = at + begin - late
        sound[start : start + len(piece)] = piece[: length - start]
        at += len(block)
    return Audio(sound, loaded.sample_rate)


def _pieces(source: Exciter, told: list[tuple[float, bytes]], rate: int, length: int) -> Iterator[np.ndarray]:
    """The exciter's sound, each message at its own sample."""
    at = 0
    for seconds, message in [*told, (float("inf"), b"")]:
        place = length if seconds == float("inf") else min(length, round(seconds * rate))
        while at < place:
            n = min(BLOCK, place - at)
            yield source.process(n)
            at += n
        if message:
            source.midi(message)
