"""Ctrl-C, SIGTERM and SIGHUP: at any moment a step is ended, what is worth keeping is kept, and the run goes on to the bit."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest
import soundfile
import torch
from test_fit import PLAN, STAGES, TINY, prepared, same, small, unbroken  # noqa: F401

from melisma.system import interrupts
from melisma.system.interrupts import Deferred, Interrupted
from melisma.training import fit as fit_module
from melisma.training.fit import Stopped, fit
from melisma.training.log import Log

KINDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
every = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(autouse=True)
def as_they_were():
    before = {kind: signal.getsignal(kind) for kind in KINDS}
    yield
    assert {kind: signal.getsignal(kind) for kind in KINDS} == before, "a handler was left behind"


@pytest.fixture
def listening():
    """What the command does at its start."""
    before = {kind: signal.getsignal(kind) for kind in KINDS}
    interrupts.listen()
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


@every
def test_it_waits_for_the_end_of_a_step(prepared, unbroken, tmp_path, monkeypatch, kind):  # noqa: F811
    """Between two optimizers, when half of the weights have moved: the step is taken to its end before anything is saved."""
    calls, step = [], torch.optim.AdamW.step

    def asked(self, *args, **kwargs):
        calls.append(0)
        result = step(self, *args, **kwargs)
        if len(calls) == 6:
            os.kill(os.getpid(), kind)
        return result

    monkeypatch.setattr(torch.optim.AdamW, "step", asked)
    with pytest.raises(Stopped, match="vae after 2 steps") as caught:
        fit(prepared, tmp_path, TINY, PLAN)
    assert caught.value.status == 128 + kind
    monkeypatch.undo()
    assert same(fit(prepared, tmp_path, TINY, PLAN, resume=True).state_dict(), unbroken)


@every
def test_asked_while_python_drops_an_object_it_stops(prepared, unbroken, tmp_path, listening, monkeypatch, kind):  # noqa: F811
    """What is raised in the callback of a weak reference Python prints, and goes on."""
    check = fit_module.check

    def dropping(*args):
        thing = threading.Event()
        reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), kind))
        del thing
        assert reference() is None
        check(*args)

    monkeypatch.setattr(fit_module, "check", dropping)
    with pytest.raises(Stopped, match="vocoder after 0 steps") as caught:
        fit(prepared, tmp_path, TINY, PLAN)
    assert caught.value.status == 128 + kind
    monkeypatch.undo()
    assert same(fit(prepared, tmp_path, TINY, PLAN, resume=True).state_dict(), unbroken)


class AtAnEnd(Log):
    """Asks to stop while a stage's last figures are taken."""

    kind, at = signal.SIGTERM, 0

    def held_out(self, step, figures, *args, **kwargs) -> None:
        super().held_out(step, figures, *args, **kwargs)
        if self.index == AtAnEnd.at and step == PLAN.steps // len(STAGES):
            os.kill(os.getpid(), AtAnEnd.kind)


@every
@pytest.mark.parametrize("at", [0, len(STAGES) - 1], ids=["first", "last"])
def test_asked_at_a_stages_end_it_does_not_go_on(prepared, unbroken, tmp_path, kind, at):  # noqa: F811
    AtAnEnd.kind, AtAnEnd.at = kind, at
    with pytest.raises(Stopped) as caught:
        fit(prepared, tmp_path, TINY, PLAN, log=AtAnEnd)
    assert caught.value.status == 128 + kind
    saved = torch.load(tmp_path / "state.pt", weights_only=True)
    assert saved["stage"] == at + 1 and saved["step"] == 0
    assert same(fit(prepared, tmp_path, TINY, PLAN, resume=True).state_dict(), unbroken)


@every
@pytest.mark.parametrize("seed", range(int(os.environ.get("MELISMA_SEEDS", 1))))  # more of them by hand
def test_asked_at_any_moment_and_resumed_equals_unbroken(prepared, unbroken, tmp_path, listening, kind, seed):  # noqa: F811
    chance, began = random.Random(f"{seed} {kind}"), time.monotonic()
    fit(prepared, tmp_path / "whole", TINY, PLAN)
    lasts = time.monotonic() - began
    stopped, result = 0, None
    for left in (4, 3, 2, 1, 0):
        timer = threading.Timer(chance.uniform(0, lasts / 5), os.kill, (os.getpid(), kind))
        try:
            if left:
                timer.start()
            result = fit(prepared, tmp_path / "broken", TINY, PLAN, resume=True)
            with Deferred():
                timer.cancel()
                timer.join() if left else None
        except (Stopped, KeyboardInterrupt):
            stopped += 1
        assert not list((tmp_path / "broken").glob("*.tmp"))
    assert stopped and same(result.state_dict(), unbroken)


DRIVER = """
import os, sys, time
import test_fit
from melisma.system import interrupts
from melisma.training.fit import Stopped
interrupts.listen()
sys.path.insert(0, os.path.dirname(test_fit.__file__))
slow = test_fit.Log.step
def step(self, *args):
    slow(self, *args)
    if sys.argv[4] == "slow": time.sleep(0.2)
test_fit.Log.step = step
try:
    exec(test_fit.DRIVER)
except Stopped as stop:
    sys.exit(stop.status if int(os.environ.get("LOCAL_RANK", 0)) == 0 else 0)
"""


def drive(prepared: Path, folder: Path, pace: str) -> subprocess.Popen:  # noqa: F811
    script = folder.parent / "driver.py"
    script.write_text(DRIVER)
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{here}:{here.parents[1] / 'src'}", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, script, prepared, folder, "2", pace], env=environment, stderr=subprocess.DEVNULL)


def test_of_two_processes_one_is_asked_and_both_stop_after_the_same_step(prepared, tmp_path):  # noqa: F811
    assert drive(prepared, tmp_path / "whole", "quick").wait(300) == 0
    main = drive(prepared, tmp_path / "broken", "slow")
    until = time.monotonic() + 300
    while not (tmp_path / "broken" / "state.pt").exists():
        assert main.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    others = [int(pid) for pid in Path(f"/proc/{main.pid}/task/{main.pid}/children").read_text().split()]
    main.send_signal(signal.SIGTERM)
    assert main.wait(60) == 128 + signal.SIGTERM
    until = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in others):
        assert time.monotonic() < until, "the other process goes on"
        time.sleep(0.1)
    assert others and not (tmp_path / "broken" / "rank0.pt").exists(), "it was not stopped in mid-run"
    assert drive(prepared, tmp_path / "broken", "quick").wait(300) == 0
    whole, resumed = (torch.load(tmp_path / run / "rank0.pt") for run in ("whole", "broken"))
    assert same(resumed, whole)


# --- the commands -------------------------------------------------------------------------------------------------------

READING = """
import os
from melisma.training import prepare
convert = prepare._convert
def asked(path, name, out, *rest, **more):
    out.write(bytes(10000)), out.flush(), os.kill(os.getpid(), {kind})
    return convert(path, name, out, *rest, **more)
prepare._convert = asked
"""
PACKING = """
import os
from melisma.training import run
run.fit = lambda *_, **__: None
run.judged = lambda *_: (None, [])
run.pack = lambda *_: os.kill(os.getpid(), {kind})
"""
CASES = {
    "prepare": (["prepare"], READING, "while reading the sounds: the same command begins again"),
    "train, reading": (
        ["train", "-n", "x", "--from", "none"],
        READING,
        "while reading the sounds: the same command begins again",
    ),
    "train, packing": (["train", "-n", "x", "--from", "none"], PACKING, "the same command with --resume goes on from there"),
}


@pytest.mark.parametrize("case, kind", list(zip(CASES, KINDS)), ids=str)
def test_a_command_says_one_sentence(tmp_path, case, kind):
    words, before, sentence = CASES[case]
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "a.wav", 0.1 * torch.randn(44100).numpy(), 44100)
    code = before.format(kind=int(kind)) + "\nfrom melisma.cli.main import main; main()"
    environment = os.environ | {"MELISMA_HOME": str(tmp_path / "home")}
    line = [sys.executable, "-c", code, words[0], tmp_path / "sounds", *words[1:]]
    done = subprocess.run(line, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 128 + kind
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("melisma: stopped by ") and sentence in done.stderr, (
        done.stderr
    )
    name = "Ctrl-C" if kind == signal.SIGINT else kind.name
    assert name in done.stderr
    kept = [file for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert {file.name for file in kept} <= {"audio.i16", "index.json"}, kept
    assert not kept or case == "train, packing"


# --- the mechanism ------------------------------------------------------------------------------------------------------


@every
def test_what_is_held_waits_for_the_blocks_end(listening, kind):
    done = []
    with pytest.raises(Interrupted) as caught, Deferred():
        os.kill(os.getpid(), kind)
        done.append("all of it")
    assert done and caught.value.number == kind and interrupts.status(caught.value) == 128 + kind
    with pytest.raises(Interrupted):
        os.kill(os.getpid(), kind)


def test_a_second_ctrl_c_leaves_at_once_and_another_signal_does_not(listening):
    with pytest.raises(SystemExit), Deferred():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    done = []
    with pytest.raises(Interrupted), Deferred():  # a session that ends sends both
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
        done.append(0)
    assert done


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
    try:
        interrupts.listen()
        with Deferred() as requests:
            os.kill(os.getpid(), signal.SIGHUP)
            requests.check()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_in_another_thread_it_does_nothing():
    def work():
        with Deferred() as requests:
            requests.check()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
