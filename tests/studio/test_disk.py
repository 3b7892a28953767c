"""A disk that is full, or was when the machine stopped: what was said to be saved is there, and what is damaged heals."""

import contextlib
import hashlib
import json
import os
import resource
import sys
import zipfile

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from running import Running, hear

from melisma.errors import MelismaError
from melisma.studio.document import Session, SoundRef, Take
from melisma.studio.journal import Journal
from melisma.studio.library import Library
from melisma.studio.sessionfile import pack, unpack


def wav(path, seed=0, seconds=0.2):
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(int(16000 * seconds)), 16000)
    return path


# --- the history --------------------------------------------------------------------------------------------------------


def send(socket, revision, at):
    """A step named after its number, of about 3 kB."""
    edits = [{"op": "draw", "lane": 0, "points": [[k / 8, revision / 10] for k in range(200)]}]
    session = {"take": {"model": "strings", "edits": edits}}
    socket.send(json.dumps({"type": "save", "revision": revision, "at": at, "name": f"step {revision}", "session": session}))


def keep(socket, revision, at):
    """That step; → "saved" or "failed"."""
    send(socket, revision, at)
    return hear(socket, "saved", "failed")["type"]


def test_what_was_said_to_be_saved_is_there_after_a_full_disk(tmp_path):
    """From outside: no file of the server may grow in the middle of a line; then it may again; then it is killed."""
    saved = []
    with Running(tmp_path) as studio:
        with studio.dial() as (socket, hello):

            def step(number):
                if (answer := keep(socket, number, number - 1)) == "saved":
                    saved.append(f"step {number}")
                return answer

            assert hello["history"] == []
            assert [step(n) for n in range(3)] == ["saved"] * 3
            history = tmp_path / "studio" / "history.jsonl"
            full = history.stat().st_size + 1000
            limits = resource.prlimit(studio.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
            assert [step(n) for n in range(3, 5)] == ["failed"] * 2
            resource.prlimit(studio.process.pid, resource.RLIMIT_FSIZE, limits)
            assert [step(n) for n in range(5, 9)] == ["saved"] * 4
        studio.kill()
    with Running(tmp_path) as studio:
        with studio.dial() as (_, hello):
            pass
    found = [one["name"] for one in hello["history"]]
    assert set(saved) <= set(found)
    assert found == [f"step {n}" for n in range(9)] and hello["at"] == 8, "what waited came to the disk with the next step"


@pytest.mark.parametrize("how", ["closes", "is torn", "is taken over"])
def test_a_page_that_goes_has_said_what_is_kept(tmp_path, how):
    """From outside: a page makes steps faster than the disk takes them, and goes; the next page is shown all of them."""
    (tmp_path / "slow").mkdir()
    slow = "import os, time\nreal = os.fsync\nos.fsync = lambda file: (time.sleep(0.05), real(file))[1]\n"
    (tmp_path / "slow" / "sitecustomize.py").write_text(slow)
    path = os.pathsep.join([str(tmp_path / "slow"), *sys.path])
    with Running(tmp_path, PYTHONPATH=path) as studio, contextlib.ExitStack() as held:
        socket, _ = held.enter_context(studio.dial())
        for number in range(12):
            send(socket, number, number - 1)
        if how == "closes":
            socket.close()
        elif how == "is torn":
            socket.socket.shutdown(2)
        with studio.dial() as (_, hello):
            assert [one["name"] for one in hello["history"]] == [f"step {n}" for n in range(12)]


def test_a_studio_opens_on_a_full_disk(tmp_path):
    """What is there is shown; the steps that follow are not said to be saved."""
    with Running(tmp_path) as studio:
        with studio.dial() as (socket, _):
            assert keep(socket, 0, -1) == "saved"
        studio.kill()
    (tmp_path / "studio" / "token").unlink()
    soft = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, soft[1]))
    try:
        studio = Running(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft)
    with studio:
        with studio.dial() as (socket, hello):
            assert [one["name"] for one in hello["history"]] == ["step 0"]
            assert keep(socket, 1, 0) == "failed"
            resource.prlimit(studio.process.pid, resource.RLIMIT_FSIZE, soft)
            assert keep(socket, 2, 1) == "saved"
        studio.kill()
    with Running(tmp_path) as studio:
        with studio.dial() as (_, hello):
            pass
        assert [one["name"] for one in hello["history"]] == ["step 0", "step 1", "step 2"]

    def __init__(self, patch):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.limit = lambda room: resource.setrlimit(resource.RLIMIT_FSIZE, (soft if room is None else room, hard))


@given(st.lists(st.tuples(st.integers(-1, 6), st.booleans(), st.none() | st.integers(0, 900)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_at_any_moment_of_any_history(tmp_path_factory, moves):
    """Steps and walks, on a disk that is full at any byte of any of them: saved is saved, and nothing is out of order."""
    file = tmp_path_factory.mktemp("journal") / "history.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal, said = Journal(file), None
    for number, (at, walks, room) in enumerate(moves):
        at = min(at, len(journal.steps) - 1)
        walks = walks and bool(journal.steps)
        session = journal.steps[max(at, 0)].session if walks else Session(Take(f"model {number}"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft if room is None else room, hard))
        try:
            journal.keep(max(at, 0) if walks else at, None if walks else f"step {number}", session)
            said = (journal.steps, journal.at)
        except (MelismaError, OSError):
            pass
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        if said is not None and (journal.steps, journal.at) == said:
            again = Journal(_copy(file))
            assert (again.steps, again.at) == said
        elif said is not None:  # a later one failed: the last that was said to be saved is there nevertheless
            again = Journal(_copy(file))
            # unless it took that one's place, and is there itself
            assert said[0][said[1]] in again.steps or (again.steps, again.at) == (journal.steps, journal.at)


def _copy(file):
    other = file.with_name("copy.jsonl")
    other.write_bytes(file.read_bytes())
    return other


def test_a_history_torn_in_its_middle_keeps_what_follows(tmp_path):
    """As older versions left it; the file as it was is put aside."""
    file = tmp_path / "history.jsonl"
    journal = Journal(file)
    for n in range(5):
        journal.keep(n - 1, f"step {n}", Session(Take(f"model {n}")))
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:20] + b"\n"
    file.write_bytes(torn := b"".join(lines))
    assert [step.name for step in Journal(file).steps] == ["step 0", "step 1", "step 3", "step 4"]
    assert (tmp_path / "history-unreadable.jsonl").read_bytes() == torn


def test_a_history_outlives_its_autosave(tmp_path):
    """A crash may leave the autosave empty."""
    with Running(tmp_path) as studio:
        with studio.dial() as (socket, _):
            assert [keep(socket, n, n - 1) for n in range(2)] == ["saved"] * 2
        studio.kill()
    (tmp_path / "studio" / "autosave.json").write_bytes(b"")
    with Running(tmp_path) as studio:
        with studio.dial() as (_, hello):
            pass
        assert [one["name"] for one in hello["history"]] == ["step 0", "step 1"]


# --- sounds -------------------------------------------------------------------------------------------------------------

DAMAGE = {
    "emptied": lambda data: b"",
    "torn": lambda data: data[: len(data) // 2],
    "another block": lambda data: data[:100] + bytes(512) + data[612:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_sound_is_named_and_heals(tmp_path, damage):
    source = wav(tmp_path / "cat.wav")
    ref = Library(tmp_path / "studio").add_file(source).sound
    file = tmp_path / "studio" / "sounds" / ref.hash
    file.write_bytes(DAMAGE[damage](good := file.read_bytes()))
    library = Library(tmp_path / "studio")
    with pytest.raises(MelismaError, match="cat.wav is damaged.*drop it onto the page again"):
        library.open(ref)
    with pytest.raises(MelismaError, match="cat.wav is damaged"):
        pack(library, Session(Take("strings", ref)), tmp_path / "s.melisma-session")
    assert library.add_file(source).sound == ref
    assert file.read_bytes() == good and Library(tmp_path / "studio").open(ref).samples.any()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_session_file_heals_a_sound(tmp_path, damage):
    library = Library(tmp_path / "studio")
    ref = library.add_file(wav(tmp_path / "cat.wav")).sound
    session = Session(Take("strings", ref))
    pack(library, session, tmp_path / "s.melisma-session")
    file = library.sounds / ref.hash
    file.write_bytes(DAMAGE[damage](good := file.read_bytes()))
    assert unpack(Library(tmp_path / "studio"), tmp_path / "s.melisma-session", "s") == session
    assert file.read_bytes() == good


def test_a_damaged_sound_in_the_running_studio(tmp_path):
    """From outside: the page's requests say so, and an upload mends it."""
    data = wav(tmp_path / "cat.wav").read_bytes()
    with Running(tmp_path) as studio:
        ref = studio.upload(data, "cat.wav")
        studio.kill()
    (tmp_path / "studio" / "sounds" / ref["hash"]).write_bytes(b"")
    with Running(tmp_path) as studio:
        status, body = studio.ask(f"/api/sounds/{ref['hash']}/samples?model=strings")
        assert status == 400 and "is damaged" in json.loads(body)["message"]
        assert studio.upload(data, "cat.wav") == ref
        assert studio.ask(f"/api/sounds/{ref['hash']}/samples?model=strings")[0] == 200


def test_a_sound_that_does_not_decode_does_not_stay(tmp_path):
    library = Library(tmp_path / "studio")
    source = tmp_path / "a.flac"
    soundfile.write(source, np.random.default_rng(0).standard_normal(48000) / 9, 48000)
    source.write_bytes((data := source.read_bytes())[:2000] + bytes(len(data) - 2000))
    try:
        ref = library.add_file(source).sound
    except MelismaError:
        assert not list(library.sounds.iterdir())
    else:
        assert library.holds(ref.hash)


def test_a_full_disk_is_not_called_a_damaged_file(tmp_path):
    library = Library(tmp_path / "one")
    session = Session(Take("strings", library.add_file(wav(tmp_path / "cat.wav", seconds=4)).sound))
    pack(library, session, tmp_path / "s.melisma-session")
    soft = resource.getrlimit(resource.RLIMIT_FSIZE)
    other = Library(tmp_path / "two")
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, soft[1]))
    try:
        with pytest.raises(OSError) as caught:
            unpack(other, tmp_path / "s.melisma-session", "s")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft)
    assert not isinstance(caught.value, MelismaError) and not list(other.folder.glob("incoming-*"))


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_with_a_damaged_byte(tmp_path, kind):
    """Whatever decompressor stumbles: a sentence, or the document as it was."""
    file = tmp_path / "s.melisma-session"
    session = Session(Take("strings"))
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr("session.json", b'{"take": {"model": "strings"}, "format": 1}' + b" " * 300)
    good, library = file.read_bytes(), Library(tmp_path / "studio")
    for place in range(0, len(good), 3):
        file.write_bytes(good[:place] + bytes([good[place] ^ 0x5A]) + good[place + 1 :])
        try:
            assert unpack(library, file, "this") == session
        except MelismaError as error:
            assert str(error).startswith(("this ", "that is not what the studio understands"))


# --- what a killed server leaves ----------------------------------------------------------------------------------------


def test_what_killed_servers_left_is_swept(tmp_path):
    """From outside: killed in the middle of an upload; the next one removes what is ours, and nothing else."""
    import http.client

    with Running(tmp_path) as studio:
        ref = studio.upload(wav(tmp_path / "a.wav").read_bytes())
        connection = http.client.HTTPConnection(studio.host)
        connection.putrequest("POST", "/api/sounds")
        for name, value in studio.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(64 << 20))
        connection.endheaders()
        connection.send(bytes(8 << 20))
        folder = tmp_path / "studio"
        assert studio.ask("/")[0] == 200
        for _ in range(200):
            if list(folder.glob("incoming-*")):
                break
            studio.ask("/")
        studio.kill()
    assert list(folder.glob("incoming-*")), "the test is about one that stays"
    ours = [
        folder / ".0123456789ab.part.json",
        folder / ".0123456789ab.part.jsonl",
        folder / "tmpabcdefg_",
        folder / "take-abcdefg_",
    ]
    users = [
        folder / "incoming-mix.wav",
        folder / "incoming-",
        folder / ".part.json",
        folder / "notes.txt",
        folder / "tmpabcdefgh",
    ]
    users += [folder / "take-abcdefgh"]
    for file in [*ours, *users]:
        if file.name.startswith(("tmp", "take")):
            file.mkdir()
            (file / "take.wav").write_bytes(b"RIFF")
        else:
            file.write_bytes(b"x")
    (folder / "tmpabcdefgh" / "mine.wav").write_bytes(b"x")
    (folder / "take-abcdefgh" / "mine").mkdir()
    (folder / "incoming-zzzzzzzz").symlink_to(tmp_path / "a.wav")
    with Running(tmp_path) as studio:
        assert studio.ask(f"/api/sounds/{ref['hash']}/samples?model=strings")[0] == 200
    left = {file.name for file in folder.iterdir()}
    assert not {file.name for file in ours} & left and left >= {file.name for file in users}
    assert [name for name in left if name.startswith("incoming-") and len(name) == 17] == ["incoming-zzzzzzzz"]
    assert (folder / "tmpabcdefgh" / "take.wav").is_file() and (folder / "take-abcdefgh" / "take.wav").is_file()
    assert hashlib.sha256((folder / "sounds" / ref["hash"]).read_bytes()).hexdigest() == ref["hash"]


def test_a_sound_of_the_library_is_whole_before_it_has_its_name(tmp_path, monkeypatch):
    """Killed before the rename: nothing by that name; after it: the whole sound, which was on the disk before."""
    import os

    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    library = Library(tmp_path / "studio")
    ref = library.add_file(wav(tmp_path / "a.wav")).sound
    assert os.stat(library.sounds / ref.hash).st_ino in synced
    with pytest.raises(MelismaError, match="not here any more"):
        library.open(SoundRef("0" * 64, "b.wav"))


def test_the_session_is_saved_however_many_sounds_came_and_went(tmp_path):
    """The numbers that the disk gives to files are used again: that of an upload that is gone may be the autosave's next."""
    with Running(tmp_path) as studio, studio.dial() as (socket, _):
        for number in range(12):
            studio.upload(wav(tmp_path / "a.wav", seed=number).read_bytes())
            assert studio.ask("/api/sounds", b"RIFF and nothing more", {"x-name": "odd.wav"})[0] == 400
            assert keep(socket, number, number - 1) == "saved"
