"""The one door for sound: what may come in, how it is scaled, and what is said of what may not. Every entrance has it."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import melisma
from melisma import Audio, MelismaError
from melisma.core.loop import CoreLoop
from melisma.sound.door import block_of, samples_of

RATE = 16000  # the tiny model's


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int32", ">i2", "float16", "float32", "float64", ">f8"])
def test_integers_are_scaled_by_their_type(kind):
    kind = np.dtype(kind)
    whole = {"i": lambda x: x * -float(np.iinfo(kind).min), "u": lambda x: 128 + 128 * x, "f": lambda x: x}[kind.kind]
    x = np.array([-1, -0.5, 0, 0.25, 0.5])
    assert samples_of(whole(x).astype(kind)).tolist() == [x.tolist()]
    assert samples_of(whole(x).astype(kind)).dtype == np.float32


def test_scaled_as_files_mean_them(tmp_path):
    for kind, subtype in (("int16", "PCM_16"), ("int32", "PCM_32")):
        x = np.random.default_rng(0).integers(np.iinfo(kind).min, np.iinfo(kind).max, 500, kind)
        soundfile.write(tmp_path / "x.wav", x, RATE, subtype)
        assert np.array_equal(samples_of(x), melisma.read(tmp_path / "x.wav").samples)


WRONG = {
    "complex": np.zeros(9, complex),
    "truth": np.zeros(9, bool),
    "objects": np.array([None, 1.0]),
    "text": np.array(["a"]),
    "dates": np.zeros(3, "M8[s]"),
    "int64": np.arange(9),
    "uint16": np.zeros(9, np.uint16),
    "0-d": np.float32(1),
    "3-d": np.zeros((1, 2, 3)),
    "no channel": np.zeros((0, 9)),
    "transposed": np.zeros((500, 2)),
    "too many": np.zeros((1025, 2000), np.int8),
    "ragged": [[1.0], [1.0, 2.0]],
    "None": None,
    "a dictionary": {},
}
# whatever takes sound in → what it makes of one
ENTRANCES = {
    "Audio": lambda model, x: Audio(x, RATE).samples,
    "write": lambda model, x: melisma.write("never.wav", x, RATE),
    "encode": lambda model, x: model.encode(x).values,
    "transfer": lambda model, x: np.asarray(model.transfer(x)),
    "copy_synthesis": lambda model, x: np.asarray(model.copy_synthesis(x)),
    "mel": lambda model, x: model.mel(x),
    "kl": lambda model, x: model.kl(x),
    "one call": lambda model, x: np.asarray(melisma.transfer(x, model=model)),
    "Stream": lambda model, x: model.stream().process(x),
    "CoreStream.process": lambda model, x: model._engine.stream().process(x),
    "CoreStream.encode": lambda model, x: model._engine.stream().encode(x),
    "CoreStream.analyse": lambda model, x: model._engine.stream().analyse(x),
    "CoreStream.posterior": lambda model, x: model._engine.stream().posterior(x),
    "CoreStream.encode_signals": lambda model, x: model._engine.stream().encode_signals(x),
    "CoreLoop": lambda model, x: CoreLoop(RATE).process(x, 440, 1, 1, -60),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_what_is_no_sound_is_refused_in_a_sentence(model, entrance, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, x in WRONG.items():
        with pytest.raises(MelismaError) as caught:
            ENTRANCES[entrance](model, x)
        said = str(caught.value)
        assert "\n" not in said and (";" in said or ":" in said), (name, said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("entrance", [name for name in ENTRANCES if "Stream" in name or name == "CoreLoop"])
@pytest.mark.parametrize("shape", [(2, 64), (64, 2), (1, 64), (64, 1), (2, 0)])
def test_a_stream_takes_one_channel(model, entrance, shape):
    with pytest.raises(MelismaError, match=r"a stream takes one channel, \(T,\): mix the channels"):
        ENTRANCES[entrance](model, np.zeros(shape, np.float32))


@pytest.mark.parametrize("entrance", [name for name in ENTRANCES if name not in ("write", "CoreLoop")])
def test_every_entrance_hears_the_same(model, entrance):
    """Scaled integers, float64, lists and every layout in memory are the same sound as float32 in a row."""
    x = np.random.default_rng(0).integers(-8000, 8000, 640).astype(np.int16)
    plain = np.ascontiguousarray(x / np.float32(32768), np.float32)
    wanted = ENTRANCES[entrance](model, plain)
    spread = np.zeros((640, 3), np.float32)
    spread[:, 1] = plain
    forms = [
        x,
        plain.astype(np.float64),
        plain.tolist(),
        spread[:, 1],
        plain[::-1].copy()[::-1],
        x.astype(">i2"),
        plain.astype(">f4"),
    ]
    for form in forms:
        for got, want in zip(ENTRANCES[entrance](model, form), wanted, strict=True):
            assert np.array_equal(got, want)


def test_nothing_goes_into_a_stream_and_nothing_comes_out(model):
    assert model.stream().process(np.zeros(0)).shape == (0,) and model.stream().process([]).shape == (0,)
    with pytest.raises(MelismaError, match="holds no samples"):
        model.encode(np.zeros(0))


def test_a_stream_takes_an_audio_at_its_own_rate(model):
    x = Audio(np.full(100, 0.1), RATE)
    assert np.array_equal(model.stream().process(x), model.stream().process(x.samples[0]))
    with pytest.raises(MelismaError, match="the block is at 8000 Hz and the stream at 16000 Hz"):
        model.stream().process(Audio(np.zeros(9), 8000))
    with pytest.raises(MelismaError, match="one channel"):
        model.stream().process(Audio(np.zeros((2, 9)), RATE))


@pytest.mark.parametrize(
    "given", [np.zeros((3, 4, 1)), np.zeros((4, 9)), np.zeros(9), np.zeros((3, 9), complex), np.zeros((3, 8))]
)
def test_curves_of_another_shape_do_not_reach_the_core(model, given):
    stream = model._engine.stream()
    with pytest.raises(MelismaError, match=r"latents (has the shape|is of)"):
        stream.decode(given, np.zeros(9))
    with pytest.raises(MelismaError, match="the loudness has the shape"):
        stream.decode(np.zeros((3, 9)), np.zeros((9, 2)))
    with pytest.raises(MelismaError, match="the log-mel has the shape"):
        stream.synthesize(np.zeros((31, 9)))
    with pytest.raises(MelismaError, match="the signals has the shape"):
        stream.decode_signals(np.zeros((3, 9)))


@given(arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))
def test_the_door_gives_float32_in_a_row_or_a_sentence(x):
    for door, axes in ((samples_of, 2), (block_of, 1)):
        try:
            got = door(x)
        except MelismaError as error:
            assert "\n" not in str(error)
        else:
            assert got.dtype == np.float32 and got.ndim == axes and got.flags.c_contiguous and got.size == x.size


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(), st.complex_numbers()))
def test_a_rate_is_a_whole_number_of_hertz(rate):
    try:
        assert Audio(np.zeros(3), rate).rate == rate and 1000 <= rate <= 1_536_000
    except MelismaError as error:
        assert "is needed" in str(error)


# --- the face ----------------------------------------------------------------------------------------------------------


def test_an_audio_is_an_array_where_one_is_wanted():
    mono, stereo = Audio(np.arange(4) / 8, RATE), Audio(np.zeros((2, 4)), RATE)
    assert np.asarray(mono).shape == (4,) and np.asarray(stereo).shape == (2, 4)
    assert np.asarray(mono, np.float64).dtype == np.float64
    assert np.abs(mono).max() == 0.375 and np.shares_memory(np.asarray(mono), mono.samples)
    assert not np.shares_memory(np.array(mono), mono.samples)


def test_an_audio_plays_draws_and_saves_itself(tmp_path):
    sound = Audio(np.sin(np.arange(8000) / 9) / 2, 8000, name="<a & b>")
    page = sound._repr_html_()
    assert "<audio controls" in page and "&lt;a &amp; b&gt;" in page and "<a & b>" not in page
    import base64

    data = base64.b64decode(page.split("base64,")[1].split('"')[0])
    heard, rate = soundfile.read(io.BytesIO(data))
    assert rate == 8000 and np.abs(heard - sound.samples[0]).max() < 1e-4
    assert "<audio" not in Audio(np.zeros(700 * 1000), 1000)._repr_html_()
    sound.plot(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes()[:4] == b"\x89PNG"
    for short in (Audio(np.zeros(1), 8000), Audio(np.zeros((2, 0)), 8000)):
        short.plot()
    sound.save(tmp_path / "x.wav", subtype="FLOAT")
    assert np.array_equal(melisma.read(tmp_path / "x.wav").samples, sound.samples)
    assert repr(melisma.read(tmp_path / "x.wav")) == "<sound x.wav: 1.00 s, mono, 8000 Hz>"


def test_an_audio_is_written_at_its_rate(tmp_path):
    sound = Audio(np.zeros((2, 9)), 8000)
    melisma.write(tmp_path / "x.wav", sound)
    melisma.write(tmp_path / "y.wav", sound, 8000)
    assert melisma.read(tmp_path / "x.wav").rate == 8000
    with pytest.raises(MelismaError, match="at 8000 Hz and the call says 44100: leave the rate out"):
        melisma.write(tmp_path / "z.wav", sound, 44100)
    with pytest.raises(MelismaError, match=r"an array has no rate: write\(path, samples, rate\)"):
        melisma.write(tmp_path / "z.wav", np.zeros(9))
    assert not (tmp_path / "z.wav").exists()


def test_what_comes_out_of_a_call_is_an_audio(model):
    x = Audio(np.full(500, 0.1), 8000)
    path = model.encode(x)
    calls = (
        melisma.transfer(x, model=model), melisma.interpolate(x, path, model=model), melisma.mix([x, x], model=model),
        model.decode(path), model.transfer(x), model.copy_synthesis(x), melisma.sample(0.1, model=model),
    )  # fmt: skip
    assert all(type(sound) is Audio for sound in calls)
    assert all(sound.rate == 8000 and sound.samples.shape == (1, 500) for sound in calls[:-1])


def test_all_but_sounds_is_named(model):
    """What stood in the place of a model, a curve or weights was taken for another of them."""
    x = np.zeros(99)
    for call in (
        lambda: melisma.interpolate(x, x, 0.5), lambda: melisma.mix([x, x], "strings"), lambda: melisma.transfer(x, "strings"),
        lambda: melisma.sample(1, "strings"), lambda: model.transfer(x, 44100), lambda: model.encode(x, 44100),
        lambda: melisma.write("x.wav", x, 44100, "FLOAT"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="positional argument"):
            call()
    for sounds in (x, Audio(x, RATE), "cat.wav"):
        with pytest.raises(MelismaError, match=r"mix takes its sounds in a list"):
            melisma.mix(sounds, model=model)
