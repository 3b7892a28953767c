"""What a host turns, and what that does to latents frame by frame: the core's stream/live.cpp and latent/match.cpp."""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from ...latent.declare import Parameter
from ...latent.edits import PITCH, QUIET, STEADY, WIDEN
from ...latent.live import LIVE, LIVE_OF_LATENTS
from ...sound.scales import LOUDNESS_FLOOR

SMOOTHING = 0.02  # seconds in which a parameter goes most of its way
FIXED = (
    "match",
    "match.seconds",
    "loudness.offset",
    "fine",
    "colour",
    "fine.kept",
    "fine.phases",
)  # what such a host can turn, beside each latent's own
MATCH, SECONDS, OFFSET, FINE, COLOUR, KEPT, PHASES = range(len(FIXED))


def parameters(latents: int) -> list[Parameter]:
    """The parameters, in the order of their values; those of each latent counted from 1."""
    known = {p.name: p for p in LIVE}
    own = [replace(p, name=f"{p.name}.{k}") for p in LIVE_OF_LATENTS for k in range(1, latents + 1)]
    return [known[name] for name in FIXED] + own


class Live(nn.Module):
    """Latents (B, Z, L) and loudness (B, 1, L) as they are → as the parameters make them, and the parameters (L, P)."""

    values: Tensor
    targets: Tensor
    minimum: Tensor
    maximum: Tensor
    mean: Tensor
    covariance: Tensor
    steady: Tensor
    order: Tensor
    back: Tensor
    less: Tensor

    def __init__(self, latents: int, timbre: tuple[int, ...] | None, frame_rate: float):
        super().__init__()
        self.latents, self.fixed, self.frame_seconds = latents, len(FIXED), 1 / frame_rate
        # TorchScript knows no constants but its modules' own
        self.quiet, self.narrow, self.silence = QUIET, 1 / WIDEN**2, LOUDNESS_FLOOR
        self.at_match, self.at_seconds, self.at_offset = MATCH, SECONDS, OFFSET
        self.at_fine, self.at_kept, self.at_phases = FINE, KEPT, PHASES
        self.share = 1 - math.exp(-self.frame_seconds / SMOOTHING)
        every = parameters(latents)
        for name in ("minimum", "maximum"):
            self.register_buffer(name, torch.tensor([float(getattr(p, name)) for p in every]))
        usual = torch.tensor([float(p.default) for p in every])
        self.register_buffer("targets", usual)
        self.register_buffer("values", usual.clone())
        of_timbre = set(range(latents) if timbre is None else timbre)
        # pitch first: the order in which latents are freed of each other
        order = sorted(range(latents), key=lambda d: d in of_timbre)
        self.register_buffer("order", torch.tensor(order))
        self.register_buffer("back", torch.tensor([order.index(d) for d in range(latents)]))
        # how far each goes less by match where pitch is its matter
        self.register_buffer("less", torch.tensor([0.0 if d in of_timbre else 1 - PITCH for d in order]))
        self.register_buffer("mean", torch.zeros(1, latents))
        self.register_buffer("covariance", torch.eye(latents)[None])
        self.register_buffer("steady", torch.zeros(1, latents))  # the latents without their flutter
        self.pole = 1 - math.exp(-self.frame_seconds / STEADY)
        self.heard, self.begun = False, False

    def reset(self, batch: int) -> None:
        self.mean = torch.zeros(batch, self.latents)
        self.covariance = torch.eye(self.latents)[None].repeat(batch, 1, 1)
        self.steady = torch.zeros(batch, self.latents)
        self.heard, self.begun = False, False

    def turn(self, index: int, value: float) -> int:
        """A parameter, within its bounds; NaN is ignored. → 0, as hosts want it."""
        if not math.isnan(value):
            here = torch.arange(self.targets.shape[0]) == index
            self.targets = torch.where(
                here, torch.clamp(torch.full_like(self.targets, value), self.minimum, self.maximum), self.targets
            )
        return 0

    def get(self, index: int) -> float:
        return float(self.targets[index])

    def forward(self, z: Tensor, loudness: Tensor, layered: bool) -> tuple[Tensor, Tensor, Tensor]:
        """layered: the layers are heard beside the latents, as far as they are turned up."""
        frames = z.shape[-1]
        if not self.begun:
            self.values, self.begun = self.targets.clone(), True
        if torch.equal(self.values, self.targets):
            turned = self.values.expand(frames, -1)
        else:
            steps = torch.jit.annotate(list[Tensor], [])
            for _ in range(frames):
                gap = self.targets - self.values
                there = gap * gap < 1e-10 * (1e-6 + self.targets * self.targets)  # the last bit of the way at once
                self.values = torch.where(there, self.targets, self.values + gap * self.share)
                steps.append(self.values)
            turned = torch.stack(steps)
        z = self.match(z, loudness, turned, self.kept(turned) * float(layered))
        own = turned[:, self.fixed :].t()
        z = z * own[: self.latents] + own[self.latents :]
        louder = loudness + turned[:, self.at_offset]
        loudness = torch.where(loudness > self.silence, louder.clamp(min=self.silence), loudness)
        return z, loudness, turned

    def kept(self, turned: Tensor) -> Tensor:
        """How far the fine structure is as it was before the latents were moved, (L,)."""
        return turned[:, self.at_fine] * turned[:, self.at_kept]

    def phases(self, turned: Tensor) -> Tensor:
        """How far phases are the input's, (L,)."""
        return turned[:, self.at_fine] * turned[:, self.at_phases]

    def matched(self, turned: Tensor) -> Tensor:
        """How far the latents are matched, (L,)."""
        return turned[:, self.at_match]

    def match(self, z: Tensor, loudness: Tensor, turned: Tensor, pitch: Tensor) -> Tensor:
        """Followed whether it is used or not. pitch (L,): how far the latents of pitch need not hold it."""
        out, identity = torch.jit.annotate(list[Tensor], []), torch.eye(self.latents)
        for at in range(z.shape[-1]):
            now = z[..., at][:, self.order]
            share = (1 - torch.exp(-self.frame_seconds / turned[at, self.at_seconds])) * (loudness[:, :, at] > self.quiet).to(
                z.dtype
            )
            if not self.heard:
                self.steady, self.heard = now, True
            self.steady = self.steady + self.pole * (now - self.steady)
            off = self.steady - self.mean
            self.mean = self.mean + share * off
            outer = off[:, :, None] * off[:, None, :]
            self.covariance = (1 - share)[:, :, None] * (self.covariance + share[:, :, None] * outer)
            amount = turned[at, self.at_match]
            if float(amount) != 0.0:
                shrunk = (1 - self.narrow) * self.covariance + self.narrow * identity
                factor = torch.linalg.cholesky_ex(shrunk)[0]
                white = torch.linalg.solve_triangular(factor, (self.steady - self.mean)[:, :, None], upper=False)[:, :, 0]
                now = now + amount * (1 - self.less * (1 - pitch[at])) * (white - now)
            out.append(now[:, self.back])
        return torch.stack(out, -1)
