"""Every reader of files that Python has, on damaged files: it reads, or refuses in one sentence. More of it: fuzz_readers.py."""

import random

import damage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def whole(tiny):
    return damage.seeds(tiny)


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


@pytest.mark.parametrize("reader", damage.READERS)
def test_whole_files_are_read(whole, place, reader):
    file = place / f"whole-{reader}.bin"
    for data in whole[reader]:
        file.write_bytes(data)
        assert damage.tried(reader, file)
    assert len(whole["sound"]) > 30


@pytest.mark.parametrize("reader", damage.READERS)
@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**64), suffix=st.sampled_from([".bin", ".wav", ".mp3", ".flac", ".ogg"]))
def test_damaged_files_are_read_or_refused_in_a_sentence(whole, place, reader, seed, suffix):
    rng = random.Random(seed)
    file = place / f"{reader}{suffix}"
    file.write_bytes(damage.damaged(rng.choice(whole[reader]), whole[reader], rng))
    damage.tried(reader, file)


@pytest.mark.parametrize("reader", damage.READERS)
@given(data=st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_refused_in_a_sentence(place, reader, data):
    file = place / f"any-{reader}.bin"
    file.write_bytes(data)
    damage.tried(reader, file)
