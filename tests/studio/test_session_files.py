"""Session files, the autosave and what the library says of sounds."""

import io
import json
import subprocess
import sys
import warnings
import zipfile

import msgspec
import numpy as np
import pytest
import soundfile
from takes import RATE, SOUNDS, A, B

import melisma
from melisma.cli import main as cli
from melisma.errors import MelismaError, MelismaWarning
from melisma.sound.audio import write
from melisma.studio import session
from melisma.studio.document import (
    Draw,
    KeptCorner,
    Operate,
    RandomCorner,
    Session,
    Snapshot,
    SoundCorner,
    Square,
    Take,
    Target,
)
from melisma.studio.library import Library
from melisma.studio.sessionfile import pack, references, unpack


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "studio")


@pytest.fixture
def whole(library, tmp_path):
    """A session of all kinds of parts, whose sounds are in the library."""
    refs = []
    for name, audio in (("a.wav", SOUNDS[A.hash]), ("b.flac", SOUNDS[B.hash])):
        write(tmp_path / name, audio.samples, audio.rate)
        refs.append(library.add_file(tmp_path / name).sound)
    edits = (Draw(0, ((0.1, 1.0), (0.4, -1.0))), Operate("randomize", {"amount": 0.5, "seed": 9}, Target(loudness=True)))
    square = Square(True, (None, SoundCorner(refs[1]), KeptCorner("k", refs[1], edits), RandomCorner(1)), acts="latents")
    wanted = Take("small", refs[0], edits, square)
    return Session(wanted, (Snapshot("plain", Take("small", refs[0])), Snapshot("other", Take("small", refs[1]))))


def test_a_session_file_sounds_the_same_in_another_process(whole, library, model, tmp_path):
    pack(library, whole, tmp_path / "s.melisma-session")
    other = Library(tmp_path / "other")
    assert unpack(other, tmp_path / "s.melisma-session", "s") == whole
    here = session.sound(whole.take, library.open, model)
    np.testing.assert_array_equal(session.sound(whole.take, other.open, model).samples, here.samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MelismaWarning)  # random weights may clip
        write(tmp_path / "here.wav", here, RATE)
    for target, more in (("there.wav", []), ("plain.wav", ["--snapshot", "plain"])):
        command = [sys.executable, "-m", "melisma", "render", tmp_path / "s.melisma-session", tmp_path / target, *more]
        subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "there.wav").read_bytes() == (tmp_path / "here.wav").read_bytes()
    assert (tmp_path / "plain.wav").read_bytes() != (tmp_path / "here.wav").read_bytes()


def test_session_files_that_are_none(whole, library, tmp_path):
    pack(library, whole, file := tmp_path / "s.melisma-session")
    data = file.read_bytes()
    fresh = Library(tmp_path / "fresh")
    for wrong in (b"", b"PK", b"hello" * 100, data[:-200], data[: len(data) // 2]):
        with pytest.raises(MelismaError, match="the file"):
            unpack(fresh, io.BytesIO(wrong), "the file")
    assert not list(fresh.sounds.iterdir())


def _with(file, **members):
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            if (data := members.get(info.filename.replace(".", "_").replace("/", "_"), source.read(info))) is not None:
                target.writestr(info.filename, data)
    out.seek(0)
    return out


def test_session_files_with_something_else_in_them(whole, library, tmp_path):
    pack(library, whole, file := tmp_path / "s.melisma-session")
    told = json.loads(msgspec.json.encode(whole))
    sound = f"sounds_{references(whole)[0].hash}"
    fresh = Library(tmp_path / "fresh")
    for members, reason in (
        ({"session_json": json.dumps(told | {"format": 2})}, "update Melisma"),
        ({"session_json": json.dumps(told | {"take": {}})}, "take"),
        ({sound: b"RIFF"}, "not what it was"),
        ({sound: None}, "damaged"),
        ({"session_json": json.dumps(told).replace(references(whole)[0].hash, "../" + "a" * 61)}, "hash"),
    ):
        with pytest.raises(MelismaError, match=reason):
            unpack(fresh, _with(file, **members), "s")


def test_the_autosave_is_whole_or_put_aside(whole, library):
    assert library.restore() is None
    library.save(whole)
    assert Library(library.folder).restore() == whole
    (library.folder / "autosave.json").write_bytes(b'{"take": ')
    assert library.restore() is None
    assert (library.folder / "autosave-unreadable.json").read_bytes() == b'{"take": '


def test_render_says_what_is_wrong(tmp_path, whole, library, capsys):
    pack(library, whole, file := tmp_path / "s.melisma-session")
    (tmp_path / "none.melisma-session").write_bytes(b"nothing")
    for arguments, reason in (
        ([str(tmp_path / "missing"), str(tmp_path / "o.wav")], "is not a file"),
        ([str(tmp_path / "none.melisma-session"), str(tmp_path / "o.wav")], "not a session"),
        ([str(file), str(tmp_path / "o.wav"), "--snapshot", "nope"], "plain, other"),
    ):
        assert cli.run(["render", *arguments]) == 1
        assert reason in capsys.readouterr().err
        assert not (tmp_path / "o.wav").exists()


def test_nothing_of_the_studio_needs_torch():
    code = "import sys, melisma.studio.serve; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert melisma.__version__


def test_what_there_is_to_say_of_a_sound_is_said_when_it_comes(library, tmp_path):
    """Channels that cancel, and what the reader found: in the answer to the upload, by the name that people know."""
    x = 0.2 * np.sin(np.arange(8000) / 9)
    soundfile.write(tmp_path / "wide.wav", np.stack([x, -x, 0 * x], 1), RATE, "FLOAT")
    soundfile.write(tmp_path / "crash.wav", x, RATE, "PCM_16")
    data = bytearray((tmp_path / "crash.wav").read_bytes())
    data[40:44] = bytes(4)
    (tmp_path / "crash.wav").write_bytes(data)
    wide, crash = (library.add_file(tmp_path / name) for name in ("wide.wav", "crash.wav"))
    assert len(wide.notes) == 1 and wide.notes[0].startswith("wide.wav: its channels cancel each other") and wide.channels == 3
    assert np.allclose(library.open(wide.sound).samples, x, atol=1e-6)
    assert len(crash.notes) == 1 and crash.notes[0].startswith(f"crash.wav announces 0.00 s and holds {8000 / RATE:.2f} s")
    assert crash.seconds == 8000 / RATE
    assert library.add_file(tmp_path / "wide.wav").notes == wide.notes
