"""Messages to the objects for Pure Data: each parameter, nonsense, hours of both."""

import os

import numpy as np
import pytest
from needs import needs_objects, needs_pd
from pd import ABSURD, BOUNDS, Patch, Run, Session, heard, measures, random_session
from pd_sounds import STRINGS, sound

from melisma.store import pretrained

pytestmark = [needs_pd, needs_objects]


def test_parameters_and_messages_are_the_streams(tmp_path, strings):
    """Turned at the start of a block, they sound as the stream's own do; before a model is there they are kept for it."""
    x = sound(64 * 600)
    patch = Patch(tmp_path)
    chain, late = patch.object(f"melisma~ {STRINGS}", "both"), patch.object("melisma~", "both")
    patch.plays(x, chain)
    patch.cable(patch.inputs[-1][2], late)
    patch.at(0, "both set scale.1 0.5")
    patch.at(0, "both set loudness.offset -6")
    patch.cable(patch.add(f"load {STRINGS}", "msg"), late)
    out = patch.records(chain, len(x))
    turns = [(100, "hold", 1), (150, "hold.loudness", 1), (200, "bias.2", 1.5), (250, "loudness.level", -30), (400, "mix", 0)]
    said = {"hold": "hold latents", "hold.loudness": "freeze 1", "loudness.level": "loudness -30", "mix": "bypass 1"}
    for block, name, value in turns:
        patch.at((block + 0.5) * 64000 / 44100, f"both {said.get(name, f'set {name} {value}')}")
    run = patch.run(len(x))
    assert not run.errors
    stream = strings.stream()
    stream.set("scale.1", 0.5)
    stream.set("loudness.offset", -6)
    wanted, start = [], 0
    for block, name, value in [*turns, (600, "mix", 0)]:
        wanted.append(stream.process(x[start : block * 64]))
        stream.set(name, value)
        if name == "loudness.level":
            stream.set("loudness.by_hand", 1)
        start = block * 64
    assert np.array_equal(run.sounds[out], np.concatenate(wanted))


@pytest.mark.parametrize("kind", ["message", "number", "signal"])
def test_the_loudness_by_hand(tmp_path, strings, kind):
    """By message, by a number at the second inlet, or by a signal there, read once a block; then the input's own again."""
    x = sound(64 * 600)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}", "chain")
    patch.plays(x, chain)
    out = patch.records(chain, len(x))
    turns = {100: -30, 250: -50, 400: None} if kind != "signal" else {block: -60 + 0.1 * block for block in range(600)}
    if kind == "number":
        patch.cable(patch.add("receive level"), chain, 0, 1)
    if kind == "signal":
        curve = np.zeros(len(x), np.float32)
        curve[63::64] = list(turns.values())  # a block's last value counts
        patch.plays(curve, chain, 1)
    else:
        message = "chain loudness" if kind == "message" else "level"
        for block, level in turns.items():
            patch.at((block + 0.5) * 64000 / 44100, "chain loudness input" if level is None else f"{message} {level}")
    run = patch.run(len(x))
    assert run.code == 0 and not run.errors, run.lines
    stream, wanted = strings.stream(), []
    for block in range(600):
        if block in turns:
            if turns[block] is not None:
                stream.set("loudness.level", turns[block])
            stream.set("loudness.by_hand", turns[block] is not None)
        wanted.append(stream.process(x[64 * block : 64 * block + 64]))
    assert np.array_equal(run.sounds[out], np.concatenate(wanted)) and run.sounds[out].any()


def test_dump_and_ranges_tell_everything(tmp_path, strings):
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}", "chain")
    patch.hears(chain, 1)
    patch.at(1, "chain dump")
    patch.at(2, "chain ranges")
    text = "\n".join(patch.run(640).lines)
    for p in strings.parameters:
        assert f"  {p.name} " in text
    assert "latency 1024 samples at 44100 Hz = 23.2 ms" in text and text.count("heard: range ") == strings.latents


def test_random_messages_over_long_audio(tmp_path, model_files):
    """Twenty minutes where CI says that it is one, three elsewhere; bench/puredata.py takes any time."""
    seconds = 1200 if os.environ.get("CI") else 180
    session = random_session(tmp_path, seconds, [*pretrained.published().values(), model_files / "bells.melisma"], seed=1)
    assert not session.complaints() and len(session.loudest["chain"]) >= seconds


def test_a_session_tells_what_went_wrong(tmp_path):
    """Sounds beyond bounds, numbers that are none, silence and the console's errors are found, and the second."""
    fine = {name: [0.0, 0.5, 0.5] for name in BOUNDS}
    assert Session(Run(0, ["heard chain: 0.5"]), fine).complaints() == []
    bad = Session(Run(139, ["error: melisma~: what"]), fine | {"chain": [0.5, 9, 9], "decoded": [0, 0, 0]})
    assert bad.complaints() == [
        "pd ended with 139", "error: melisma~: what", "chain came to 9 in second 1", "decoded was silent",
    ]  # fmt: skip
    patch = Patch(tmp_path)
    nobody = patch.object("expr~ log(0) - log(0)")
    measures(patch, {"loud": [(patch.object("phasor~ 1"), 0)], "none": [(nobody, 0)]}, 100)
    assert (loudest := heard(patch.run(22050)))["loud"][-1] > 0.3 and loudest["loud"][0] < 0.1
    assert loudest["none"][-1] == ABSURD
