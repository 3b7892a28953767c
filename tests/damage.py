"""Damaged files for the readers that Python has: what they are made of, how they are damaged, and what reading one must give.

Used by tests/test_readers.py, a little of it in every run of the suite, and by tests/fuzz_readers.py, for as long as one likes.
"""

import io
import json
import random
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from melisma.errors import MelismaError
from melisma.latent import LatentPath

RATE = 16000
SOUNDS = {
    "wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_24"), "caf": ("CAF", "PCM_16"), "au": ("AU", "FLOAT"), "w64": ("W64", "PCM_16"), "rf64": ("RF64", "PCM_16"),
    "adpcm.wav": ("WAV", "MS_ADPCM"), "gsm.wav": ("WAV", "GSM610"), "voc": ("VOC", "PCM_16"), "nist": ("NIST", "PCM_16"),
    "alac.caf": ("CAF", "ALAC_16"), "svx": ("SVX", "PCM_16"), "sd2": ("IRCAM", "PCM_16"), "avr": ("AVR", "PCM_16"),
}  # fmt: skip


def seeds(model_file=None):
    """name of a reader → whole files for it, as bytes."""
    x = 0.3 * np.sin(np.arange(3000) / 9) * np.linspace(1, 0, 3000)
    sounds = []
    for kind, subtype in SOUNDS.values():
        for channels in (1, 2):
            data = io.BytesIO()
            try:
                soundfile.write(data, np.tile(x[:, None], channels), RATE, subtype, format=kind)
            except (soundfile.SoundFileError, ValueError, TypeError):
                continue
            sounds.append(data.getvalue())
    sounds += [
        file.read_bytes()[:20000] for file in (Path(__file__).parent / "sound" / "cases").glob("*.*") if file.suffix != ".md"
    ]
    found = {
        "sound": sounds,
        "curve": [b"0 200\n1 300\n", b"0 200 3 1;\n1 300 3 2;\n"],
        "index": [b'{"version": 3, "clips": []}'],
    }
    path = LatentPath(np.zeros((3, 9)), np.full(9, -20.0), 250.0, 500, RATE, "tiny", np.tile([-2.0, 2.0], (3, 1)), (0, 2))
    found["path"] = [_saved(path), _saved(LatentPath(np.ones((1, 1)), [-9.0], 100.0, 1, 8000))]
    session = io.BytesIO()
    with zipfile.ZipFile(session, "w") as archive:
        archive.writestr(
            "session.json", b'{"format": 1, "take": {"model": "tiny", "input": null, "edits": [], "square": {}}, "snapshots": []}'
        )
        archive.writestr("sounds/" + "0" * 64, sounds[0])
    found["session"] = [session.getvalue()]
    if model_file is not None:
        found["model"] = [Path(model_file).read_bytes()]
    return found


def _saved(path):
    import tempfile

    from melisma.files import pathfile

    with tempfile.TemporaryDirectory() as folder:
        pathfile.save(path, file := Path(folder) / "x.npz")
        return file.read_bytes()


def damaged(data, others, rng: random.Random):
    """Bytes changed, cut, repeated, moved, joined to others', numbers made extreme: one to four of these."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        near = min(len(data), rng.choice((64, 256, 4096, 1 << 30)))
        at = rng.randrange(near) if near else 0
        size = rng.choice((1, 2, 4, 8, 30, 500))
        what = rng.randrange(9)
        if what == 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif what == 1:
            code = rng.choice(("<I", ">I", "<H", ">H", "<Q", ">Q"))
            most = 256 ** struct.calcsize(code) - 1
            number = rng.choice((0, 1, 2, most, most // 2, most // 2 + 1, len(data), len(data) - at, rng.randint(0, most)))
            data[at : at + struct.calcsize(code)] = struct.pack(code, min(number, most))
        elif what == 2:
            del data[at:]
        elif what == 3:
            del data[at : at + size]
        elif what == 4:
            data[at:at] = data[at : at + size] * rng.choice((1, 2, 50))
        elif what == 5:
            data[at:at] = rng.randbytes(size)
        elif what == 6:
            other = rng.choice(others)
            start = rng.randrange(len(other) or 1)
            data[at : at + size] = other[start : start + size]
        elif what == 7:
            data += rng.choice(others)
        elif what == 8:
            other = rng.choice((b"RIFF", b"data", b"fLaC\0\0\0\x22", b"OggS", b"Xing", b"Info", b"ID3\x04\0\0\x7f\x7f\x7f\x7f", b"ftypM4A ",
                                b"\xff\xfb\x90\xc4", b"\xff\xf1", b"PK\x03\x04", b"FORM", b"SSND", b"ds64"))  # fmt: skip
            data[at : at + len(other)] = other
    return bytes(data)


def read_sound(file):
    from melisma.sound.audio import read_noting

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        sound, remarks = read_noting(file, most=600)
    assert sound.samples.dtype == np.float32 and sound.samples.size and np.isfinite(sound.samples).all()
    assert all(str(file) in remark and "\n" not in remark for remark in remarks)


def read_path(file):
    from melisma.files import pathfile

    assert np.isfinite(pathfile.load(file).values).all()


def read_model(file):
    from melisma.files import modelfile

    modelfile.load(file)


def read_session(file):
    from melisma.studio.library import Library
    from melisma.studio.sessionfile import unpack

    unpack(Library(file.parent / "library"), file, "x")


def read_curve(file):
    from melisma.core.feedback import curve

    curve(str(file), "freq")


def read_index(file):
    from melisma.training.prepare import _reusable

    folder = file.parent / "set"
    folder.mkdir(exist_ok=True)
    (folder / "audio.i16").touch()
    (folder / "index.json").write_bytes(file.read_bytes())
    _reusable(folder, "")


READERS = {
    "sound": read_sound,
    "path": read_path,
    "model": read_model,
    "session": read_session,
    "curve": read_curve,
    "index": read_index,
}


def tried(reader, file):
    """Read a damaged file: it is read, or refused in one sentence. Anything else is a finding, and is raised."""
    try:
        READERS[reader](file)
    except MelismaError as error:
        assert "\n" not in str(error) and str(error), error
        return False
    return True


# --- a model's file, taken apart


def parts(data: bytes) -> tuple[dict, dict, bytes]:
    """A file's safetensors entries, its melisma header and its body."""
    (length,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + length])
    return entries, json.loads(entries.pop("__metadata__")["melisma"]), data[8 + length :]


def joined(entries: dict, header: object, body: bytes) -> bytes:
    """The inverse of `parts`, checking nothing."""
    text = json.dumps(entries | {"__metadata__": {"melisma": json.dumps(header)}}).encode()
    return struct.pack("<Q", len(text)) + text + body
