"""Models in Pure Data: damaged, exchanged while they sound, found by name."""

import os
import shutil

import numpy as np
import pytest
from needs import needs_objects, needs_pd
from pd import OBJECTS, Patch, run_pd
from pd_sounds import STRINGS, sound
from slots import Slot

from melisma.core import binding as core

pytestmark = [needs_pd, needs_objects]


def damaged(folder, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return name


FILES = {
    "missing": lambda folder: "missing.melisma",
    "cut": lambda folder: damaged(folder, "cut.melisma", STRINGS.read_bytes()[:-1000]),
    "text": lambda folder: damaged(folder, "text.melisma", b"this is no model\n" * 50),
    "empty": lambda folder: damaged(folder, "empty.melisma", b""),
    "sound": lambda folder: damaged(folder, "sound.wav", b"RIFF" + bytes(5000)),
    "folder": lambda folder: (folder / "folder.melisma").mkdir() or "folder.melisma",
    "nobody": lambda folder: "nobody",
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("word", ["melisma~", "melisma.encode~", "melisma.decode~"])
def test_a_model_that_is_none_gives_one_line_and_silence(tmp_path, kind, word):
    name = FILES[kind](tmp_path)
    x = sound(6400)
    patch = Patch(tmp_path)
    chain = patch.object(f"{word} {name}")
    patch.plays(x, chain)
    out = patch.records(chain, len(x))
    run = patch.run(len(x))
    assert run.code == 0 and len(run.errors) == 1, run.lines
    (line,) = run.errors
    assert line.startswith(f"error: {word}: ") and name in line and len(line) < 600
    assert not run.sounds[out].any()


@pytest.mark.parametrize("kind", ["missing", "cut", "sound", "nobody"])
def test_a_failed_load_while_running_fades_to_silence(tmp_path, strings, kind):
    name = FILES[kind](tmp_path)
    x = sound(44160 * 4)
    patch = Patch(tmp_path)
    chain, other = patch.object(f"melisma~ {STRINGS}", "chain"), patch.object(f"melisma~ {STRINGS}")
    patch.plays(x, chain)
    patch.cable(patch.inputs[-1][2], other)
    patch.hears(chain, 1)
    patch.at(500, f"chain load {name}")
    out, beside = patch.records(chain, len(x)), patch.records(other, len(x))
    run = patch.run(len(x), paced=True)
    assert run.code == 0 and len(run.errors) == 1 and name in run.errors[0], run.lines
    assert [line for line in run.lines if line.startswith("heard")][-1].startswith("heard: silent")
    wanted = strings.stream().process(x)
    assert np.array_equal(run.sounds[beside], wanted)
    assert np.array_equal(run.sounds[out][:22000], wanted[:22000]) and not run.sounds[out][-44100:].any()


def test_messages_that_make_no_sense_give_one_line_each(tmp_path, strings):
    x = sound(44160)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}", "chain")
    patch.plays(x, chain)
    out = patch.records(chain, len(x))
    bad = [
        "load",
        "set",
        "set volume 3",
        "set mix",
        "set 3 mix",
        "set mix high",
        "hold",
        "freeze what",
        "loudness",
        "loudness loud",
    ]
    for i, message in enumerate(bad):
        patch.at(10 * i, f"chain {message}")
    run = patch.run(len(x))
    assert run.code == 0 and len(run.errors) == len(bad), run.lines
    assert all(line.startswith("error: melisma~: ") for line in run.errors)
    assert np.array_equal(run.sounds[out], strings.stream().process(x))


def test_a_model_is_swapped_while_it_plays(tmp_path, strings, model_files):
    """The old one sounds until the new one fades in: as the core's slot does it, to the bit."""
    x = sound(44160 * 4)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}", "chain")
    patch.plays(x, chain)
    timer, route = patch.object("timer"), patch.object("route model")
    patch.cable(patch.object("receive begin"), timer)
    patch.at(0, "begin bang")
    patch.cable(chain, route, 1)
    both = patch.object("trigger bang anything")
    patch.cable(route, both)
    patch.cable(both, timer, 0, 1)
    patch.hears(timer, 0, "when")
    patch.at(1000, f"chain load {model_files / 'bells.melisma'}")
    out = patch.records(chain, len(x))
    run = patch.run(len(x), paced=True)
    assert run.code == 0 and not run.errors
    when = [float(line.split()[1]) for line in run.lines if line.startswith("when")]
    at = int(when[-1] * 44.1 / 64) * 64
    assert at > 44100
    slot = Slot(44100)
    slot.put(strings.stream(44100))
    first = slot.process(x[:at])
    slot.put(core.CoreModel(model_files / "bells.melisma").stream(44100))
    wanted = np.concatenate([first, slot.process(x[at:])])
    assert np.array_equal(run.sounds[out], wanted)


def test_loads_on_top_of_each_other(tmp_path, model_files):
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}", "chain")
    patch.plays(sound(44160 * 4), chain)
    patch.hears(chain, 1)
    for i in range(40):
        patch.at(100 + 3 * i, f"chain load {[STRINGS, model_files / 'bells.melisma'][i % 2]}")
    patch.at(300, "chain load nobody")
    patch.at(301, f"chain load {model_files / 'bells.melisma'}")
    patch.records(chain, 1000)
    run = patch.run(44160 * 4, paced=True)
    assert run.code == 0 and len(run.errors) <= 1, run.lines
    told = [line for line in run.lines if line.startswith("heard")]
    # nobody is not even looked for where the loading before takes until bells are asked for
    assert told[-1].startswith("heard: model bells 2") and {line for line in told if "silent" in line} <= {
        "heard: silent nobody"
    }, told


def test_a_model_that_is_not_usable_yet_says_so_in_the_console(tmp_path, model_files):
    from dataclasses import replace

    from melisma.files import modelfile

    file = modelfile.load(model_files / "bells.melisma")
    poor = {"usable": False, "verdict": "Not usable yet:\nit is 9.0 dB off, " + "é" * 300}
    modelfile.save(replace(file, name="poor", training=poor), tmp_path / "poor.melisma")
    modelfile.save(replace(file, name="good", training=poor | {"usable": True}), tmp_path / "good.melisma")
    patch = Patch(tmp_path)
    for name in ("good", "poor"):
        patch.object(f"melisma~ {tmp_path / name}.melisma", name)
    run = patch.run(6400)
    (said,) = [line for line in run.lines if "usable" in line]
    assert said.startswith("melisma~: poor: Not usable yet: it is 9.0 dB off, éé") and said.endswith("é")


def test_32_objects_at_once(tmp_path, strings, model_files):
    x = sound(6400)
    patch = Patch(tmp_path)
    player = None
    outs = []
    for i in range(32):
        chain = patch.object(f"melisma~ {STRINGS}", f"c{i}")
        if player is None:
            player = patch.plays(x, chain)
        else:
            patch.cable(player, chain)
        outs.append(patch.records(chain, len(x)))
        patch.at(100, f"c{i} load {model_files / 'bells.melisma'}")
        patch.at(110, f"c{i} load nobody{i}")
    run = patch.run(len(x))
    wanted = strings.stream().process(x)
    assert run.code == 0 and len(run.errors) <= 32
    for out in outs:
        assert np.array_equal(run.sounds[out][:4400], wanted[:4400])


def test_dsp_on_and_off_in_loops(tmp_path, model_files):
    patch = Patch(tmp_path)
    chain, encode = patch.object(f"melisma~ {STRINGS}", "all"), patch.object("melisma.encode~ nobody 16", "all")
    decode = patch.object("melisma.decode~", "all")
    for d in range(17):
        patch.cable(encode, decode, d, d)
    patch.plays(sound(44160), chain)
    patch.cable(patch.inputs[-1][2], encode)
    out = patch.records(decode, 44160)
    for i in range(60):
        patch.at(5 + 10 * i, f"pd dsp {i % 2}")
        patch.at(7 + 10 * i, f"all load {[STRINGS, model_files / 'bells.melisma', 'strings'][i % 3]}")
        patch.at(8 + 10 * i, "all reset")
    patch.at(700, f"all load {STRINGS}")
    environment = dict(os.environ, MELISMA_HOME=str(STRINGS.parent.parent))
    run = patch.run(44160 * 2, environment=environment)
    assert run.code == 0 and len(run.errors) == 1 and "nobody" in run.errors[0], run.lines
    assert np.isfinite(run.sounds[out]).all()


def test_names(tmp_path, model_files):
    """Beside the objects, in the user's own folder, beside the patch, on Pd's path; with and without the suffix."""
    for folder in ("objects/models", "patch", "path"):
        (tmp_path / folder).mkdir(parents=True)
    for file in OBJECTS.glob("melisma*.pd_*"):
        shutil.copy2(file, tmp_path / "objects")
    source = model_files / "bells.melisma"
    for place in ("objects/models/beside", "patch/near", "path/far"):
        shutil.copy2(source, tmp_path / f"{place}.melisma")
    patch = Patch(tmp_path / "patch")
    for name in ("beside", "near", "near.melisma", "far", "far.melisma", "bells", "../path/far.melisma", str(source)):
        patch.hears(patch.object(f"melisma~ {name}"), 1)
    patch.object("melisma~ elsewhere")
    environment = dict(os.environ, MELISMA_HOME=str(model_files.parent))
    patch.run(640)
    run = run_pd(
        patch.folder / "patch.pd", environment=environment, path=tmp_path / "objects", more=["-path", str(tmp_path / "path")]
    )
    assert [line[:20] for line in run.lines if line.startswith("heard")] == ["heard: model bells 2"] * 8
    assert len(run.errors) == 1 and "elsewhere" in run.errors[0], run.lines
