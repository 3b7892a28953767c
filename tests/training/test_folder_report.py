"""What a folder's report says, and what is said of a folder without sounds."""

import json
import os
import re
import shutil

import numpy as np
import pytest
import soundfile
from folders import RATE, fill, noise, opened, text_of

from melisma.errors import MelismaError
from melisma.sound import audio
from melisma.training.prepare import prepare


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
