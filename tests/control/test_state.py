"""The state as text: what hosts/common writes is read here, and the other way round."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melisma.control import state
from melisma.control.midimap import Knob
from melisma.control.state import State
from melisma.errors import Damaged, MelismaError

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.sampled_from(["match", "bias.3", "exciter.attack", "exciter.bend"]), FLOATS), st.booleans())
def test_there_and_back_to_the_bit(values, mapped):
    before = State("strings", values, (Knob("match", 20),) if mapped else None)
    after = state.from_text(state.as_text(before), "it")
    assert after == before
    assert [struct.pack("f", after.values[name]) for name in values] == [struct.pack("f", v) for v in values.values()]


def test_what_a_plugin_wrote():
    told = "melisma-state 1\nmodel my strings\nbypassed\nset match 3f800000\nset bad 7f800000\nset worse 12\nfile /a b\nchoice 2\nexciter.attack 3dcccccd\nlater 1\n"
    assert state.from_text(told, "it") == State("my strings", {"match": 1.0, "exciter.attack": pytest.approx(0.1)})


@pytest.mark.parametrize("data", [b"", b"melisma-state 2\n", b"RIFF", b"melisma-state 1\n\xff\xff", b"melisma-state 1\nmidi {}"])
def test_what_is_none_is_refused_in_one_sentence(tmp_path, data):
    file = tmp_path / "it.state"
    file.write_bytes(data)
    with pytest.raises(MelismaError) as told:
        state.load(file)
    assert "\n" not in str(told.value) and str(file) in str(told.value)


@given(st.binary(max_size=300).map(lambda x: b"melisma-state 1\n" + x))
def test_no_state_is_fatal(data):
    try:
        state.from_text(data.decode("utf-8", "replace"), "it")
    except MelismaError:
        pass


@pytest.mark.parametrize(
    "text", [b"melisma-state 1\n" + b"set match 3f800000\n" * 60000, b"melisma-state 1\n\xff"], ids=["large", "bytes"]
)
def test_a_state_that_is_none_is_refused_whole(tmp_path, text):
    """Not cut where reading stops: half of its settings would be another sound."""
    (tmp_path / "big").write_bytes(text)
    with pytest.raises(Damaged, match="big is not a state"):
        state.load(tmp_path / "big")
