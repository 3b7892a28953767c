"""The table of what formats hold, proved against libsndfile in processes of their own: what it lets through is written and read
again, what it refuses would not have been."""

import json
import subprocess
import sys

import numpy as np
import pytest

from melisma.errors import MelismaError
from melisma.sound import audio
from melisma.sound.formats import FORMATS, MP3_RATES, OPUS_RATES, format_for

RATES = sorted({1000, 1001, 3999, 4000, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 65535, 65536, 65537, 65540, 88200,
                96000, 176400, 192000, 199999, 200000, 200001, 384000, 655340, 655350, 655351, 655360, 768000, 1048575, 1048576,
                1536000})  # fmt: skip
CHANNELS = (1, 2, 3, 6, 8, 9, 128, 254, 255, 256, 257, 1023, 1024)
# Writes sounds of a format, one line of JSON each, as libsndfile alone sees it; a crash ends the process after the last line.
CHILD = """
import json, os, sys, tempfile
import numpy as np, soundfile
name, subtype, pairs = json.loads(sys.argv[1])
file = os.path.join(tempfile.mkdtemp(), "x")
for rate, channels in pairs:
    x = np.random.default_rng(0).uniform(-0.1, 0.1, (1500 if channels > 2 else max(1500, rate // 20), channels)).astype("f4")
    try:
        with soundfile.SoundFile(file, "w", rate, channels, subtype, format=name) as out:
            out.write(x)
        y, found = soundfile.read(file, always_2d=True)
        good = found == rate and y.shape == x.shape
    except Exception:
        good = False
    print(json.dumps([rate, channels, good]), flush=True)
"""


def as_libsndfile_has_it(name, subtype, pairs):
    """(rate, channels) → whether it is written and read again; None where the process ended."""
    found, left = {}, list(pairs)
    while left:
        said = subprocess.run([sys.executable, "-c", CHILD, json.dumps([name, subtype, left])], capture_output=True, text=True)
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        found |= {(rate, channels): good for rate, channels, good in lines}
        if said.returncode == 0:
            return found
        found[tuple(left[len(lines)])] = None
        left = left[len(lines) + 1 :]
    return found


def held(suffix, rate, channels, subtype=None):
    try:
        return bool(format_for(_Named(suffix), rate, channels, 1000, subtype))
    except MelismaError:
        return False


class _Named:
    def __init__(self, suffix):
        self.suffix = suffix


@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {".aif", ".oga"}))
def test_the_table_is_what_libsndfile_does(suffix):
    """Every rate with one and two channels, every number of channels at a rate that the format has; where the table says yes it
    must be so, and where libsndfile does it the table says yes. Where the process would end the table must say no: there a few
    values beside the edge are enough, for each costs a process."""
    made = FORMATS[suffix]
    usual = 48000
    pairs = [(rate, channels) for rate in RATES for channels in (1, 2)] + [(usual, channels) for channels in CHANNELS]
    pairs += [(8000, channels) for channels in CHANNELS]
    crash = suffix in (".ogg", ".oga")
    edge = {(200001, 1), (1536000, 2), (usual, 256), (8000, 1024)}
    pairs = [pair for pair in dict.fromkeys(pairs) if held(suffix, *pair) or not crash or pair in edge]
    found = as_libsndfile_has_it(made.name, made.subtype, pairs)
    wrong = {pair: good for pair, good in found.items() if bool(good) != held(suffix, *pair)}
    assert not wrong
    if crash:
        assert {pair for pair, good in found.items() if good is None} == edge, (
            "libsndfile has been mended: the table may be wider"
        )


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_a_format_cannot_hold_is_refused_before_and_leaves_nothing(tmp_path, suffix):
    for rate, channels in ((200001, 1), (44100, 256), (1001, 2), (1536000, 2), (44100, 3), (44100, 1025)):
        file = tmp_path / f"x{suffix}"
        x = np.zeros((channels, max(channels + 1, 2000)), np.float32)
        if held(suffix, rate, channels) and channels <= 1024:
            audio.write(file, x, rate)
            assert audio.read(file).samples.shape == x.shape
            file.unlink()
        else:
            with pytest.raises(MelismaError, match=r"x\.\w+ cannot (hold|be at)|1025 channels"):
                audio.write(file, x, rate)
        assert not list(tmp_path.iterdir())


def test_subtypes_that_a_format_can_be_asked_for():
    """Opus in a file that is called .ogg, Vorbis in one that is called .opus: the limits are the subtype's."""
    assert not held(".ogg", 44100, 2, "OPUS") and held(".ogg", 48000, 2, "OPUS") and held(".opus", 44100, 2, "VORBIS")
    assert not held(".opus", 200001, 2, "VORBIS") and not held(".flac", 44100, 2, "FLOAT") and held(".wav", 44100, 2, "FLOAT")
    assert set(OPUS_RATES) < set(MP3_RATES)


def test_no_subtype_ends_the_process(tmp_path):
    """Every subtype that `write` lets through, for every format: written and read in one process, which lives."""
    code = """
import sys, warnings
import numpy as np, soundfile
from melisma.errors import MelismaError
from melisma.sound import audio
from melisma.sound.formats import FORMATS
warnings.simplefilter("ignore")
for suffix, made in FORMATS.items():
    for subtype in soundfile.available_subtypes(made.name):
        for rate, channels in ((44100, 2), (48000, 1), (1000, 8), (200001, 1), (1536000, 2), (44100, 300)):
            print(suffix, subtype, rate, channels, file=sys.stderr, flush=True)
            try:
                audio.write(f"{sys.argv[1]}/x{suffix}", np.zeros((channels, 2000), np.float32), rate, subtype=subtype)
            except MelismaError:
                pass
"""
    said = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr.splitlines()[-3:]
    assert not [file for file in tmp_path.iterdir() if ".part" in file.name]
