"""The user's MIDI map in a real studio: a controller that the page is not bound to turns what the map says."""

import json

from running import Running, hear

from melisma.control import midimap
from melisma.control.midimap import Knob


def test_a_controller_turns_what_the_map_says_once_it_has_passed_it(tmp_path):
    with Running(tmp_path) as studio:
        midimap.save(tmp_path / "midi.json", (Knob("fine", 20), Knob("bias.3", 21, 2, 14, -2.0, 2.0), Knob("feedback", 22)))
        with studio.dial() as (socket, _):
            ref = json.loads(studio.ask("/api/examples/bell", b"")[1])["sound"]

            def save(revision, **values):
                take = {"model": "strings", "input": ref, **values}
                socket.send(json.dumps({"type": "save", "revision": revision, "at": 0, "name": "x", "session": {"take": take}}))
                hear(socket, "saved")

            def move(*values, number=20, channel=1):
                for value in values:
                    socket.send(json.dumps({"type": "controller", "channel": channel, "number": number, "value": value}))

            save(1, fine=0.5)
            move(120, 110, number=22)  # of another host
            move(5, number=70)  # in no map
            move(127, 100, 40)  # the value is passed on the way from 100 to 40
            told = hear(socket, "turned")
            assert (told["name"], told["by"]) == ("fine", "MIDI") and abs(told["value"] - 40 / 127) < 1e-6
            move(30)
            assert abs(hear(socket, "turned")["value"] - 30 / 127) < 1e-6
            save(2, fine=0.9)  # by hand: it has to be found again
            move(50, 60)
            move(64, number=21, channel=2)
            move(0, number=53, channel=2)
            told = hear(socket, "turned")  # not of fine
            assert told["name"] == "bias.3" and abs(told["value"]) < 1e-3


def test_a_damaged_map_is_said_once(tmp_path):
    with Running(tmp_path) as studio:
        (tmp_path / "midi.json").write_text("[")
        with studio.dial() as (socket, _):
            for _ in range(2):
                socket.send(json.dumps({"type": "controller", "channel": 1, "number": 7, "value": 9}))
            socket.send(json.dumps({"type": "controller", "channel": 17, "number": 7, "value": 9}))
            assert "midi.json is no MIDI map" in hear(socket, "failed")["message"]
            assert "channel" in hear(socket, "failed")["message"]
