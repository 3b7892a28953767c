"""Files in and out: what is written is read again, bad input gets one sentence, and outputs are whole or absent."""

import os
import stat
import subprocess
import sys
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from melisma.errors import MelismaError
from melisma.sound import audio, rates
from melisma.system.atomic import atomic

resource = pytest.importorskip("resource", reason="only on POSIX: limits of file size")


@contextmanager
def disk_full_after(size):
    """Writes beyond so many bytes of a file fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def noise(*shape, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def sine(rate, seconds=1.0, frequency=440.0):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


# --- read and write -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 2, 65535, 65537])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".caf", ".W64"])
def test_lossless_round_trip(tmp_path, suffix, length, channels):
    x = noise(channels, length)
    audio.write(tmp_path / f"x{suffix}", x, 48000)
    y = audio.read(tmp_path / f"x{suffix}")
    assert y.rate == 48000 and y.samples.shape == x.shape and y.samples.dtype == np.float32
    assert np.abs(y.samples - x).max() <= 2**-23


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".mp3"])
def test_lossy_round_trip_keeps_length_and_sound(tmp_path, suffix):
    x = np.stack([sine(48000, 3), sine(48000, 3, 660)])
    audio.write(tmp_path / f"x{suffix}", x, 48000)
    y = audio.read(tmp_path / f"x{suffix}")
    assert y.samples.shape == x.shape
    assert np.corrcoef(x[0, 4800:-4800], y.samples[0, 4800:-4800])[0, 1] > 0.99


def test_float_keeps_what_is_beyond_full_scale(tmp_path):
    x = noise(2, 1000, level=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audio.write(tmp_path / "x.wav", x, 44100, subtype="FLOAT")
    assert np.array_equal(audio.read(tmp_path / "x.wav").samples, x)


def test_clipping_is_announced_in_decibels_and_does_not_wrap(tmp_path):
    x = 2 * sine(44100) * 2
    with pytest.warns(UserWarning, match=r"x\.wav: samples were clipped, 6\.0 dB above full scale"):
        audio.write(tmp_path / "x.wav", x, 44100)
    assert np.abs(audio.read(tmp_path / "x.wav").samples[0] - np.clip(x, -1, 1)).max() < 1e-6


def test_audio_knows_duration_and_mono():
    x = audio.Audio(noise(2, 22050), 44100)
    assert x.duration == 0.5 and x.channels == 2
    assert x.mono().samples.shape == (1, 22050)
    assert np.allclose(x.mono().samples[0], x.samples.mean(0))
    assert audio.Audio(np.zeros(10), 8000).samples.shape == (1, 10)
    with pytest.raises(AttributeError):
        x.rate = 1


def test_nan_and_infinity_become_silence_with_a_warning_that_names_the_file(tmp_path):
    soundfile.write(tmp_path / "broken.wav", np.array([0.5, np.nan, np.inf, -np.inf, 0.25]), 44100, subtype="FLOAT")
    with pytest.warns(UserWarning, match=r"broken\.wav: 3 samples"):
        y = audio.read(tmp_path / "broken.wav")
    assert y.samples.tolist() == [[0.5, 0, 0, 0, 0.25]]


def bad_files(folder):
    """Every kind of file that is no sound, with what the error must say."""
    tone = folder / "tone.flac"
    soundfile.write(tone, sine(44100, 5), 44100)
    whole = tone.read_bytes()
    soundfile.write(folder / "none.wav", np.zeros((0, 1)), 44100)
    soundfile.write(folder / "slow.wav", np.zeros(100), 10)
    (folder / "text.wav").write_text("this is not sound\n" * 100)
    (folder / "text.mp3").write_text("this is not sound either\n" * 100)
    (folder / "noise.wav").write_bytes(np.random.default_rng(0).bytes(5000))
    (folder / "empty.wav").touch()
    (folder / "headerless.raw").write_bytes(bytes(1000))
    (folder / "damaged.flac").write_bytes(whole[:90] + bytes(2000))
    (folder / "folder.wav").mkdir()
    os.mkfifo(folder / "pipe.wav")
    os.symlink("nowhere", folder / "link.wav")
    return {
        "absent.wav": "does not exist",
        "link.wav": "does not exist",
        "folder.wav": "is a folder",
        "pipe.wav": "not an ordinary file",
        "empty.wav": "is empty",
        "none.wav": "holds no samples",
        "slow.wav": "claims a sample rate of 10 Hz",
        "text.wav": "is not audio",
        "text.mp3": "is not audio",
        "noise.wav": "is not audio",
        "headerless.raw": "without a header",
        "damaged.flac": "is damaged and cannot be decoded",
    }


def test_what_is_no_sound_gets_one_sentence_with_its_name(tmp_path):
    for name, reason in bad_files(tmp_path).items():
        with pytest.raises(MelismaError, match=reason) as caught:
            audio.read(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value) and ";" in str(caught.value), caught.value


def test_names_that_are_no_unicode(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")
    audio.write(os.fsdecode(name), sine(8000), 8000)
    assert audio.read(os.fsdecode(name)).samples.shape == (1, 8000)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_never_crash(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    suffix = data.draw(st.sampled_from([".wav", ".flac", ".ogg", ".aiff"]))
    whole = folder / f"whole{suffix}"
    if not whole.exists():
        audio.write(whole, noise(1, 3000), 44100)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content) - 1, 200)))] = data.draw(st.integers(0, 255))
    damaged = folder / f"damaged{suffix}"
    damaged.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert np.isfinite(audio.read(damaged).samples).all()
        except MelismaError as error:
            assert "damaged" in str(error)


def test_an_hour_is_read(tmp_path):
    with soundfile.SoundFile(tmp_path / "hour.wav", "w", 8000, 1, "PCM_U8") as file:
        for _ in range(60):
            file.write(np.full(60 * 8000, 0.25, np.float32))
    y = audio.read(tmp_path / "hour.wav")
    assert y.duration == 3600 and abs(float(y.samples.mean()) - 0.25) < 0.01


# --- errors in writing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "samples", "keywords", "reason"),
    [
        ("x.xyz", np.zeros(9), {}, r"x\.xyz does not end in a format .*\.wav"),
        ("x", np.zeros(9), {}, "does not end in a format"),
        ("absent/x.wav", np.zeros(9), {}, "folder .*absent does not exist"),
        ("x.wav", np.array([0, np.nan]), {}, "NaN or infinite"),
        ("x.wav", np.array([0, np.inf]), {}, "NaN or infinite"),
        ("x.wav", np.array([0, 1e300]), {}, "NaN or infinite"),
        ("x.wav", np.zeros((1, 0)), {}, "no samples"),
        ("x.wav", np.zeros((1, 1, 9)), {}, r"shape \(1, 1, 9\)"),
        ("x.wav", np.zeros(9, np.int64), {}, "is of int64, whose full scale nobody knows; .* or give int16"),
        ("x.flac", np.zeros(9), {"subtype": "FLOAT"}, r"cannot hold FLOAT samples; .*PCM_24"),
        ("x.opus", np.zeros(9), {}, r"OPUS in \.opus files takes 8000, .* 48000 Hz"),
        ("x.wav", np.zeros(9), {"rate": 0}, "is 0 Hz"),
        ("x.wav", np.zeros(9), {"rate": float("nan")}, "is nan Hz"),
    ],
)
def test_bad_output_gets_one_sentence_and_leaves_nothing(tmp_path, name, samples, keywords, reason):
    with pytest.raises(MelismaError, match=reason):
        audio.write(tmp_path / name, samples, **{"rate": 44100, **keywords})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg", ".opus", ".mp3"])
@pytest.mark.parametrize("limit", [0, 50, 2000, 8192])
def test_full_disk_leaves_the_old_file(tmp_path, suffix, limit):
    file = tmp_path / f"x{suffix}"
    file.write_text("older")
    with disk_full_after(limit), pytest.raises(MelismaError, match="could not be written"):
        audio.write(file, noise(1, 200000, level=0.3), 48000)
    assert [f.name for f in tmp_path.iterdir()] == [file.name] and file.read_text() == "older"


# --- atomic -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError(28, "No space left on device")])
def test_atomic_leaves_the_target_as_it_was(tmp_path, error):
    target = tmp_path / "x.json"
    target.write_text("older")
    wanted = MelismaError if isinstance(error, OSError) else error
    with pytest.raises(wanted), atomic(target) as temporary:
        temporary.write_text("half")
        assert target.read_text() == "older" and temporary.parent == tmp_path and temporary.suffix == ".json"
        raise error
    assert [f.name for f in tmp_path.iterdir()] == ["x.json"] and target.read_text() == "older"


def test_atomic_is_invisible_until_done_and_follows_umask_and_links(tmp_path):
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    before = os.umask(0o027)
    try:
        with atomic(link) as temporary:
            temporary.write_text("new")
            assert not (tmp_path / "real.txt").exists()
    finally:
        os.umask(before)
    assert link.is_symlink() and (tmp_path / "real.txt").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real.txt").stat().st_mode) == 0o640


def test_atomic_refuses_folders_and_devices(tmp_path):
    for path, reason in [(tmp_path, "is a folder"), ("/dev/null", "is a device"), (tmp_path / "no" / "x", "does not exist")]:
        with pytest.raises(MelismaError, match=reason), atomic(path):
            pytest.fail("must not get here")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# --- resampling ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.sampled_from([8000, 11025, 22050, 44100, 48000, 96000, 192000]), st.integers(4000, 100000))
def test_resampled_length_is_exact(length, rate_from, rate_to):
    y = rates.resample(np.ones((2, length), np.float32), rate_from, rate_to)
    assert y.shape == (2, round(length * rate_to / rate_from)) and y.dtype == np.float32


def test_resampling_keeps_the_sound_and_its_place_and_treats_channels_alike():
    x = np.stack([sine(44100), sine(44100, frequency=1000.0)])
    y = rates.resample(x, 44100, 48000)
    assert np.abs(y - np.stack([sine(48000), sine(48000, frequency=1000.0)]))[:, 500:-500].max() < 1e-3
    back = rates.resample(y, 48000, 44100)
    assert back.shape == x.shape and np.abs(back - x)[:, 500:-500].max() < 1e-3
    assert np.array_equal(rates.resample(x[0], 44100, 48000), y[0])


def test_resampling_to_the_same_rate_changes_nothing():
    x = noise(3, 100)
    assert rates.resample(x, 44100, 44100) is x


@given(st.integers(0, 20), st.integers(0, 30))
def test_fit_length(length, n):
    x = np.arange(1, 1 + 2 * length, dtype=np.float32).reshape(2, length)
    y = rates.fit_length(x, n)
    assert y.shape == (2, n) and y.dtype == np.float32
    common = min(length, n)
    assert np.array_equal(y[:, :common], x[:, :common]) and not y[:, common:].any()


def test_nothing_here_imports_torch_or_matplotlib():
    modules = "melisma.sound.audio, melisma.latent, melisma.measure.plot, melisma.training.prepare"
    code = f"import sys, {modules}; print({{'torch', 'matplotlib'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
