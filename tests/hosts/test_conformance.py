"""What every host keeps: each folder under hosts/ plays here by its own tests/conformance.py, and is never named."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from melisma.control import state
from melisma.control.state import State
from melisma.core.binding import CoreModel

ROOT = Path(__file__).resolve().parents[2]
STRINGS = ROOT / "models" / "strings.melisma"
FOLDERS = sorted(file.parents[1] for file in (ROOT / "hosts").glob("*/tests/conformance.py"))


def adapter(folder: Path):
    spec = importlib.util.spec_from_file_location(f"conformance_{folder.name}", folder / "tests" / "conformance.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def host(request):
    module = adapter(request.param)
    if module.MISSING:
        pytest.skip(module.MISSING)
    return module


def model_of(host) -> CoreModel:
    """The model as this host's core plays it: with the best kernels of the machine, or with those that it names."""
    return CoreModel(STRINGS, getattr(host, "KERNELS", None))


def sound(samples: int, seed: int = 0) -> np.ndarray:
    time = np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def test_every_host_is_whole():
    for folder in (ROOT / "hosts").iterdir():
        if not folder.is_dir() or folder.name.startswith(("_", ".")):
            continue
        parts = ["README.md", "tests/conformance.py"] + ([] if folder.name == "common" else ["build.py", "src"])
        assert [part for part in parts if not (folder / part).exists()] == [], folder


@pytest.mark.parametrize("rate", [44100, 48000])
def test_it_is_the_stream_to_the_bit_and_declares_its_latency(host, tmp_path, rate):
    model = model_of(host)
    for block in host.BLOCKS:
        x = sound(block * (16384 // block))
        heard, latency, complaints = host.play(tmp_path, str(STRINGS), x, rate, block, [])
        stream = model.stream(rate)
        assert complaints == [] and latency == stream.latency
        assert np.array_equal(heard, stream.process(x)) and heard.any()


def test_settings_are_the_streams(host, tmp_path):
    """What is set is there at once after a reset: from that block on it is the stream's sound with these settings."""
    block = host.BLOCKS[-1]
    x, at = sound(block * (16384 // block)), 8 * block
    deeds = [(0, "set scale.1 2"), (0, "set loudness.offset -6"), (at - 10, "reset")]
    heard, _, complaints = host.play(tmp_path, str(STRINGS), x, 44100, block, deeds)
    stream = model_of(host).stream()
    stream.set("scale.1", 2), stream.set("loudness.offset", -6)
    stream.reset()
    wanted = stream.process(x[at:])
    assert complaints == [] and np.array_equal(heard[at:], wanted) and wanted.any()


def test_the_domain_is_every_hosts(host, tmp_path):
    """From the original to what is set: with match and fine up, as in a transfer, it is match d, fine 1 and colour 1 − d."""
    block = host.BLOCKS[-1]
    x, at = sound(block * (16384 // block)), 8 * block
    deeds = [(0, "set domain 0.25"), (0, "set match 1"), (0, "set fine 1"), (0, "set colour 0"), (at - 10, "reset")]
    heard, _, complaints = host.play(tmp_path, str(STRINGS), x, 44100, block, deeds)
    stream = model_of(host).stream()
    stream.set("match", 0.25), stream.set("fine", 1), stream.set("colour", 0.75)
    stream.reset()
    wanted = stream.process(x[at:])
    assert complaints == [] and np.array_equal(heard[at:], wanted) and wanted.any()


def test_any_messages_leave_a_sound_that_is_one(host, tmp_path):
    rng = np.random.default_rng(1)
    parameters = CoreModel(STRINGS).parameters
    block = host.BLOCKS[-1]
    x = sound(block * (88200 // block))
    deeds = []
    for at in sorted(rng.integers(0, len(x), 120)):
        p = parameters[rng.integers(len(parameters))]
        value = rng.choice([p.minimum, p.maximum, p.default, rng.uniform(p.minimum, p.maximum), 1e6, -1e6])
        deeds.append((int(at), rng.choice([f"set {p.name} {value:.6f}"] * 8 + ["reset", "bypass 1", "bypass 0"])))
    deeds.sort(key=lambda deed: deed[0])
    heard, _, complaints = host.play(tmp_path, str(STRINGS), x, 44100, block, deeds)
    assert complaints == []
    assert np.isfinite(heard).all() and np.abs(heard).max() <= 4 and heard.any()


def test_what_is_no_number_is_silence(host, tmp_path):
    block = host.BLOCKS[-1]
    x = sound(block * (16384 // block))
    bad = x.copy()
    bad[3000:3100], bad[5000] = np.nan, np.inf
    mended = np.where(np.isfinite(bad), bad, 0).astype(np.float32)
    heard, _, complaints = host.play(tmp_path, str(STRINGS), bad, 44100, block, [])
    assert complaints == [] and np.array_equal(heard, model_of(host).stream().process(mended))


DAMAGED = {
    "missing": None,
    "cut": lambda data: data[:-1000],
    "text": lambda data: b"this is no model\n" * 50,
    "empty": lambda data: b"",
    "header": lambda data: data[:2000] + b"\xff" * 100 + data[2100:],
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_that_is_no_model_gives_one_sentence_and_silence(host, tmp_path, kind):
    file = tmp_path / f"{kind}.melisma"
    if DAMAGED[kind]:
        file.write_bytes(DAMAGED[kind](STRINGS.read_bytes()))
    block = host.BLOCKS[-1]
    heard, latency, complaints = host.play(tmp_path, str(file), sound(block * 20), 44100, block, [])
    assert latency is None and not heard.any()
    assert len(complaints) == 1 and file.name in complaints[0] and len(complaints[0]) < 600


def test_state_goes_out_and_in(tmp_path):
    """hosts/common's own: a second player with the first one's state sounds as it does, from a reset on."""
    common = adapter(ROOT / "hosts" / "common")
    x, block = sound(44100), 500
    deeds = [(0, "set scale.1 2.5"), (0, "set match 0.75"), (0, "set mix 0.5")]
    _, _, _, lines = common.run(tmp_path, str(STRINGS), x[:1000], 44100, block, [*deeds, (0, "save")])
    state = lines[lines.index("state") + 1 : lines.index("end")]
    assert state[0] == "melisma-state 1" and state[1] == f"model {STRINGS}"
    (tmp_path / "state").write_text("\n".join(state) + "\n")
    one = common.play(tmp_path, str(STRINGS), x, 44100, block, [*deeds, (1000, "reset")])[0]
    restored = [(0, "set bias.1 3"), (0, f"restore {tmp_path / 'state'}"), (1000, "reset")]  # what is not in it goes back
    restored.insert(0, (0, "set domain 0"))  # which a state of before it did not know: there it stood at the domain
    two = common.play(tmp_path, str(STRINGS), x, 44100, block, restored)[0]
    assert np.array_equal(one[1000:], two[1000:]) and one[1000:].any()


def test_a_state_keeps_the_exciters_settings_and_python_reads_and_writes_the_same(tmp_path):
    """They go through a host that has no exciter, in the lines that version 1 has always had; an old state has none."""
    common, x = adapter(ROOT / "hosts" / "common"), sound(1000)
    old = State(str(STRINGS), {"match": 0.75})
    kept = State(str(STRINGS), {"match": 0.75, "exciter.attack": float(np.float32(0.0123456)), "exciter.transpose": -5.0})
    for told in (old, kept):
        (tmp_path / "state").write_text(state.as_text(told) + "of a later version 1\n")
        deeds = [(0, f"restore {tmp_path / 'state'}"), (0, "save")]
        _, _, complaints, lines = common.run(tmp_path, str(STRINGS), x, 44100, 500, deeds)
        saved = "\n".join(lines[lines.index("state") + 1 : lines.index("end")]) + "\n"
        assert not complaints and state.from_text(saved, "it") == told
    assert f"exciter.transpose {struct.pack('>f', -5).hex()}" in saved.splitlines()


@pytest.mark.parametrize(
    "text", ["", "melisma-state 2\n", "melisma-state 1", "RIFF\0\0", "melisma-state 1\nset mix zz\nset " + "x" * 5000]
)
def test_a_state_that_is_none_changes_nothing_that_sounds(tmp_path, text):
    common = adapter(ROOT / "hosts" / "common")
    (tmp_path / "state").write_text(text)
    x = sound(8000)
    heard, _, complaints = common.play(tmp_path, str(STRINGS), x, 44100, 500, [(0, f"restore {tmp_path / 'state'}")])
    assert len(complaints) == (0 if text.startswith("melisma-state 1\n") else 1)
    assert np.array_equal(heard, CoreModel(STRINGS).stream().process(x))
