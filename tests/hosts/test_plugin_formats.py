"""The plug-ins in other programs: LV2's tools, scanners, and VST3 in pedalboard and minihost."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from needs import needs_plugins
from plugin_sounds import MODELS, NOTES, RATES, played, played_notes, session, sound, stream

from melisma.hosts.plugin import parameters

pytestmark = needs_plugins


SCAN = "/usr/lib/x86_64-linux-gnu/qtractor/qtractor_plugin_scan"


@pytest.mark.skipif(not Path(SCAN).is_file(), reason="only where qtractor is, which brings Qt")
def test_qtractors_scanner_knows_the_clap_plugins(plugins):
    """Sound in and out, MIDI in and out, parameters in and out."""
    files = sorted((plugins / "clap" / "Melisma").glob("*.clap"))
    asked = "".join(f"CLAP:{file}\n" for file in files)
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    done = subprocess.run([SCAN], input=asked, capture_output=True, text=True, env=environment, timeout=60)
    told = [line.split("|")[:5] for line in done.stdout.splitlines()]
    effect, instrument = len(parameters.effect()), len(parameters.instrument())
    assert ["CLAP", "Melisma", "2:2", "0:0", f"{effect - 1}:1"] in told
    assert ["CLAP", "Melisma Instrument", "0:2", "1:0", f"{instrument - 1}:1"] in told


def test_lv2_takes_a_file_by_message_and_says_which_plays(plugins, tmp_path):
    file = tmp_path / "mine.melisma"
    shutil.copyfile(MODELS / "speech.melisma", file)
    host = session.open_in("lv2", plugins, 44100, 512)
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
    second = session.open_in("lv2", plugins, 44100, 512)
    assert second.load(kept, f"{tmp_path}/moved/")
    second.start()
    assert np.array_equal(played(second, x), stream("speech").process(x))
    host.close(), second.close()


def lv2_environment(plugins):
    return dict(os.environ, LV2_PATH=f"{plugins / 'lv2'}:/usr/lib/lv2")


@pytest.mark.skipif(not shutil.which("lv2apply"), reason="needs lv2apply: apt install lilv-utils")
def test_lv2apply_plays_it(plugins, tmp_path):
    x = sound(44100)
    soundfile.write(tmp_path / "in.wav", x.T, 44100, subtype="FLOAT")
    command = ["lv2apply", "-i", "in.wav", "-o", "out.wav", "-c", "model", "2", "-c", "colour", "0.5", "urn:melisma:effect"]
    done = subprocess.run(command, cwd=tmp_path, env=lv2_environment(plugins), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heard = soundfile.read(tmp_path / "out.wav", dtype="float32")[0].T
    assert np.array_equal(heard, stream("singing", colour=0.5).process(x))


@pytest.mark.skipif(not shutil.which("lv2file"), reason="needs lv2file: apt install lv2file")
@pytest.mark.parametrize("rate", [44100, 96000])
def test_lv2file_plays_it(plugins, tmp_path, rate):
    x = sound(44100)
    soundfile.write(tmp_path / "in.wav", x.T, rate, subtype="FLOAT")
    command = ["lv2file", "-i", "in.wav", "-o", "out.wav", "-b", "300", "-p", "enabled:1", "-p", "mix:0.5", "urn:melisma:effect"]
    done = subprocess.run(command, cwd=tmp_path, env=lv2_environment(plugins), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heard = soundfile.read(tmp_path / "out.wav", dtype="float32")[0].T
    assert np.array_equal(heard, stream(rate=rate, mix=0.5).process(x))


@pytest.fixture
def vst3(plugins):
    pedalboard = pytest.importorskip("pedalboard")
    return lambda: pedalboard.load_plugin(str(plugins / "vst3" / "Melisma" / "Melisma.vst3"))


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


@pytest.mark.parametrize("block", [64, 1000])
def test_minihost_plays_and_automates_the_vst3(plugins, block):
    """Another host than pedalboard: what it turns between two blocks is turned there, and its state brings the same sound back."""
    minihost = pytest.importorskip("minihost")

    def opened():
        plugin = minihost.Plugin(str(plugins / "vst3" / "Melisma" / "Melisma.vst3"), 44100, 1000)
        plugin.non_realtime = True
        return plugin

    def heard(plugin, x):
        out = np.zeros_like(x)
        plugin.process(np.ascontiguousarray(x), out)
        return out

    x, plugin, wanted = sound(block * 40), opened(), stream()
    for k in range(40):
        if k in (10, 25):
            share = 0.75 if k == 10 else 0.4  # of −10 to 10
            plugin.set_param_by_name("Bias 1", share)
            wanted.set("bias.1", np.float32(-10 + 20 * share))
        part = x[:, k * block : (k + 1) * block]
        assert np.array_equal(heard(plugin, part), wanted.process(part)), k
    again = opened()
    again.set_state(plugin.get_state())
    assert again.get_param_by_name("Bias 1") == pytest.approx(0.4, abs=1e-6)
    assert np.array_equal(heard(again, x[:, :block]), stream(bias_1=-2).process(x[:, :block]))


def test_the_vst3_instrument_plays_a_keyboards_notes(plugins, monkeypatch):
    pytest.importorskip("pedalboard")
    native = pytest.importorskip("pedalboard_native")
    # what pedalboard asks of each of the 2080 controllers that DPF gives VST3 would take minutes
    monkeypatch.setattr(native.ExternalPlugin, "__set_initial_parameter_values__", lambda *_: None, raising=False)
    plugin = native.VST3Plugin(str(plugins / "vst3" / "Melisma" / "Melisma Instrument.vst3"))
    assert plugin.is_instrument
    notes = [(frame, message) for frame, message in NOTES if message[0] != 0xE0]  # VST3 hands wheels over as parameters
    heard = plugin([(message, frame / 44100) for frame, message in notes], duration=1.0, sample_rate=44100, buffer_size=512)
    wanted, late = played_notes(44100 + 1024, notes=notes)
    assert heard.shape == (2, 44100) and np.abs(heard).max() > 0.01
    assert np.array_equal(heard[0], wanted[: heard.shape[1]]) and np.array_equal(heard[1], heard[0])
    assert plugin.reported_latency_samples == late
