"""Damaged sound does not stick; damaged files are refused."""

import struct

import numpy as np
import pytest
from damage import joined, parts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from needs import needs_core
from random_models import MELGAN, SMALL, TINY, file_bytes, sound

from melisma.core import binding as core
from melisma.core.library import library
from melisma.errors import MelismaError
from melisma.files import modelfile

pytestmark = needs_core


@pytest.mark.parametrize("config", [TINY, MELGAN, SMALL], ids=["phase", "melgan", "usual frames"])
@pytest.mark.parametrize("rate", [0, 48000])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38, 1e-42])
@pytest.mark.parametrize("bits", [8, 16])
def test_bad_samples_do_not_stick(config, rate, bad, bits):
    model = core.CoreModel(file_bytes(config, bits=bits))
    stream = model.stream(rate)
    stream.set("feedback", 0.5)
    x = sound(rate or model.sample_rate, 6000)
    x[100:200] = bad
    assert np.isfinite(stream.process(x)).all()
    assert np.isfinite(stream.process(np.full(3000, bad, np.float32))).all()
    assert np.isfinite(stream.process(sound(8000, 6000))).all()
    for value in (np.nan, np.inf, 3e38):
        assert np.isfinite(stream.decode(np.full((2, 9), value, np.float32), np.full(9, value, np.float32))).all()
        assert np.isfinite(stream.synthesize(np.full((model.bands, 9), value, np.float32))).all()


def refusal(data: bytes) -> str:
    with pytest.raises(MelismaError) as caught:
        core.CoreModel(data)
    text = str(caught.value)
    assert text and text.isprintable() and len(text) < 400
    return text


def test_every_truncation_is_refused():
    data = file_bytes(TINY)
    for length in [*range(0, 400, 7), *range(400, len(data), 997), len(data) - 1]:
        refusal(data[:length])


def agrees(data: bytes) -> None:
    """The core takes what modelfile.py takes, and survives whatever it takes."""
    try:
        modelfile._parse(data)
        fine = True
    except MelismaError:
        fine = False
    try:
        model = core.CoreModel(data)
    except MelismaError as error:
        assert str(error).isprintable()
        assert not fine, f"only the core refuses it: {error}"
        return
    assert fine, "only the core takes it"
    model.stream().process(np.zeros(200, np.float32))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([TINY, MELGAN]), st.sampled_from([8, 16]), st.integers(0, 4000), st.binary(min_size=1, max_size=4))
def test_damaged_bytes(config, bits, place, new):
    data = bytearray(file_bytes(config, bits=bits))
    data[place : place + len(new)] = new
    try:
        core.CoreModel(bytes(data)).stream().process(np.zeros(200, np.float32))
    except MelismaError as error:
        assert str(error).isprintable()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([TINY, MELGAN]), st.sampled_from([8, 16]), st.data())
def test_hostile_headers(config, bits, data):
    """Any entry of the two headers replaced by anything."""
    entries, header, body = parts(file_bytes(config, bits=bits))
    nasty = st.sampled_from(
        [
            None,
            True,
            -1,
            0,
            1,
            3,
            1.5,
            2**31,
            2**53,
            2**63,
            1e300,
            "",
            "x",
            "phase",
            [],
            [1],
            [[]],
            {},
            [2**40] * 4,
        ]
    )
    whole = data.draw(st.sampled_from(["header", "entries"]))
    node = header if whole == "header" else entries
    while True:
        key = data.draw(st.sampled_from(list(node)) if isinstance(node, dict) else st.integers(0, len(node) - 1))
        if not (isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans())):
            break
        node = node[key]
    if data.draw(st.booleans()):
        node[key] = data.draw(nasty)
    else:
        del node[key]
    if header.get("version") is not True:  # which Python takes for 1
        agrees(joined(entries, header, body))


@pytest.mark.parametrize(
    "damage, says",
    [
        (b"", "cut short"),
        (b"\xff" * 100, "absurd"),
        (struct.pack("<Q", 60) + b"[" * 60 + b" " * 100, "not JSON"),
        (struct.pack("<Q", 2) + b"{}" + b" " * 100, "header"),
    ],
)
def test_other_files(damage, says):
    assert says in refusal(damage)


def test_paths(tmp_path):
    for path in (tmp_path / "none.melisma", tmp_path):
        with pytest.raises(MelismaError) as caught:
            core.CoreModel(path)
        assert path.name in str(caught.value)
    (tmp_path / "ünï.melisma").write_bytes(file_bytes(TINY))
    assert core.CoreModel(tmp_path / "ünï.melisma").latents == 2


def test_a_missing_library_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("MELISMA_CORE", str(tmp_path / "none.so"))
    library.cache_clear()
    try:
        with pytest.raises(MelismaError, match="core/build.py"):
            library()
    finally:
        monkeypatch.undo()
        library.cache_clear()
