"""The layers beside the latents, `fine` and `colour`: what a stream keeps of them, and what a path does."""

import re
from dataclasses import replace

import numpy as np
import pytest
import reference_engine as reference
from hypothesis import given
from hypothesis import strategies as st
from needs import needs_core
from random_models import ROOT, TINY, file_bytes, quick, random_file, sound

from melisma.core import binding as core
from melisma.core.engine import Engine
from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.latent import FINE, LAYER_STEP, PITCH

pytestmark = needs_core

# more bands than colour has cosines, and frames that hold the layers for several
WIDE = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=256, hop=32, bands=40, fmin=50.0, fmax=4000.0),
    VAEConfig(latents=3, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=2, kernel=3, expansion=2),
    MelganConfig(ratios=(8, 4), width=8, dilations=(1, 3), kernel=3),
)
PHASE = replace(WIDE, vocoder=PhaseConfig(width=4, blocks=1, kernel=3, expansion=2))
SINKING = replace(WIDE, vae=replace(WIDE.vae, sink=2.0))
amounts = st.sampled_from([0.0, 0.3, 1.0])


def turned(model: core.CoreModel, **values: float) -> core.CoreStream:
    stream = model.stream()
    for name, value in values.items():
        stream.set(name.replace("_", "."), value)
    stream.reset()
    return stream


def test_the_numbers_are_said_alike():
    header = (ROOT / "core/include/melisma.h").read_text()
    said = dict(re.findall(r"#define (MELISMA_FINE|MELISMA_LAYER_STEP) (\S+)", header))
    assert int(said["MELISMA_FINE"]) == FINE and float(said["MELISMA_LAYER_STEP"]) == LAYER_STEP


@pytest.mark.parametrize("config", [TINY, WIDE, PHASE, SINKING], ids=["few", "melgan", "phase", "sinking"])
@pytest.mark.parametrize("loud", [1.0, 1e-2])
def test_layers_equal_the_reference(config, loud):
    ours, theirs = Engine(random_file(config)), reference.Engine(random_file(config))
    x = loud * sound(8000, 6000)
    z, loudness, steps = theirs.encode_layers(x)
    got = ours.encode_layers(x)
    for a, b in zip(got[:2], (z, loudness)):
        np.testing.assert_allclose(a, b, atol=1e-4)
    assert got[2].dtype == steps.dtype == np.int8 and got[2].shape == steps.shape
    off = np.abs(got[2].astype(int) - steps)  # rounding falls the other way now and then
    assert off.max() <= 1 and (off > 0).mean() < 0.01
    assert np.abs(steps).max() > 10 and not steps[0].any()
    for fine, colour in ((1, 0), (0, 1), (0.25, 0.75)):
        wanted = theirs.decode_mel(z, loudness, steps, fine, colour)
        np.testing.assert_allclose(ours.decode_mel(z, loudness, steps, fine, colour), wanted, atol=1e-4)
        assert np.abs(wanted - theirs.decode_mel(z, loudness)).max() > 0.02 or fine and not colour and len(steps) <= FINE


@quick
@given(
    st.sampled_from([TINY, WIDE, PHASE, SINKING]),
    st.lists(st.integers(0, 700), max_size=8),
    st.sampled_from([0, 0.25, 0.5, 1]),
    st.booleans(),
)
def test_the_domain_goes_from_the_original_to_what_is_set(config, sizes, d, set_last):
    """By the header's words, to the bit, whatever is set before it and after it; it sets nothing of the others."""
    model, x = core.CoreModel(file_bytes(config)), sound(8000, 3000)
    blocks = np.split(x, np.minimum(np.cumsum(sizes), len(x)))
    for match, fine, colour in ((1, 1, 0), (0.5, 0.25, 0.75), (0, 0, 0)):
        told = {"match": match, "fine": fine, "colour": colour}
        stream = turned(model, **(told | {"domain": d} if set_last else {"domain": d} | told))
        got = np.concatenate([stream.process(block) for block in blocks])
        assert [stream.get(name) for name in told] == list(told.values()) and stream.get("domain") == d
        kept = {"fine": fine + (1 - d) * (1 - fine), "colour": colour + (1 - d) * (1 - colour)}
        assert np.array_equal(got, turned(model, match=d * match, **kept).process(x))
    transfer, original = turned(model, match=1, fine=1), turned(model, fine=1, colour=1)
    assert not np.array_equal(transfer.process(x), original.process(x))  # else it would say nothing


def test_the_domain_is_reached_and_left_smoothly():
    """From latents alone to the original and back, in the middle of a block: the same for any split, and no layer stays behind."""
    model, x = core.CoreModel(file_bytes(WIDE)), sound(8000, 12000)

    def run(sizes: list[int]) -> np.ndarray:
        stream, heard = turned(model), []
        for part, value in zip(np.split(x, [4000, 8000]), (1, 0, 1)):
            stream.set("domain", value)
            heard += [stream.process(block) for block in np.split(part, sizes)]
        return np.concatenate(heard)

    got, bare, original = run([]), turned(model).process(x), turned(model, domain=0).process(x)
    assert np.array_equal(got, run([1, 64, 700, 701, 3000]))
    assert np.array_equal(got[:4000], bare[:4000]) and not np.array_equal(got[4000:8000], bare[4000:8000])
    off = np.abs(got - original)[7000:8000].mean(), np.abs(got - bare)[7000:8000].mean()  # layers know some frames of the past
    assert off[0] < 0.3 * off[1]
    np.testing.assert_allclose(got[11000:], bare[11000:], atol=1e-3)


@quick
@given(
    st.sampled_from([TINY, WIDE, PHASE, SINKING]),
    st.lists(st.integers(0, 700), max_size=8),
    amounts,
    amounts,
    st.sampled_from([{}, {"bias_2": 1.5}, {"loudness_offset": -9}, {"match": 1}]),
)
def test_a_stream_with_layers_equals_its_path(config, sizes, fine, colour, edit):
    """To the bit, for any split, whether anything is edited or not; unkept, for what a path keeps is in steps; it has no phases."""
    edit = {"fine_kept": 0, "fine_phases": 0} | edit
    model, x = core.CoreModel(file_bytes(config)), sound(8000, 3000)
    blocks = np.split(x, np.minimum(np.cumsum(sizes), len(x)))
    stream = turned(model, fine=fine, colour=colour, **edit)
    got = np.concatenate([stream.process(block) for block in blocks])
    assert np.array_equal(turned(model, fine=fine, colour=colour, **edit).process(x), got)
    if "match" not in edit:  # which knows the past alone, a path's the whole
        check_path(model, x, got, fine, colour, edit)


def check_path(model, x, got, fine, colour, edit):
    latents, loudness, layers = model.stream().encode_layers(x)
    latents = latents + np.float32(edit.get("bias_2", 0)) * np.eye(len(latents), dtype=np.float32)[1][:, None]
    loudness = np.where(loudness > -100, np.maximum(loudness + edit.get("loudness_offset", 0), -100), -100)
    wanted = model.stream().decode_layers(latents, loudness, layers, fine, colour)
    assert np.array_equal(got[model.hop :], wanted[: len(x) - model.hop])


@quick
@given(
    st.sampled_from([WIDE, PHASE]),
    st.lists(
        st.tuples(st.integers(0, 2999), st.sampled_from(["fine", "colour", "bias.1", "match"]), st.sampled_from([0, 0.6])),
        max_size=8,
    ),
    st.lists(st.integers(0, 2999), max_size=8),
)
def test_turned_on_the_way_no_split_is_heard(config, turns, cuts):
    """Layers and edits come and go while the sound plays: where else its blocks end makes no difference."""
    model, x = core.CoreModel(file_bytes(config)), sound(8000, 3000)

    def played(places: list[int]) -> np.ndarray:
        stream, parts, at = model.stream(), [], 0
        for place in sorted({*places, *(when for when, *_ in turns), len(x)}):
            parts.append(stream.process(x[at:place]))
            at = place
            for when, name, value in turns:
                if when == place:
                    stream.set(name, value)
        return np.concatenate(parts)

    assert np.array_equal(played([]), played(cuts))


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.melisma")), ids=lambda path: path.stem)
def test_published_models_with_both_layers_give_the_sound_back(path):
    """And without them they play as they did: to the bit what a stream gives that knows none."""
    file = modelfile.load(path)
    engine, x = Engine(file), file.golden[0]
    z, loudness, layers = engine.encode_layers(x)
    mel = engine.mel(x)
    heard = loudness > -60
    rms = [
        float(np.sqrt(np.mean((100 * (engine.decode_mel(z, loudness, layers, *amount) - mel)[:, heard]) ** 2)))
        for amount in ((0, 0), (1, 0), (0, 1), (1, 1))
    ]
    assert rms[3] < 0.6 * rms[0] and rms[3] < min(rms[1:3]), rms
    assert np.array_equal(engine.decode_mel(z, loudness, layers, 0, 0), engine.decode_mel(z, loudness))


def test_what_is_decoded_low_sinks(tmp_path):
    """Below −67 dB of the loudness twice as far again, above it nothing changes; a file without the entry is as before."""
    plain, sinking = Engine(random_file(WIDE)), Engine(random_file(SINKING))
    (tmp_path / "x.melisma").write_bytes(file_bytes(SINKING))
    assert modelfile.load(tmp_path / "x.melisma").config == SINKING and b"sink" not in file_bytes(WIDE)
    x = sound(8000, 6000)
    z, loudness = plain.encode(x)
    loudness = np.full_like(loudness, 5)
    before, after = (100 * (engine.decode_mel(8 * z, loudness) - 1) - 5 for engine in (plain, sinking))
    low = (before < -67) & (before > -75)
    assert low.any() and np.allclose(after[low], before[low] - 2 * (-67 - before[low]), atol=1e-3)
    assert (before >= -67).any() and np.array_equal(before[before >= -67], after[before >= -67])


def test_layers_know_no_gain():
    """A sound 20 dB softer has the same layers, but for rounding and for what falls below the analysis's own floor."""
    engine, x = Engine(modelfile.load(ROOT / "models/strings.melisma")), sound(44100, 60000)
    loud, soft = (engine.encode_layers(gain * x)[2].astype(int) for gain in (0.5, 0.05))
    # the decoder knows the loudness, and what it makes of it is left out again
    assert np.abs(loud - soft).mean() < 0.25 * np.abs(loud).mean()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_absurd_numbers_come_out_finite(value):
    model = core.CoreModel(file_bytes(WIDE))
    x = sound(8000, 3000)
    x[500:600] = value
    stream = turned(model, fine=1, colour=1)
    assert np.isfinite(stream.process(x)).all()
    latents, loudness, layers = model.stream().encode_layers(x)
    assert np.isfinite(model.stream().decode_layers(latents, loudness, np.full_like(layers, -128), value, value)).all()
    with pytest.raises(ValueError, match="is needed"):
        model.stream().decode_layers(latents, loudness, layers[:, 1:])


def test_kept_fine_structure_is_what_it_was_before_the_edits():
    """Its cosines are those of the stream that nothing edits; the colour's are the edited ones."""
    model = core.CoreModel(file_bytes(WIDE))
    edits = {"bias.1": 2.0, "scale.2": -1.0}

    def cosines_of(edited, **values):
        stream = turned(model, **values)
        for name, value in edits.items() if edited else ():
            stream.set(name, value)
        stream.reset()
        stream.process(sound(8000, 4000))
        mel = stream.last_frame()[3]
        assert mel.min() > 0  # else it would be cut off there
        k = np.arange(WIDE.analysis.bands)[:, None]
        return np.cos(np.pi * k * (np.arange(len(mel)) + 0.5) / len(mel)) @ mel

    plain, edited, kept = cosines_of(False, fine=1), cosines_of(True, fine=1, fine_kept=0), cosines_of(True, fine=1)
    assert np.abs(edited - plain)[FINE:].max() > 0.01 < np.abs(edited - plain)[1:FINE].max()
    np.testing.assert_allclose(kept[FINE:], plain[FINE:], atol=1e-4)
    np.testing.assert_allclose(kept[1:FINE], edited[1:FINE], atol=1e-4)
    half = cosines_of(True, fine=1, fine_kept=0.5)
    np.testing.assert_allclose(half[FINE:], (plain + edited)[FINE:] / 2, atol=1e-4)
    unkept = cosines_of(True, fine_kept=1)  # without fine it is nothing
    np.testing.assert_allclose(unkept, cosines_of(True), atol=1e-6)


@pytest.mark.parametrize("config", [TINY, WIDE, PHASE], ids=["few", "melgan", "phase"])
def test_a_moved_path_keeps_its_fine_structure(config):
    """As the reference has it, and as a stream that is turned alike plays it, but for its steps."""
    ours, theirs = Engine(random_file(config)), reference.Engine(random_file(config))
    x = sound(8000, 6000)
    z, loudness, steps = ours.encode_layers(x)
    moved, louder = z + np.float32(1.5) * np.eye(len(z), dtype=np.float32)[1][:, None], loudness + np.float32(3)
    before, after = (z, loudness, steps), (moved, louder, None)
    got, wanted = ours.keep_layers(before, after), theirs.keep_layers(before, after)
    off = np.abs(got.astype(int) - wanted)
    assert off.max() <= 1 and (off > 0).mean() < 0.01 and np.array_equal(got[:FINE], steps[:FINE])
    assert np.array_equal(ours.keep_layers(before, before), steps)
    if config is TINY:  # too few bands to have any
        return
    assert np.abs(got.astype(int) - steps).max() > 2
    stream = turned(ours.model, fine=1, bias_2=1.5, loudness_offset=3)
    stream.process(x)
    live = stream.last_frame()[3]
    path = ours.decode_mel(moved, louder, got, 1, 0)[:, len(x) // ours.hop - 1]
    assert live.min() > 0
    cosines = np.cos(np.pi * np.arange(len(live))[:, None] * (np.arange(len(live)) + 0.5) / len(live)) @ (live - path)
    assert np.abs(cosines * np.sqrt(2 / len(live)))[1:].max() < 0.0051 + 1e-4  # half a step


@pytest.mark.parametrize("fine", [0.0, 0.5, 1.0])
def test_match_moves_pitch_as_far_as_fine_structure_holds_it(fine):
    """With all of it, all latents are whitened, whatever they are of; without, those of pitch go PITCH of the way."""
    x = sound(8000, 4000)

    def last(**values):
        file = random_file(WIDE)
        file.latents["timbre"] = [0]
        stream = turned(core.CoreModel(modelfile.to_bytes(file)), match=1, **values)
        stream.process(x)
        return stream.last_frame()[1]

    # the second is of pitch
    z = core.CoreModel(file_bytes(WIDE)).stream().encode(x)[0][:, -1]
    least, got = last(), last(fine=fine)
    whole = z[1] + (least[1] - z[1]) / PITCH
    assert abs(whole - least[1]) > 0.01
    share = PITCH + (1 - PITCH) * fine
    np.testing.assert_allclose(got, [least[0], z[1] + share * (whole - z[1])], atol=1e-5)
    np.testing.assert_allclose(last(fine=fine, fine_kept=0), least, atol=1e-6)  # what is not kept holds nothing
