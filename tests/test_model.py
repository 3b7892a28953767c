"""Model: sounds to paths and back, whatever their length, in step with what went in."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import melisma
from melisma import MelismaError, latent
from melisma.core.exciter import Exciter
from melisma.errors import BadValue
from melisma.files import modelfile
from melisma.measure.metrics import stft_distance
from melisma.model import Model

RATE, HOP, FRAME = 16000, 64, 256  # the tiny model's


def noise(seconds, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


# --- lengths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, HOP - 1, HOP, HOP + 1, FRAME, 1000, 4321])
@pytest.mark.parametrize("rate", [8000, RATE, 44100])
def test_as_long_as_it_was(model, length, rate):
    x = noise(1)[:length]
    path = model.encode(x, rate=rate)
    assert (path.length, path.source_rate, path.dimensions, path.model) == (length, rate, model.latents, "tiny")
    own = melisma.sound.rates.resampled_length(length, rate, RATE)
    assert path.frames == -(-own // HOP) + FRAME // HOP - 1 and path.rate == RATE / HOP
    for y in (model.decode(path), model.transfer(x, rate=rate), model.copy_synthesis(x, rate=rate)):
        assert (y.samples.shape, y.rate) == ((1, length), rate) and np.isfinite(y.samples).all()
    assert model.mel(x, rate=rate).shape == (len(model.band_centres), path.frames) == model.decode_mel(path).shape
    assert model.kl(x, rate=rate).shape == (4, path.frames) and (model.kl(x, rate=rate) >= 0).all()


def test_channels_are_mixed_and_every_way_to_give_a_sound_is_the_same(model):
    x = noise(0.2)
    wanted = model.encode(x).values
    stereo = np.stack([1.5 * x, 0.5 * x])
    for sound in (melisma.Audio(x, RATE), melisma.Audio(stereo, RATE), stereo, x.astype(np.float64), x.tolist()):
        assert np.allclose(model.encode(sound).values, wanted, atol=1e-4)


def test_a_stereo_sound_is_played_as_one(model):
    x, other = noise(0.2), noise(0.2)[::-1].copy()
    both = model.transfer(np.stack([x, other]))
    assert both.channels == 2
    # each channel's loudness, in every hop, is that of the channel by itself; only phases look at the other
    for channel, sound in enumerate((x, other)):
        alone, mine = model.mel(model.transfer(sound)), model.mel(both.samples[channel])
        assert np.abs(alone - mine).mean() < 0.05
    turned = model.transfer(np.stack([x, 0.5 * x])).samples
    assert np.corrcoef(turned)[0, 1] > 0.98
    assert np.array_equal(melisma.transfer(np.stack([x, x]), model=model).samples, np.stack([model.transfer(x).samples[0]] * 2))
    assert model.transfer(np.stack([x, other]), mono=True).channels == 1 == model.transfer(np.stack([x] * 3)).channels
    stream, alone = model.stream(channels=2, fine=1), model.stream(fine=1)
    out = np.concatenate([stream.process(part) for part in np.array_split(np.stack([x, other]), 5, axis=1)], axis=1)
    same = model.stream(channels=2, fine=1).process(np.stack([x, x]))
    assert np.array_equal(same[0], same[1]) and np.array_equal(same[0], alone.process(x)) and out.shape == same.shape
    with pytest.raises(MelismaError, match="1 or 2 channels, not 3"):
        model.stream(channels=3)


# --- pieces -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["phase", "melgan"])
@pytest.mark.parametrize("pieces", [1, 7, 250])
def test_read_in_pieces_it_is_the_same(model, kind, pieces):
    from melisma.files.config import MelganConfig
    from melisma.training.export import to_file
    from melisma.training.reference import Reference

    file = model.file
    if kind == "melgan":
        config = replace(file.config, vocoder=MelganConfig(ratios=(8, 8), width=16, dilations=(1, 3), kernel=3))
        file = to_file(Reference(config, kept=3).eval(), "melgan", file.latents, {})
    x, whole, pieced = noise(0.5 if pieces == 1 else 1.5), Model(file), Model(file)
    assert whole._engine.chunk > len(x)
    pieced._engine.chunk = pieces * HOP
    path, mel = whole.encode(x), whole.mel(x)
    again = pieced.encode(x)
    assert np.allclose(again.values, path.values, atol=1e-4) and np.allclose(again.loudness, path.loudness, atol=1e-3)
    assert np.allclose(pieced.mel(x), mel, atol=1e-5) and np.allclose(pieced.kl(x), whole.kl(x), atol=1e-4)
    assert np.allclose(pieced.decode_mel(path), whole.decode_mel(path), atol=1e-5)
    sounds = whole.decode(path), whole.copy_synthesis(x)
    for a, b in zip(sounds, (pieced.decode(path), pieced.copy_synthesis(x)), strict=True):
        assert np.abs(a.samples - b.samples).max() < 1e-6


@pytest.mark.parametrize("rate", [RATE, 22050])
def test_of_a_long_sound_little_but_the_sound_is_held(model, monkeypatch, rate):
    """Frames, spectra and activations are let go piece by piece, so an hour works as well."""
    from melisma.core import engine

    monkeypatch.setattr(engine, "CHUNK_SECONDS", 2)
    own, x = Model(model.file), noise(600)
    own.transfer(x[:RATE])
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    except OSError:
        pytest.skip("only on Linux: memory is measured as it does")
    before = memory("VmRSS")
    assert len(own.transfer(x, rate=rate).samples[0]) == len(x)
    # what comes out is as long as what goes in; a resampled copy, or one in double precision, would be as long again, or twice.
    # Layers are there as they come, in one piece, and on their way to the decoder
    layers = len(own.band_centres) * len(x) // HOP
    assert memory("VmHWM") - before < 1.65 * x.nbytes + 3 * layers


def memory(what):
    """VmRSS, what the process holds now, or VmHWM, the most that it held; in bytes."""
    return int(Path("/proc/self/status").read_text().split(f"{what}:")[1].split()[0]) * 1024


# --- time ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [RATE, 44100])
@pytest.mark.parametrize("at", [0.1, 0.2503, 0.497])
def test_a_click_stays_where_it_was(model, at, rate):
    """Through true mels: the vocoder of the tiny model is the draft and its phases, which need no training."""
    x = np.zeros(rate // 2, np.float32)
    place = round(at * rate)
    x[place : place + 3] = 0.9
    y = np.asarray(model.copy_synthesis(x, rate=rate))
    energy = np.square(y.astype(np.float64))
    centre = (energy * np.arange(len(y))).sum() / energy.sum()
    assert abs(centre - place - 1) < HOP * rate / RATE, centre - place
    assert energy[: place - FRAME * rate // RATE].sum() < 1e-3 * energy.sum()


def test_frames_are_where_they_say(model):
    """Frame l is centred at sample (l + 1) · hop − frame / 2."""
    for place in (640, 1000, 3000):
        x = np.zeros(4000, np.float32)
        x[place] = 1
        loudest = int(model.encode(x).loudness.argmax())
        assert abs((loudest + 1) * HOP - FRAME / 2 - place) <= HOP / 2


def test_a_stream_is_the_whole_later(model):
    # tones, as noise turns the last bit of a latent that was stored in 32 bits into another phase: magnitudes agree, samples do not
    t = np.arange(RATE // 2) / RATE
    x = (0.1 * sum(np.sin(2 * np.pi * f * t) for f in (330, 495, 1320)) * np.exp(-3 * t)).astype(np.float32)
    stream = model.stream()
    assert stream.latency == model.latency == FRAME
    blocks = np.split(x, [1, 5, 64, 64, 300, 2000, 2001, 7000])
    streamed = np.concatenate([stream.process(block) for block in blocks])
    assert streamed.shape == x.shape
    whole = model.transfer(x, match=0, fine=0).samples[0, : len(x) - stream.latency]
    part = streamed[stream.latency :]
    assert stft_distance(whole, part, RATE) < 0.05  # to 1e-4 on the stream's own path: see test_streaming
    stream.reset()
    again = np.concatenate([stream.process(block) for block in blocks])
    assert np.array_equal(again, streamed)


# --- what the path says is done -----------------------------------------------------------------------------------------


def test_loudness_by_hand(model):
    x = noise(0.3)
    path = model.encode(x)
    for given, wanted in (("input", path), (-30.0, path.set_loudness(-30)), (path.loudness - 6, path.gain(-6))):
        moved = model.kept(path, latent.matched(wanted, pitch=1))
        assert np.allclose(
            model.transfer(x, loudness=given), model.decode(moved, colour=0, sound=melisma.Audio(x, RATE)), atol=1e-6
        )
        still = model.decode(model.kept(path, wanted), fine=0.5, sound=melisma.Audio(x, RATE))
        assert np.allclose(model.transfer(x, loudness=given, match=0, fine=0.5, colour=1), still, atol=1e-6)
    for wrong in ("output", np.zeros(3), float("nan")):
        with pytest.raises(MelismaError, match="loudness|to has|to must"):
            model.transfer(x, loudness=wrong)


def test_what_does_not_fit_together(model):
    path = model.encode(noise(0.1))
    with pytest.raises(MelismaError, match="the path has 5 latents, model tiny has 3: encode the sound with tiny"):
        model.decode(replace(path, values=np.zeros((5, path.frames)), ranges=None))
    with pytest.raises(MelismaError, match="runs at 100.00 frames a second, model tiny at 250.00"):
        model.decode(replace(path, rate=100.0))
    with pytest.raises(MelismaError, match=r"has the shape \(2, 3, 4\); samples of the shape \(T,\) or \(channels, T\)"):
        model.encode(np.zeros((2, 3, 4)))
    with pytest.raises(MelismaError, match="at 16000 Hz and the call says 8000"):
        model.encode(melisma.Audio(noise(0.1), RATE), rate=8000)
    with pytest.raises(MelismaError, match="no model named 'tinny'; did you mean tiny"):
        melisma.load("tinny")


def test_a_transfer_keeps_the_fine_structure_as_far_as_it_is_heard(model):
    """With none of it the latents of pitch go a part of the way, as `match` leaves them; with all of it, all the way."""
    path = replace(model.encode(noise(0.3)), timbre=(0,))
    for fine, pitch in ((0, latent.PITCH), (0.5, (1 + latent.PITCH) / 2), (1, 1)):
        moved = model.transferred(path, fine=fine)
        assert np.array_equal(moved.values, latent.matched(path, pitch=pitch).values)
        assert np.array_equal(moved.layers, path.layers) is not bool(fine) and np.array_equal(moved.layers[:20], path.layers[:20])
    bare = replace(path, layers=None)
    assert np.array_equal(model.transferred(bare).values, path.match().values) and model.transferred(bare).layers is None


# --- one call from sounds to sounds -------------------------------------------------------------------------------------


def test_one_call_is_what_the_model_does(model, tmp_path):
    x, y = melisma.Audio(noise(0.3), RATE), melisma.Audio(noise(0.2, 1, 0.02), 8000)
    a, b = model.encode(x), model.encode(y)
    melisma.write(tmp_path / "x.wav", x.samples, RATE, subtype="FLOAT")
    alone = melisma.transfer(a, model=model)  # a path has no phases
    assert np.array_equal(alone, model.decode(model.transferred(a), colour=0))
    for sound in (x, noise(0.3), tmp_path / "x.wav", str(tmp_path / "x.wav")):
        for named in (model, "tiny"):
            got = melisma.transfer(sound, model=named)
            assert got.rate == RATE and np.array_equal(got, model.decode(model.transferred(a), colour=0, sound=x))
    wanted = model.decode(model.transferred(a, loudness=-30, match=0), fine=0.25, colour=0.5, sound=x)
    assert np.array_equal(melisma.transfer(x, model=model, loudness=-30, match=0, fine=0.25, colour=0.5), wanted)
    between = melisma.interpolate(y, x, model=model, curve=0.25)
    assert between.rate == 8000 and np.array_equal(between, model.decode(b.interpolate(a, 0.25)))
    wanted = model.decode(a.interpolate(b), fine=0, colour=0.3)
    assert np.array_equal(melisma.interpolate(x, b, model=model, fine=0, colour=0.3), wanted)
    four = [x, y, a.reverse(), model.sample(0.4)]
    mixed = melisma.mix(four, weights=[1, 2, 0, 1], model=model)
    assert mixed.duration == pytest.approx(0.4)
    assert np.array_equal(mixed, model.decode(a.mix([b, a.reverse(), four[3]], [1, 2, 0, 1])))


@pytest.mark.parametrize("seconds", [1e-6, 0.1, 0.25, 1.001])
def test_a_sample_is_a_path_that_plays_for_so_long(model, seconds):
    path = model.sample(seconds, seed=5)
    sound = model.decode(path)
    assert sound.samples.shape[1] == path.length == max(1, round(seconds * RATE)) and path.model == "tiny"
    assert path.frames == model.encode(sound).frames and np.array_equal(path.ranges, model.ranges)
    again, other = melisma.load("tiny").sample(seconds, seed=5), model.sample(seconds, seed=6)
    assert np.array_equal(path.values, again.values) and not np.array_equal(path.values, other.values)
    level = np.abs(model.decode(model.sample(seconds, seed=5, loudness=-20)))
    assert level.max() > np.abs(sound).max() or seconds < 0.01
    assert np.array_equal(melisma.sample(seconds, model=model, seed=5).samples, sound.samples)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda m: melisma.sample(0, model=m), "seconds is 0"),
        (lambda m: melisma.sample(float("nan"), model=m), "seconds is nan"),
        (lambda m: melisma.sample(1e9, model=m), "up to 3600 seconds"),
        (lambda m: melisma.sample(1, model="tinny"), "did you mean tiny"),
        (lambda m: melisma.transfer("absent.wav", model=m), "absent.wav does not exist"),
        (lambda m: melisma.transfer(noise(0.1), model=m, loudness="output"), "loudness is 'output'"),
        (lambda m: melisma.mix([], model=m), "at least one is needed"),
        (lambda m: melisma.mix([noise(0.1)] * 4, weights=[1, 2], model=m), "4 paths need"),
        (lambda m: melisma.mix([noise(0.1)] * 4, weights=[0, 0, 0, 0], model=m), "at least one path needs a weight above 0"),
        (lambda m: melisma.interpolate(noise(0.1), noise(0.1), model=m, curve=[1, 2, 3]), "curve has the shape"),
    ],
)
def test_what_cannot_be_done_in_one_call(model, call, reason):
    with pytest.raises(MelismaError, match=reason):
        call(model)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (
            lambda m, p, x: m.decode(p.values),
            "a latent path is needed, not something of the type ndarray: Model.encode gives one",
        ),
        (lambda m, p, x: m.decode("cat.npz"), "of the type str: .*pathfile.load reads one"),
        (lambda m, p, x: m.decode_mel(None), "of the type NoneType"),
        (lambda m, p, x: list(m.decode_pieces(x, [9])), "of the type Audio"),
        (lambda m, p, x: m.transferred(x), "of the type Audio"),
        (lambda m, p, x: m.through(x, lambda path: None), "of the type NoneType"),
        (lambda m, p, x: m.decode(p, sound=x.samples), "the sound beside the path is of the type ndarray: give an Audio"),
        (lambda m, p, x: m.decode_pair([p, p], x), "two paths are given and a sound of 1 channels: give one of two"),
        (lambda m, p, x: m.decode_pair([], x), "0 paths are given"),
        (lambda m, p, x: m.decode_pair([p, p, p], x), "3 paths are given"),
        (lambda m, p, x: m.sample("long"), "seconds is 'long', not a number"),
        (lambda m, p, x: melisma.sample(None, model=m), "seconds is None, not a number"),
        (lambda m, p, x: melisma.mix(None, model=m), "mix takes its sounds in a list"),
        (lambda m, p, x: p.mix(p), r"in a list: mix\(\[other\]\)"),
        (lambda m, p, x: melisma.latent.mix(p), "only latent paths can be blended, in a list"),
        (lambda m, p, x: m.stream(match="all"), "match is 'all', not a number"),
        (lambda m, p, x: m.stream().set("fine", None), "fine is None, not a number"),
        (lambda m, p, x: m.stream(channels="two"), "a stream has 1 or 2 channels, not 'two'"),
        (lambda m, p, x: Exciter().set("shape", "saw"), "shape is 'saw', not a number"),
    ],
)
def test_what_is_of_another_kind_gets_a_sentence(model, call, reason):
    sound = melisma.Audio(noise(0.1), RATE)
    with pytest.raises(BadValue, match=reason):
        call(model, model.encode(sound), sound)


def test_a_model_knows_itself(model, tiny):
    assert repr(model) == "<melisma model tiny: 3 latents, 16000 Hz>"
    assert model.ranges.shape == (3, 2) and model.frame_rate == 250
    assert model.verify()["distance"] < 0.05
    for given in (tiny, str(tiny), "tiny"):
        assert melisma.load(given).file.digest == model.file.digest
    sound, output = model.file.golden
    short = replace(model.file, golden=(sound[:5], output[:5]))  # less than a hop
    assert Model(short).verify()["error"] < 1e-4
    for wrong in (output[::-1].copy(), -output, 2 * output, 0 * output, output + 3e38):
        with pytest.raises(MelismaError, match="does not reproduce its golden pair"):
            Model(replace(model.file, golden=(sound, wrong))).verify()
    with pytest.raises(MelismaError, match="has no golden pair"):
        Model(replace(model.file, golden=None)).verify()


def test_a_figure_that_is_not_there_is_none():
    file = modelfile.ModelFile.__new__(modelfile.ModelFile)
    object.__setattr__(file, "evaluation", {"rows": {"chain": {"visqol": 4.2, "bad": "x"}}, "leak_r2": None, "b": True})
    assert file.figure("rows", "chain", "visqol") == 4.2
    for keys in ("rows/chain/bad", "rows/copy", "rows", "leak_r2", "b", "rows/chain/visqol/x"):
        assert file.figure(*keys.split("/")) is None
