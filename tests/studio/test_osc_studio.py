"""OSC into a real studio: what comes reaches the page that has the session, and what the page saved is answered."""

import json

import pytest
from running import Running, hear

pytest.importorskip("pythonosc.osc_message")
from pythonosc import osc_message, udp_client  # noqa: E402


def test_osc_reaches_the_page_and_is_answered(tmp_path):
    with Running(tmp_path, "--osc", "0") as studio:
        (port,) = [
            line.rpartition(" ")[2].rstrip(".\n")
            for line in studio.printed
            if line.startswith("OSC is heard at 127.0.0.1, UDP port")
        ]
        client = udp_client.SimpleUDPClient("127.0.0.1", int(port))

        def asked(address, *values):
            client.send_message(f"/melisma/{address}", list(values))
            answer = osc_message.OscMessage(client.receive(30))
            return answer.address, *answer.params

        assert "no sound yet" in asked("fine", 1)[1]
        with studio.dial() as (socket, _):
            ref = json.loads(studio.ask("/api/examples/bell", b"")[1])["sound"]
            on = {"lanes": [2], "loudness": False}
            edits = [{"op": "operate", "operator": "bias", "values": {"by": 1.5}, "on": on}]
            take = {"model": "strings", "input": ref, "edits": edits, "fine": 0.5, "domain": 0.25}
            socket.send(json.dumps({"type": "save", "revision": 1, "at": 0, "name": "Opened", "session": {"take": take}}))

            hear(socket, "saved")
            assert [asked("get", name)[1] for name in ("domain", "fine", "bias.3", "bias.2", "scale.3")] == [0.25, 0.5, 1.5, 0, 1]
            assert asked("latent/3/bias") == ("/melisma/latent/3/bias", 1.5)
            for address, value, name, turned in (
                ("latent/3/bias", -2, "bias.3", -2), ("fine", 7, "fine", 1), ("puck/x", 0.75, "puck.x", 0.75), ("domain", 0.5, "domain", 0.5)
            ):  # fmt: skip
                client.send_message(f"/melisma/{address}", value)
                told = hear(socket, "turned")
                assert (told["name"], told["value"]) == (name, turned)
            assert "there is no parameter" in asked("latent/17/bias", 1)[1]
            assert "plays no notes" in asked("note", 60, 100)[1]
            assert "on the studio's page" in asked("learn", "fine")[1]
        for _ in range(100):  # until it has seen that the page is gone
            client.send_message("/melisma/fine", 0.5)
            try:
                told = osc_message.OscMessage(client.receive(0.3))
            except (TimeoutError, osc_message.ParseError):
                continue
            assert "no page has the session open" in told.params[0]
            break
        else:
            pytest.fail("it never saw that the page had gone")


def test_a_port_that_is_taken_is_one_sentence(tmp_path, capsys):
    import socket

    from melisma.cli import main as cli

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        assert cli.run(["studio", "--port", "0", "--no-browser", "--osc", str(taken.getsockname()[1])]) == 1
    told = capsys.readouterr().err
    assert "UDP port" in told and "--osc" in told and told.count("\n") == 1
