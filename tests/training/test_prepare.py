"""Preparing a folder: what goes into the set, what the report says of it, and that nothing half-made stays."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import RATE, fill, noise, opened, text_of

from melisma.sound import audio
from melisma.sound.highpass import at_rest, highpass
from melisma.sound.rates import resample
from melisma.training.folder_report import Report
from melisma.training.prepare import prepare


def without_offset(x, rate=RATE):
    return highpass(x.astype(np.float32), 10.0, rate, at_rest())[0]


def sound(index, flat, file):
    return np.concatenate([flat[c["start"] : c["start"] + c["samples"]] for c in index["clips"] if c["file"] == file])


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
