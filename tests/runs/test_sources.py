"""The pure parts of the scripts that make the sound sets: what is cut, kept apart, left out and recorded. No network, no package."""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "runs"))

import card  # noqa: E402
import domain  # noqa: E402
import parts  # noqa: E402
from datasets import cleaning, drums, elsewhere, gather, packages, phrases, provenance, score, sung  # noqa: E402

RATE = cleaning.RATE
SOURCE = provenance.Source("key", "a-package", "1.0-1", "GPL-2+", "A. Author", "debian/copyright: 'GPL'")


def noise(seconds, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(int(seconds * RATE))).astype(np.float32)


def silence(seconds):
    return np.zeros(int(seconds * RATE), np.float32)


def clip(voice, audio, sample="a/b.wav", source=SOURCE, **more):
    return gather.Clip(source, sample, voice, audio, **more)


def test_share_alike_sounds_are_kept_apart_and_counted():
    apart = provenance.Source("other", "b-package", "1", "CC-BY-SA-3.0", "B. Author", "debian/copyright")
    clips, dropped = gather.without_share_alike([clip("a", noise(0.1)), clip("b", noise(0.1), source=apart)])
    assert [c.voice for c in clips] == ["a"] and sum(dropped.values()) == 1 and "CC-BY-SA" in next(iter(dropped))
    assert not gather.without_share_alike(clips)[1]


def test_a_beat_repeats_its_strokes_and_stays_within_its_bars():
    kit = [clip("kick", noise(0.2)), clip("hat", noise(0.05, 1))]
    audio = drums.beat(kit, np.random.default_rng(3))
    again = drums.beat(kit, np.random.default_rng(3))
    assert np.array_equal(audio, again) and 2 * RATE < len(audio) < 16 * RATE and np.abs(audio).max() > 0.01


class TestCleaning:
    def test_ends_and_long_pauses_go_and_short_pauses_stay(self):
        long, short = [np.concatenate([silence(1), noise(1), silence(s), noise(1), silence(2)]) for s in (1.5, 0.2)]
        cut = [len(cleaning.without_pauses(x)) / RATE for x in (long, short)]
        assert cut[0] == pytest.approx(2 + 4 * 0.06, abs=0.03)
        assert cut[1] == pytest.approx(2.2 + 2 * 0.06, abs=0.03)

    def test_direct_current_goes(self):
        assert abs(cleaning.without_pauses(noise(1) + 0.3).mean()) < 0.003

    def test_silence_and_nothing_leave_nothing(self):
        assert len(cleaning.without_pauses(silence(1))) == len(cleaning.without_pauses(silence(0))) == 0

    @settings(max_examples=20)
    @given(st.integers(0, 3 * RATE), st.floats(0.001, 1))
    def test_evened_sounds_are_at_the_level_or_at_the_peak(self, samples, level):
        x = noise(0.5, samples, level)
        x[: samples % len(x)] *= 0.001
        y = cleaning.evened(x, -20, -1.5)
        levels = cleaning.frame_levels(y)
        rms = np.sqrt(np.mean(levels[levels > 0.1 * levels.max()] ** 2))
        assert 20 * np.log10(np.abs(y).max()) < -1.49
        assert 20 * np.log10(rms) == pytest.approx(-20, abs=0.2) or 20 * np.log10(np.abs(y).max()) == pytest.approx(
            -1.5, abs=0.01
        )

    def test_bandwidth_tells_an_upsampled_recording(self):
        import soxr

        dull = soxr.resample(soxr.resample(noise(2), RATE, 16000), 16000, RATE)
        assert cleaning.bandwidth(dull) == pytest.approx(8000, abs=400)
        assert cleaning.bandwidth(noise(2)) > 21000

    def test_clipping_is_runs_at_the_extreme(self):
        x = noise(1)
        assert cleaning.clipping(x) == 0
        assert cleaning.clipping(np.clip(x, -0.1, 0.1)) == pytest.approx(0.317**3, rel=0.1)  # beyond one deviation, three times

    def test_what_is_left_out_is_counted_with_its_reason(self):
        dull = clip("d", np.sin(np.arange(RATE) * 0.05).astype(np.float32))
        sounds = [clip("a", noise(1, 1)), clip("b", noise(1, 1)), clip("c", noise(1, 2) * 1e-4), clip("e", noise(0.02, 3)), dull]
        kept, dropped = cleaning.cleaned(sounds, lambda x: x, gather.fault(9500))
        assert [c.voice for c in kept] == ["a"]
        assert dropped == {"duplicate": 1, "near-silent": 1, "shorter than 50 ms": 1, "with nothing above 9.5 kHz": 1}


class TestSplit:
    @settings(max_examples=40, deadline=None)
    @given(st.dictionaries(st.text(min_size=1), st.floats(0.1, 5), min_size=12, max_size=60))
    def test_held_voices_are_some_and_never_too_many(self, minutes):
        held = gather.held_voices(minutes)
        assert sum(minutes[v] for v in held) <= 0.15 * sum(minutes.values()) + 1e-9
        assert held == gather.held_voices(dict(reversed(minutes.items())))
        if max(minutes.values()) < 0.03 * sum(minutes.values()):
            assert sum(minutes[v] for v in held) >= 0.1 * sum(minutes.values())

    def test_voices_are_kept_apart_and_licences_too(self, tmp_path):
        share_alike = provenance.Source("other", "b-package", "2", "CC-BY-SA-3.0", "B", "e")
        clips = [clip(f"v{i % 20}", noise(0.3, i), f"x/{i}.wav", [SOURCE, share_alike][i % 2]) for i in range(60)]
        clips, held, dropped = gather.chosen(clips)
        rows = gather.placed(clips, tmp_path, held)
        assert not dropped and 0 < len(held) < 20
        voices = {split: {r["voice"] for r in rows if r["split"] == split} for split in ("train", "held")}
        assert voices["held"] == held and not voices["train"] & held
        for r in rows:
            assert r["file"].split("/")[1] == {"GPL-2+": "gpl", "CC-BY-SA-3.0": "cc-by-sa"}[r["licence"]]

    def test_every_file_has_one_complete_record(self, tmp_path):
        clips = [clip(f"v{i}", noise(0.3, i), "same/name.wav") for i in range(4)] + [clip("v0", noise(0.4, 9), "other/name.wav")]
        rows = gather.placed(clips, tmp_path, {"v1"})
        files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.flac")}
        assert files == {r["file"] for r in rows} and len(rows) == 5
        for r in rows:
            assert all(r[k] for k in ("package", "version", "sample", "licence", "author", "evidence", "voice", "kind"))
            assert r["minutes"] * 60 == pytest.approx(soundfile.info(tmp_path / r["file"]).duration, abs=0.01)

    def test_pitches_that_are_held_are_not_in_train(self, tmp_path):
        notes = [
            phrases.Note(SOURCE, f"n{p}-{take}", "horn", "sustain", str(p), p, 0.5, noise(0.1, p))
            for p in range(40, 70)
            for take in (0, 1)
        ]
        splits, rows = phrases.write_notes(notes, tmp_path)
        groups = {split: {n.group for n in splits[split]} for split in splits}
        assert groups["held"] and not groups["held"] & groups["train"]
        assert len(rows) == 60


class TestLicences:
    TEXT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2001 A
 2002 B
License: GPL-2+

Files:
 base/sound/x/*
 base/sound/y?.ogg
Copyright: C
License: CC-BY-SA-3.0

License: GPL-2+
 Long text.
"""

    def test_the_last_paragraph_that_matches_counts(self):
        terms = packages.copyright_terms(self.TEXT)
        assert [t.licence for t in terms] == ["GPL-2+", "CC-BY-SA-3.0"]
        for path, licence in {"base/sound/x/a/b.ogg": "CC-BY-SA-3.0", "base/sound/y1.ogg": "CC-BY-SA-3.0", "z": "GPL-2+"}.items():
            assert packages.terms_of(path, terms).licence == licence
        assert terms[0].holders == "2001 A; 2002 B"

    def test_a_file_of_which_nothing_is_said_is_an_error(self):
        with pytest.raises(KeyError, match="lost.ogg"):
            packages.terms_of("lost.ogg", packages.copyright_terms(self.TEXT)[1:])

    def test_the_table_sums_by_source_licence_split_and_kind(self, tmp_path):
        rows = gather.placed([clip(v, noise(6, i), f"{v}.wav") for i, v in enumerate("abc")], tmp_path, {"c"})
        table = provenance.licence_table("toy", rows)
        assert "| a-package | 1.0-1 | GPL-2+ | A. Author | train | real | 2 | 0.2 |" in table
        assert "| a-package | 1.0-1 | GPL-2+ | A. Author | held | real | 1 | 0.1 |" in table
        assert "- a-package, GPL-2+: debian/copyright: 'GPL'" in table


def test_sounds_are_found_in_folders_and_archives_in_order(tmp_path):
    data = io.BytesIO()
    soundfile.write(data, noise(0.1), RATE, format="WAV")
    (tmp_path / "b.wav").write_bytes(data.getvalue())
    (tmp_path / "readme.txt").write_text("no sound")
    with zipfile.ZipFile(tmp_path / "a.pk3", "w") as archive:
        archive.writestr("sound/z.wav", data.getvalue())
        archive.writestr("sound/a.ogg", b"not read")
    assert [name for name, _ in packages.sounds_in(tmp_path)] == ["sound/a.ogg", "sound/z.wav", "b.wav"]


class TestSung:
    def test_a_stretched_vowel_keeps_its_consonant_and_ends_in_time(self):
        voiced = np.arange(60) >= 15
        place = sung.stretched(300, voiced, np.random.default_rng(0))
        assert len(place) == 300 and 0 <= place.min() and place.max() <= 59
        lead = 15 + sung.EDGE
        np.testing.assert_array_equal(place[:lead], np.arange(lead))
        np.testing.assert_array_equal(place[-sung.EDGE :], np.arange(60 - sung.EDGE, 60))

    def test_the_melody_reaches_its_notes(self):
        curve = sung.melody_curve([(60.0, 200), (67.0, 200)], np.random.default_rng(1))
        assert len(curve) == 400
        assert np.median(curve[60:200]) == pytest.approx(60, abs=0.5)
        assert np.median(curve[260:]) == pytest.approx(67, abs=0.5)

    def test_runs_with_a_pitch(self):
        assert sung.voiced_runs(np.array([0, 5, 5, 0, 5, 5, 5]), 3) == [(4, 7)]
        assert sung.voiced_runs(np.zeros(4), 1) == []


class TestRecipe:
    def test_each_part_gives_what_it_moved(self):
        saved = {"vocoder.a": 1, "encoder.b": 2, "decoder.c": 3}
        assert parts.moved(saved, "vocoder") == {"vocoder.a": 1}
        assert parts.moved(saved, "vae") == {"encoder.b": 2, "decoder.c": 3}
        assert parts.moved(saved, "tune") == saved

    def test_a_run_starts_from_another_ones_weights_and_says_so(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
        toy = domain.Domain("toy", "GPL-2+", "about", "cannot", start="strings")
        there = tmp_path / "runs" / "strings-vae"
        there.mkdir(parents=True)
        torch.save({"vocoder.a": torch.ones(1), "encoder.b": torch.ones(2)}, there / "weights.pt")
        (there / "history.jsonl").write_text('{"step": 7}\n{"step": 70}\n')
        assert set(parts.foreign(toy, "vae")) == {"encoder.b"}
        (start,) = parts.starts(toy)
        assert (start["run"], start["part"], start["steps"]) == ("strings", "vae", 70)

    def test_where_there_is_no_such_run_it_starts_from_the_published_model(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
        toy = domain.Domain("toy", "GPL-2+", "about", "cannot", start="strings")
        weights = parts.foreign(toy, "vae")
        assert weights and not any(name.startswith(("vocoder.", "calibration.")) for name in weights)
        assert [start["model"] for start in parts.starts(toy)] == ["strings"]

    def test_a_run_without_a_start_is_from_scratch(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
        assert parts.foreign(domain.Domain("toy", "MIT", "", "", start=""), "vocoder") == {}


class TestCard:
    ROWS = [
        {"file": "train/a.flac", "split": "train", "package": "p", "licence": "MIT", "minutes": 3.0},
        {"file": "train/phrases/a.flac", "split": "train", "package": "p", "licence": "MIT", "minutes": 2.0},
        {"file": "held/gpl/b.flac", "split": "held", "package": "q", "licence": "GPL-2", "minutes": 1.0, "kind": "derived: sung"},
    ]

    def test_real_and_derived_minutes_are_told_apart(self):
        table = card.sounds_table(self.ROWS)
        assert "| p | MIT | real | 1 | 3.0 | 0.0 |" in table
        assert "| q | GPL-2 | derived: sung | 1 | 0.0 | 1.0 |" in table
        assert table.endswith("In all 3.0 minutes real, 2.0 minutes derived: phrases made of notes, 1.0 minutes derived: sung.")

    def test_the_published_strings_model_has_its_card(self):
        from melisma.files import modelfile

        file = modelfile.load(domain.TOP / "models" / "strings.melisma")
        text = card.card(file, 5_000_000, {"files": self.ROWS, "dropped": {"duplicate": 2}}, "About it.", "Not that.")
        for part in ("# strings", "About it.", "Not that.", "Left out: 2 duplicate.", file.training["licence"], "| ViSQOL |"):
            assert part in text
        assert f"{file.evaluation['rows']['chain']['visqol']:.2f}" in text

    def test_figures_from_elsewhere_are_those_of_this_file(self):
        from melisma.files import modelfile

        file = modelfile.load(domain.TOP / "models" / "strings.melisma")
        away = {"of": {"sha256": file.digest}, "rows": {"chain": {"visqol": 3.217}, "copy synthesis": {"visqol": 4.337}}}
        given = (file, 5_000_000, {"files": self.ROWS, "dropped": {}}, "", "", "")
        assert "from elsewhere" in (text := card.card(*given, away)) and "| ViSQOL | 3.22 | 4.34 |" in text
        assert "from elsewhere" not in card.card(*given) and "from elsewhere" not in card.card(
            *given, away | {"of": {"sha256": "0"}}
        )

    def test_the_card_says_what_a_model_started_from(self):
        training = {"stages": [["vae", 0.5]], "minutes": 100, "cores": 2, "script": "runs/x.py"}
        assert "Started from scratch." in card.how(training)
        begun = [{"run": "shared", "part": "vae", "steps": 70, "date": "2026-11-24"}]
        assert "the vae of the run `shared` (70 steps, 2026-11-24)" in card.how(training | {"start": begun})
        again = training | {"start": [{"model": "x", "part": "vae", "date": "2026-11-25"}], "note": "trained on"}
        assert "The first model of this name was fine-tuned from `shared`" in (said := card.how(again, "x", "shared"))
        assert said.endswith("Trained on.") and "first model" not in card.how(training | {"start": begun}, "x", "shared")


class TestElsewhere:
    def test_no_training_draws_on_its_packages(self):
        import re

        datasets = Path(packages.__file__).parent
        fetched = r'(?:debian_package|npm_package|Package)\(\s*"([a-z0-9.+-]+)"'
        here = set(re.findall(fetched, (datasets / "elsewhere.py").read_text()))
        assert {"timgm6mb-soundfont", "hedgewars-data"} <= here
        for file in datasets.glob("*.py"):
            if file.name != "elsewhere.py":
                text = file.read_text()
                assert not [name for name in here if f'"{name}"' in text], file.name

    def test_every_part_of_the_scores_is_played_by_some_font_and_every_font_knows_its_parts(self):
        for alone, fonts in ((elsewhere.ALONE, elsewhere.STRING_PARTS), (elsewhere.CHOIRS, elsewhere.CHOIR_PARTS)):
            assert all(name in fonts for names in alone.values() for name in names)
        low, high = (min(p for p, _ in elsewhere.STRING_PARTS[name][0][1]) for name in ("mono_contrabass", "mono_violin"))
        assert low < 30 and high > 55, "from a contrabass's E1 to a violin"

    @given(st.integers(0, 2**28 - 1))
    def test_variable_lengths_read_back(self, number):
        value = 0
        for byte in (found := score.variable(number)):
            value = value << 7 | byte & 0x7F
        assert value == number and all(b & 0x80 for b in found[:-1]) and not found[-1] & 0x80

    def test_a_score_ends_each_note_before_the_next_begins(self):
        found = score.midi_file([(42, [(36, 1), (None, 0.5), (38, 1.5)]), (40, [(72, 3)])], 120)
        assert found[:4] == b"MThd" and found.count(b"MTrk") == 1 and found.endswith(b"\xff\x2f\x00")
        length = int.from_bytes(found[18:22], "big")
        assert length == len(found) - 22
        on, off = found.index(bytes([0x90, 36, 90])), found.index(bytes([0x80, 36, 0]))
        assert on < off < found.index(bytes([0x90, 38, 90]))
        assert found.count(bytes([0xC0, 42])) == 1 == found.count(bytes([0xC1, 40]))

    def test_short_clips_are_joined_until_they_are_long_enough(self):
        clips = [clip("a", noise(0.5, k), f"a/{k}") for k in range(7)]
        found = elsewhere.joined(clips, 1.5)
        assert [c.sample for c in found] == ["0 1 2", "3 4 5"]
        assert all(len(c.audio) / RATE == pytest.approx(3 * (0.5 + elsewhere.GAP), abs=0.01) for c in found)
        assert not elsewhere.joined(clips[:1], 1.5)
