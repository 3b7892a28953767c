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
from needs import needs_plugins
from plugin_sounds import HERE, RATES, played, sound, stream

from melisma.control import midimap
from melisma.control.midimap import Knob
from melisma.hosts.plugin import bundles, install, parameters
from melisma.latent.live import LIVE
from melisma.latent.notes import EXCITER

pytestmark = needs_plugins


def test_the_table_is_what_is_declared_and_nothing_is_missing():
    spec = importlib.util.spec_from_file_location("plugin_generate", HERE / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.FILE.read_text("utf-8") == generate.table(), "run python hosts/plugin/generate.py"
    for rows in (parameters.effect(), parameters.instrument()):
        assert {p.name for p in LIVE} <= {row.name for row in rows}
        assert len({row.symbol for row in rows}) == len(rows)
    assert {p.name for p in EXCITER} == {row.name for row in parameters.instrument() if row.exciter}


def test_hosts_read_the_names_the_units_and_the_models(small, plugins):
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
def test_the_turtle_is_valid(plugins):
    files = [str(file) for place in (Path("/usr/lib/lv2"), plugins / "lv2") for file in place.rglob("*.ttl")]
    done = subprocess.run(["sord_validate", *files], capture_output=True, text=True)
    assert done.returncode == 0 and "Found 0 errors" in done.stdout + done.stderr, done.stderr


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


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """The program that counts what must not happen in the audio thread."""
    if not (compiler := shutil.which("g++")) or sys.platform != "linux":
        pytest.skip("needs g++ and glibc")
    program = tmp_path_factory.mktemp("quiet") / "quiet"
    subprocess.run([compiler, "-O1", "-rdynamic", HERE / "tests" / "quiet.cpp", "-o", program, "-ldl", "-pthread"], check=True)
    return program


@pytest.mark.parametrize("name", list(bundles.PLUGINS))
def test_no_memory_no_lock_and_no_sleep_in_process(plugins, quiet, name, tmp_path):
    """But for the first block after a start, which waits for its model; while models, parameters and controllers change."""
    knobs = (Knob("match", 20), Knob("bias.1", 21), Knob("randomize", 22, 1), Knob("bias.40", 23))
    midimap.save(tmp_path / "midi.json", knobs)
    p = bundles.PLUGINS[name]
    model = [row.symbol for row in p.rows()].index("model")
    command = [quiet, plugins / "lv2" / "melisma.lv2" / f"{name}.so", p.uri, 0 if p.instrument else 2, len(p.rows()), model]
    environment = dict(os.environ, MELISMA_HOME=str(tmp_path))
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment)
    told = dict(line.split() for line in done.stdout.splitlines())
    assert done.returncode == 0 and told["calls"] == "0" and int(told["first"]) > 0, done.stdout + done.stderr


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
