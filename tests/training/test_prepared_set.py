"""The prepared set as a whole: made again when it must be, and nothing of the user's overwritten."""

import tracemalloc

import pytest
import soundfile
from folders import fill, noise, opened

from melisma.errors import MelismaError
from melisma.sound.reading import Source
from melisma.training.prepare import prepare


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
