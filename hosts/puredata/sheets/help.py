"""The help patches of the objects."""

from __future__ import annotations

from .parts import LATENTS, MODEL
from .sheet import Sheet

MESSAGES = {
    f"load {MODEL}": "a model by name or file, faded in once it is loaded",
    "reset": "as if it had just been made",
    "bypass 1": "",
    "loudness -20": "the loudness by hand, in dBFS",
    "loudness input": "the input's loudness again",
    "hold 1": "hold latents and loudness (0: let go)",
    "hold latents": "hold the latents while the loudness follows the input",
    "set randomize 1": "any parameter: dump prints them all",
    "cc 20 64": "a controller turns what midi.json says of it",
    "learn match": "the next controller that moves turns this",
    "dump": "print model, latency, parameters, ranges",
    "ranges": "say range NUMBER 1% 50% 99% of each latent",
    "models": "say known NUMBER NAME of each model",
    "pick 1": "load one of those by its number",
    "recording take": "say recording PATH: a new file of your own",
}


def help_sheet(name: str, about: str, does: dict[str, str], facts: tuple[str, ...], object_width: int = 270) -> Sheet:
    """Title, messages to click and facts; the object itself is placed by the caller in the panel at the left."""
    x = 40 + object_width
    end = 60 + 66 + 27 * len(does)
    height = max(end + 60 + 24 * len(facts), 420)
    s = Sheet(x + 620, height + 20, name, about)
    s.box(20, 60, object_width, height - 60, label="the object")
    s.box(x, 60, 600, end - 60, label="messages")
    to = s.obj(x + 14, end - 32, f"s {name}-help")
    for i, message in enumerate(does):
        s.wire(s.msg(x + 62, 92 + 27 * i, message), to)  # the cables come down at their left
    for i, text in enumerate(does.values()):
        s.text(x + 200, 92 + 27 * i, text, 56)
    s.box(x, end + 16, 600, height - end - 16, label="inlets, outlets, arguments")
    for i, fact in enumerate(facts):
        s.text(x + 8, end + 42 + 24 * i, fact, 84)
    return s


def chain_help() -> Sheet:
    s = help_sheet("melisma~", "a sound in a model's timbre", MESSAGES | {
        "bypass 1": "let the input through, as late as the model is",
        "set match 1": "the timbre put where the model's own sounds are",
        "set fine 1": "the input's partials kept beside that: its pitch",
        "set colour 0.5": "the input's own colour kept, too (0: the model's)",
        "set domain 0.5": "0: the original; 1: what match, fine and colour say",
    }, (
        "left inlet: sound, messages. right: loudness by hand in dBFS, number or signal.",
        "left outlet: the sound. right outlet: model NAME LATENTS LATENCY MS, or silent.",
        "argument: a model. Any block size and any rate. Latency at 44.1 kHz: 23 ms.",
        "see also: melisma.encode~, melisma.decode~, melisma.loop~, transfer.pd",
    ))  # fmt: skip
    tone, heard, number = s.obj(40, 130, "osc~ 220"), s.obj(150, 130, "r melisma~-help"), s.number(154, 230)
    quiet, chain_, level, dac = (
        s.obj(40, 160, "*~ 0.2"),
        s.obj(40, 280, f"melisma~ {MODEL}"),
        s.obj(40, 380, "*~ 0.3"),
        s.obj(40, 410, "dac~"),
    )
    s.wire(tone, quiet, chain_, level, dac)
    s.wire(heard, chain_)
    s.cable(number, chain_, 0, 1)
    s.cable(chain_, s.obj(152, 330, "print melisma~"), 1)
    s.cable(level, dac, 0, 1)
    s.text(36, 96, "a sound", 12)
    s.text(214, 230, "dBFS", 12)
    return s


def encode_help() -> Sheet:
    s = help_sheet("melisma.encode~", "the latent path of a sound, as signals", {
        k: v for k, v in MESSAGES.items() if not k.startswith(("loudness", "set"))
    } | {"bypass 1": "latents 0 and silence, without a model's work"}, (
        "inlet: the sound, and messages.",
        "outlets: a signal for each latent, in standard deviations of the training set,",
        "the one that matters most first. Then the loudness in dBFS. Then messages.",
        "arguments: a model, and how many latents (without: as many as the model has).",
        "Into melisma.decode~ it is melisma~, to the bit. see also: crossfade.pd",
    ))  # fmt: skip
    tone, heard, chain_ = (
        s.obj(40, 130, "osc~ 220"),
        s.obj(116, 130, "r melisma.encode~-help"),
        s.obj(40, 230, f"melisma.encode~ {MODEL}"),
    )
    first, last, tick = s.obj(40, 330, "snapshot~"), s.obj(181, 330, "snapshot~"), s.obj(100, 290, "metro 100")
    s.wire(tone, chain_, first, s.number(40, 360))
    s.wire(heard, chain_)
    s.cable(chain_, last, LATENTS)
    s.wire(last, s.number(181, 360))
    s.wire(tick, first)
    s.wire(tick, last)
    s.wire(s.obj(100, 262, "loadbang"), tick)
    s.text(36, 384, "latent 1", 12)
    s.text(177, 384, "loudness", 12)
    return s


def decode_help() -> Sheet:
    s = help_sheet("melisma.decode~", "the sound of a latent path", MESSAGES | {
        "bypass 1": "silence, without a model's work",
    }, (
        "inlets: a signal (or a number) for each latent, in standard deviations, and the",
        "loudness in dBFS, -100 if nothing is connected. Messages go to the first inlet.",
        "outlets: the sound, and messages.",
        "arguments: a model, and how many latents (without: as many as the model has).",
        "see also: melisma.encode~, playing.pd",
    ))  # fmt: skip
    slow, heard, loud = s.obj(40, 130, "osc~ 0.2"), s.obj(110, 160, "r melisma.decode~-help"), s.obj(197, 230, "sig~ -24")
    wide, chain_, level, dac = (
        s.obj(40, 190, "*~ 2"),
        s.obj(40, 290, f"melisma.decode~ {MODEL}"),
        s.obj(40, 380, "*~ 0.3"),
        s.obj(40, 410, "dac~"),
    )
    s.wire(slow, wide, chain_, level, dac)
    s.wire(heard, chain_)
    s.cable(loud, chain_, 0, LATENTS)
    s.cable(level, dac, 0, 1)
    s.text(36, 96, "latent 1", 12)
    s.text(193, 204, "loudness", 12)
    return s


def loop_help() -> Sheet:
    s = help_sheet("melisma.loop~", "the way back of a feedback loop", {
        "frequency 440": "centre of the band in Hz, 20 to 20000", "q 3": "centre over width, 0.1 to 100",
        "gain 2": "at the centre, x 0 to 16", "breath -60": "a faint noise to wake from, in dBFS (-120: none)",
        "seed 1": "which noise, begun anew", "reset": "as if it had just been made",
    }, (
        "DC blocker, bandpass, gain, limiter at 0.7, breath: a loop through it cannot run",
        "away, whatever is turned, and wakes from silence.",
        "inlets: the sound and messages, frequency, Q, gain. outlet: the sound.",
        "arguments: frequency, Q, gain, breath. see also: feedback.pd, melisma feedback",
    ))  # fmt: skip
    read, chain_, heard = (
        s.obj(40, 100, "delread~ loop-help 100"),
        s.obj(40, 140, f"melisma~ {MODEL}"),
        s.obj(160, 190, "r melisma.loop~-help"),
    )
    loop, write = s.obj(40, 310, "melisma.loop~ 440 3 2 -60"), s.obj(40, 370, "delwrite~ loop-help 1000")
    s.wire(read, chain_, loop, write)
    s.items[heard] = "#X obj 60 200 r melisma.loop~-help;"
    s.wire(heard, loop)
    for i, label in enumerate(("Hz", "Q", "gain")):
        s.cable(s.number(98 + 59 * i, 260, width=6), loop, 0, i + 1)
        s.text(94 + 59 * i, 236, label)
    return s


def helps() -> dict[str, Sheet]:
    return {
        "melisma~-help": chain_help(),
        "melisma.encode~-help": encode_help(),
        "melisma.decode~-help": decode_help(),
        "melisma.loop~-help": loop_help(),
    }
