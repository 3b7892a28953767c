"""The C++ hosts' MIDI map (hosts/common/midimap) beside Python's: the same texts are read, and the same moves turn the same values."""

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from surfaces import Remembers

from melisma.control import midimap
from melisma.control.midimap import Knob, Knobs
from melisma.errors import MelismaError

ROOT = Path(__file__).resolve().parents[2]
COMMON = ROOT / "hosts" / "common"
CHANNELS, CONTROLLERS = st.integers(1, 3), st.sampled_from([1, 3, 6, 20, 33, 35, 38, 52, 70, 98, 119, 120])
NAMES = st.sampled_from(["match", "feedback.frequency", "hold", "bias.1", "exciter.attack", "no.such"])


class Host:
    """The map in a process of its own."""

    def __init__(self, program, environment=None):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, line, body=b""):
        self.process.stdin.write(line.encode() + b"\n" + body)
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().rstrip("\n")

    def read(self, text):
        """→ the sentence that refuses it, or ""."""
        answer = self.ask(f"read {len(text)}", text)
        return "" if answer == "ok" else answer.removeprefix("refused ")

    def knobs(self):
        length = int(self.ask("text"))
        return midimap.from_text(self.process.stdout.read(length).decode(), "what the host wrote")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("melisma_core_build", ROOT / "core" / "build.py")
    core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    made = tmp_path_factory.mktemp("knobs") / "knobs"
    sources = [
        COMMON / "tests" / "knobs.cpp",
        COMMON / "midimap.cpp",
        COMMON / "midifile.cpp",
        COMMON / "names.cpp",
        ROOT / "core/src/format/json.cpp",
    ]
    folders = ["-I", COMMON, "-I", ROOT / "core/src", "-I", ROOT / "core/include"]
    words = [*core.compiler(zig=False), "-std=c++17", "-O2", "-fno-exceptions", "-fno-rtti", *folders]
    objects = [made.with_suffix(f".{source.stem}.o") for source in sources]
    steps = [[*words, "-c", source, "-o", to] for source, to in zip(sources, objects)]
    bare = ["-nostdlib++"] if "ziglang" in words else []  # nothing of it is used, and zig would make it first
    for command in [*steps, [*words, *bare, *objects, "-o", made]]:
        subprocess.run([str(word) for word in command], check=True)
    return made


@pytest.fixture(scope="module")
def shared(program):
    host = Host(program)
    yield host
    host.close()


def described(row, value):
    return f"parameter {row.name} {row.minimum!r} {row.maximum!r} {value!r} {row.unit or '-'} {int(row.whole)}"


def near(some, others):
    """The same knobs, their ends but for the last digit: the core's reader rounds a little otherwise."""
    if len(some) != len(others):
        return False
    for a, b in zip(some, others):
        if (a.parameter, a.controller, a.channel, a.bits) != (b.parameter, b.controller, b.channel, b.bits):
            return False
        for one, other in ((a.low, b.low), (a.high, b.high)):
            if (one is None) != (other is None) or one is not None and one != pytest.approx(other, rel=1e-14):
                return False
    return True


ENDS = st.none() | st.floats(-20, 20, allow_nan=False) | st.integers(-3, 3)


@st.composite
def knobs(draw):
    bits = draw(st.sampled_from([7, 7, 14]))
    controller = draw(st.sampled_from([1, 3, 20] if bits == 14 else [1, 3, 20, 33, 52, 70, 119]))
    return Knob(draw(NAMES), controller, draw(st.integers(0, 3)), bits, draw(ENDS), draw(ENDS))


DEEDS = st.one_of(
    st.tuples(st.just("turn"), CHANNELS, CONTROLLERS, st.integers(0, 127)),
    st.tuples(st.just("sweep"), CHANNELS, CONTROLLERS, st.integers(0, 127)),
    st.tuples(st.just("set"), NAMES, st.floats(0, 1)),
    st.tuples(st.just("learn"), NAMES.filter(lambda name: name != "no.such")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(knobs(), max_size=6, unique=True), st.lists(DEEDS, max_size=25))
def test_the_same_moves_turn_the_same(program, chosen, deeds):
    host, surface = Host(program), Remembers()
    try:
        for name, row in surface.table.items():
            assert host.ask(described(row, surface.get(name))) == "ok"
        python = Knobs(surface, tuple(chosen))
        assert host.read(midimap.as_text(tuple(chosen)).encode()) == ""

        def turn(channel, controller, value):
            before, bound = len(surface.messages), python.knobs
            python.receive(bytes([0xB0 | channel - 1, controller, value]))
            taken, *values = host.ask(f"turn {channel} {controller} {value}").split(" ")
            assert (taken != "0") == (len(surface.messages) == before)
            assert (taken == "2") == (python.knobs is not bound)
            wanted = [surface.get(name) for name in surface.table]
            assert [float(one) for one in values] == pytest.approx(wanted, rel=1e-12, abs=1e-12)

        for deed, *told in deeds:
            if deed == "turn":
                turn(*told)
            elif deed == "sweep":  # so that a value is passed
                channel, controller, end = told
                for value in [*range(0, end, 9), end]:
                    turn(channel, controller, value)
            elif deed == "learn":
                python.learn(told[0])
                host.ask(f"learn {told[0]}")
            elif told[0] in surface.table:
                row = surface.table[told[0]]
                surface.set(row.name, row.minimum + told[1] * (row.maximum - row.minimum))
                host.ask(f"set {row.name} {surface.get(row.name)!r}")
        assert near(host.knobs(), python.knobs)
    finally:
        host.close()


GOOD = {"parameter": "match", "controller": 20}
TEXTS = [
    "", "[]", "{}", "[" * 100000, '{"melisma-midi": 1}', '{"melisma-midi": 2, "knobs": []}', '{"melisma-midi": true, "knobs": []}',
    '{"melisma-midi": 1.0, "knobs": []}', '{"melisma-midi": 1, "knobs": {}}', json.dumps({"melisma-midi": 1, "knobs": [GOOD] * 513}),
    *(json.dumps({"melisma-midi": 1, "by": "me", "knobs": [GOOD, line]}) for line in [
        None, 1, {}, GOOD, {**GOOD, "controller": 120}, {**GOOD, "controller": 20.0}, {**GOOD, "controller": True}, {**GOOD, "controller": 98},
        {**GOOD, "controller": 6}, {**GOOD, "bits": 14}, {**GOOD, "bits": 14, "controller": 6}, {**GOOD, "bits": 14, "controller": 32},
        {**GOOD, "bits": 9}, {**GOOD, "channel": 16}, {**GOOD, "channel": 17}, {**GOOD, "channel": -1}, {**GOOD, "parameter": ""},
        {**GOOD, "parameter": 3}, {**GOOD, "parameter": "ü" * 64}, {**GOOD, "parameter": "ü" * 65}, {**GOOD, "parameter": 'a"\\b'},
        {**GOOD, "low": None, "high": 0.1}, {**GOOD, "low": "0"}, {**GOOD, "low": True}, {**GOOD, "low": 1e300, "high": -1 / 3},
        {**GOOD, "later": [1, {"x": None}]},
    ]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_the_same_texts_are_read(shared, number):
    text = TEXTS[number]
    try:
        wanted = midimap.from_text(text, "the map")
    except MelismaError:
        before, refused = shared.knobs(), shared.read(text.encode())
        assert refused.startswith("the map") and len(refused) < 300
        assert shared.knobs() == before
        return
    assert shared.read(text.encode()) == ""
    assert near(shared.knobs(), wanted)


@settings(max_examples=100, deadline=None)
@given(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    st.sampled_from(["melisma-midi", "knobs", "parameter", "controller", "channel", "bits", "low", "high"]),
)
def test_no_value_anywhere_is_read_otherwise(shared, value, where):
    line = {**GOOD, "bits": 7, "low": 0, **({where: value} if where not in ("melisma-midi", "knobs") else {})}
    told = {"melisma-midi": 1, "knobs": [line], **({where: value} if where in ("melisma-midi", "knobs") else {})}
    text = json.dumps(told)
    try:
        wanted = midimap.from_text(text, "it")
    except MelismaError:
        assert shared.read(text.encode()) != ""
    else:
        if "\0" not in line["parameter"]:
            assert shared.read(text.encode()) == "" and near(shared.knobs(), wanted)


def test_one_file_for_all_hosts(program, tmp_path):
    """What a host learnt Python reads, and the other way round; what is damaged is refused, and stays."""
    import os

    host = Host(program, {**os.environ, "MELISMA_HOME": str(tmp_path)})
    try:
        assert host.ask("load") == "ok" and host.knobs() == ()
        host.ask("parameter match 0 1 0.5 - 0")
        host.ask("learn match")
        assert host.ask("turn 2 70 64").startswith("2 ")
        assert host.ask("save") == "ok"
        assert midimap.load(tmp_path / "midi.json") == (Knob("match", 70, 2),)
        midimap.save(tmp_path / "midi.json", (Knob("fine", 3, 0, 14, 0.0, 0.5),))
        assert host.ask("load") == "ok" and host.knobs() == (Knob("fine", 3, 0, 14, 0.0, 0.5),)
        (tmp_path / "midi.json").write_text("[")
        assert host.ask("load").startswith(f"refused {tmp_path}/midi.json is no MIDI map")
        assert host.knobs() == (Knob("fine", 3, 0, 14, 0.0, 0.5),)
        assert os.listdir(tmp_path) == ["midi.json"]
    finally:
        host.close()
