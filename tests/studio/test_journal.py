"""The history on the disk: what was made, undone and walked to is there again, however the server ended."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from melisma.studio import journal as journals
from melisma.studio.document import MOST_STEPS, Draw, Session, Snapshot, Take, read
from melisma.studio.journal import Journal


def session(n):
    return Session(Take(f"model {n}"))


def names(journal):
    return [step.name for step in journal.steps], journal.at


@pytest.fixture
def file(tmp_path):
    return tmp_path / "history.jsonl"


def test_a_history_is_read_again(file):
    journal = Journal(file, None)
    for n in range(4):
        journal.keep(n - 1, f"step {n}", session(n))
    journal.keep(1, None, session(1))  # undone twice
    again = Journal(file, session(1))
    assert names(again) == (["step 0", "step 1", "step 2", "step 3"], 1)
    again.keep(1, "another", session(9))  # what had been undone is forgotten
    assert names(Journal(file, session(9))) == (["step 0", "step 1", "another"], 2)


@pytest.mark.parametrize("torn", [2, 20, 60])
def test_a_torn_line_ends_it(file, torn):
    journal = Journal(file, None)
    for n in range(3):
        journal.keep(n - 1, f"step {n}", session(n))
    file.write_bytes(file.read_bytes()[:-torn])
    found = Journal(file, session(1))
    assert names(found) == (["step 0", "step 1"], 1)


def test_the_autosave_is_what_counts(file):
    """Killed between the two files, or with the history gone."""
    Journal(file, None).keep(-1, "step 0", session(0))
    assert names(Journal(file, session(5))) == (["step 0", "Restored"], 1)
    file.unlink()
    assert names(Journal(file, session(5))) == (["Restored"], 0)
    assert Journal(file, None).session == session(5), "an autosave that is gone takes nothing with it"
    file.unlink()
    assert names(Journal(file, None)) == ([], 0)


def test_a_page_that_says_nonsense_loses_nothing(file):
    journal = Journal(file, None)
    journal.keep(7, "far off", session(0))
    journal.keep(400, None, session(1))
    assert [step.session for step in journal.steps] == [session(0), session(1)]
    assert journal.steps == Journal(file, session(1)).steps


def test_it_does_not_grow_without_end(file, monkeypatch):
    journal = Journal(file, None)
    for n in range(MOST_STEPS + 20):
        journal.keep(min(n, MOST_STEPS) - 1, f"step {n}", session(n))
    assert len(journal.steps) == MOST_STEPS and journal.steps[0].name == "step 20"
    monkeypatch.setattr(journals, "MOST_BYTES", 3000)
    found = Journal(file, session(MOST_STEPS + 19))
    assert found.steps[-1].name == f"step {MOST_STEPS + 19}" and 5 < len(found.steps) < 30
    assert file.stat().st_size < 9000


def test_in_memory_each_edit_is_there_once(file):
    """However many steps and snapshots hold it: a page sends the whole session with every step."""
    journal, edits, snapshots = Journal(file, None), (), ()
    for n in range(6):
        edits = (*edits, Draw(0, ((0.1, float(n)), (0.2, 1.0))))
        snapshots = (*snapshots, Snapshot(f"{n}", Take("small", edits=edits))) if n else ()
        whole = msgspec.json.encode(Session(Take("small", edits=edits), snapshots))
        journal.keep(n - 1, f"step {n}", read(whole, Session))
        assert msgspec.json.encode(journal.session) == whole
    for kept in (journal, Journal(file, read(whole, Session))):
        takes = [take for step in kept.steps for take in (step.session.take, *(one.take for one in step.session.snapshots))]
        assert len({id(edit) for take in takes for edit in take.edits}) == 6


def test_a_page_is_shown_what_it_can_read(file, monkeypatch):
    journal = Journal(file, None)
    for n in range(50):
        journal.keep(n - 1, f"step {n}", session(n))
    monkeypatch.setattr(journals, "MOST_SHOWN", 3000)
    steps, at = journal.shown()
    assert steps[at].name == "step 49" and 5 < len(steps) < 30
    journal.keep(at, "another", session(50))
    assert names(Journal(file, session(50))) == ([*(step.name for step in steps), "another"], at + 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 8)), max_size=25))
@settings(max_examples=50, deadline=None)
def test_what_is_on_the_disk_is_what_is_in_memory(tmp_path_factory, moves):
    file = tmp_path_factory.mktemp("journal") / "history.jsonl"
    journal, current = Journal(file, None), None
    for n, (makes, at) in enumerate(moves):
        if makes or not journal.steps:
            journal.keep(at, f"step {n}", current := session(n))
        else:
            at = min(max(at, 0), len(journal.steps) - 1)
            journal.keep(at, None, current := journal.steps[at].session)
        again = Journal(file, current)
        assert (again.steps, again.at) == (journal.steps, journal.at)
        journal = again
