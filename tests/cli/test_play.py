"""`melisma play`: a MIDI file through a model, from outside."""

import re

import mido
import numpy as np
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from needs import needs_core

from melisma.cli import main as cli
from melisma.core.exciter import Exciter
from melisma.errors import MelismaError
from melisma.play import notes_of, play

pytestmark = needs_core
RATE = 44100


def score(path, notes, tempo=500000):
    """notes: (begin, end, note) in seconds."""
    told = sorted([(a, "note_on", n) for a, _, n in notes] + [(b, "note_off", n) for _, b, n in notes])
    track, now = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)]), 0.0
    for at, kind, note in told:
        track.append(mido.Message(kind, note=note, velocity=100, time=round(mido.second2tick(at - now, 480, tempo))))
        now = at
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(path)
    return path


def test_notes_sound_when_and_as_high_as_they_are_written(tmp_path, capsys):
    place = score(tmp_path / "two.mid", [(0.5, 1.5, 69), (2.0, 3.0, 72)])
    assert cli.run(["play", str(place), str(tmp_path / "out.wav"), "--model", "strings", "--set", "release=0.05"]) == 0
    assert "5.00 s at 44100 Hz, through strings" in capsys.readouterr().out
    x, rate = soundfile.read(tmp_path / "out.wav")
    assert (rate, x.shape) == (RATE, (5 * RATE,))
    level = [20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9) for part in x.reshape(50, -1)]
    assert max(level[:4]) < -60 and min(level[7:14]) > -45 and max(level[17:19]) < -50 and min(level[22:29]) > -45
    for begin, note in ((0.7, 69), (2.2, 72)):
        part = x[round(begin * RATE) : round((begin + 0.7) * RATE)]
        wanted = 440 * 2 ** ((note - 69) / 12)
        magnitude = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 18))
        frequency = np.fft.rfftfreq(1 << 18, 1 / RATE)
        near = np.abs(frequency / wanted - 1) < 0.05
        assert abs(1200 * np.log2(frequency[near][np.argmax(magnitude[near])] / wanted)) < 20
    assert np.array_equal(play(place, exciter={"release": 0.05}).samples[0], play(place, exciter={"release": 0.05}).samples[0])


def test_what_the_help_says_can_be_set_is_heard(tmp_path, capsys):
    """It said that a saw is heard and that shape=1 makes it another, when the pulse of shape 1 had long been what is heard."""
    notes, exciter = score(tmp_path / "one.mid", [(0, 0.5, 69)]), set(Exciter.names())
    assert cli.run(["play", "--help"]) == 0
    named = re.findall(r"(\w+)=([0-9.]+)", " ".join(capsys.readouterr().out.split("\nOptions:")[0].split()))
    assert {("shape", "0"), ("shape", "2"), ("shape", "3"), ("width", "0.5"), ("attack", "0.2"), ("vibrato", "20")} == set(named)
    usual = play(notes).samples
    assert np.array_equal(play(notes, exciter={"shape": 1, "width": 0.1}).samples, usual), "a narrow pulse"
    for name, value in named:
        assert name in exciter and not np.array_equal(play(notes, exciter={name: float(value)}).samples, usual), name


def test_what_cannot_be_played_gets_one_sentence(tmp_path, capsys):
    empty = tmp_path / "empty.mid"
    mido.MidiFile().save(empty)
    (tmp_path / "text.mid").write_text("no notes")
    good = score(tmp_path / "good.mid", [(0, 0.1, 60)])
    for bad, said in (
        ([tmp_path / "none.mid", tmp_path / "out.wav"], "none.mid is not a file"),
        ([empty, tmp_path / "out.wav"], "empty.mid holds no note"),
        ([tmp_path / "text.mid", tmp_path / "out.wav"], "text.mid is not an intact MIDI file"),
        ([good, tmp_path / "out.xyz"], "out.xyz"),
        ([good, tmp_path / "out.wav", "--set", "attack"], "--set attack is not NAME=VALUE"),
        ([good, tmp_path / "out.wav", "--set", "atack=1"], "no parameter 'atack'"),
    ):
        capsys.readouterr()
        assert cli.run(["play", *map(str, bad)]) == 1
        error = capsys.readouterr().err
        assert said in error and len(error.splitlines()) == 1, error
    assert not list(tmp_path.glob("out.*"))


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_notes_or_one_sentence(tmp_path_factory, data, headed):
    place = tmp_path_factory.getbasetemp() / "any.mid"
    place.write_bytes((b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(data).to_bytes(4, "big") if headed else b"") + data)
    try:
        for seconds, message in notes_of(place):
            assert seconds >= 0 and 1 <= len(message) <= 3
    except MelismaError as error:
        assert "any.mid" in str(error) and "\n" not in str(error)
