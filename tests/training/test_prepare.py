"""Preparing a folder: what goes into the set, what the report says of it, and that nothing half-made stays."""

import io
import json
import os
import re
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from melisma.errors import MelismaError
from melisma.sound import audio
from melisma.sound.highpass import at_rest, highpass
from melisma.sound.rates import resample
from melisma.sound.reading import Source
from melisma.training.folder_report import Report, print_report
from melisma.training.prepare import prepare

RATE = 44100


def noise(seconds, seed=0, rate=RATE, level=0.1, channels=1):
    x = level * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels))
    return np.clip(np.round(x * 32768) / 32768, -0.99, 0.99)  # exact in 16 bits


def without_offset(x, rate=RATE):
    return highpass(x.astype(np.float32), 10.0, rate, at_rest())[0]


def fill(folder, count, seconds=1.0, first=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(first, first + count):
        soundfile.write(folder / f"{i:03}.wav", noise(seconds, i), RATE)
    return folder


def opened(into):
    index = json.loads((into / "index.json").read_text())
    flat = np.memmap(into / "audio.i16", "<i2", "r")
    assert index["version"] == 3 and set(p.name for p in into.iterdir()) == {"index.json", "audio.i16"}
    assert sum(c["samples"] for c in index["clips"]) == len(flat)
    at = 0
    for clip in index["clips"]:  # one after another, without gaps
        assert clip["start"] == at and clip["samples"] > 0 and clip["split"] in ("train", "held")
        at += clip["samples"]
    return index, flat


def sound(index, flat, file):
    return np.concatenate([flat[c["start"] : c["start"] + c["samples"]] for c in index["clips"] if c["file"] == file])


def text_of(report):
    console = Console(file=io.StringIO(), width=200)
    print_report(report, console)
    return console.file.getvalue()


# --- what goes in -------------------------------------------------------------------------------------------------------


def test_sixteen_bit_mono_goes_in_without_its_offset_and_unchanged_else(tmp_path):
    fill(tmp_path / "in" / "deep" / "er", 3)
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    assert np.array_equal(sound(index, flat, "deep/er/001.wav"), np.round(without_offset(noise(1, 1)[:, 0]) * 32768))
    assert report.files == 3 and report.minutes == pytest.approx(3 / 60) and Report.from_dict(report.to_dict()) == report
    assert index["report"] == report.to_dict() and index["sample_rate"] == RATE


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_streamed_resampling_equals_resampling_at_once(tmp_path, rate):
    (tmp_path / "in").mkdir()
    x = noise(4, rate=rate, channels=2)
    soundfile.write(tmp_path / "in" / "x.wav", x, rate)
    prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    wanted = resample(without_offset(x.mean(1), rate), rate, RATE)
    got = sound(index, flat, "x.wav") / 32768
    assert abs(len(got) - len(wanted)) <= 1
    n = min(len(got), len(wanted))
    assert np.abs(got[:n] - wanted[:n]).max() < 2 / 32768


def test_another_sample_rate(tmp_path):
    prepare(fill(tmp_path / "in", 2), tmp_path / "set", sample_rate=22050)
    index, flat = opened(tmp_path / "set")
    assert index["sample_rate"] == 22050 and len(flat) == 2 * 22050


def test_clips_of_any_length_are_kept(tmp_path):
    fill(tmp_path / "in", 3)
    for n in (1, 2, 700):
        soundfile.write(tmp_path / "in" / f"short{n}.wav", noise(n / RATE, n), RATE)
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    assert [len(sound(index, flat, f"short{n}.wav")) for n in (1, 2, 700)] == [1, 2, 700]
    assert report.short == ["short1.wav", "short2.wav", "short700.wav"] and report.files == 6


def test_what_goes_beyond_full_scale_is_scaled_to_it(tmp_path):
    fill(tmp_path / "in", 2)
    soundfile.write(tmp_path / "in" / "hot.wav", 4 * np.sin(np.arange(70000) / 9), RATE, subtype="FLOAT")
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    hot = sound(index, flat, "hot.wav") / 32768
    wanted = without_offset(4 * np.sin(np.arange(70000) / 9))  # which begins a hundredth above the sine
    assert np.abs(hot - wanted / np.abs(wanted).max()).max() < 1e-3
    assert report.scaled == {"hot.wav": pytest.approx(12.15, abs=0.02)} and report.clipped == []
    assert "hot.wav: −12." in text_of(report)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_becomes_silence_and_is_told(tmp_path, value):
    fill(tmp_path / "in", 1)
    x = noise(1, 9)
    x[100:110] = value
    soundfile.write(tmp_path / "in" / "broken.wav", x, RATE, subtype="FLOAT")
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    x[100:110] = 0
    assert np.array_equal(sound(index, flat, "broken.wav"), np.round(without_offset(x[:, 0]) * 32768))
    assert report.cleaned == {"broken.wav": 10}


def test_an_offset_is_taken_out_and_told(tmp_path):
    fill(tmp_path / "in", 1)
    soundfile.write(tmp_path / "in" / "cheap.wav", noise(1, 9) + 0.05, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "in" / "hum.wav", np.full((RATE, 1), -0.1), RATE, subtype="FLOAT")
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    assert not sound(index, flat, "hum.wav")[RATE // 2 :].any()  # nothing but an offset: silence
    assert abs(sound(index, flat, "cheap.wav")[RATE // 10 :].mean() / 32768) < 1e-4
    assert report.offset == {"cheap.wav": pytest.approx(-26, abs=0.2), "hum.wav": pytest.approx(-20, abs=0.1)}
    assert report.silent_minutes * 60 == pytest.approx(1, abs=0.2)
    assert "offset taken out" in text_of(report) and "hum.wav: -20 dBFS" in text_of(report)


def test_numbers_near_the_limit_of_floats(tmp_path):
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "huge.wav", np.full((48000, 2), 3e38), 48000, subtype="FLOAT")
    assert prepare(tmp_path / "in", tmp_path / "set").files == 1


def test_the_same_sound_is_used_once_whatever_its_format(tmp_path):
    fill(tmp_path / "in", 2)
    x = noise(1, 1)
    soundfile.write(tmp_path / "in" / "b.flac", x, RATE)
    soundfile.write(tmp_path / "in" / "c.wav", np.repeat(x, 2, axis=1), RATE, subtype="PCM_24")
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, flat = opened(tmp_path / "set")
    assert report.duplicates == {"b.flac": "001.wav", "c.wav": "001.wav"} and report.files == 2
    assert len(flat) == 2 * RATE and report.minutes == pytest.approx(2 / 60)


# --- what is held out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "held"), [(6, 1), (12, 1), (25, 2), (60, 5)])
def test_whole_files_are_held_out(tmp_path, count, held):
    report = prepare(fill(tmp_path / "in", count, 0.2), tmp_path / "set")
    index, _ = opened(tmp_path / "set")
    splits = {}
    for clip in index["clips"]:
        splits.setdefault(clip["file"], set()).add(clip["split"])
    assert all(len(s) == 1 for s in splits.values())
    assert held <= sum(s == {"held"} for s in splits.values()) <= held + 1
    assert report.train_minutes + report.held_minutes == pytest.approx(report.minutes) and "whole files" in report.chosen


def test_what_is_held_out_follows_the_content_and_not_the_names(tmp_path):
    def held(into):
        index, flat = opened(into)
        return {sound(index, flat, c["file"]).tobytes() for c in index["clips"] if c["split"] == "held"}

    prepare(fill(tmp_path / "in", 20, 0.2), tmp_path / "a")
    for i, file in enumerate(sorted((tmp_path / "in").iterdir(), reverse=True)):
        file.rename(file.with_name(f"renamed{i:02}.wav"))
    prepare(tmp_path / "in", tmp_path / "b")
    assert held(tmp_path / "a") == held(tmp_path / "b")


def test_one_long_file_is_never_held_out_among_short_ones(tmp_path):
    fill(tmp_path / "in", 9, 0.2)
    soundfile.write(tmp_path / "in" / "long.wav", noise(30, 99), RATE)
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, _ = opened(tmp_path / "set")
    assert [c["split"] for c in index["clips"] if c["file"] == "long.wav"] == ["train"]
    assert report.train_minutes > 0.9 * report.minutes and report.held_minutes > 0


@pytest.mark.parametrize(("seconds", "tail"), [(3.9, 0), (5, 1), (30, 2.4)])
def test_of_few_files_the_ends_are_held_out(tmp_path, seconds, tail):
    report = prepare(fill(tmp_path / "in", 2, seconds), tmp_path / "set")
    index, _ = opened(tmp_path / "set")
    held = [c for c in index["clips"] if c["split"] == "held"]
    assert [c["samples"] for c in held] == [round(tail * RATE)] * (2 if tail else 0)
    assert any("nothing could be held out" in w for w in report.warnings) == (not tail)
    assert report.chosen == ("the ends of files" if tail else "")


def test_folders_named_train_and_held_decide(tmp_path):
    fill(tmp_path / "in" / "train", 7, 5)
    fill(tmp_path / "in" / "Held", 2, first=20)
    shutil.copy(tmp_path / "in" / "Held" / "020.wav", tmp_path / "in" / "train" / "copy.wav")
    report = prepare(tmp_path / "in", tmp_path / "set")
    index, _ = opened(tmp_path / "set")
    assert all((c["split"] == "held") == c["file"].startswith("Held/") for c in index["clips"])
    assert report.duplicates == {"train/copy.wav": "Held/020.wav"}  # nothing held out is trained on


# --- the report ---------------------------------------------------------------------------------------------------------


def test_the_report_names_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr("melisma.training.prepare.installed", lambda: False)
    folder = fill(tmp_path / "in", 2)
    soundfile.write(folder / "quiet.wav", np.concatenate([noise(1, 5), np.zeros((2 * RATE, 1))]), RATE)
    soundfile.write(folder / "clipped.wav", np.clip(2 * np.sin(np.arange(RATE) / 30), -1, 1), RATE)
    soundfile.write(folder / "full.wav", np.where(np.arange(RATE) % 100 < 2, 1.0, 0.1), RATE)  # touches full scale, unclipped
    soundfile.write(folder / "old.wav", noise(1, 6, 22050, channels=2), 22050)
    (folder / "text.wav").write_text("no sound")
    (folder / "void.flac").touch()
    (folder / "phone.m4a").write_text("?")
    (folder / "notes.txt").write_text("?")
    (folder / "._000.wav").write_text("left by a Mac")
    whole = (folder / "000.wav").read_bytes()
    soundfile.write(folder / "cut.flac", noise(20, 8), RATE)
    content = (folder / "cut.flac").read_bytes()
    (folder / "cut.flac").write_bytes(content[: len(content) // 2])
    report = prepare(folder, tmp_path / "set")
    opened(tmp_path / "set")
    assert whole == (folder / "000.wav").read_bytes()
    assert report.files == 7 and report.ignored == 1
    assert report.rates == {"44100": 6, "22050": 1} and report.channels == {"1": 6, "2": 1}
    assert report.silent_minutes == pytest.approx(2 / 60, abs=0.001)
    assert report.clipped == ["clipped.wav"]
    assert set(report.unreadable) == {"text.wav", "void.flac", "phone.m4a"}
    assert "is not audio" in report.unreadable["text.wav"] and "0 bytes" in report.unreadable["void.flac"]
    assert "convert it" in report.unreadable["phone.m4a"]
    assert re.fullmatch(r"is damaged or cut short: it holds \d+\.\d\d s of the 20\.00 s it announces", report.remarks["cut.flac"])
    assert report.peak_db == pytest.approx(0, abs=0.01) and -30 < report.rms_db < -1
    said = "\n".join(report.warnings)
    for part in ("only 0.", "clipping in 1 of 7 files", "1 of 7 files are not what they announce", "3 could not be read"):
        assert part in said
    printed = text_of(report)
    for part in (
        "text.wav: is not audio",
        "clipped.wav",
        "22050 Hz × 1",
        "stereo × 1",
        "only",
        "cut.flac: is damaged or cut short",
    ):
        assert part in printed
    json.dumps(report.to_dict())


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        ([np.zeros((RATE, 1))], "nearly all of it is silence"),
        ([noise(1), np.zeros((3 * RATE, 1))], "75 % is silence"),
        ([noise(1, level=0.0015)], "record louder"),
    ],
)
def test_advice_on_level(tmp_path, content, warning):
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "x.wav", np.concatenate(content), RATE, subtype="PCM_24")
    report = prepare(tmp_path / "in", tmp_path / "set")
    assert any(warning in w for w in report.warnings) and text_of(report)


def test_advice_on_dull_recordings_and_none_on_good_ones(tmp_path):
    (tmp_path / "in").mkdir()
    for i in range(14):
        soundfile.write(tmp_path / "in" / f"{i}.wav", np.tile(noise(10, i, 8000), (6, 1)), 8000)
    report = prepare(tmp_path / "in", tmp_path / "set", sample_rate=22050)
    assert any("nothing above 4 kHz" in w for w in report.warnings)
    shutil.rmtree(tmp_path / "set")
    assert prepare(tmp_path / "in", tmp_path / "set", sample_rate=8000).warnings == []


def test_names_with_brackets_and_names_that_are_no_unicode(tmp_path):
    folder = fill(tmp_path / "in", 1)
    (folder / "000.wav").rename(folder / "[red]x.wav")
    audio.write(os.fsdecode(os.path.join(os.fsencode(folder), b"caf\xe9.wav")), noise(0.5, 3)[:, 0], RATE)
    report = prepare(folder, tmp_path / "set")
    assert report.files == 2
    index, _ = opened(tmp_path / "set")
    assert {c["file"] for c in index["clips"]} == {"[red]x.wav", "caf?.wav"}
    assert report.short == ["caf?.wav"] and "caf?.wav" in text_of(report)
    (folder / "[red]x.wav").write_text("no sound now")
    assert "[red]x.wav: is not audio" in text_of(prepare(folder, tmp_path / "set"))


def test_progress_rises_to_one(tmp_path):
    seen = []
    prepare(fill(tmp_path / "in", 4), tmp_path / "set", progress=lambda share, name: seen.append((share, name)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares) and shares[-1] == 1.0 and {"000.wav", "003.wav"} <= {name for _, name in seen}


# --- nothing to prepare -------------------------------------------------------------------------------------------------


def test_folders_without_sound_say_what_was_looked_for_and_found(tmp_path, monkeypatch):
    monkeypatch.setattr("melisma.training.prepare.installed", lambda: False)
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts" / "sub").mkdir(parents=True)
    (tmp_path / "texts" / "sub" / "a.txt").touch()
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "a.m4a").touch()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.wav").write_text("x")
    for name, reason in {
        "absent": "does not exist",
        "texts/sub/a.txt": "is not a folder",
        "empty": r"looked for .*\.flac .*\.mp3 .*\.ogg .*\.wav.* found no files at all",
        "texts": "found 1 other files, such as a.txt",
        "phone": r"a\.m4a: \.m4a needs PyAV: pip install 'melisma\[formats\]', or convert it",
        "broken": "none of the 1 sounds .* can be read; the first, a.wav, is not audio",
    }.items():
        with pytest.raises(MelismaError, match=reason) as caught:
            prepare(tmp_path / name, tmp_path / "set")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "set").exists() and not list(tmp_path.glob(".*"))
    for rate in (0, 44100.5, -1):
        with pytest.raises(MelismaError, match="sample rate of a prepared set"):
            prepare(fill(tmp_path / "in", 1), tmp_path / "set", sample_rate=rate)


def test_links_that_run_in_circles(tmp_path):
    folder = fill(tmp_path / "in", 2)
    (folder / "again").symlink_to(folder)
    (folder / "library").symlink_to(fill(tmp_path / "elsewhere", 1, first=7))
    report = prepare(folder, tmp_path / "set")
    assert report.files == 3 and not report.duplicates


# --- the set as a whole -------------------------------------------------------------------------------------------------


def test_an_unchanged_folder_is_not_prepared_again(tmp_path):
    folder, into = fill(tmp_path / "in", 3), tmp_path / "set"
    first = prepare(folder, into)
    made = (into / "audio.i16").stat().st_ino
    again = prepare(folder, into)
    assert again.reused and not first.reused and again.minutes == first.minutes and (into / "audio.i16").stat().st_ino == made
    fill(folder, 1, first=9)
    assert prepare(folder, into).files == 4 and not prepare(folder, into, sample_rate=22050).reused
    opened(into)


def test_a_damaged_set_is_made_again(tmp_path):
    folder, into = fill(tmp_path / "in", 3), tmp_path / "set"
    prepare(folder, into)
    (into / "audio.i16").write_bytes(b"xx")
    assert not prepare(folder, into).reused
    for text in ("", "{}", "[]", '{"clips": []}', '{"clips": 3, "key": 1}'):
        (into / "index.json").write_text(text)
        assert not prepare(folder, into).reused
        opened(into)


def test_a_set_inside_its_own_folder(tmp_path):
    folder = fill(tmp_path / "in", 3)
    assert prepare(folder, folder / "set").files == 3
    assert prepare(folder, folder / "set").reused


def test_nothing_of_the_users_is_overwritten(tmp_path):
    folder = fill(tmp_path / "in", 3)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.json").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for into, reason in [(folder, "holds 000.wav"), (tmp_path / "site", "holds index.json"), (tmp_path / "file", "is a file")]:
        with pytest.raises(MelismaError, match=reason):
            prepare(folder, into)
    assert (tmp_path / "site" / "index.json").read_text() == (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_failure_on_the_way_leaves_the_old_set(tmp_path, monkeypatch, error):
    folder, into = fill(tmp_path / "in", 3), tmp_path / "set"
    prepare(folder, into)
    before = (into / "audio.i16").read_bytes()
    fill(folder, 2, first=8)
    read = Source.blocks

    def failing(source):
        yield from read(source)
        if source.path.name == "008.wav":
            raise error

    monkeypatch.setattr(Source, "blocks", failing)
    with pytest.raises(MelismaError if isinstance(error, OSError) else error):
        prepare(folder, into)
    assert (into / "audio.i16").read_bytes() == before and {p.name for p in tmp_path.iterdir()} == {"in", "set"}


def test_a_long_file_is_streamed(tmp_path):
    (tmp_path / "in").mkdir()
    with soundfile.SoundFile(tmp_path / "in" / "hour.wav", "w", 8000, 1, "PCM_16") as file:
        for i in range(60):
            file.write(noise(60, i, 8000))
    tracemalloc.start()
    report = prepare(tmp_path / "in", tmp_path / "set", sample_rate=16000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.minutes == pytest.approx(60, abs=0.001) and (tmp_path / "set" / "audio.i16").stat().st_size == 2 * 3600 * 16000
    assert peak < 30e6


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", ".nfs0000000000000001", "._index.json", "notes.txt"])
def test_a_foreign_file_in_a_set_stays_and_is_in_nobodys_way(tmp_path, name):
    folder, into = fill(tmp_path / "in", 3), tmp_path / "set"
    prepare(folder, into)
    (into / name).write_text("?")
    assert prepare(folder, into).reused
    fill(folder, 1, first=9)
    assert prepare(folder, into).files == 4 and (into / name).read_text() == "?"
    for lost in ("audio.i16", "index.json"):  # as after a kill between the two
        (into / lost).unlink()
        assert not prepare(folder, into).reused and (into / name).read_text() == "?"


def test_what_is_no_set_is_not_written_into(tmp_path):
    folder = fill(tmp_path / "in", 1)
    for name, text in {"song.wav": "mine", "index.json": '{"name": "a page of mine"}'}.items():
        into = tmp_path / name.partition(".")[0]
        into.mkdir()
        (into / name).write_text(text)
        with pytest.raises(MelismaError, match=f"is no prepared set and holds {name}; name a new folder, or move that away"):
            prepare(folder, into)
        assert [file.name for file in into.iterdir()] == [name] and (into / name).read_text() == text
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / ".DS_Store").touch()
    assert prepare(folder, tmp_path / "noise").files == 1


# --- channels that cancel, and files that are not what they announce -----------------------------------------------------


def test_channels_that_cancel_are_not_silence_and_not_duplicates(tmp_path):
    """Six different takes, each wired the wrong way round: their means are all the same silence."""
    folder = tmp_path / "in"
    folder.mkdir()
    takes = [noise(2, k)[:, 0] for k in range(6)]
    for k, x in enumerate(takes):
        soundfile.write(folder / f"{k}.wav", np.stack([0.98 * x, -x], 1), RATE, "FLOAT")
    report = prepare(folder, tmp_path / "set")
    index, samples = opened(tmp_path / "set")
    assert report.files == 6 and not report.duplicates and report.silent_minutes == 0
    assert report.cancelling == {f"{k}.wav": "channel 2 of 2 alone" for k in range(6)}
    assert any("channels cancel each other in 6 of 6 files: one of them is taken" in said for said in report.warnings)
    assert "5.wav: channel 2 of 2 alone" in text_of(report)
    for clip in index["clips"]:
        if clip["split"] == "train":
            got = samples[clip["start"] : clip["start"] + clip["samples"]] / 32768
            wanted = without_offset(-takes[int(clip["file"][0])], RATE)[: len(got)]
            assert np.abs(got - wanted).max() < 1e-4


def test_files_are_read_as_everywhere_else(tmp_path):
    """To the end that the decoder finds, with a remark on what is not as announced: what `melisma.read` gives is what is trained on."""
    import warnings

    cases = Path(__file__).parents[1] / "sound" / "cases"
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("two-ogg-in-a-row.ogg", "flac-from-a-pipe.flac", "vbr-without-xing.mp3"):
        shutil.copy(cases / name, folder)
    whole = folder / "crash.wav"
    soundfile.write(whole, noise(2, 3), RATE, "PCM_16")
    data = bytearray(whole.read_bytes())
    data[40:44] = bytes(4)
    whole.write_bytes(data)
    report = prepare(folder, tmp_path / "set")
    index, _ = opened(tmp_path / "set")
    assert list(report.remarks) == ["crash.wav"] and "announces 0.00 s and holds 2.00 s" in report.remarks["crash.wav"]
    for file in folder.iterdir():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = audio.read(file)
        clips = [clip for clip in index["clips"] if clip["file"] == file.name]
        assert sum(clip["samples"] for clip in clips) == wanted.samples.shape[1]
