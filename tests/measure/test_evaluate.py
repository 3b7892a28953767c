"""Evaluation on a model whose faults are known."""

import io
import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import soundfile
from rich.console import Console

from melisma.errors import MelismaError, MelismaWarning
from melisma.measure import baselines, metrics, report
from melisma.measure.evaluate import ABOVE_COPY, FIGURES, evaluate
from melisma.measure.rows import ROWS, curve_bits

RATE = 48000
HOP = 1200  # of level_curve at this rate


@dataclass(frozen=True)
class Path:
    values: np.ndarray
    loudness: np.ndarray
    sound: np.ndarray
    natural: np.ndarray
    rate: float = RATE / HOP
    fine: np.ndarray | None = None
    colour: np.ndarray | None = None

    def set_loudness(self, curve):
        return replace(self, loudness=curve)


class Fake:
    """Keeps the sound in the path, with noise added on the way out; obeys the loudness as far as `slope` says."""

    name, sample_rate, hop = "fake", RATE, HOP

    def __init__(self, noise=1e-3, slope=1.0, leaky=False):
        self.noise, self.slope, self.leaky = noise, slope, leaky

    def encode(self, samples, *, rate):
        assert rate == RATE and samples.ndim == 1 and samples.dtype == np.float32
        loudness = metrics.level_curve(samples, rate)
        values = np.random.default_rng(len(samples)).standard_normal((3, len(loudness)))
        if self.leaky:
            values[0] = loudness
        return Path(values, loudness, samples, loudness)

    def decode(self, path):
        change = self.slope * (path.loudness - path.natural)
        gain = np.interp(np.arange(len(path.sound)), np.arange(len(change)) * self.hop, change)
        return self._noisy(path.sound * 10 ** (gain / 20), self.noise)

    def copy_synthesis(self, samples, *, rate):
        return self._noisy(samples, self.noise / 10)

    def mel(self, samples, *, rate):
        return np.random.default_rng(0).uniform(0, 1, (4, len(samples) // self.hop + 1))

    def kl(self, samples, *, rate):
        return np.array([[2.0], [0.01], [0.5]]) * np.ones((3, len(samples) // self.hop))

    @staticmethod
    def _noisy(x, amount):
        return (x + amount * np.random.default_rng(0).standard_normal(len(x))).astype(np.float32)


class Layered(Fake):
    """One whose path holds layers as well: each takes half of the noise away. The fine one gives the loudness away if `leaky`."""

    def encode(self, samples, *, rate):
        path = super().encode(samples, rate=rate)
        fine = np.random.default_rng(1).standard_normal((2, len(path.loudness)))
        return replace(path, fine=path.loudness[None] / 100 if self.leaky else fine, colour=np.zeros((5, len(path.loudness))))

    def decode(self, path, fine=1.0, colour=1.0):
        quieter = Fake(self.noise * (1 - fine / 2) * (1 - colour / 2), self.slope)
        return quieter.decode(path)


def write_tone(path, hz, seconds=1.2, rate=22050):
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(int(seconds * rate)) / rate
    x = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 6)) * (0.15 + 0.1 * np.sin(5 * t + hz))
    soundfile.write(path, np.stack([x, x], 1), rate)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for k in range(3):
        write_tone(folder / "held" / f"{k}.wav", 200 + 60 * k)
    for k in range(6):
        write_tone(folder / "train" / "deep" / f"{k}.flac", 180 + 70 * k, seconds=3)
    return folder


@pytest.fixture(scope="module")
def result(folder):
    return evaluate(Fake(), folder)


def test_rows_show_which_part_loses_what(result):
    assert set(result["rows"]) | set(result["missing"]) == set(ROWS) and not set(result["rows"]) & set(result["missing"])
    chain, copy = result["rows"]["chain"], result["rows"]["copy synthesis"]
    assert set(chain) == set(FIGURES)
    assert copy["visqol"] > chain["visqol"]
    for figure in ("stft_distance", "mel_distance_db"):
        assert copy[figure] < chain[figure]
    assert abs(chain["level_mean_db"]) < 0.2 and chain["pitch_cents"] < 1
    assert result["counted"]["visqol"] == result["file_count"] == len(result["files"]) == 3
    means = np.mean([f["rows"]["chain"]["mel_distance_db"] for f in result["files"]])
    assert chain["mel_distance_db"] == pytest.approx(means)


def test_usage_counts_dimensions_in_use(result):
    assert result["kl"]["per_dimension"] == pytest.approx([2.0, 0.01, 0.5])
    assert (result["kl"]["used"], result["kl"]["dimensions"]) == (2, 3)
    assert result["kl"]["total"] == pytest.approx(2.51)


def test_ramp_is_followed_as_far_as_the_model_follows(folder, result):
    assert result["follow_slope"] == pytest.approx(1, abs=0.02) and result["follow_rms_db"] < 0.5
    half = evaluate(Fake(slope=0.5), [folder / "held" / "0.wav"])
    assert half["follow_slope"] == pytest.approx(0.5, abs=0.02) and half["follow_rms_db"] > 2


def test_leak_is_found_where_there_is_one(folder, result):
    assert result["leak_files"] == {"train": 6, "test": 3}
    assert result["leak_r2"] < 0.05
    assert evaluate(Fake(leaky=True), folder, seconds_limit=0.5)["leak_r2"] > 0.9


def test_plain_folder_is_split_in_halves(folder):
    result = evaluate(Fake(leaky=True), folder / "train", seconds_limit=0.5)
    assert result["leak_files"] == {"train": 3, "test": 3}
    assert result["seconds"] == pytest.approx(3, abs=0.01)


def test_result_is_json_with_null_for_what_cannot_be_told(tmp_path):
    write_tone(tmp_path / "short.wav", 220, seconds=0.2)
    result = evaluate(Fake(), tmp_path)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    entry = result["files"][0]["rows"]["chain"]
    assert entry["visqol"] is None and "shorter" in entry["visqol_reason"]
    assert result["leak_r2"] is None and result["follow_slope"] is None
    assert result["counted"]["visqol"] == 0


def test_table_prints_every_row_even_without_files(result):
    console = Console(file=io.StringIO(), width=120)
    report.table({key: value for key, value in result.items() if key not in ("files", "skipped")}, console)
    printed = console.file.getvalue()
    for text in ("latents alone", "Opus", "Griffin-Lim", "ViSQOL", "nats", "leak", "slope 1.0", "no row '+ fine'"):
        assert text in printed


def test_unreadable_files_are_named_and_left_out(tmp_path):
    write_tone(tmp_path / "good.wav", 220)
    (tmp_path / "text.wav").write_text("not a sound")
    result = evaluate(Fake(), tmp_path)
    assert [f["file"] for f in result["files"]] == [str(tmp_path / "good.wav")]
    assert "text.wav" in result["skipped"][0]["reason"]
    console = Console(file=io.StringIO(), width=120)
    report.table(result, console)
    assert "left out" in console.file.getvalue()


def test_nothing_to_evaluate_is_one_clear_error(tmp_path):
    with pytest.raises(MelismaError, match="does not exist"):
        evaluate(Fake(), tmp_path / "missing")
    with pytest.raises(MelismaError, match="no sound file"):
        evaluate(Fake(), tmp_path)
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(MelismaError, match="no sound could be read"):
        evaluate(Fake(), tmp_path)
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(MelismaError, match="seconds_limit"):
            evaluate(Fake(), tmp_path, seconds_limit=seconds)


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("melisma.measure.evaluate.find_spec", lambda module: None if module == "visqol" else module)
    with pytest.raises(MelismaError, match=r"needs visqol-python: pip install 'melisma\[evaluate\]'"):
        evaluate(Fake(), tmp_path)


def test_model_that_changes_the_length_is_caught(folder):
    model = Fake()
    model.copy_synthesis = lambda samples, rate: samples[:-1]
    with pytest.raises(MelismaError, match="copy synthesis of .*0.wav"):
        evaluate(model, [folder / "held" / "0.wav"])


def test_progress_reaches_the_end(folder):
    steps = []
    evaluate(Fake(), folder, progress=lambda done, total, name: steps.append((done, total)), seconds_limit=0.5)
    assert steps[0] == (0, 9) and steps[-1] == (9, 9)
    assert steps == sorted(steps) and any(done % 1 for done, _ in steps)  # on the way through a file, too


@pytest.fixture(scope="module")
def layered(folder):
    return evaluate(Layered(noise=0.02), folder)


class TestLayers:
    def test_each_has_its_row_nearer_to_the_sound_and_its_bits(self, layered):
        assert not {"fine", "colour"} & set(layered["missing"])
        chain, fine, colour = (layered["rows"][row] for row in ("chain", "fine", "colour"))
        assert chain["mel_distance_db"] > fine["mel_distance_db"] > colour["mel_distance_db"]
        assert chain["bits"] < fine["bits"] == colour["bits"], "a colour that stands still takes none"
        assert layered["follow_slope_all"] == pytest.approx(1, abs=0.02)

    def test_the_probe_hears_all_layers(self, folder, layered):
        assert layered["leak_r2_all"] < 0.05

        class Leaky(Layered):
            def encode(self, samples, *, rate):
                path = super().encode(samples, rate=rate)
                return replace(path, values=np.random.default_rng(len(samples)).standard_normal(path.values.shape))

        found = evaluate(Leaky(leaky=True), folder, seconds_limit=0.5)
        assert found["leak_r2"] < 0.3 < 0.9 < found["leak_r2_all"]


def test_pitch_is_judged_above_what_copying_loses(result):
    for entry in result["files"]:
        for row in entry["rows"].values():
            for above, figure in ABOVE_COPY.items():
                if row[figure] is not None:
                    assert row[above] == pytest.approx(row[figure] - entry["rows"]["copy synthesis"][figure])
    assert result["rows"]["copy synthesis"]["lost_above_copy"] == 0


def test_a_low_rate_is_no_excuse(tmp_path):
    """A model at 16 kHz is judged by what lies above 8 kHz, too."""

    class Low(Fake):
        sample_rate = 16000

        def encode(self, samples, *, rate):
            assert rate == 44100
            values, loudness = np.zeros((3, 10)), np.zeros(10)
            return Path(values, loudness, samples, loudness, 40.0)

    write_tone(tmp_path / "a.wav", 200)
    assert evaluate(Low(), tmp_path)["file_count"] == 1


def test_missing_codec_is_told_with_its_remedy(folder, monkeypatch):
    monkeypatch.setattr(baselines.shutil, "which", lambda program: None)
    result = evaluate(Fake(), [folder / "held" / "0.wav"])
    assert "Opus" not in result["rows"] and "opus-tools" in result["missing"]["Opus"]
    console = Console(file=io.StringIO(), width=160)
    report.table(result, console)
    assert "no row 'Opus, same rate': opusenc and opusdec are not installed" in console.file.getvalue()


def test_weak_cases_are_named_worst_first(result):
    def entry(name, visqol, gross, lost):
        row = {"visqol": visqol, "pitch_gross": gross, "pitch_lost": lost}
        return {"file": f"some/{name}.wav", "rows": {"chain": row, "copy synthesis": row}}

    files = [
        entry("good", 4.5, 0.0, 0.1),
        entry("off", 4.2, 0.9, 0.0),
        entry("dull", 3.9, 0.0, 0.0),
        entry("lost", 4.2, None, 1.0),
    ]
    found = [entry["file"] for entry in report.weak({"files": files})]
    assert found == ["some/lost.wav", "some/off.wav", "some/dull.wav", "some/good.wav"]
    console = Console(file=io.StringIO(), width=200)
    report.table({**result, "rows": {row: result["rows"][row] for row in ("chain", "copy synthesis")}, "files": files}, console)
    printed = console.file.getvalue()
    assert "weak cases, worst first" in printed and printed.index("lost.wav") < printed.index("off.wav") < printed.index(
        "good.wav"
    )
    console = Console(file=io.StringIO(), width=200)
    report.table({**result, "files": files[:1]}, console)
    assert "weak cases" not in console.file.getvalue(), "one file is no list"


def test_the_weakest_is_drawn(folder, tmp_path):
    model = Fake()
    model.frame_rate, model.band_centres = RATE / HOP, np.array([100.0, 400.0, 2000.0, 8000.0])
    name = report.picture(model, evaluate(model, folder / "held"), tmp_path / "worst.png", 0.5)
    assert name.endswith(".wav") and (tmp_path / "worst.png").stat().st_size > 10000


def test_figures_of_an_older_file_are_still_shown(result):
    old = {
        "model": "old", "file_count": 1, "seconds": 2.0, "kl": result["kl"], "leak_r2": 0.1, "follow_slope": 1.0, "follow_rms_db": 0.1,
        "rows": {"chain": {"visqol": 4.2}, "copy synthesis": {"visqol": 4.6}, "Griffin-Lim": {"visqol": 4.4}},
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=120)
    report.table(old, console)
    assert "4.20" in console.file.getvalue() and "envelope" not in console.file.getvalue()


def test_bits_are_the_entropy_of_what_changes():
    rng = np.random.default_rng(0)
    assert curve_bits(np.full((3, 1000), 0.7), 0.01, 100) == 0
    coin = np.cumsum(rng.integers(0, 2, (1, 20000)), axis=1) * 0.5  # each step half a decibel up, or not
    assert curve_bits(coin, 0.5, 100) == pytest.approx(100, rel=0.01)
    assert curve_bits(np.repeat(coin, 2, axis=0), 0.5, 100) == pytest.approx(200, rel=0.01)


def test_channels_that_cancel_are_said_and_evaluated(tmp_path):
    write_tone(tmp_path / "x.wav", 220)
    samples, rate = soundfile.read(tmp_path / "x.wav")
    soundfile.write(tmp_path / "x.wav", samples * [1, -1], rate)
    with pytest.warns(MelismaWarning, match=r"x\.wav: its channels cancel each other .* channel 1 of 2 is taken alone"):
        result = evaluate(Fake(), tmp_path)
    assert result["file_count"] == 1 and result["rows"]["chain"]["pitch_lost"] < 0.2
