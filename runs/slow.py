"""Slow latents that are learnt, against the residual's own colour at the same bits a second: a table of docs/lab/residual.md.

    python runs/slow.py [--domains strings speech] [--minutes 3] [--numbers 8 16] [--weights 3 1 0.3]

Both tell ten times a second what a sound's colour is (cosines 1 to 19 over the bands), causally: what is told at a frame is known
then, and holds for the 17 frames that begin with it. *Read*: the cosines, followed by a pole and rounded to a step. *Learnt*: 8
or 16 numbers that a causal network makes of colour and latents, rounded; another makes colour of them and of each frame's latents
(trained with noise in place of rounding, as in Ballé et al., "End-to-end optimized image compression", 2017, for a weight of the
bits). Bits of both are the entropy of what is told, less the one told before. Needs the sets of `runs/sources.py`.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from residual import Form, Sound, cosines, entropy, evenly, opened, played, prepared, spread
from torch import Tensor, nn

from melisma.latent.residual import FINE
from melisma.measure import metrics
from melisma.measure.sets import sounds as set_of

HELD = 17  # frames: ten times a second
TRAIN, JUDGED = 240, 10  # files of a domain, and of each of its sets
WIDTH, PAST, BATCH = 96, 64, 32
READ = [Form(0, 1, 1), *(Form(ms, HELD, step) for ms in (46, 93) for step in (2, 4, 8, 12))]  # the first: as a path has it


class Slow(nn.Module):
    """Colour (B, 19, L) and latents (B, Z, L) → (B, N, L / HELD) numbers, whole once rounded; and colour again."""

    def __init__(self, latents: int, numbers: int):
        super().__init__()
        self.begin = nn.Conv1d(FINE - 1 + latents, WIDTH, PAST)
        self.tell = nn.Sequential(nn.GELU(), nn.Conv1d(WIDTH, WIDTH, 1), nn.GELU(), nn.Conv1d(WIDTH, numbers, 1))
        self.hear = nn.Sequential(
            nn.Conv1d(numbers + latents + 1, WIDTH, 1),
            nn.GELU(),
            nn.Conv1d(WIDTH, WIDTH, 1),
            nn.GELU(),
            nn.Conv1d(WIDTH, FINE - 1, 1),
        )
        self.spread = nn.Parameter(torch.zeros(numbers))

    def told(self, colour: Tensor, z: Tensor) -> Tensor:
        x = F.pad(torch.cat([colour / 10, z], 1), (PAST - 1, 0))
        return self.tell(F.conv1d(x, self.begin.weight, self.begin.bias, stride=HELD))

    def colour(self, told: Tensor, z: Tensor) -> Tensor:
        frames = torch.arange(z.shape[-1])
        since = (frames % HELD / HELD).expand(len(z), 1, -1)
        return 10 * self.hear(torch.cat([told[..., frames // HELD] / 4, z, since], 1))

    def bits(self, told: Tensor) -> Tensor:
        """Of a number and reading, if differences are Laplace's with a learnt spread each."""
        rate = torch.exp(-self.spread)[:, None]
        step = told.diff(dim=-1)
        half, inside = 0.5 * rate, step.abs() < 0.5
        near = 1 - torch.exp(-half) * torch.cosh((step * rate).clamp(-0.5, 0.5))
        far = torch.exp(-step.abs() * rate) * torch.sinh(half)
        return -torch.log2(torch.where(inside, near, far) + 1e-9)


def tensors(sound: Sound) -> tuple[Tensor, Tensor]:
    """Colour in dB (19, L) and latents (Z, L), a whole number of readings."""
    most = sound.true.shape[1] // HELD * HELD
    return tuple(
        torch.tensor(part[:, :most], dtype=torch.float32) for part in (cosines(sound, Form(0))[1:FINE], sound.path.values)
    )


def learnt(train: list[tuple[Tensor, Tensor]], numbers: int, weight: float, minutes: float) -> Slow:
    torch.manual_seed(0)
    net, length, until = Slow(len(train[0][1]), numbers), 8 * HELD, time.process_time() + 60 * minutes
    long = [pair for pair in train if pair[0].shape[1] >= length]
    moves = torch.optim.AdamW(net.parameters(), 2e-3)
    draw = np.random.default_rng(0)
    while (left := until - time.process_time()) > 0:
        moves.param_groups[0]["lr"] = 2e-3 * min(1.0, left / (20 * minutes))  # down in the last third
        picked = [long[i] for i in draw.integers(len(long), size=BATCH)]
        at = [int(draw.integers(pair[0].shape[1] - length + 1)) for pair in picked]
        colour, z = (torch.stack([pair[part][:, a : a + length] for pair, a in zip(picked, at)]) for part in (0, 1))
        told = net.told(colour, z)
        told = told + torch.rand_like(told) - 0.5
        loss = (net.colour(told, z) - colour).square().mean() + weight * net.bits(told).sum(1).mean() / (FINE - 1)
        moves.zero_grad()
        loss.backward()
        moves.step()
    return net.eval()


def judged(sounds: list[Sound], colours: list[np.ndarray]) -> tuple[float, float]:
    """dB between colours (19, L) and the sounds' own, and ViSQOL of all else whole and these in place of colour."""
    errors, quality = [], []
    for sound, colour in zip(sounds, colours, strict=True):
        whole = cosines(sound, Form(0, 1, 1))
        errors.append(np.sqrt(np.mean((whole[1:FINE, : colour.shape[1]] - colour) ** 2)))
        whole[1:FINE] = np.pad(colour, ((0, 0), (0, whole.shape[1] - colour.shape[1])), "edge")
        quality.append(metrics.visqol(sound.x, played(sound, given=whole), sound.model.sample_rate).mos)
    return float(np.mean(errors)), float(np.nanmean(quality))


def row(name: str, told: dict, sounds: dict[str, list[Sound]], colours: dict[str, list[np.ndarray]], held: int = HELD) -> None:
    cells = []
    for which, some in told.items():
        rate = sounds[which][0].path.rate / held
        bits = rate * entropy(np.concatenate(some, 1)) / 1000 if some else 0.0
        error, quality = judged(sounds[which], colours[which])
        cells.append(f"{bits:.2f} | {error:.2f} | {quality:.2f}")
    print(f"| {sounds['held'][0].model.name}, {name} | " + " | ".join(cells) + " |", flush=True)


def compare(domain: str, minutes: float, sizes: list[int], weights: list[float]) -> None:
    files = {which: evenly(set_of(domain, which), JUDGED) for which in ("held", "elsewhere")}
    sounds = {which: [prepared(domain, opened(f)) for f in some] for which, some in files.items()}
    none = {which: [np.zeros((FINE - 1, s.true.shape[1])) for s in some] for which, some in sounds.items()}
    row("no colour", {which: [] for which in sounds}, sounds, none)
    for form in READ:
        read = {which: [cosines(s, form)[1:FINE] for s in some] for which, some in sounds.items()}
        told = {which: [c[:, :: form.held] / form.step for c in some] for which, some in read.items()}
        row(f"read, {form.ms:g} ms, {form.step:g} dB", told, sounds, read, form.held)
    train = [tensors(prepared(domain, opened(f))) for f in spread(domain, "train", TRAIN)]
    for numbers in sizes:
        for weight in weights:
            net = learnt(train, numbers, weight, minutes)
            with torch.no_grad():
                pairs = {which: [[v[None] for v in tensors(s)] for s in some] for which, some in sounds.items()}
                codes = {which: [torch.round(net.told(*pair)) for pair in some] for which, some in pairs.items()}
                made = {
                    which: [net.colour(code, pair[1])[0].numpy() for code, pair in zip(codes[which], pairs[which])]
                    for which in pairs
                }
            told = {which: [code[0].numpy() for code in some] for which, some in codes.items()}
            row(f"learnt, {numbers} numbers, weight {weight:g}", told, sounds, made)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", nargs="+", default=["strings", "speech"])
    parser.add_argument("--minutes", type=float, default=3.0, help="of one core for each network (default: %(default)s)")
    parser.add_argument("--numbers", nargs="+", type=int, default=[8, 16], help="that are told at once")
    parser.add_argument("--weights", nargs="+", type=float, default=[3.0, 1.0, 0.3], help="of a bit, in dB² of a cosine")
    options = parser.parse_args()
    for one in options.domains:
        compare(one, options.minutes, options.numbers, options.weights)
