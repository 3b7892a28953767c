"""The plug-ins' state: all comes back, nothing else plays."""

import shutil

import numpy as np
import pytest
from needs import needs_plugins
from plugin_sounds import MODELS, played, session, sound, stream

from melisma.hosts.plugin import install, parameters

pytestmark = needs_plugins


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


def test_numbers_keep_their_models_when_there_are_more(plugins, tmp_path, monkeypatch):
    """A session from another machine knows `singing` by another number: it is that model all the same, and so is its number."""
    host = session.open_in("clap", plugins, 44100, 512)
    session.load(host, session.text("singing") + "choice 4\n")
    host.start()
    host.process(sound(512))
    assert host.get("model") == 4 and host.text("model", 4) == "singing" and host.text("model", 2) == "strings"
    host.close()
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    shutil.copyfile(MODELS / "speech.melisma", tmp_path / "models" / "aaa.melisma")
    published = ["screams", "singing", "speech", "strings", "low-latency-strings", "classic-strings"]
    place = install.install("LV2", tmp_path)
    assert (place / "models.txt").read_text().split() == [*published, "aaa"]
    shutil.copyfile(MODELS / "speech.melisma", tmp_path / "models" / "aa.melisma")
    install.install("LV2", tmp_path)
    assert (place / "models.txt").read_text().split() == [*published, "aaa", "aa"]


def test_two_hundred_open_and_close(small):
    """They share the weights of what they play."""
    x = sound(512)
    hosts = [small() for _ in range(200)]
    wanted = stream().process(x)
    for host in hosts[::50]:
        assert np.array_equal(host.process(x), wanted)
