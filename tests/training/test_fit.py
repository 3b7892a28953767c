"""Training: repeatable, resumable, on one process or two, and honest about what it cannot do."""

import dataclasses
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from melisma.errors import MelismaError
from melisma.files.config import ModelConfig, PhaseConfig, VAEConfig
from melisma.training import checkpoints, stage_run, stages
from melisma.training import fit as fitting
from melisma.training.data import Excerpts
from melisma.training.discriminators import MultiScale
from melisma.training.fit import Stopped, fit
from melisma.training.log import Log
from melisma.training.plan import Plan
from melisma.training.reference import Reference
from melisma.training.run import history, judged, verdict
from melisma.training.stages import Weights

TINY = ModelConfig(
    vae=VAEConfig(latents=3, encoder_width=8, decoder_width=8, encoder_blocks=1, decoder_blocks=1),
    vocoder=PhaseConfig(width=8, blocks=1),
)
STAGES = (("vocoder", 1.0), ("vae", 1.0), ("tune", 1.0), ("adversarial", 1.0))
PLAN = Plan(stages=STAGES, steps=16, batch=2, frames=40)
SMALL = functools.partial(MultiScale, width=4, most=32)  # the real discriminators have fifteen million weights


@pytest.fixture(scope="module", autouse=True)
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "MultiScale", SMALL)
        patch.setattr(stages.Stage, "held", 4)
        patch.setattr(stages.VAEStage, "held", 4)
        yield


DRIVER = """
import sys, torch
from pathlib import Path
import test_fit as t
torch.set_num_threads(1)
t.stages.MultiScale, t.stages.Stage.held, t.stages.VAEStage.held = t.SMALL, 4, 4
t.stage_run.CHECKPOINT_SECONDS = 0.0
devices, folder = int(sys.argv[3]), Path(sys.argv[2])
model = t.fit(Path(sys.argv[1]), folder, t.TINY, t.PLAN, resume=True, devices=devices, accelerator="cpu")
import os
torch.save(model.state_dict(), folder / f"rank{os.environ.get('LOCAL_RANK', 0)}.pt")
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """Three clips of decaying harmonics, one of them shorter than an excerpt, and one held out."""
    folder = tmp_path_factory.mktemp("prepared")
    clips, start, sound = [], 0, []
    for k, (seconds, split) in enumerate(((2.0, "train"), (0.1, "train"), (1.5, "train"), (1.5, "held"))):
        t = np.arange(int(seconds * 44100)) / 44100
        x = sum(np.sin(2 * np.pi * 220 * (k + 1) * n * t) / n for n in range(1, 6)) * np.exp(-t) * 0.2
        sound.append((x * 32767).astype("<i2"))
        clips.append({"file": f"{k}.wav", "start": start, "samples": len(t), "split": split})
        start += len(t)
    np.concatenate(sound).tofile(folder / "audio.i16")
    (folder / "index.json").write_text(json.dumps({"version": 1, "sample_rate": 44100, "clips": clips}))
    return folder


@pytest.fixture(scope="module")
def unbroken(prepared, tmp_path_factory):
    torch.set_num_threads(1)
    return fit(prepared, tmp_path_factory.mktemp("unbroken"), TINY, PLAN).state_dict()


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class Breaking(Log):
    """Ctrl-C after so many steps over all stages."""

    left = 0

    def step(self, *args) -> None:
        super().step(*args)
        Breaking.left -= 1
        if Breaking.left == 0:
            raise KeyboardInterrupt


def test_the_same_plan_gives_the_same_weights(prepared, unbroken, tmp_path):
    assert same(fit(prepared, tmp_path, TINY, PLAN).state_dict(), unbroken)


@pytest.mark.parametrize("steps", [2, 4, 7, 9, 15], ids=lambda n: f"after{n}")  # in every stage, and at one's end
def test_interrupted_and_resumed_equals_unbroken(prepared, unbroken, tmp_path, steps):
    Breaking.left = steps
    with pytest.raises(Stopped, match="stopped in stage"):
        fit(prepared, tmp_path, TINY, PLAN, log=Breaking)
    assert same(fit(prepared, tmp_path, TINY, PLAN, resume=True).state_dict(), unbroken)


class Killed(Log):
    """Ends the run as a stage begins, when the checkpoint is that of the one before."""

    at = 0

    def stage(self, name, index, *args) -> None:
        if index == Killed.at:
            raise RuntimeError("killed")
        super().stage(name, index, *args)


@pytest.mark.parametrize("at", [1, 3])
def test_killed_between_two_stages_and_resumed_equals_unbroken(prepared, unbroken, tmp_path, at):
    Killed.at = at
    with pytest.raises(RuntimeError, match="killed") as caught:
        fit(prepared, tmp_path, TINY, PLAN, log=Killed)
    assert caught.tb  # a notebook keeps an error's frames like this: the folder's lock must not live in them
    assert same(fit(prepared, tmp_path, TINY, PLAN, resume=True).state_dict(), unbroken)
    # and once more when all is done: nothing is trained further
    assert same(fit(prepared, tmp_path, TINY, PLAN, resume=True).state_dict(), unbroken)


def test_a_finished_run_goes_on_when_its_budget_grows(prepared, unbroken, tmp_path):
    fit(prepared, tmp_path, TINY, PLAN)
    longer = dataclasses.replace(PLAN, steps=28)
    told = len(history(tmp_path))
    more = fit(prepared, tmp_path, TINY, longer, resume=True)
    assert not same(more.state_dict(), unbroken)
    last: dict[str, int] = {}
    for entry in history(tmp_path)[told:]:  # the last of a stage names the state that is kept, which may be an earlier one
        last[entry["stage"]] = max(entry["step"], last.get(entry["stage"], 0))
    assert last == dict.fromkeys((name for name, _ in STAGES), 7)  # every stage, to its new end and no further
    assert same(fit(prepared, tmp_path, TINY, longer, resume=True).state_dict(), more.state_dict())


def test_a_second_round_interrupted_equals_unbroken(prepared, tmp_path):
    longer = dataclasses.replace(PLAN, steps=28)
    for folder in ("whole", "broken"):
        fit(prepared, tmp_path / folder, TINY, PLAN)
    whole = fit(prepared, tmp_path / "whole", TINY, longer, resume=True)
    Breaking.left = 5
    with pytest.raises(Stopped, match="stage vae"):
        fit(prepared, tmp_path / "broken", TINY, longer, resume=True, log=Breaking)
    assert same(fit(prepared, tmp_path / "broken", TINY, longer, resume=True).state_dict(), whole.state_dict())


def drive(prepared: Path, folder: Path, devices: int = 1) -> subprocess.Popen:
    script = folder.parent / "driver.py"
    script.write_text(DRIVER)
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{here}:{here.parents[1] / 'src'}", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(script), str(prepared), str(folder), str(devices)], env=environment, stderr=subprocess.DEVNULL
    )


def test_killed_and_resumed_equals_unbroken(prepared, unbroken, tmp_path):
    folder = tmp_path / "run"
    process = drive(prepared, folder)
    deadline = time.monotonic() + 120
    while not (folder / "state.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "state.pt").exists() and not (folder / "rank0.pt").exists(), "it was not killed in mid-run"
    assert drive(prepared, folder).wait() == 0
    assert same(torch.load(folder / "rank0.pt"), unbroken)


def test_two_processes_train_as_one_does(prepared, unbroken, tmp_path):
    folder = tmp_path / "run"
    assert drive(prepared, folder, devices=2).wait() == 0
    first, second = (torch.load(folder / f"rank{rank}.pt") for rank in (0, 1))
    assert same(first, second)
    fit(prepared, tmp_path / "one", TINY, PLAN)
    ends = [[e["held"] for e in history(f)][-3:] for f in (folder, tmp_path / "one")]
    for two, alone in zip(*ends):
        for name in ("distance", "mel dB"):
            assert two[name] == pytest.approx(alone[name], rel=0.1)


def test_two_runs_in_one_folder_are_refused(prepared, tmp_path):
    lock = checkpoints.locked(tmp_path)
    with pytest.raises(MelismaError, match="another process is training"):
        fit(prepared, tmp_path, TINY, PLAN)
    lock.close()


@pytest.fixture(scope="module")
def checkpoint(prepared, tmp_path_factory) -> bytes:
    """A sound checkpoint, two steps into the first stage."""
    folder = tmp_path_factory.mktemp("checkpoint")
    Breaking.left = 2
    with pytest.raises(Stopped):
        fit(prepared, folder, TINY, PLAN, log=Breaking)
    return (folder / "state.pt").read_bytes()


def changed(checkpoint: bytes, change) -> bytes:
    state = torch.load(io.BytesIO(checkpoint), weights_only=True)
    state = change(state) or state
    out = io.BytesIO()
    torch.save(state, out)
    return out.getvalue()


def flipped(data: bytes) -> bytes:
    """One byte in the middle, among the weights, which torch.load alone would not notice."""
    half = len(data) // 2
    return data[:half] + bytes([data[half] ^ 0x40]) + data[half + 1 :]


DAMAGE = {
    "empty": lambda data: b"",
    "text": lambda data: b"not a checkpoint",
    "cut short": lambda data: data[: len(data) * 2 // 3],
    "a flipped byte": flipped,
    "a list": lambda data: changed(data, lambda state: [1, 2]),
    "without step": lambda data: changed(data, lambda state: state.pop("step") and None),
    "without a weight": lambda data: changed(data, lambda state: state["model"].popitem() and None),
    "without an optimizer": lambda data: changed(data, lambda state: state["optimizers"].pop() and None),
    "a stage of text": lambda data: changed(data, lambda state: state | {"stage": "vae"}),
    "finished by text": lambda data: changed(data, lambda state: state | {"finished": "vae"}),
    "no configuration": lambda data: changed(data, lambda state: state | {"config": {}}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_checkpoint_is_one_sentence(prepared, checkpoint, tmp_path, name):
    damaged = DAMAGE[name](checkpoint)
    (tmp_path / "state.pt").write_bytes(damaged)
    with pytest.raises(MelismaError, match="^cannot resume from .*: delete it to start again$"):
        fit(prepared, tmp_path, TINY, PLAN, resume=True)
    assert (tmp_path / "state.pt").read_bytes() == damaged, "what may still be saved by hand is gone"


def test_other_stages_do_not_resume(prepared, checkpoint, tmp_path):
    (tmp_path / "state.pt").write_bytes(checkpoint)
    other = Plan(stages=(("vae", 1.0), ("tune", 1.0)), steps=4, batch=2, frames=40)
    with pytest.raises(MelismaError, match="stages vocoder, vae, tune, adversarial"):
        fit(prepared, tmp_path, TINY, other, resume=True)


def test_a_full_disk_leaves_the_checkpoint_before(prepared, checkpoint, tmp_path, monkeypatch):
    (tmp_path / "state.pt").write_bytes(checkpoint)

    def full(state, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(MelismaError, match="No space left on device"):
        fit(prepared, tmp_path, TINY, PLAN, resume=True)
    assert (tmp_path / "state.pt").read_bytes() == checkpoint and not list(tmp_path.glob("*.tmp"))


def test_a_loss_that_is_no_number_stops_the_run(prepared, checkpoint, tmp_path):
    (tmp_path / "state.pt").write_bytes(checkpoint)
    hopeless = dataclasses.replace(PLAN, weights=Weights(spectral=float("nan")))
    with pytest.raises(MelismaError, match="became nan at step 2"):
        fit(prepared, tmp_path, TINY, hopeless, resume=True)
    assert (tmp_path / "state.pt").read_bytes() == checkpoint


def test_another_configuration_does_not_resume(prepared, tmp_path):
    Breaking.left = 2
    with pytest.raises(Stopped):
        fit(prepared, tmp_path, TINY, PLAN, log=Breaking)
    with pytest.raises(MelismaError, match="another configuration"):
        fit(prepared, tmp_path, ModelConfig(vae=TINY.vae), PLAN, resume=True)


def test_training_lowers_the_held_out_error(prepared, tmp_path):
    wider = ModelConfig(
        vae=VAEConfig(latents=8, encoder_width=32, decoder_width=32, encoder_blocks=1, decoder_blocks=1), vocoder=TINY.vocoder
    )
    fit(prepared, tmp_path, wider, Plan(stages=(("vae", 1.0),), steps=150, batch=2, frames=40, rates={"vae": 5e-3}))
    first, *_, last = [entry for entry in history(tmp_path) if entry["train"]]
    assert last["train"]["mel dB"] < 0.6 * first["train"]["mel dB"]
    # the held-out pitch is none of the three it has heard: its partials are not learnt, but its critical bands
    assert last["held"]["auditory dB"] < 0.85 * first["held"]["auditory dB"]


def test_a_run_ends_with_a_verdict(prepared, tmp_path):
    model = fit(prepared, tmp_path, TINY, Plan(stages=(("vae", 1.0),), steps=4, batch=2, frames=40))
    usable, told = judged(tmp_path, model)
    assert usable is False and "Not usable yet" in told[0] and told == verdict(tmp_path, model)
    assert judged(tmp_path / "none", model)[0] is None


def test_short_clips_are_drawn_and_batches_repeat():
    clips = [np.full(100, 1000, np.int16), np.full(5000, 2000, np.int16)]
    excerpts = Excerpts(clips, samples=1000, seed=3)
    batch = excerpts.batch(0, 64)
    assert torch.equal(batch, excerpts.batch(0, 64)) and not torch.equal(batch, excerpts.batch(1, 64))
    assert not torch.equal(batch, excerpts.batch(0, 64, rank=1))
    sounding = (batch != 0).sum(1)
    assert (sounding == 100).any() and (sounding == 1000).any()
    # the short one counts as long as an excerpt: a sixth of the draws, not a fiftieth
    assert 0.1 < (Excerpts(clips, samples=1000).batch(0, 600) != 0).sum(1).eq(100).float().mean() < 0.25


def test_excerpts_stay_within_full_scale():
    loud = [np.full(3000, 32767, np.int16), np.full(200, -32768, np.int16)]
    batch = Excerpts(loud, samples=1000, mixed=1.0, gain=(0, 12)).batch(0, 64)
    assert 0.9 < batch.abs().max() <= 1 and torch.isfinite(batch).all()
    assert (Excerpts([np.zeros(10, np.int16)], samples=1000).batch(0, 2) == 0).all()


def test_bf16_only_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert fitting.precision(torch.device("cpu")) == "bf16-mixed"
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert fitting.precision(torch.device("cpu")) == "32-true"
    # older GPUs emulate it, which is slower than 32 bits
    for native in (True, False):
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation=True, native=native: native or including_emulation
        )
        assert fitting.precision(torch.device("cuda")) == ("bf16-mixed" if native else "32-true")


def test_other_sounds_do_not_resume(prepared, checkpoint, tmp_path):
    (tmp_path / "state.pt").write_bytes(checkpoint)
    other = tmp_path / "prepared"
    shutil.copytree(prepared, other)
    index = json.loads((other / "index.json").read_text())
    index["clips"][0]["samples"] -= 1
    (other / "index.json").write_text(json.dumps(index))
    with pytest.raises(MelismaError, match="other sounds"):
        fit(other, tmp_path, TINY, PLAN, resume=True)


def test_noise_seeds_differ_and_fit():
    seeds = {
        stage_run.noise_seed(seed, stage, rank, step)
        for seed in (0, 9999, 2**40)
        for stage in (0, 3)
        for rank in (0, 1)
        for step in (0, 1)
    }
    assert len(seeds) == 24 and all(0 <= seed < 2**63 for seed in seeds)


def test_excerpts_are_played_faster_and_slower():
    rate, samples = 44100, 8192
    tone = [(20000 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)).astype(np.int16)]
    played = Excerpts(tone, samples, played=1.0, gain=(0, 0)).batch(0, 64).numpy()
    spectra = np.abs(np.fft.rfft(played * np.hanning(samples)))
    pitches = 12 * np.log2(spectra.argmax(1) * rate / samples / 1000)
    assert pitches.min() < -2 and pitches.max() > 2 and np.abs(pitches).max() < 4.2
    assert np.allclose(np.sqrt((played**2).mean(1)), 20000 / 32768 / np.sqrt(2), rtol=0.02), "the level is not another"
    still = Excerpts(tone, samples, gain=(0, 0)).batch(0, 8).numpy()
    assert np.allclose(np.abs(np.fft.rfft(still * np.hanning(samples))).argmax(1) * rate / samples, 1000, atol=rate / samples)


def test_a_stage_ends_with_its_best_state(prepared, tmp_path, monkeypatch, capsys):
    """What is heard of held-out sound is made to get worse after 70 % of the stage, while its mel error falls on: the weights of
    that time are kept, and the run says so."""
    figures, kept = stage_run.held_out_figures, {}

    def worse_later(stage, batch, progress):
        weights = next(stage.model.decoder.parameters()).detach()
        told = figures(stage, batch, progress) | {"mel dB": 9 - progress, "structure": 0.2}
        if progress < 0.71:
            kept["weights"] = weights.clone()
            return told | {"auditory dB": 9 - progress}
        return told | {"auditory dB": 8.3 if torch.equal(weights, kept["weights"]) else 8.9}

    monkeypatch.setattr(stage_run, "held_out_figures", worse_later)
    plan = Plan(stages=(("vae", 1.0),), steps=20, batch=2, frames=40, rates={"vae": 3e-3})
    model = fit(prepared, tmp_path, TINY, plan)
    assert torch.equal(next(model.decoder.parameters()), kept["weights"])
    share = history(tmp_path)[-1]["kept"]
    assert 0.6 < share <= 0.7  # looks are a twentieth apart
    assert f"1/1 vae, it ends with its state at {share:.0%}, the best: " in capsys.readouterr().err.splitlines()[-1]
    assert f"worse after {share:.0%} of stage vae, so the state of then was kept" in " ".join(verdict(tmp_path, model))


def test_what_a_slow_vae_draws_anew_learns_at_full_speed(prepared, tmp_path):
    """In a run that begins from a model the networks go on slowly, but not the adversary, which knows nothing yet, nor the
    deviations of the loss, else they would be where they were drawn after five minutes."""
    moved = {}
    for rate in (1e-3, 1e-4):
        torch.manual_seed(0)
        stage = stages.VAEStage(Reference(TINY), Weights())
        stage.rate = rate
        before = {name: value.detach().clone() for name, value in stage.named_parameters()}
        optimizers, x = stage.optimizers(), 0.1 * torch.randn(2, 40 * TINY.analysis.hop)
        for _ in range(2):
            stage(x, torch.Generator().manual_seed(0), 0.5)[0].backward()
            for optimizer in optimizers:
                optimizer.step()
        after = dict(stage.named_parameters())
        moved[rate] = {name: float((after[name] - before[name]).detach().abs().mean()) for name in before}
    for name in ("log_deviation", "auditory_deviation", "adversary.body.0.weight", "model.decoder.body.layers.0.conv.weight"):
        share = moved[1e-4][name] / moved[1e-3][name]
        assert share == pytest.approx(0.1 if name.startswith("model.") else 1, rel=0.3), name


def test_the_verdict_is_on_the_last_round(tmp_path):
    def told(*entries: tuple[str, float]) -> str:
        lines = [
            json.dumps({"stage": stage, "step": 1, "held": {"auditory dB": v, "mel dB": v, "distance": v}})
            for stage, v in entries
        ]
        (tmp_path / "history.jsonl").write_text("\n".join(lines))
        return " ".join(verdict(tmp_path, Reference(TINY)))

    first = [("vae", 12.0), ("vae", 9.0), *(("tune", 1 - 0.1 * i) for i in range(4))]
    assert told(*first).startswith("Not usable yet: critical bands of held-out sounds are 9.0 dB off")
    assert told(*first).endswith("train on with more --minutes and --resume.")
    then = told(*first, ("vae", 5.0), ("vae", 4.0), *[("tune", 0.5)] * 4)
    assert then == "Usable: critical bands of held-out sounds are 4.0 dB off after the VAE."
    assert told(*first, ("vae", 6.0)).startswith("Usable, roughly")
