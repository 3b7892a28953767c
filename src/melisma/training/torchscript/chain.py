"""The whole chain as one TorchScript module that holds its streaming state: encode, decode, and both in one."""

import math

import torch
from torch import Tensor, nn

from ...files.modelfile import ModelFile
from ...latent.residual import FINE as FINE_FROM
from ...sound.scales import LOUDNESS_FLOOR
from ..export import from_file
from ..layers import State, Streaming
from ..mel import absolute, highpass, levelled, relative
from ..reference import Reference
from ..residual import cosines, left_out, stepped
from ..vae import split
from .live import COLOUR, FINE, Live
from .packed import Packed, traced
from .voices import voice

LOUDEST_SAMPLE = 1e4  # +80 dBFS: the absurd is merely loud
HIGHEST_SAMPLE, RELEASE = 4.0, 0.1  # +12 dBFS, which no sound goes beyond; seconds in which what holds it there lets go
# dB by which a sound may be lifted before its phases are none any more, and where that begins: the core's stream/layers.h
LIFTED_LEAST, LIFTED_MOST = 30.0, 50.0


class Listening(Streaming):
    """Samples without their offset (B, T) → log-mel, loudness and latents, stacked (B, M + 1 + Z, L)."""

    def __init__(self, model: Reference):
        super().__init__()
        self.model = model

    def initial(self, batch: int = 1) -> State:
        return self.model.encoder.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        frames = self.model.analysis.read(x)
        mel, loudness = frames[:, :-1], frames[:, -1:]
        encoded, state = self.model.encoder.step(relative(mel, loudness), state)
        return torch.cat([frames, self.model.calibration(split(encoded)[0])], 1), state


class Shaping(Streaming):
    """Latents and loudness, stacked (B, Z + 1, L) → relative mel (B, M, L)."""

    def __init__(self, model: Reference):
        super().__init__()
        self.model = model

    def initial(self, batch: int = 1) -> State:
        return self.model.decoder.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        z, loudness = x[:, :-1], x[:, -1:]
        y, state = self.model.decoder.step(torch.cat([self.model.calibration.inverse(z), loudness], 1), state)
        return levelled(y, self.model.analysis.log_band_weights), state


class _Finish(nn.Module):
    """Relative mel, what is added to it, loudness → the log-mel that is heard."""

    def __init__(self, model: Reference):
        super().__init__()
        self.model = model

    def forward(self, shape: Tensor, added: Tensor, loudness: Tensor) -> Tensor:
        level = levelled(shape + added, self.model.analysis.log_band_weights)
        return absolute(level, loudness, self.model.config.vae.sink)


class _LeftOut(nn.Module):
    def forward(self, mel: Tensor, loudness: Tensor, decoded: Tensor) -> Tensor:
        return left_out(mel, loudness, decoded)


class Chain(nn.Module):
    """Waveform (B, 1, T) → waveform (B, 1, T); `latency` samples late, and a hop more where T is not whole hops.

    `encode` and `decode` are its parts, whole hops at a time. Each batch is a stream of its own; another number of them begins
    anew.
    """

    filtered: Tensor
    waiting: Tensor
    ready: Tensor
    hearing: Tensor
    shaping: Tensor
    beside: Tensor
    envelope: Tensor
    lately: Tensor
    basis: Tensor
    window: Tensor
    hearing_start: Tensor
    shaping_start: Tensor

    def __init__(self, file: ModelFile):
        super().__init__()
        model = from_file(file).requires_grad_(False)
        analysis = file.config.analysis
        self.hop, self.frame, self.rate = analysis.hop, analysis.frame, analysis.sample_rate
        self.latents, self.bands, self.latency = len(model.calibration.forth), model.analysis.bands, model.delay
        self.pole, self.release = model.analysis.pole, RELEASE * self.rate
        # TorchScript knows no constants but its modules' own
        self.loudest, self.ceiling, self.silence = LOUDEST_SAMPLE, math.log(HIGHEST_SAMPLE), LOUDNESS_FLOOR
        self.at_fine, self.at_colour, self.fine_from = FINE, COLOUR, FINE_FROM
        self.lifted, self.lifting, self.scale = LIFTED_MOST, LIFTED_MOST - LIFTED_LEAST, model.analysis.scale
        # frames that the decoder looks back: its first convolution's two and each block's
        self.reach = 2 + (file.config.vae.kernel - 1) * file.config.vae.decoder_blocks
        listening, shaping = Packed(Listening(model)), Packed(Shaping(model))
        tensors = {
            "hearing_start": listening.initial(), "shaping_start": shaping.initial(), "basis": cosines(self.bands),
            "filtered": torch.zeros(1, 2, dtype=torch.float64), "waiting": torch.zeros(1, self.frame - self.hop),
            "ready": torch.zeros(1, 0), "hearing": listening.initial(), "shaping": shaping.initial(), "beside": shaping.initial(),
            "envelope": torch.zeros(1, 1).double(), "window": model.analysis.window.clone(), "lately": torch.zeros(1, self.frame),
        }  # fmt: skip
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)
        self.hear = traced(listening, torch.randn(1, self.frame + 2 * self.hop), listening.initial())
        self.shape = traced(shaping, torch.randn(1, self.latents + 1, 3), shaping.initial())
        shape = torch.rand(1, self.bands, 3)
        self.left = traced(_LeftOut(), shape, torch.rand(1, 1, 3) - 30, shape)
        self.finish = traced(_Finish(model), shape, shape, torch.rand(1, 1, 3) - 30)
        timbre = file.latents.get("timbre")
        self.live = Live(self.latents, None if timbre is None else tuple(timbre), self.rate / self.hop)
        self.voice = voice(model.vocoder)
        self.apart, self.layered = 0, False
        self.reset(1)

    @torch.jit.export
    def reset(self, batch: int) -> None:
        """As if it had just been loaded; parameters keep their values."""
        self.filtered = torch.zeros(batch, 2, dtype=torch.float64)
        self.waiting = torch.zeros(batch, self.frame - self.hop)
        self.ready = torch.zeros(batch, 0)
        self.hearing, self.shaping = self.hearing_start.repeat(batch, 1), self.shaping_start.repeat(batch, 1)
        self.beside = self.shaping
        self.envelope = torch.full([batch, 1], self.ceiling, dtype=torch.float64)
        self.apart, self.layered = 0, False
        self.live.reset(batch)
        self.voice.reset(batch)

    def own(self, x: Tensor) -> None:
        if x.shape[0] != self.hearing.shape[0]:
            self.reset(x.shape[0])

    def listen(self, x: Tensor) -> Tensor:
        """Waveform (B, 1, T) → log-mel, loudness and latents of the frames it completes, (B, M + 1 + Z, L)."""
        sound = torch.nan_to_num(x[:, 0], nan=0.0, posinf=0.0, neginf=0.0).clamp(-self.loudest, self.loudest)
        sound, self.filtered = highpass(sound.double(), self.pole, self.filtered)
        self.waiting = torch.cat([self.waiting, sound.float()], -1)
        if self.waiting.shape[-1] < self.frame:
            return torch.zeros(x.shape[0], self.bands + 1 + self.latents, 0)
        heard, self.hearing = self.hear(self.waiting, self.hearing)
        self.lately = self.waiting
        self.waiting = self.waiting[:, heard.shape[-1] * self.hop :]
        return heard

    def decoded(self, heard: Tensor, edited: Tensor, loudness: Tensor, turned: Tensor) -> tuple[Tensor, Tensor]:
        """What the edited latents decode to, and what the latents leave out of the input as far as it is turned up, (B, M, L)."""
        path = torch.cat([edited, loudness], 1)
        if not bool((turned[:, self.at_fine : self.at_colour + 1] > 0).any()):
            self.layered = False
            shape, self.shaping = self.shape(path, self.shaping)
            return shape, torch.zeros_like(shape)
        mel, level, z = heard[:, : self.bands], heard[:, self.bands : self.bands + 1], heard[:, self.bands + 1 :]
        if not self.layered:
            self.layered, self.apart = True, 0
        # what the latents themselves decode to: by a decoder beside the other while they are edited
        same = torch.equal(z, edited) and torch.equal(level, loudness)
        if self.apart == 0:
            self.beside = self.shaping
        self.apart = max(0, self.apart - z.shape[-1]) if same else self.reach
        before, self.beside = self.shape(torch.cat([z, level], 1), self.beside)
        shape, self.shaping = self.shape(path, self.shaping)
        steps = stepped(self.left(mel, level, before), self.basis)
        colour = torch.arange(self.bands) < self.fine_from
        amounts = torch.where(colour, turned[:, self.at_colour, None], turned[:, self.at_fine, None])
        kept = torch.where(colour, torch.zeros_like(amounts), self.live.kept(turned)[:, None])
        moved = torch.matmul(self.basis, before - shape)
        return shape, torch.matmul(self.basis.t(), amounts.t() * steps * 0.01 + kept.t() * moved)

    def phases(self, before: Tensor, after: Tensor, turned: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loudness before and after edits, (B, 1, L) → the input's phases, cosines, sines and magnitudes, (B, L, 3 · bins),
        how far they are taken, (B, L): not where so much is lifted that they are its noise's; and how far lows stay low, (B, L).
        """
        believed = ((self.lifted - (after - before)[:, 0]) / self.lifting).clamp(0, 1)
        follow = self.live.phases(turned) * believed
        low = follow * self.live.matched(turned)
        if not bool((follow > 0).any()):
            return torch.zeros(follow.shape[0], follow.shape[1], 3 * (self.frame // 2 + 1)), follow, low
        spectrum = torch.view_as_real(torch.fft.rfft(self.lately.unfold(-1, self.frame, self.hop) * self.window))
        size = torch.sqrt((spectrum * spectrum).sum(-1, keepdim=True))
        steady = torch.zeros_like(spectrum)
        steady[..., 0] = 1.0
        phasors = torch.where(size > 1e-15, spectrum / size.clamp(min=1e-15), steady)
        louder = torch.pow(10.0, (after - before)[:, 0, :, None] / 20)
        return torch.cat([phasors[..., 0], phasors[..., 1], self.scale * louder * size[..., 0]], -1), follow, low

    def sound(self, mel: Tensor, heard: Tensor, follow: Tensor, low: Tensor) -> Tensor:
        """The log-mel's waveform (B, 1, L · hop), within ±HIGHEST_SAMPLE: a limiter, at once down and slowly up."""
        y = self.voice(mel.clamp(min=0), heard, follow, low)
        if float(y.abs().max()) > math.exp(self.ceiling) or float(self.envelope.max()) > self.ceiling:
            fall = torch.arange(1, y.shape[-1] + 1).double() / self.release
            peaks = torch.cummax(y.double().abs().clamp(min=1e-30).log() + fall, -1)[0]
            envelopes = (torch.maximum(peaks, self.envelope) - fall).clamp(min=self.ceiling)
            self.envelope = envelopes[:, -1:]
            y = (y * (self.ceiling - envelopes).exp()).float()
        return y[:, None]

    def forward(self, x: Tensor) -> Tensor:
        self.own(x)
        heard, wanted = self.listen(x), x.shape[-1]
        if heard.shape[-1] > 0:
            level, z = heard[:, self.bands : self.bands + 1], heard[:, self.bands + 1 :]
            edited, loudness, turned = self.live(z, level, True)
            shape, added = self.decoded(heard, edited, loudness, turned)
            phases, follow, low = self.phases(level, loudness, turned)
            y = self.sound(self.finish(shape, added, loudness), phases, follow, low)
            self.ready = torch.cat([self.ready, y[:, 0]], -1)
        if self.ready.shape[-1] < wanted:  # once, unless blocks are whole hops: then never
            self.ready = torch.nn.functional.pad(self.ready, [max(self.hop, wanted - self.ready.shape[-1]), 0])
        y, self.ready = self.ready[:, :wanted], self.ready[:, wanted:]
        return y[:, None]

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Waveform (B, 1, L · hop) → latents in standard deviations and below them the level, (B, Z + 1, L).

        The level is the loudness in dB above silence: what a host has before there is anything, zeros, is silence.
        """
        self.own(x)
        heard = self.listen(x)
        return torch.cat([heard[:, self.bands + 1 :], heard[:, self.bands : self.bands + 1] - self.silence], 1)

    @torch.jit.export
    def decode(self, path: Tensor) -> Tensor:
        """What `encode` gives, or a host makes, (B, Z + 1, L) → waveform (B, 1, L · hop); of parameters, all but the layers'."""
        self.own(path)
        path = torch.nan_to_num(path, nan=0.0, posinf=0.0, neginf=0.0)
        z, loudness, _ = self.live(path[:, :-1].clamp(-100, 100), (path[:, -1:] + self.silence).clamp(self.silence, 12), False)
        shape, self.shaping = self.shape(torch.cat([z, loudness], 1), self.shaping)
        none = torch.zeros(path.shape[0], path.shape[2], 3 * (self.frame // 2 + 1))
        return self.sound(self.finish(shape, torch.zeros_like(shape), loudness), none, none[..., 0], none[..., 0])
