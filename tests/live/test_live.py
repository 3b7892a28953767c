"""`melisma live` from outside: the real command on a real PortAudio, whose cards are ALSA's null and file plugins.

Such a card asks for blocks as fast as they come. There is no MIDI in a container, so mido plays a stand-in of its own backends.
"""

import ctypes.util
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from needs import needs_core

from melisma.control import midimap, state
from melisma.control.midimap import Knob

try:
    import sounddevice  # noqa: F401
except (ImportError, OSError):  # OSError: the library's own, where PortAudio is missing
    pytest.skip(
        "needs sounddevice and PortAudio: pip install 'melisma[live]', apt install libportaudio2", allow_module_level=True
    )
osc_message = pytest.importorskip("pythonosc.osc_message")
from pythonosc import udp_client  # noqa: E402

pytestmark = [
    needs_core,
    pytest.mark.skipif(
        sys.platform != "linux" or not ctypes.util.find_library("portaudio") or not os.path.exists("/usr/share/alsa/alsa.conf"),
        reason="needs ALSA and PortAudio: apt install libportaudio2",
    ),
]
BACKEND = """
import json, os, time
from mido.ports import BaseInput
from mido import Message

def get_devices(**_):
    return [{"name": name, "is_input": True, "is_output": False} for name in ("Stand-in A", "Stand-in B")]

class Input(BaseInput):
    def _open(self, **_):
        self.told = [(time.monotonic() + at, bytes.fromhex(text)) for at, text in json.loads(os.environ["TOLD"])]
    def _receive(self, block=True):
        while self.told and self.told[0][0] <= time.monotonic():
            self._messages.append(Message.from_bytes(self.told.pop(0)[1]))
"""


@pytest.fixture
def place(tmp_path):
    """A folder with two cards and a MIDI backend → what the environment says of them."""
    (tmp_path / "in.raw").write_bytes((np.random.default_rng(1).normal(0, 0.1, 88200)).astype("<f4").tobytes())
    (tmp_path / "asound.conf").write_text(
        textwrap.dedent(f"""
        pcm.recorder {{ type file file "{tmp_path}/out.raw" format raw slave.pcm "null" }}
        pcm.heard {{ type file file "/dev/null" format raw slave.pcm "null" infile "{tmp_path}/in.raw" }}
        pcm.nothing {{ type null }}
        """)
    )
    (tmp_path / "midistandin.py").write_text(BACKEND)
    (tmp_path / "home").mkdir()
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    return {
        **os.environ,
        "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{tmp_path}/asound.conf",
        "MIDO_BACKEND": "midistandin",
        "PYTHONPATH": paths,
        "MELISMA_HOME": str(tmp_path / "home"),
        "TOLD": "[]",
        "COLUMNS": "200",
    }


def live(place, *arguments, cwd, told=(), ends=0):
    done = subprocess.run(
        [sys.executable, "-m", "melisma", "live", *arguments], capture_output=True, text=True, timeout=120, cwd=cwd,
        env={**place, "TOLD": json.dumps(told)},
    )  # fmt: skip
    assert done.returncode == ends, done.stdout + done.stderr
    return done.stdout + done.stderr


def recorded(folder):
    return np.fromfile(folder / "out.raw", "<f4").reshape(-1, 2)


def test_what_there_is(place, tmp_path):
    told = live(place, "--list", cwd=tmp_path)
    assert "recorder" in told and "nothing" in told and "MIDI 1  Stand-in A" in told and "MIDI 2  Stand-in B" in told


def test_a_microphone_through_a_model(place, tmp_path):
    arguments = "--input heard --output recorder --seconds 1 --block 128 --state kept.state --set bias.2=1".split()
    told = live(place, *arguments, cwd=tmp_path)
    assert (
        "strings plays heard on recorder" in told and "the model 23.2" in told and "% of a core" in told and "headphones" in told
    )
    sound = recorded(tmp_path)
    assert len(sound) > 4410 and np.sqrt(np.mean(sound[4410:44100] ** 2)) > 1e-3
    np.testing.assert_array_equal(sound[:, 0], sound[:, 1])
    kept = state.load(tmp_path / "kept.state")
    assert (
        kept.model == "strings"
        and kept.values["bias.2"] == 1
        and kept.values["match"] == 1
        and "exciter.attack" not in kept.values
    )
    # and what was kept is what it begins with
    live(
        place,
        "--output",
        "nothing",
        "--input",
        "none",
        "--seconds",
        "0.2",
        "--state",
        "kept.state",
        "--set",
        "attack=1",
        cwd=tmp_path,
    )
    again = state.load(tmp_path / "kept.state")
    assert again.values == {**kept.values, "exciter.attack": 1}


def test_a_keyboard_and_its_knobs(place, tmp_path):
    knobs = (Knob("exciter.shape", 20), Knob("colour", 21, low=0, high=0.5))
    (tmp_path / "home").mkdir(exist_ok=True)
    midimap.save(tmp_path / "home" / "midi.json", knobs)
    told = [[0.3, "903c64"], [0.31, "b01400"], [0.32, "b0147f"], [0.33, "b01500"], [0.34, "b0157f"]]
    said = live(place, *"--midi b --output recorder --seconds 1 --state kept.state".split(), cwd=tmp_path, told=told)
    assert "strings plays Stand-in B on recorder" in said and "headphones" not in said
    sound = recorded(tmp_path)[:, 0]
    assert not np.abs(sound[:2000]).max() > 1e-3, "nothing was played yet"
    assert np.abs(sound).max() > 0.01
    kept = state.load(tmp_path / "kept.state")
    assert (kept.values["exciter.shape"], kept.values["colour"], kept.knobs) == (3.0, 0.5, knobs)


def test_knobs_are_learnt(place, tmp_path):
    told = [[0.2, "b00203"], [0.25, "b00204"], [0.3, "b32a40"], [0.35, "b32a41"]]
    said = live(place, *"--midi 1 --output nothing --seconds 1 --learn fine --learn attack".split(), cwd=tmp_path, told=told)
    assert "Move the knob for fine." in said and "controller 2 of channel 1 turns fine" in said
    assert "controller 42 of channel 4 turns exciter.attack" in said
    assert midimap.load(tmp_path / "home" / "midi.json") == (Knob("fine", 2, 1), Knob("exciter.attack", 42, 4))


def test_osc_and_ctrl_c(place, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "melisma", "live", *"--input none --output recorder --osc 0 --state kept.state".split()],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, env=place,
    )  # fmt: skip
    try:
        told = ""
        while "UDP port" not in told and (line := process.stdout.readline()):
            told += line
        client = udp_client.SimpleUDPClient("127.0.0.1", int(told.rpartition("UDP port ")[2].rstrip(".\n")))
        client.send_message("/melisma/latent/3/bias", 2)
        client.send_message("/melisma/exciter/attack", 0.01)
        client.send_message("/melisma/get", "bias.3")
        assert osc_message.OscMessage(client.receive(10)).params == [2.0]
        client.send_message("/melisma/learn", "match")
        assert "begin with --midi" in osc_message.OscMessage(client.receive(10)).params[0]
        client.send_message("/melisma/note", [60, 100])
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        told += process.communicate(timeout=60)[0]
    finally:
        process.kill()
    assert process.returncode == 0 and "% of a core" in told, told
    assert np.abs(recorded(tmp_path)).max() > 0.01
    assert state.load(tmp_path / "kept.state").values["bias.3"] == 2


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("--output nothing --set mach=1", "did you mean match"),
        ("--output nothing --midi 1 --learn mach", "did you mean match"),
        ("--output nothing --learn match", "name its --midi PORT"),
        ("--output nothing --map none.json", "none.json is not a file"),
        ("--output nothing --state asound.conf", "no state of a Melisma"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(place, tmp_path, arguments, words):
    before = (tmp_path / "asound.conf").read_text()
    told = live(place, *arguments.split(), "--seconds", "1", cwd=tmp_path, ends=1)
    assert words in told and told.startswith("melisma: ") and told.count("\n") == 1
    assert (tmp_path / "asound.conf").read_text() == before


@pytest.mark.skipif(os.path.exists("/dev/snd"), reason="only where there is no sound card")
def test_without_a_card(place, tmp_path):
    told = live({**place, "ALSA_CONFIG_PATH": "/usr/share/alsa/alsa.conf"}, cwd=tmp_path, ends=1)
    assert "no sound card with an input" in told and told.count("\n") == 1


@pytest.mark.parametrize("module, named", [("sounddevice", "sounddevice"), ("pythonosc", "pythonosc")])
def test_without_the_extra(place, tmp_path, module, named):
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{module!r}] = None\n")
    told = live(place, *"--input none --output nothing --osc 0 --seconds 1".split(), cwd=tmp_path, ends=1)
    assert f"this needs {named}, which is not installed: pip install 'melisma[live]'" in told and "Traceback" not in told
