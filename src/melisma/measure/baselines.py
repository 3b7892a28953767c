"""What others make of a sound: a vocoder without training, and a codec at a given bit rate."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from ..errors import Unavailable
from ..files.bands import mel_filterbank
from ..sound.rates import resample
from .pitch import load_librosa
from .threads import on_one_thread
from .waveforms import checked, mel_config

GRIFFIN_LIM_ITERATIONS = 32
OPUS_RATE = 48000
OPUS_BITS = (6000.0, 256000.0)  # bits a second of one channel that opusenc takes
OPUS_MISSING = "opusenc and opusdec are not installed: apt-get install opus-tools, or brew install opus-tools"


@on_one_thread
def griffin_lim(
    reference: np.ndarray, rate: int, frame: int = 1024, hop: int = 256, bands: int = 128, fmin: float = 30.0
) -> np.ndarray:
    """The waveform (T,) that its own mel gives back with no training: NNLS magnitudes, then Griffin-Lim phases.

    Magnitudes by multiplicative non-negative least squares (Lee and Seung, 2001) against the Slaney filterbank;
    phases by fast Griffin-Lim (Perraudin, Balazs and Søndergaard, 2013) from seeded random ones.
    """
    librosa = load_librosa()
    reference = checked(reference, rate)
    bank = mel_filterbank(mel_config(rate, frame, hop, bands, fmin))
    padded = np.pad(reference, (0, max(0, frame - len(reference))))  # librosa needs a whole frame
    mel = np.abs(librosa.stft(padded, n_fft=frame, hop_length=hop)).T @ bank.T  # (L, M)
    gram, drawn = bank.T @ bank, mel @ bank
    magnitudes = drawn / np.maximum(gram.sum(0), 1e-9)
    for _ in range(GRIFFIN_LIM_ITERATIONS):
        magnitudes *= drawn / np.maximum(magnitudes @ gram, 1e-9)
    output = librosa.griffinlim(
        magnitudes.T, n_iter=GRIFFIN_LIM_ITERATIONS, hop_length=hop, n_fft=frame, length=len(padded), random_state=0
    )
    return output[: len(reference)].astype(np.float32)


def has_opus() -> bool:
    return all(shutil.which(program) for program in ("opusenc", "opusdec"))


def opus(reference: np.ndarray, rate: int, bits: float) -> tuple[np.ndarray, float]:
    """A waveform (T,) through Opus at so many bits a second. → (T,), and the bits a second that it took: its packets, of a hard
    constant rate, without the container.

    Valin, Vos and Terriberry, RFC 6716 (2012). Outside of what the codec can do, the nearest rate that it can.
    Unavailable without opusenc and opusdec (see OPUS_MISSING), or when they fail.
    """
    if not has_opus():
        raise Unavailable(OPUS_MISSING)
    reference = checked(reference, rate)
    with tempfile.TemporaryDirectory() as folder:
        before, coded, after = (Path(folder) / name for name in ("in.wav", "coded.opus", "out.wav"))
        soundfile.write(before, np.clip(resample(reference, rate, OPUS_RATE), -1, 1), OPUS_RATE, "PCM_24")
        bits = float(np.clip(bits, *OPUS_BITS))
        for command in (
            ["opusenc", "--quiet", "--music", "--hard-cbr", "--bitrate", f"{bits / 1000:.3f}", str(before), str(coded)],
            ["opusdec", "--quiet", "--rate", str(OPUS_RATE), "--float", str(coded), str(after)],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise Unavailable(f"{command[0]} failed: {done.stderr.strip() or done.returncode}")
        samples, _ = soundfile.read(after, dtype="float32", always_2d=True)
    output = resample(samples[:, 0], OPUS_RATE, rate)[: len(reference)]
    output = np.pad(output, (0, len(reference) - len(output)))
    return output.astype(np.float32), bits
