"""The stages of training. Each is one module whose `forward` gives the loss of a batch: what `fit` runs, on one process or many.

vocoder      true mels → waveform, spectral losses
vae          the mel VAE, its adversary beside it
tune         decoder and vocoder together on the VAE's own mels, the encoder frozen
adversarial  the same with MelGAN's discriminators
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..latent.residual import FINE
from . import losses
from .discriminators import MultiScale
from .mel import absolute, decoder_target, implied_level, levelled, relative
from .muon import Muon
from .reference import Reference
from .residual import cosines, left_out, parts
from .vae import LoudnessAdversary, adversary_loss, kl, sample, split

WARM_FRAMES = 12  # at an excerpt's start the layers have not seen their past: not scored


MUON_RATE = 3.0  # Muon's rate is so many times AdamW's


def is_matrix(p: nn.Parameter) -> bool:
    """Whether Muon moves it: what mixes channels, but not depthwise kernels, biases or scales."""
    return p.ndim >= 2 and p[0].numel() > 16


@dataclass(frozen=True)
class Weights:
    """Weights of the loss terms."""

    kl: float = 0.015
    adversary: float = 0.5
    sharpness: float = 1.0
    auditory: float = 2.0
    structure: float = 1.0
    partials: float = 0.0
    spectral: float = 1.0
    mel: float = 60.0
    own_mel: float = 20.0
    hinge: float = 0.2
    features: float = 2.0


class Stage(nn.Module):
    """A stage: `trained` lists what the optimizer moves, `forward(x, generator, progress)` gives loss and figures."""

    name = ""
    frames = 96  # of an excerpt
    batch = 8
    held = 16  # excerpts of held-out sound that it is judged by
    rate = 1e-3

    def __init__(self, model: Reference, weights: Weights):
        super().__init__()
        self.model, self.weights = model, weights

    def judged(self, figures: dict[str, float]) -> float:
        """How bad a state of it is, from its figures on held-out sound: by this one is better than another."""
        return figures["distance"]

    @property
    def samples(self) -> int:
        return self.frames * self.model.config.analysis.hop

    def trained(self) -> list[nn.Module]:
        raise NotImplementedError

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for the matrices, AdamW for all else; see `is_matrix`."""
        parameters = [p for module in self.trained() for p in module.parameters()]
        muon = [p for p in parameters if is_matrix(p)]
        other = [p for p in parameters if not is_matrix(p)]
        groups = [{"params": other, "lr": self.rate, "betas": (0.8, 0.99)}, *self.others()]
        return [torch.optim.AdamW(groups, weight_decay=1e-3), Muon(muon, lr=MUON_RATE * self.rate)]

    def others(self) -> list[dict[str, Any]]:
        """Parameter groups of AdamW that are no part of the model: what plays against it, what the loss learns of itself."""
        return []

    def decoded(self, z: Tensor, loudness: Tensor) -> tuple[Tensor, Tensor]:
        """The levelled relative mel, and a term that keeps the decoder's own level, which levelling leaves free, near 0."""
        raw = self.model.decoder(torch.cat([z, loudness], 1)).float()
        level = implied_level(raw, self.model.analysis.log_band_weights)
        return raw - level, level.square().mean()

    def aligned(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Input (B, T) and delayed output (B, 1, T) → the part that both hold and that is scored, (B, T')."""
        delay, skip = self.model.delay, WARM_FRAMES * self.model.config.analysis.hop
        return x[:, skip : x.shape[-1] - delay], y[:, 0, delay + skip :]


class VocoderStage(Stage):
    name = "vocoder"

    def __init__(self, model: Reference, weights: Weights):
        super().__init__(model, weights)
        self.distance = losses.SpectralDistance()
        self.mels_distance = losses.MelDistance(model.config.analysis.sample_rate)

    def trained(self) -> list[nn.Module]:
        return [self.model.vocoder]

    def mels(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The mels the vocoder reads, and what is to be added to the loss for them."""
        with torch.no_grad():
            mel, _ = self.model.analyse(x[:, None])
        return mel.clamp(min=0), x.new_zeros(())

    def audio_loss(self, target: Tensor, output: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        spectra = losses.Spectra(target, output)
        distance, mel = self.distance(spectra), self.mels_distance(spectra)
        return self.weights.spectral * distance + self.weights.mel * mel, {"distance": distance, "mel dB": 100 * mel}

    def forward(self, x: Tensor, generator: torch.Generator, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        mel, extra = self.mels(x, generator)
        target, output = self.aligned(x, self.model.vocoder(mel))
        loss, figures = self.audio_loss(target, output)
        return loss + extra, figures


class VAEStage(Stage):
    basis: Tensor
    name = "vae"
    batch, frames = 24, 48  # many short excerpts: neighbouring frames are alike, and tell less than those of other sounds
    held = 64

    def __init__(self, model: Reference, weights: Weights):
        super().__init__(model, weights)
        self.log_deviation = nn.Parameter(torch.full((model.analysis.bands,), -2.0))
        self.auditory = losses.Auditory(model.config.analysis)
        self.auditory_deviation = nn.Parameter(torch.full((self.auditory.BANDS,), -2.0))
        self.adversary = LoudnessAdversary(model.config.vae.latents)
        self.register_buffer("basis", cosines(model.analysis.bands), persistent=False)

    def judged(self, figures: dict[str, float]) -> float:
        # what the ear's bands and their pattern say: the mel error alone prefers early states, which are blurred, and sound worse
        return 0.02 * figures["auditory dB"] + figures["structure"]

    def trained(self) -> list[nn.Module]:
        return [self.model.encoder, self.model.decoder]

    def others(self) -> list[dict[str, Any]]:
        # these are drawn anew in every training, so however slowly a network that knows much goes on, they begin at full speed;
        # and the adversary must keep ahead of the encoder that hides from it
        rate = max(self.rate, type(self).rate)
        deviations = {"params": [self.log_deviation, self.auditory_deviation], "lr": rate, "betas": (0.8, 0.99)}
        return [deviations, {"params": list(self.adversary.parameters()), "lr": 2 * rate, "betas": (0.8, 0.99)}]

    def latents(self, mean: Tensor, log_variance: Tensor, generator: torch.Generator) -> Tensor:
        """What the decoder is given of the encoder's Gaussians, (B, Z, L)."""
        return sample(mean, log_variance, torch.randn(mean.shape, generator=generator, device="cpu").to(mean.device))

    def forward(self, x: Tensor, generator: torch.Generator, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.no_grad():
            mel, loudness = self.model.analyse(x[:, None])
            target = decoder_target(mel, loudness)
            weight = losses.prominence(target, loudness)
        mean, log_variance = split(self.model.encoder(relative(mel, loudness)))
        z = self.latents(mean, log_variance, generator)
        # the pair of gains: the encoder cannot see gain, so decoding at another gain is another loudness beside the same z
        gain = 24 * torch.rand(len(x), 1, 1, generator=generator).to(x.device) - 12
        output, anchor = self.decoded(z, loudness + gain)
        # the adversary first learns what there is to hide: who flees from one that knows nothing yet leaks more than before
        guess = self.adversary(z, strength=min(1.0, max(0.0, 10 * progress - 0.5)))
        output, target, weight, loudness, guess = (v[..., WARM_FRAMES:] for v in (output, target, weight, loudness, guess))
        nll = losses.gaussian_nll(output, target, self.log_deviation, weight)
        # partials stay sharp: the slope over bands is compared too
        sharp = losses.weighted_mean((output.diff(dim=1) - target.diff(dim=1)).abs(), weight[:, 1:])
        # a frame's mel is mostly fluctuation; what is heard is the level of critical bands over tens of milliseconds
        heard, made = self.auditory(target, output)
        audible = self.auditory.slow(losses.audible(loudness))
        nll = nll + self.weights.auditory * losses.gaussian_nll(made, heard, self.auditory_deviation, audible)
        structure = losses.structure_distance(heard, made)
        information = kl(mean, log_variance).sum(1).mean()
        adversary = adversary_loss(guess, loudness, (loudness > -60).float())
        warm = min(1.0, progress / 0.1)
        loss = nll + self.weights.kl * warm * information / self.model.analysis.bands + self.weights.sharpness * sharp
        partials = losses.partials_distance(target, output, self.basis, FINE, weight)
        loss = loss + self.weights.structure * structure + self.weights.partials * partials
        loss = loss + self.weights.adversary * warm * adversary + anchor
        error = losses.weighted_mean((output - target).square(), weight).sqrt()
        coarse = losses.weighted_mean((made - heard).square(), audible.expand_as(made)).sqrt()
        figures = {"mel dB": 100 * error, "auditory dB": 100 * coarse, "structure": structure, "partials": partials}
        return loss, figures | {"nats": information, "adversary": adversary}


class TuneStage(VocoderStage):
    """Decoder and vocoder on the VAE's own mels, latents sampled a little so that the decoder stays smooth in z.

    Every other excerpt goes through the vocoder by its true mel, so that it stays good at both; and half of the rest has
    something of fine structure and colour beside the latents, so that every setting of these two sounds whole.
    """

    basis: Tensor
    name = "tune"
    rate = 5e-4

    def __init__(self, model: Reference, weights: Weights):
        super().__init__(model, weights)
        analysis = model.config.analysis
        self.auditory = losses.Auditory(analysis)
        self.register_buffer("basis", cosines(model.analysis.bands), persistent=False)

    def trained(self) -> list[nn.Module]:
        return [self.model.decoder, self.model.vocoder]

    def mels(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            mel, loudness = self.model.analyse(x[:, None])
            target = decoder_target(mel, loudness)
            mean, log_variance = split(self.model.encoder(relative(mel, loudness)))
            z = sample(mean, log_variance, 0.5 * torch.randn(mean.shape, generator=generator).to(mean.device))
            weight = losses.prominence(target, loudness)
        output, anchor = self.decoded(z, loudness)
        error = losses.weighted_mean((output - target).abs(), weight)
        place = torch.arange(len(x), device=x.device)[:, None, None]
        own = absolute(
            torch.where(place % 4 == 2, self.layered(mel, loudness, output, generator), output),
            loudness,
            self.model.config.vae.sink,
        )
        own = torch.where(place % 2 == 0, own, mel.clamp(min=0))
        heard, made = self.auditory(target, output)
        coarse = losses.weighted_mean((made - heard).abs(), self.auditory.slow(losses.audible(loudness)).expand_as(made))
        extra = self.weights.own_mel * (error + coarse) + self.weights.structure * losses.structure_distance(heard, made)
        return own, extra + anchor

    def layered(self, mel: Tensor, loudness: Tensor, output: Tensor, generator: torch.Generator) -> Tensor:
        """A decoded relative mel (B, M, L) with a random amount of each layer: half of them as a transfer has it, 1 and 0."""
        fine, colour, usual = torch.rand(3, len(mel), 1, 1, generator=generator).to(mel.device)
        fine, colour = torch.where(usual < 0.5, 1.0, fine), torch.where(usual < 0.5, 0.0, colour)
        colours, fines = parts(left_out(mel, loudness, output), self.basis)
        return levelled(output + fine * fines + colour * colours, self.model.analysis.log_band_weights)


class AdversarialStage(TuneStage):
    """TuneStage with MelGAN's discriminators on the waveform: hinge loss and feature matching."""

    name = "adversarial"
    rate = 1e-4
    frames = 56

    def __init__(self, model: Reference, weights: Weights):
        super().__init__(model, weights)
        self.discriminators = MultiScale()

    def others(self) -> list[dict[str, Any]]:
        return [{"params": list(self.discriminators.parameters()), "lr": 2 * self.rate, "betas": (0.5, 0.9)}]

    def forward(self, x: Tensor, generator: torch.Generator, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        mel, extra = self.mels(x, generator)
        target, output = self.aligned(x, self.model.vocoder(mel))
        loss, figures = self.audio_loss(target, output)
        target, output = target[:, None], output[:, None].float()
        real = self.discriminators(target)
        # both players move on one backward pass: the generator's side sees the discriminators as constants
        constants = {name: value.detach() for name, value in self.discriminators.named_parameters()}
        fake = torch.func.functional_call(self.discriminators, constants, (output,))
        hinge, features = losses.generator_hinge(fake), losses.feature_matching(real, fake)
        critic = losses.discriminator_hinge(real, self.discriminators(output.detach()))
        loss = loss + extra + self.weights.hinge * hinge + self.weights.features * features + critic
        return loss, figures | {"hinge": hinge, "features": features, "critics": critic}


STAGES = {stage.name: stage for stage in (VocoderStage, VAEStage, TuneStage, AdversarialStage)}
