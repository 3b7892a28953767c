"""Files are read until their decoder ends: whatever a header claims, however many are in a row, wherever they are cut off."""

import os
import re
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from melisma.errors import MelismaError, MelismaWarning, Unavailable
from melisma.sound import foreign
from melisma.sound.audio import read, read_noting
from melisma.sound.reading import open_sound

CASES = Path(__file__).with_name("cases")
RATE = 44100
# format → libsndfile's names, and by how many samples a lossy one may be off
KINDS = {
    "wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "aiff": ("AIFF", "PCM_16"), "caf": ("CAF", "PCM_16"), "au": ("AU", "PCM_16"),
    "w64": ("W64", "PCM_16"), "rf64": ("RF64", "PCM_16"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip
LOSSY = {"ogg", "opus", "mp3"}


def tone(seconds=3.0, rate=RATE, frequency=440.0):
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def made(folder, suffix, seconds=3.0, name="x", frequency=440.0, channels=1):
    rate = 48000 if suffix == "opus" else RATE
    kind, subtype = KINDS[suffix]
    file = folder / f"{name}.{suffix}"
    soundfile.write(file, np.tile(tone(seconds, rate, frequency)[:, None], channels), rate, subtype, format=kind)
    return file


def told(file):
    """The sound and what is said of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sound = read(file)
    assert all(w.category is MelismaWarning and str(file) in str(w.message) and "\n" not in str(w.message) for w in caught)
    return sound, " | ".join(str(w.message).replace(str(file), "") for w in caught)


# --- whole files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", KINDS)
def test_of_a_whole_file_nothing_is_said(tmp_path, suffix):
    sound, said = told(made(tmp_path, suffix, channels=2))
    assert said == "" and sound.samples.shape == (2, 3 * sound.rate)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_stream_of_blocks_is_what_is_read(tmp_path, suffix):
    file = made(tmp_path, suffix)
    with open_sound(file) as source:
        blocks = list(source.blocks())
    assert np.array_equal(np.concatenate(blocks, 1), read(file).samples)
    assert source.done == sum(block.shape[1] for block in blocks) and all(block.shape[1] <= 65536 for block in blocks)


# --- lengths that are not so -------------------------------------------------------------------------------------------


def test_an_mpeg_file_that_does_not_say_its_length():
    """libmpg123 guesses it from the size and the first frames: 2.5 of these 6.4 seconds."""
    file = CASES / "vbr-without-xing.mp3"
    assert soundfile.info(file).frames < 3 * RATE
    sound, said = told(file)
    assert sound.duration == pytest.approx(246 * 1152 / RATE, abs=0.03) and said == ""
    assert np.abs(sound.samples[0, -20000:]).max() > 0.01


@pytest.mark.parametrize("claimed", [5, 200, 2**31])
def test_an_mpeg_file_that_lies_about_its_length(tmp_path, claimed):
    data = bytearray(made(tmp_path, "mp3").read_bytes())
    place = max(data.find(b"Xing"), data.find(b"Info")) + 8
    true = int.from_bytes(data[place : place + 4], "big")
    data[place : place + 4] = claimed.to_bytes(4, "big")
    (tmp_path / "lie.mp3").write_bytes(data)
    sound, said = told(tmp_path / "lie.mp3")
    assert sound.samples.shape[1] == 3 * RATE
    seconds = claimed * 3 / true
    assert (
        f"announces {seconds:.2f} s and holds 3.00 s" in said
        if claimed < true
        else f"holds 3.00 s of the {seconds:.2f} s" in said
    )


def test_a_flac_that_does_not_say_its_length():
    assert told(CASES / "flac-from-a-pipe.flac")[0].samples.shape == (1, RATE)


@pytest.mark.parametrize("claimed", [0, RATE, 100 * RATE])
def test_a_flac_that_lies_about_its_length(tmp_path, claimed):
    data = bytearray(made(tmp_path, "flac").read_bytes())
    packed = int.from_bytes(data[21:26], "big") >> 36 << 36 | claimed
    data[21:26] = packed.to_bytes(5, "big")
    (tmp_path / "lie.flac").write_bytes(data)
    sound, said = told(tmp_path / "lie.flac")
    assert np.array_equal(sound.samples, read(tmp_path / "x.flac").samples)
    wanted = {0: "", RATE: "announces 1.00 s and holds 3.00 s", 100 * RATE: "cut short: it holds 3.00 s of the 100.00 s"}
    assert wanted[claimed] in said and bool(said) == bool(claimed)


# suffix → where the size of the samples stands, how it is written, the size that stands for "unknown"
SIZES = {"wav": (40, "<I"), "aiff": (42, ">I"), "au": (8, ">I")}


def with_size(file, claimed):
    """The file, its header claiming so many bytes of samples."""
    data = bytearray(file.read_bytes())
    if file.suffix == ".aiff":
        place, code = data.find(b"SSND") + 4, ">I"
    elif file.suffix == ".au":
        place, code = 8, ">I"
    else:
        place, code = data.find(b"data") + 4, "<I"
    struct.pack_into(code, data, place, claimed)
    return data


@pytest.mark.parametrize("suffix", ["wav", "aiff", "au"])
@pytest.mark.parametrize("unknown", [0x7F000000, 0x7FFFF000, 0xFFFFFFFF, 0x7EFF_FFD0])
def test_a_file_from_a_pipe_says_as_much_as_can_be_said(tmp_path, suffix, unknown):
    data = with_size(made(tmp_path, suffix), unknown)
    (tmp_path / f"pipe.{suffix}").write_bytes(data)
    sound, said = told(tmp_path / f"pipe.{suffix}")
    assert sound.samples.shape[1] == pytest.approx(3 * RATE, abs=4) and said == ""


def test_a_caf_from_a_pipe(tmp_path):
    data = bytearray(made(tmp_path, "caf").read_bytes())
    place = data.find(b"data")
    data[place + 4 : place + 12] = b"\xff" * 8
    (tmp_path / "pipe.caf").write_bytes(data)
    sound, said = told(tmp_path / "pipe.caf")
    assert sound.samples.shape[1] == 3 * RATE and said == ""


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
@pytest.mark.parametrize("claimed", [0, RATE])
def test_what_a_crashed_recorder_left_is_recovered(tmp_path, suffix, claimed):
    (tmp_path / f"crash.{suffix}").write_bytes(with_size(made(tmp_path, suffix), claimed))
    sound, said = told(tmp_path / f"crash.{suffix}")
    assert sound.samples.shape[1] == pytest.approx(3 * RATE, abs=4) and "holds 3.00 s: all of it is used" in said
    assert np.abs(sound.samples[0, : 3 * RATE - 4] - tone()[:-4]).max() < 1e-4


def test_chunks_behind_the_samples_are_no_samples(tmp_path):
    whole = made(tmp_path, "wav").read_bytes()
    for name, body in (
        (b"LIST", b"INFOICMT\x06\0\0\0hello\0"),
        (b"id3 ", bytes(10)),
        (b"abcd", bytes(5000)),
        (b"JUNK", bytes(70000)),
    ):
        data = whole + name + struct.pack("<I", len(body)) + body
        (tmp_path / "more.wav").write_bytes(data)
        sound, said = told(tmp_path / "more.wav")
        assert sound.samples.shape[1] == 3 * RATE and said == ""
    (tmp_path / "padded.wav").write_bytes(whole + bytes(30000))
    assert told(tmp_path / "padded.wav")[0].samples.shape[1] == 3 * RATE
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 1)), RATE)
    with pytest.raises(MelismaError, match="holds no samples"):
        read(tmp_path / "none.wav")


@pytest.mark.parametrize(
    "comment", ["data : 100 (should be 7654321)", "SSND : 9 (should be 99999999)", "\n data : 100 (should be 7654321)\n"]
)
@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg"])
def test_a_comment_that_looks_like_libsndfiles_log(tmp_path, comment, suffix):
    kind, subtype = KINDS[suffix]
    with soundfile.SoundFile(tmp_path / f"x.{suffix}", "w", RATE, 1, subtype, format=kind) as file:
        file.comment = file.title = comment
        file.write(tone())
    assert told(tmp_path / f"x.{suffix}")[1] == ""


# --- several in a row --------------------------------------------------------------------------------------------------


def test_two_ogg_in_a_row():
    assert soundfile.info(CASES / "two-ogg-in-a-row.ogg").frames == RATE
    assert told(CASES / "two-ogg-in-a-row.ogg")[0].samples.shape == (1, 2 * RATE)


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "opus", "mp3"])
def test_files_in_a_row_are_read_to_the_last(tmp_path, suffix):
    parts = [made(tmp_path, suffix, 1 + k / 2, f"part{k}", 330 + 110 * k) for k in range(3)]
    (tmp_path / f"row.{suffix}").write_bytes(b"".join(part.read_bytes() for part in parts))
    sound, said = told(tmp_path / f"row.{suffix}")
    assert np.array_equal(sound.samples, np.concatenate([read(part).samples for part in parts], 1)) and said == ""


@pytest.mark.parametrize("tagged", [False, True])
def test_mpeg_files_with_tags_in_a_row(tmp_path, tagged):
    data = made(tmp_path, "mp3").read_bytes()
    tag = b"ID3\x04\0\0\0\0\x27\x10" + bytes(0x27 * 128 + 0x10)
    (tmp_path / "row.mp3").write_bytes((tag if tagged else b"") + data + tag + data)
    assert told(tmp_path / "row.mp3")[0].samples.shape[1] == 6 * RATE


def test_what_goes_on_at_another_rate_is_said(tmp_path):
    soundfile.write(tmp_path / "b.ogg", tone(1, 22050), 22050)
    (tmp_path / "row.ogg").write_bytes(made(tmp_path, "ogg").read_bytes() + (tmp_path / "b.ogg").read_bytes())
    sound, said = told(tmp_path / "row.ogg")
    assert sound.samples.shape[1] == 3 * RATE and "goes on at 22050 Hz in 1 channel after 3.00 s: that part is left out" in said


# --- cut off -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_file_that_is_cut_short_says_how_much_is_there(tmp_path, suffix, share):
    file = made(tmp_path, suffix, 20, channels=2)
    data = file.read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(data[: round(share * len(data))])
    sound, said = told(tmp_path / f"cut.{suffix}")
    assert 0.5 * share < sound.duration / 20 <= share + 0.06
    found = re.search(r"it holds (\d+\.\d\d) s", said)
    assert found and float(found[1]) == pytest.approx(sound.duration, abs=0.006) and "cut short" in said, said
    if suffix not in ("ogg", "opus"):  # which announce nothing
        assert re.search(r"s of the (\d+\.\d\d) s", said)
        assert float(re.search(r"s of the (\d+\.\d\d) s", said)[1]) == pytest.approx(20, abs=0.2)


def test_of_a_damaged_flac_what_comes_before_the_damage_is_given(tmp_path):
    data = bytearray(made(tmp_path, "flac", 20).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 9000] = np.random.default_rng(0).bytes(9000)
    (tmp_path / "hurt.flac").write_bytes(data)
    sound, said = told(tmp_path / "hurt.flac")
    whole = read(tmp_path / "x.flac").samples
    assert 5 < sound.duration <= 20 and np.array_equal(sound.samples[:, : 8 * RATE], whole[:, : 8 * RATE])
    assert sound.duration == 20 or "damaged" in said


# --- other formats -----------------------------------------------------------------------------------------------------


def test_formats_that_need_the_extra_name_it(tmp_path, monkeypatch):
    for module in ("reading", "parts"):
        monkeypatch.setattr(f"melisma.sound.{module}.installed", lambda: False)
    for name, head in (
        ("a.m4a", b"\0\0\0\x20ftypM4A "),
        ("b.aac", b"\xff\xf1\x50\x80"),
        ("c.bin", b"\0\0\0\x20ftypM4A "),
        ("d.wma", b"?"),
    ):
        (tmp_path / name).write_bytes(head + bytes(2000))
        with pytest.raises(Unavailable, match=rf"{name} is in a format .* needs PyAV: pip install 'melisma\[formats\]'"):
            read(tmp_path / name)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("m4a", "aac"), ("aac", "aac"), ("webm", "libopus"), ("wma", "wmav2"), ("mka", "flac")]
)
def test_formats_that_the_extra_reads(tmp_path, suffix, codec):
    av = pytest.importorskip("av")
    file, rate = tmp_path / f"x.{suffix}", 48000
    x = np.stack([tone(3, rate), tone(3, rate, 660)])
    try:
        with av.open(str(file), "w", format={"m4a": "mp4", "aac": "adts", "wma": "asf", "mka": "matroska"}.get(suffix)) as out:
            stream = out.add_stream(codec, rate=rate, layout="stereo")
            resampler = av.AudioResampler(
                format=stream.format, layout="stereo", rate=rate, frame_size=stream.codec_context.frame_size
            )
            frame = av.AudioFrame.from_ndarray(x, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate, 0
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                out.mux(stream.encode(part))
            out.mux(stream.encode(None))
    except av.FFmpegError as error:
        pytest.skip(f"only with other builds: this PyAV does not write {suffix}: {error}")
    sound, said = told(file)
    assert sound.rate == rate and sound.channels == 2 and sound.duration == pytest.approx(3, abs=0.1) and said == ""
    lag = sound.samples.shape[1] - x.shape[1]  # padding of the encoders
    whole = sound.samples[:, lag if suffix == "aac" else 0 :]
    spectrum = np.abs(np.fft.rfft(whole[1, rate : 2 * rate]))
    assert spectrum.argmax() == 660
    with open_sound(file) as source:
        assert np.array_equal(np.concatenate(list(source.blocks()), 1), sound.samples)
    data = file.read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(data[: len(data) // 2])
    try:
        cut = read_noting(tmp_path / f"cut.{suffix}")[0]
        assert cut.duration < 3
    except MelismaError as error:
        assert "cut" in str(error)


def test_nothing_but_sound_goes_to_ffmpeg():
    """It knows formats that name other files and addresses, such as playlists: a file's first bytes decide."""
    for head in (
        b"#EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0\nfile x",
        b"<?xml",
        b"v=0\r\n",
        b"RIFF",
        b"OggS",
        b"fLaC",
        b"\xff\xfb\x90",
        b"",
    ):
        assert foreign.format_of(head) is None


# --- decoders' own lines ----------------------------------------------------------------------------------------------


def test_libmpg123_does_not_write_to_stderr(tmp_path):
    data = bytearray(made(tmp_path, "mp3", 20).read_bytes())
    for at in np.random.default_rng(0).integers(2000, len(data), 60):
        data[at] ^= 0x5A
    (tmp_path / "hurt.mp3").write_bytes(data)
    (tmp_path / "row.mp3").write_bytes(bytes(data) + (tmp_path / "x.mp3").read_bytes()[:-3000])
    code = "import sys, soundfile; [soundfile.read(f) for f in sys.argv[1:]]"
    noisy = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "hurt.mp3", tmp_path / "row.mp3"], capture_output=True, text=True
    )
    assert noisy.stderr, "these files do not make libmpg123 speak any more: find others"
    code = "import sys, os; from melisma.sound.audio import read_noting; [read_noting(f) for f in sys.argv[1:]]; os.write(2, b'mine')"
    quiet = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "hurt.mp3", tmp_path / "row.mp3"], capture_output=True, text=True
    )
    assert (quiet.returncode, quiet.stderr) == (0, "mine")


def test_libsndfile_does_not_write_to_stdout(tmp_path):
    """Where a result may go: what its ALAC decoder says of a damaged packet table."""
    file = tmp_path / "hurt.caf"
    soundfile.write(file, 0.1 * np.random.default_rng(0).standard_normal(RATE), RATE, subtype="ALAC_16", format="CAF")
    data = bytearray(file.read_bytes())
    table = data.index(b"pakt")
    data[table + 36 : table + 44] = bytes([255]) * 8
    file.write_bytes(data)
    code = "import sys, soundfile\ntry: soundfile.read(sys.argv[1])\nexcept soundfile.SoundFileError: pass"
    noisy = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True)
    assert noisy.stdout, "this file does not make libsndfile speak any more: find another"
    code = "import sys, os; from melisma.sound.audio import read_noting\ntry: read_noting(sys.argv[1])\nexcept ValueError: pass\nprint('mine')"
    quiet = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "mine\n", "")


def test_what_others_write_meanwhile_is_kept():
    code = "import os; from melisma.sound.quiet import without_decoders_lines as q\nwith q(): os.write(2, b'Warning: Xing stream\\nof somebody\\n')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).stderr == b"of somebody\n"


def test_a_long_file_is_read_in_bounded_memory(tmp_path):
    """An hour of FLAC, MP3 and WAV through the reader, block by block: the process does not grow with it."""
    with soundfile.SoundFile(tmp_path / "hour.flac", "w", 8000, 1, "PCM_16") as file:
        for k in range(60):
            file.write(0.1 * np.random.default_rng(k).standard_normal(60 * 8000))
    code = (
        "import resource, sys; from melisma.sound.reading import open_sound\n"
        "def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with open_sound(sys.argv[1]) as source:\n"
        "    blocks = source.blocks(); next(blocks); before = most()\n"
        "    for block in blocks: pass\n"
        "print(source.done, most() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "hour.flac"], capture_output=True, text=True, check=True)
    frames, grown = map(int, done.stdout.split())
    assert frames == 3600 * 8000 and grown < 20_000  # kilobytes; the hour has 115 MB as float32
    assert os.path.getsize(tmp_path / "hour.flac") > 20e6
