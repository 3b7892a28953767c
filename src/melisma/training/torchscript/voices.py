"""The vocoders as modules that hold their state: log-mel (B, M, L) ≥ 0 → waveform (B, L · hop).

heard (B, L, 3 · bins): cosines and sines of other phases, taken as far as follow (B, L) says by a vocoder that makes
some, and the magnitudes that they had; low (B, L): how far what lies below the lowest partial that was heard stays low.
"""

import math

import torch
from torch import Tensor, nn

from ...files.bands import loudness_weights
from ..layers import State, Streaming, Vocoder
from ..vocoders.integration import FLOOR, HANN_GAMMA, ROUNDS, initial_phases
from ..vocoders.phase import PhaseVocoder
from .packed import Packed, traced

# of a magnitude, how much must have been heard there for its phase to begin to count, and to count whole: the core's phase.inl
HEARD_LEAST, HEARD_MOST = 0.1, 0.3
# what is a partial beside the loudest bin, how wide one is, and how far what lies below the lowest is lifted: as there
PARTIAL_LEAST, PARTIAL_MOST, PARTIAL_WIDTH, LIFT_MOST, RAISED_MOST = 0.0562, 0.178, 2, 5.62, 4.0


def voice(vocoder: Vocoder) -> "PhaseVoice | PlainVoice":
    """The vocoder with its state within it."""
    return PhaseVoice(vocoder) if isinstance(vocoder, PhaseVocoder) else PlainVoice(vocoder)


class PlainVoice(nn.Module):
    """A vocoder that is a network and nothing else."""

    start: Tensor
    state: Tensor

    def __init__(self, vocoder: Vocoder):
        super().__init__()
        packed = Packed(vocoder)
        self.register_buffer("start", packed.initial())
        self.register_buffer("state", packed.initial())
        bands = next(p for p in vocoder.parameters() if p.dim() == 3).shape[1]
        self.net = traced(packed, torch.rand(1, bands, 3), packed.initial())

    def reset(self, batch: int) -> None:
        self.state = self.start.repeat(batch, 1)

    def forward(self, mel: Tensor, heard: Tensor, follow: Tensor, low: Tensor) -> Tensor:
        y, self.state = self.net(mel, self.state)
        return y[:, 0]


class _Correction(Streaming):
    """The phase vocoder's network alone: log-mel (B, M, L) → (B, L, bins), and by how much phases are turned behind it."""

    def __init__(self, vocoder: PhaseVocoder):
        super().__init__()
        self.vocoder = vocoder

    def initial(self, batch: int = 1) -> State:
        return self.vocoder.body.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        features, state = self.vocoder.features(x, state)
        log = self.vocoder.log_correction(features)
        return torch.cat([log, self.vocoder.turn(features).float()], -1) if self.vocoder.config.turns_phase else log, state


class _Add(nn.Module):
    """The phase vocoder's overlap-add: magnitudes and phasors (B, L, bins), tail → waveform (B, L · hop), tail."""

    def __init__(self, vocoder: PhaseVocoder):
        super().__init__()
        self.vocoder = vocoder

    def forward(self, magnitude: Tensor, cosine: Tensor, sine: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        y, tail = self.vocoder.overlap_add(torch.complex(magnitude * cosine, magnitude * sine), tail)
        return y[:, 0], tail


class PhaseVoice(nn.Module):
    """The `phase` vocoder; its two loops, `draft` and `integrate` of vocoders/integration.py, over whole rows of bins."""

    start: Tensor
    state: Tensor
    phases: Tensor
    tail: Tensor
    bank: Tensor
    total: Tensor
    turns: Tensor
    loud: Tensor

    def __init__(self, vocoder: PhaseVocoder):
        super().__init__()
        frame, hop, self.bins, self.rounds = vocoder.frame, vocoder.hop, vocoder.bins, vocoder.config.draft_iterations
        # TorchScript knows no constants but its modules' own
        self.floor, self.talk, self.least, self.most = FLOOR, ROUNDS, HEARD_LEAST, HEARD_MOST
        self.partial_least, self.partial_most, self.width = PARTIAL_LEAST, PARTIAL_MOST, PARTIAL_WIDTH
        self.lift, self.raised = LIFT_MOST, RAISED_MOST
        packed, bands = Packed(_Correction(vocoder)), vocoder.bank.shape[0]
        self.register_buffer("start", packed.initial())
        self.register_buffer("state", packed.initial())
        self.register_buffer("phases", torch.from_numpy(initial_phases(1, self.bins)))
        self.register_buffer("tail", torch.zeros(1, frame - hop))
        self.register_buffer("bank", torch.from_numpy(vocoder.bank).double())
        self.register_buffer("total", self.bank.sum(0))
        self.register_buffer("turns", 2 * math.pi * (hop * torch.arange(self.bins) % frame).double() / frame)
        self.register_buffer("loud", torch.from_numpy(loudness_weights(vocoder.analysis)))
        gamma = HANN_GAMMA * frame * frame
        self.per_time, self.per_bin = hop * frame / gamma, gamma / (hop * frame)
        self.net = traced(packed, torch.rand(1, bands, 3), packed.initial())
        row = torch.rand(1, 3, self.bins)
        self.add = traced(_Add(vocoder), row, row, row, self.tail)

    def reset(self, batch: int) -> None:
        self.state = self.start.repeat(batch, 1)
        self.phases = torch.zeros(batch, 5, self.bins, dtype=torch.float64)
        self.phases[:, 0] = 1.0
        self.phases[:, 2:4] = math.log(self.floor)
        self.tail = torch.zeros(batch, self.tail.shape[1])

    def forward(self, mel: Tensor, heard: Tensor, follow: Tensor, low: Tensor) -> Tensor:
        said, self.state = self.net(mel, self.state)
        magnitude = self.draft(mel.transpose(1, 2).double()) * torch.exp(said[..., : self.bins])
        if bool((low > 0).any()):
            magnitude = self.lowered(magnitude, heard[..., 2 * self.bins :], low)
        cosine, sine = self.integrate(magnitude.double(), heard.double(), follow.double())
        if said.shape[-1] > self.bins:  # a model that turns phases, if they are its own
            turn = said[..., self.bins :] * (follow < 1)[..., None].to(said.dtype)
            c, s = torch.cos(turn), torch.sin(turn)
            cosine, sine = cosine * c - sine * s, cosine * s + sine * c
        y, self.tail = self.add(magnitude, cosine, sine, self.tail)
        return y

    def draft(self, level: Tensor) -> Tensor:
        """Log-mel (B, L, M) → magnitudes (B, L, bins) ≥ FLOOR, by multiplicative updates."""
        target = torch.matmul((torch.pow(10.0, 5 * (level - 1)) - 1e-5).clamp(min=0), self.bank)
        value = torch.where(
            self.total > 0, (target / self.total.clamp(min=1e-30)).clamp(min=self.floor), torch.zeros_like(target)
        )
        for _ in range(self.rounds):
            value = value * target / (torch.matmul(torch.matmul(value, self.bank.t()), self.bank) + 1e-20)
        return value.clamp(min=self.floor).float()

    def lowered(self, magnitude: Tensor, heard: Tensor, low: Tensor) -> Tensor:
        """Magnitudes (B, L, bins) and those heard → as far as low (B, L), what lies below the lowest partial is hardly lifted."""
        size = torch.nn.functional.pad(heard, [0, self.width])
        top = heard.max(-1, keepdim=True).values
        met = torch.cummax(size, -1).values[..., self.width :]
        share = 1 - ((met / top.clamp(min=1e-30) - self.partial_least) / (self.partial_most - self.partial_least)).clamp(0, 1)
        share = torch.where(top > 0, share, torch.zeros_like(share))
        over = (magnitude - self.lift * heard).clamp(min=0)
        lowered = magnitude - low.clamp(max=1)[..., None] * share * over
        before, after = (torch.matmul(v.double().square(), self.loud)[..., None] for v in (magnitude, lowered))
        gain = torch.sqrt(before / after.clamp(min=1e-30)).clamp(min=1, max=self.raised)
        return lowered * gain.to(lowered.dtype)

    def integrate(self, magnitude: Tensor, heard: Tensor, follow: Tensor) -> tuple[Tensor, Tensor]:
        """Magnitudes (B, L, bins) → the phasors' cosine and sine, (B, L, bins) each."""
        cosine, sine, last, older, before = self.phases.unbind(1)
        logs = magnitude.clamp(min=self.floor).log()
        slope = torch.cat(
            [logs[..., 1:2] - logs[..., :1], (logs[..., 2:] - logs[..., :-2]) / 2, logs[..., -1:] - logs[..., -2:-1]], -1
        )
        advances = self.per_time * slope + self.turns
        cosines, sines = torch.jit.annotate(list[Tensor], []), torch.jit.annotate(list[Tensor], [])
        for t in range(magnitude.shape[1]):
            log, advance = logs[:, t], advances[:, t]
            # energies; the time prediction speaks with the energy its bin had
            weight, energy = torch.exp(2 * log), torch.exp(2 * last)
            angle = (before + advance) / 2
            c, s = torch.cos(angle), torch.sin(angle)
            past_c, past_s = energy * (cosine * c - sine * s), energy * (cosine * s + sine * c)
            fall = 3 * log - 4 * last + older
            angle = -math.pi - self.per_bin * (fall[:, :-1] + fall[:, 1:]) / 4
            c, s = torch.cos(angle), torch.sin(angle)
            told_c, told_s = past_c, past_s
            for _ in range(self.talk):
                share = (weight / (torch.sqrt(told_c * told_c + told_s * told_s) + 1e-30)).clamp(max=1.0)
                says_c, says_s = told_c * share, told_s * share
                up_c, up_s, down_c, down_s = says_c[:, :-1], says_s[:, :-1], says_c[:, 1:], says_s[:, 1:]
                pad = torch.nn.functional.pad
                told_c = past_c + pad(up_c * c - up_s * s, [1, 0]) + pad(down_c * c + down_s * s, [0, 1])
                told_s = past_s + pad(up_c * s + up_s * c, [1, 0]) + pad(down_s * c - down_c * s, [0, 1])
            size = torch.sqrt(told_c * told_c + told_s * told_s)
            known, size = size > 1e-30, size.clamp(min=1e-30)
            cosine, sine = torch.where(known, told_c / size, cosine), torch.where(known, told_s / size, sine)
            share = (heard[:, t, 2 * self.bins :] / magnitude[:, t].clamp(min=self.floor) - self.least) / (self.most - self.least)
            share = follow[:, t, None] * share.clamp(0, 1)
            c, s = (
                cosine + share * (heard[:, t, : self.bins] - cosine),
                sine + share * (heard[:, t, self.bins : 2 * self.bins] - sine),
            )
            size = torch.sqrt(c * c + s * s)
            known, size = (size > 1e-30) & (share > 0), size.clamp(min=1e-30)
            cosine, sine = torch.where(known, c / size, cosine), torch.where(known, s / size, sine)
            cosines.append(cosine), sines.append(sine)
            older, last, before = last, log, advance
        self.phases = torch.stack([cosine, sine, last, older, before], 1)
        return torch.stack(cosines, 1).float(), torch.stack(sines, 1).float()
