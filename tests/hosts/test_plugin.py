"""The plug-ins: in real hosts (pedalboard for VST3, lv2apply and lv2file for LV2) and in two small ones of our own (CLAP, LV2),
each to the bit against the stream that the core gives."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from melisma.control import midimap, state
from melisma.control.midimap import Knob
from melisma.core.binding import CoreModel
from melisma.core.exciter import Exciter
from melisma.hosts.plugin import bundles, install, parameters
from melisma.latent.live import LIVE
from melisma.latent.notes import EXCITER

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "hosts" / "plugin"
MODELS = ROOT / "models"
RATES = (44100, 48000, 96000)

sys.path.insert(0, str(HERE / "tests"))
import session  # noqa: E402

needs_plugins = pytest.mark.skipif(
    not list((ROOT / "src" / "melisma" / "_plugin").glob("effect.*")), reason="needs the plug-ins: python hosts/plugin/build.py"
)
pytestmark = needs_plugins


def sound(samples: int, seed: int = 0) -> np.ndarray:
    """Two channels that differ."""
    rng, time = np.random.default_rng(seed), np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 100 * time) * time) * (time % 0.2 < 0.15)
    return np.stack([tone, 0.5 * tone[::-1]]).astype(np.float32) + 0.01 * rng.standard_normal((2, samples)).astype(np.float32)


def stream(model="strings", rate=44100, match=1, fine=1, **values):
    """The core's, as the plug-in begins."""
    file = model if isinstance(model, Path) else MODELS / f"{model}.melisma"
    made = CoreModel(file).stream(rate, channels=2)
    for name, value in {"match": match, "fine": fine, **values}.items():
        made.set(name.replace("_", "."), value)
    made.reset()
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugins")
    for format in bundles.FORMATS:
        install.install(format, folder)
    return folder


@pytest.fixture(params=["clap", "lv2"])
def small(request, installed):
    """A way to open the effect in one of the small hosts; all are closed at the end."""
    opened = []

    def make(rate=44100, block=512, start=True):
        host = session.open_in(request.param, installed, rate, block)
        opened.append(host)
        if start:
            host.start()
        return host

    make.kind = request.param
    yield make
    for host in opened:
        host.close()


def played(host, x, block=512):
    return np.concatenate([host.process(x[:, i : i + block]) for i in range(0, x.shape[1], block)], 1)


# ---- what is declared


def test_the_table_is_what_is_declared_and_nothing_is_missing():
    spec = importlib.util.spec_from_file_location("plugin_generate", HERE / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.FILE.read_text("utf-8") == generate.table(), "run python hosts/plugin/generate.py"
    for rows in (parameters.effect(), parameters.instrument()):
        assert {p.name for p in LIVE} <= {row.name for row in rows}
        assert len({row.symbol for row in rows}) == len(rows)
    assert {p.name for p in EXCITER} == {row.name for row in parameters.instrument() if row.exciter}


def test_hosts_read_the_names_the_units_and_the_models(small, installed):
    rows = {row.symbol: row for row in parameters.effect()}
    host = small(start=False)
    if small.kind == "clap":
        assert list(host.infos) == list(rows) and host.infos["model"].name == b"Model"
        assert [host.text("model", i) for i in range(5)] == ["(your own file)", "screams", "singing", "speech", "strings"]
        assert host.infos["model"].flags & 1 and host.infos["bypass"].flags & 1 << 4  # stepped; CLAP's own bypass
        automatable = {symbol for symbol, info in host.infos.items() if info.flags & 1 << 5}
        assert automatable == set(rows) - {"model", "status"}
        for symbol, row in rows.items():
            assert host.infos[symbol].minimum == np.float32(row.minimum)
            assert symbol == "model" or host.infos[symbol].maximum == np.float32(row.maximum)
    else:
        assert set(rows) - {"bypass"} <= set(host.symbols) and "enabled" in host.symbols


@pytest.mark.skipif(not shutil.which("sord_validate"), reason="needs sord_validate: apt install sordi")
def test_the_turtle_is_valid(installed):
    files = [str(file) for place in (Path("/usr/lib/lv2"), installed / "lv2") for file in place.rglob("*.ttl")]
    done = subprocess.run(["sord_validate", *files], capture_output=True, text=True)
    assert done.returncode == 0 and "Found 0 errors" in done.stdout + done.stderr, done.stderr


# ---- sound, in the small hosts


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("block", [1, 441, 8192])
def test_left_and_right_are_the_streams(small, rate, block):
    x = sound(3000 if block == 1 else 24576)
    host = small(rate, block)
    wanted = stream(rate=rate)
    assert np.array_equal(played(host, x, block), wanted.process(x)) and host.latency == wanted.latency


def test_automation_is_the_streams(small):
    """A value that is there at a block's start counts from its first sample on."""
    rng, x, block = np.random.default_rng(1), sound(512 * 60), 512
    host, wanted = small(), stream()
    ours, theirs = [], []
    rows = [row for row in parameters.effect() if row.name and row.symbol != "randomize_seed"]
    for i in range(60):
        for row in rng.choice(rows, 3) if i else ():
            value = round(float(rng.uniform(row.minimum, row.maximum)), 2)
            value = float(round(value)) if row.whole else value
            host.set(row.symbol, value)
            wanted.set(row.name, value)
        part = x[:, i * block : (i + 1) * block]
        ours.append(host.process(part)), theirs.append(wanted.process(part))
    assert np.array_equal(np.concatenate(ours, 1), np.concatenate(theirs, 1))


def test_bypassed_it_is_the_input_delayed(small):
    x, host = sound(512 * 40), small()
    host.set("bypass", 1)
    heard = played(host, x)
    late = host.latency
    assert np.array_equal(heard[:, late:], x[:, :-late]) and late == 1024
    host.set("bypass", 0)
    assert not np.array_equal(played(host, x)[:, 8192 + late :], x[:, 8192:-late])


@pytest.mark.parametrize("start", [True, False])
def test_a_model_is_chosen_by_its_number(small, start):
    """Before the first block: then it is there from the first sample on, whether the host has started it or not."""
    x, host = sound(8192), small(start=start)
    host.set("model", 3)
    if not start:
        host.start()
    assert np.array_equal(played(host, x), stream("speech").process(x)) and host.get(
        "model" if small.kind == "clap" else "status"
    ) in (3, 0)


def test_while_it_sounds_a_model_is_read_beside_and_fades_in(small):
    """Offline, where LV2 hosts say so, it is as if it had been there."""
    x, host = sound(512 * 8), small()
    played(host, x)
    host.set("model", 1)
    heard = [host.process(x[:, :512])]  # goes on at once
    assert np.isfinite(heard[0]).all()
    for _ in range(2000):
        heard.append(host.process(x[:, :512]))
        if host.get("status") == 0 and len(heard) > 400:
            break
    assert np.isfinite(heard).all() and np.abs(heard).max() < 4
    host.reset()
    assert np.array_equal(played(host, x), stream("screams").process(x))


# ---- state


def test_state_brings_everything_back(small):
    x = sound(8192)
    one = small()
    one.process(x[:, :512])
    for symbol, value in {"scale_1": 2.5, "mix": 0.75, "loudness_offset": -6.125, "bias_3": 1.2345678}.items():
        one.set(symbol, value)
    one.set("model", 2)
    one.process(x[:, :512])
    for _ in range(1000):  # the model is on its way
        one.process(x[:, :512])
        if one.get("status") == 0:
            break
    kept = one.save()
    two = small(start=False)
    assert two.load(kept)
    if small.kind == "lv2":  # an LV2 host keeps the ports itself
        for symbol in ("scale_1", "mix", "loudness_offset", "bias_3", "model"):
            two.set(symbol, one.get(symbol))
    two.start()
    value = np.float32(1.2345678)
    wanted = stream("singing", scale_1=2.5, mix=0.75, loudness_offset=-6.125, bias_3=float(value))
    assert np.array_equal(played(two, x), wanted.process(x))
    if small.kind == "clap":
        assert two.get("model") == 2 and two.save() == kept


def test_a_file_of_ones_own_is_found_where_it_was_and_where_it_is_now(small, tmp_path, monkeypatch):
    """By its path; moved into the user's models, by its name; gone, one sentence names it and the session still does."""
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path / "home"))
    file = tmp_path / "mine.melisma"
    shutil.copyfile(MODELS / "speech.melisma", file)
    x, wanted = sound(4096), stream("speech").process(sound(4096))
    first = small(start=False)
    assert session.load(first, session.text(str(file), match=1, fine=1))
    first.start()
    assert np.array_equal(played(first, x), wanted)
    kept = first.save()
    (tmp_path / "home" / "models").mkdir(parents=True)
    file.rename(tmp_path / "home" / "models" / "mine.melisma")
    second = small(start=False)
    assert second.load(kept)
    second.start()
    assert np.array_equal(played(second, x), wanted)
    (tmp_path / "home" / "models" / "mine.melisma").unlink()
    third = small(start=False)
    third.load(kept)
    third.start()
    assert not played(third, x).any() and third.get("status") == parameters.STATUS.index("was not found")
    assert str(file).encode() in (third.save() if small.kind == "clap" else third.save()["urn:melisma:state"][0])


def test_a_damaged_model_is_told_and_silent(small, tmp_path):
    (tmp_path / "bad.melisma").write_bytes((MODELS / "strings.melisma").read_bytes()[:-5000])
    host = small(start=False)
    session.load(host, session.text(str(tmp_path / "bad.melisma")))
    host.start()
    assert not played(host, sound(2048)).any() and host.get("status") == parameters.STATUS.index("cannot be read")
    assert host.latency == 0


@pytest.mark.parametrize(
    "text", ["", "melisma-state 9\nmodel speech\n", "nothing at all", "melisma-state 1\nset mix zz\n" + "x" * 5000]
)
def test_a_state_that_is_none_leaves_what_plays(small, text):
    x, host = sound(2048), small(start=False)
    session.load(host, text)
    host.start()
    assert np.array_equal(played(host, x), stream().process(x))


def test_numbers_keep_their_models_when_there_are_more(installed, tmp_path, monkeypatch):
    """A session from another machine knows `singing` by another number: it is that model all the same, and so is its number."""
    host = session.open_in("clap", installed, 44100, 512)
    session.load(host, session.text("singing") + "choice 4\n")
    host.start()
    host.process(sound(512))
    assert host.get("model") == 4 and host.text("model", 4) == "singing" and host.text("model", 2) == "strings"
    host.close()
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    shutil.copyfile(MODELS / "speech.melisma", tmp_path / "models" / "aaa.melisma")
    place = install.install("LV2", tmp_path)
    assert (place / "models.txt").read_text().split() == ["screams", "singing", "speech", "strings", "aaa"]
    shutil.copyfile(MODELS / "speech.melisma", tmp_path / "models" / "aa.melisma")
    install.install("LV2", tmp_path)
    assert (place / "models.txt").read_text().split() == ["screams", "singing", "speech", "strings", "aaa", "aa"]


def test_two_hundred_open_and_close(small):
    """They share the weights of what they play."""
    x = sound(512)
    hosts = [small() for _ in range(200)]
    wanted = stream().process(x)
    for host in hosts[::50]:
        assert np.array_equal(host.process(x), wanted)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """The program that counts what must not happen in the audio thread."""
    if not (compiler := shutil.which("g++")) or sys.platform != "linux":
        pytest.skip("needs g++ and glibc")
    program = tmp_path_factory.mktemp("quiet") / "quiet"
    subprocess.run([compiler, "-O1", "-rdynamic", HERE / "tests" / "quiet.cpp", "-o", program, "-ldl", "-pthread"], check=True)
    return program


@pytest.mark.parametrize("name", list(bundles.PLUGINS))
def test_no_memory_no_lock_and_no_sleep_in_process(installed, quiet, name):
    """But for the first block after a start, which waits for its model; while models and parameters change."""
    p = bundles.PLUGINS[name]
    model = [row.symbol for row in p.rows()].index("model")
    command = [quiet, installed / "lv2" / "melisma.lv2" / f"{name}.so", p.uri, 0 if p.instrument else 2, len(p.rows()), model]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    told = dict(line.split() for line in done.stdout.splitlines())
    assert done.returncode == 0 and told["calls"] == "0" and int(told["first"]) > 0, done.stdout + done.stderr


SCAN = "/usr/lib/x86_64-linux-gnu/qtractor/qtractor_plugin_scan"


@pytest.mark.skipif(not Path(SCAN).is_file(), reason="only where qtractor is, which brings Qt")
def test_qtractors_scanner_knows_the_clap_plugins(installed):
    """Sound in and out, MIDI in and out, parameters in and out."""
    files = sorted((installed / "clap" / "Melisma").glob("*.clap"))
    asked = "".join(f"CLAP:{file}\n" for file in files)
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    done = subprocess.run([SCAN], input=asked, capture_output=True, text=True, env=environment, timeout=60)
    told = [line.split("|")[:5] for line in done.stdout.splitlines()]
    effect, instrument = len(parameters.effect()), len(parameters.instrument())
    assert ["CLAP", "Melisma", "2:2", "0:0", f"{effect - 1}:1"] in told
    assert ["CLAP", "Melisma Instrument", "0:2", "1:0", f"{instrument - 1}:1"] in told


# ---- LV2's own


def test_lv2_takes_a_file_by_message_and_says_which_plays(installed, tmp_path):
    file = tmp_path / "mine.melisma"
    shutil.copyfile(MODELS / "speech.melisma", file)
    host = session.open_in("lv2", installed, 44100, 512)
    host.start()
    x = sound(512 * 8)
    host.send(str(file))
    host.set("freewheel", 1)  # offline: the next block waits for it
    first = host.process(x[:, :512])
    assert str(file).encode() in host.told()
    rest = played(host, x[:, 512:])
    assert np.array_equal(np.concatenate([first, rest], 1), stream("speech").process(x))
    folder = f"{tmp_path}/"
    kept = host.save(folder)
    assert kept["urn:melisma:file"][0] == b"mine.melisma\0"
    (tmp_path / "moved").mkdir()
    file.rename(tmp_path / "moved" / "mine.melisma")
    second = session.open_in("lv2", installed, 44100, 512)
    assert second.load(kept, f"{tmp_path}/moved/")
    second.start()
    assert np.array_equal(played(second, x), stream("speech").process(x))
    host.close(), second.close()


def lv2_environment(installed):
    return dict(os.environ, LV2_PATH=f"{installed / 'lv2'}:/usr/lib/lv2")


@pytest.mark.skipif(not shutil.which("lv2apply"), reason="needs lv2apply: apt install lilv-utils")
def test_lv2apply_plays_it(installed, tmp_path):
    x = sound(44100)
    soundfile.write(tmp_path / "in.wav", x.T, 44100, subtype="FLOAT")
    command = ["lv2apply", "-i", "in.wav", "-o", "out.wav", "-c", "model", "2", "-c", "colour", "0.5", "urn:melisma:effect"]
    done = subprocess.run(command, cwd=tmp_path, env=lv2_environment(installed), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heard = soundfile.read(tmp_path / "out.wav", dtype="float32")[0].T
    assert np.array_equal(heard, stream("singing", colour=0.5).process(x))


@pytest.mark.skipif(not shutil.which("lv2file"), reason="needs lv2file: apt install lv2file")
@pytest.mark.parametrize("rate", [44100, 96000])
def test_lv2file_plays_it(installed, tmp_path, rate):
    x = sound(44100)
    soundfile.write(tmp_path / "in.wav", x.T, rate, subtype="FLOAT")
    command = ["lv2file", "-i", "in.wav", "-o", "out.wav", "-b", "300", "-p", "enabled:1", "-p", "mix:0.5", "urn:melisma:effect"]
    done = subprocess.run(command, cwd=tmp_path, env=lv2_environment(installed), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heard = soundfile.read(tmp_path / "out.wav", dtype="float32")[0].T
    assert np.array_equal(heard, stream(rate=rate, mix=0.5).process(x))


# ---- VST3, in pedalboard (JUCE); it takes the latency off and adds as much at the end


@pytest.fixture
def vst3(installed):
    pedalboard = pytest.importorskip("pedalboard")
    return lambda: pedalboard.load_plugin(str(installed / "vst3" / "Melisma" / "Melisma.vst3"))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("block", [64, 1000, 8192])
def test_vst3_is_the_stream(vst3, rate, block):
    x, plugin, wanted = sound(24000), vst3(), stream(rate=rate)
    heard, late = plugin.process(x, rate, buffer_size=block), wanted.latency
    padded = np.pad(x, ((0, 0), (0, late)))
    assert np.array_equal(heard, wanted.process(padded)[:, late:]) and plugin.reported_latency_samples == late
    again = plugin.process(x, rate, buffer_size=block)
    assert np.array_equal(again, heard)  # a start is a start


def test_vst3_shows_names_units_and_models(vst3):
    plugin = vst3()
    assert plugin.parameters["loudness_db"].label == "dB" and plugin.model == "strings"
    assert list(plugin.parameters["model"].valid_values)[1:5] == ["screams", "singing", "speech", "strings"]
    shown = {p.name for p in plugin.parameters.values()}
    assert {row.label for row in parameters.effect()} <= shown


def test_vst3_parameters_state_and_model(vst3):
    x, one = sound(24000), vst3()
    one.model, one.domain, one.scale_1, one.loudness_db = "singing", 0.75, 2.5, -6
    wanted = stream("singing", domain=0.75, scale_1=2.5, loudness_offset=-6)
    heard, late = one.process(x, 44100, buffer_size=512), wanted.latency
    assert np.array_equal(heard[:, :-late], wanted.process(x)[:, late:])
    two = vst3()
    two.raw_state = one.raw_state
    assert np.array_equal(two.process(x, 44100, buffer_size=512), heard) and two.model == "singing"
    assert two.scale_1 == pytest.approx(2.5, abs=0.01) and two.raw_state == one.raw_state


def test_vst3_bypass(vst3):
    x, plugin = sound(24000), vst3()
    plugin.bypass = True
    assert np.array_equal(plugin.process(x, 44100, buffer_size=512), x)


# ---- the instrument

NOTES = [
    (0, b"\x90\x3c\x64"),
    (4000, b"\x90\x43\x50"),
    (9000, b"\xe0\x00\x60"),
    (15000, b"\x80\x3c\x00"),
    (20000, b"\x80\x43\x00"),
]


def played_notes(samples, model="strings", rate=44100, notes=NOTES, match=1, fine=1, **exciter):
    """What the exciter's sound gives in a stream of one channel."""
    source, parts, at = Exciter(rate, **{"air": -30, **exciter}), [], 0
    for frame, message in [*notes, (samples, None)]:
        parts.append(source.process(frame - at))
        if message:
            source.midi(message)
        at = frame
    made = CoreModel(MODELS / f"{model}.melisma").stream(rate)
    made.set("match", match), made.set("fine", fine)
    made.reset()
    return made.process(np.concatenate(parts)), made.latency


def keys(host, samples, block, notes=NOTES):
    out = []
    for start in range(0, samples, block):
        n = min(block, samples - start)
        for frame, message in notes:
            if start <= frame < start + n:
                host.midi(message, frame - start)
        out.append(host.process(None, n))
    return np.concatenate(out, 1)


@pytest.mark.parametrize("kind", ["clap", "lv2"])
@pytest.mark.parametrize("rate, block", [(44100, 441), (48000, 64), (96000, 8192)])
def test_notes_sound_in_the_model_each_at_its_sample(installed, kind, rate, block):
    host = session.open_in(kind, installed, rate, block, "instrument")
    host.start()
    heard = keys(host, 24000, block)
    wanted, late = played_notes(24000, rate=rate)
    assert np.array_equal(heard[0], wanted) and np.array_equal(heard[1], wanted) and wanted.any() and host.latency == late
    host.reset()
    assert np.array_equal(keys(host, 24000, block), heard)
    host.close()


@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_controllers_turn_what_the_users_midi_map_says(installed, kind, tmp_path, monkeypatch):
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    knobs = (Knob("randomize", 20), Knob("exciter.attack", 21, 2), Knob("bias.1", 22, 0, 14, -2.0, 2.0), Knob("match", 23))
    midimap.save(tmp_path / "midi.json", knobs)
    host = session.open_in(kind, installed, 44100, 512, "instrument")
    host.start()
    host.process(None, 512)
    for block in (
        [b"\xb0\x14\x40", b"\xb0\x14\x00", b"\xb0\x14\x20"],  # passes 0 and is turned up
        [b"\xb0\x15\x7f", *(bytes([0xB1, 21, value]) for value in range(0, 71, 10))],  # on the second channel alone
        [b"\xb0\x16\x40", b"\xb0\x36\x00", b"\xb0\x16\x7f", b"\xb0\x36\x7f"],
        [b"\xb0\x17\x40"],  # match is 1, which it has not passed
    ):
        for at, message in enumerate(block):
            host.midi(message, at)
        host.process(None, 512)
    saved = host.save()  # in LV2 the host's own copies of the values stay as they were
    data = saved if isinstance(saved, bytes) else b"".join(value for value, _ in saved.values())
    begin = data.index(b"melisma-state 1")
    values = state.from_text(data[begin : data.index(b"\0", begin)].decode(), "it").values
    wanted = {"randomize": 10 * 32 / 127, "exciter.attack": 0.001 * 10000 ** (70 / 127), "bias.1": 2, "match": 1}
    assert {name: values[name] for name in wanted} == pytest.approx(wanted, rel=1e-3)
    host.close()


@pytest.mark.parametrize("kind", ["clap", "lv2"])
def test_the_instrument_keeps_its_exciter_in_the_state(installed, kind):
    one = session.open_in(kind, installed, 44100, 512, "instrument")
    values = {"shape": 1.25, "attack": 0.0123456, "transpose": -5.0, "match": 0.5}
    one.start()
    for symbol, value in values.items():
        one.set(symbol, value)
    one.set("model", 3)
    one.process(None, 512)
    two = session.open_in(kind, installed, 44100, 512, "instrument")
    assert two.load(one.save())
    if kind == "lv2":
        for symbol in [*values, "model"]:
            two.set(symbol, one.get(symbol))
    two.start()
    exciter = {name: float(np.float32(values[name])) for name in ("shape", "attack", "transpose")}
    assert np.array_equal(keys(two, 24000, 512)[0], played_notes(24000, "speech", match=0.5, **exciter)[0])
    one.close(), two.close()


def test_the_vst3_instrument_plays_a_keyboards_notes(installed, monkeypatch):
    pytest.importorskip("pedalboard")
    native = pytest.importorskip("pedalboard_native")
    # what pedalboard asks of each of the 2080 controllers that DPF gives VST3 would take minutes
    monkeypatch.setattr(native.ExternalPlugin, "__set_initial_parameter_values__", lambda *_: None, raising=False)
    plugin = native.VST3Plugin(str(installed / "vst3" / "Melisma" / "Melisma Instrument.vst3"))
    assert plugin.is_instrument
    notes = [(frame, message) for frame, message in NOTES if message[0] != 0xE0]  # VST3 hands wheels over as parameters
    heard = plugin([(message, frame / 44100) for frame, message in notes], duration=1.0, sample_rate=44100, buffer_size=512)
    wanted, late = played_notes(44100 + 1024, notes=notes)
    assert heard.shape == (2, 44100) and np.abs(heard).max() > 0.01
    assert np.array_equal(heard[0], wanted[: heard.shape[1]]) and np.array_equal(heard[1], heard[0])
    assert plugin.reported_latency_samples == late


# ---- installing


def test_installing_again_keeps_what_is_not_ours(tmp_path):
    place = install.install("VST3", tmp_path)
    assert (place / "Melisma.vst3").is_dir() and (place / "models" / "strings.melisma").is_file()
    (place / "mine.txt").write_text("mine")
    binary = next((place / "Melisma.vst3").rglob("Melisma.so"))
    binary.write_bytes(b"changed")
    with pytest.warns(match="stays"):
        install.install("VST3", tmp_path)
    assert (place / "mine.txt").read_text() == "mine" and binary.read_bytes() == b"changed"
    foreign = install.target("CLAP", tmp_path)
    foreign.mkdir(parents=True)
    (foreign / "other.clap").write_text("")
    with pytest.raises(Exception, match="is not of Melisma's making"):
        install.install("CLAP", tmp_path)


def test_the_command_says_where(tmp_path, capsys):
    from melisma.cli import main

    assert main.run(["plugin", "install", "clap", "--to", str(tmp_path)]) == 0
    assert (tmp_path / "clap" / "Melisma" / "Melisma.clap").is_file() and not (tmp_path / "vst3").exists()
    assert main.run(["plugin", "path", "lv2", "--to", str(tmp_path)]) == 0
    assert str(tmp_path / "lv2" / "melisma.lv2") in capsys.readouterr().out
