"""`melisma live`: what is played, by whom, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..control import midimap, state
from ..control.midimap import Knob, Knobs
from ..control.osc import Listener
from ..core.binding import CoreModel
from ..errors import BadValue, Unavailable
from ..play import PLAYED, SOURCE
from ..store import DEFAULT, pretrained
from ..system.terminal import say
from . import card, ports
from .engine import Engine, undisturbed

T = TypeVar("T")
NONE = "none"
TICK = 0.05  # seconds between two looks at the clock


@dataclass(frozen=True)
class Wanted:
    """What a command line asks for. input: a device, "none", or None: the usual one, and none where there is a keyboard."""

    model: str | None = None
    input: str | None = None
    output: str | None = None
    block: int = 256
    stereo: bool = False
    midi: str | None = None
    osc: int | None = None
    settings: tuple[tuple[str, float], ...] = ()
    map: Path | None = None
    learn: tuple[str, ...] = ()
    state: Path | None = None
    seconds: float | None = None

    @property
    def microphone(self) -> bool:
        return self.input != NONE if self.input is not None else self.midi is None

    @property
    def notes(self) -> bool:
        return self.midi is not None or not self.microphone


class Player(Engine):
    """An engine with knobs."""

    knobs: Knobs | None = None

    def learn(self, name: str) -> None:
        if self.knobs is None:
            super().learn(name)
        else:
            self.knobs.learn(name)


def listing() -> None:
    """Say which cards and ports there are."""
    cards = _had(card.devices, "no sound card")
    for one in cards:
        ways = ", ".join(f"{n} {word}" for n, word in ((one.inputs, "in"), (one.outputs, "out")) if n)
        say(f"{one.index:3}  {one.name}  ({ways}; {one.rate} Hz{f'; the usual {one.default}' if one.default else ''})")
    for number, name in enumerate(_had(ports.inputs, "no MIDI port"), 1):
        say(f"MIDI {number}  {name}")


def _had(listed: Callable[[], list[T]], none: str) -> list[T]:
    """What there is; where there is nothing, or nothing answers, that is said."""
    try:
        found = listed()
    except Unavailable as error:
        say(str(error))
        return []
    if not found:
        say(none)
    return found


def perform(wanted: Wanted) -> None:
    """Play until Ctrl-C, or for so many seconds."""
    kept = state.load(wanted.state) if wanted.state and wanted.state.exists() else state.State()
    asked = wanted.model or kept.model or DEFAULT
    knobs = _knobs(wanted, kept)
    model = CoreModel(pretrained.locate(asked))
    listed = card.devices()
    heard = card.chosen(wanted.input, "input", listed) if wanted.microphone else None
    played = card.chosen(wanted.output, "output", listed)
    channels = 2 if wanted.stereo and heard and heard.inputs > 1 else 1
    if wanted.learn and wanted.midi is None:
        raise BadValue("--learn waits for a knob: name its --midi PORT, too")
    keyboard = None if wanted.midi is None else ports.chosen(wanted.midi, ports.inputs())
    rate = card.rate_for(model.sample_rate, heard, played, channels)
    player = Player(model, rate, channels=channels, microphone=heard is not None, notes=wanted.notes)
    values = {} if kept.values else {**PLAYED, **SOURCE}
    player.start({**values, **_known(player, kept.values), **_settings(player, wanted)})
    if keyboard:
        player.knobs = Knobs(player, knobs, _learnt(player, wanted))
        for name in wanted.learn:
            player.learn(player.table.find(name).name)
    with ExitStack() as held:
        listener = None
        if wanted.osc is not None:
            listener = Listener(player, wanted.osc)
            held.callback(listener.close)
        held.enter_context(undisturbed())
        card_latency = held.enter_context(card.opened(player, heard, played, wanted.block))
        sources = [one for one in (heard and heard.name, keyboard) if one]
        say(f"{model.name} plays {' and '.join(sources) or 'notes that come by OSC'} on {played.name}. Ctrl-C ends it.")
        late, cards = 1000 * player.latency / rate, 1000 * card_latency
        say(f"{late + cards:.0f} ms late: the model {late:.1f}, the card {cards:.1f}.")
        if heard:
            say("With a microphone use headphones: loudspeakers would feed it.")
        if listener:
            say(f"OSC is heard at 127.0.0.1, UDP port {listener.port}.")
        if keyboard and player.knobs:
            _ask(player.knobs)
            held.enter_context(ports.opened(keyboard, player.knobs.receive))
        with suppress(KeyboardInterrupt):
            _wait(wanted.seconds)
    say(told(player))
    if wanted.state:
        bound = player.knobs.knobs if player.knobs else kept.knobs
        state.save(wanted.state, state.State(asked, player.values(), bound))
        say(f"{wanted.state}: all that was turned")


def told(player: Engine) -> str:
    """What a performance took."""
    seconds = player.samples / player.rate
    words = f"{seconds:.1f} s played: {100 * player.share:.1f} % of a core, {100 * player.worst:.0f} % in the slowest block; "
    if not player.underruns:
        return words + "no underrun."
    times = "one underrun" if player.underruns == 1 else f"{player.underruns} underruns"
    return words + f"{times}: a larger --block helps."


def _wait(seconds: float | None) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        time.sleep(TICK)


def _knobs(wanted: Wanted, kept: state.State) -> tuple[Knob, ...]:
    """The map: the one that is named, else the state's, else the user's own."""
    if wanted.map and (wanted.map.exists() or not wanted.learn):
        return midimap.load(wanted.map)
    if wanted.map:  # to be learnt
        return ()
    if kept.knobs is not None:
        return kept.knobs
    return midimap.load(midimap.place()) if wanted.midi is not None and midimap.place().is_file() else ()


def _learnt(player: Player, wanted: Wanted) -> Callable[[Knob], None]:
    """What is learnt is said, and kept in the map's file."""

    def keep(knob: Knob) -> None:
        channel, bits = f"channel {knob.channel}" if knob.channel else "any channel", " with 14 bits" if knob.bits == 14 else ""
        say(f"controller {knob.controller} of {channel}{bits} turns {knob.parameter}")
        if player.knobs:
            midimap.save(wanted.map or midimap.place(), player.knobs.knobs)
            _ask(player.knobs)

    return keep


def _ask(knobs: Knobs) -> None:
    if knobs.learning:
        say(f"Move the knob for {knobs.learning}.")


def _settings(player: Player, wanted: Wanted) -> dict[str, float]:
    return {player.table.find(name).name: value for name, value in wanted.settings}


def _known(player: Player, values: Mapping[str, float]) -> dict[str, float]:
    """Of a state's values those that this model has."""
    return {name: value for name, value in values.items() if name in player.table}
