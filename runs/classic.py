"""The system of 2020 on the sounds of strings, as the measure of what came after: models/classic/strings.melisma.

    python runs/classic.py [--minutes 110] [--part data|vocoder|vae|melgan|publish|card]

Trained from scratch, one part after another on one core each, whose own time counts; an interrupted run goes on where it
stopped, and the VAE can be trained beside the vocoder. What is as in 2020
(the code that came with the paper; facts read, no code taken):

- a causal MelGAN with the ratios 8, 8, 2, 2 and dilations 1, 3, 9, trained on true mels with the hinge loss and features of
  MelGAN's discriminators, the VAE not knowing of it: nothing is tuned together;
- 16 latents of a mel VAE at hop 256, kernel 5: Gaussian likelihood of the mel and no other term; the KL at that code's weight,
  which in the unit of `training.stages` is 0.8 (0.1 · the mean of twice the KL over 16 latents, beside the mean of twice the
  likelihood over 128 bands); the loudness adversary behind gradient reversal, loudness beside z at the decoder.

Where it departs, the card says.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from domain import Domain
from parts import train
from publication import publish, write_card
from recipe import data

from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, VAEConfig
from melisma.system.home import home
from melisma.training import stages


class MelganStage(stages.AdversarialStage):
    """MelGAN's own training: the vocoder alone, on true mels, against the discriminators."""

    name = "melgan"
    rate = 1e-4
    frames = 48

    def trained(self):
        return [self.model.vocoder]

    def mels(self, x, generator):
        return stages.VocoderStage.mels(self, x, generator)


class Classic(Domain):
    """Its sounds are those of strings at another rate."""

    @property
    def prepared(self) -> Path:
        return home() / "prepared" / f"{self.data}-{self.config.analysis.sample_rate}"


DOMAIN = Classic(
    name="classic-strings",
    data="strings",
    place="models/classic",
    licence="CC0 (VSCO 2 CE), CC-BY 3.0 (tonejs-instruments), MIT (FluidR3)",
    about="""The system of 2020 (*Timbre latent space: exploration and creative aspects*, Caillon, Bitton, Gatinet,
Esling), trained from scratch on the same sounds as `strings`, so that what came after can be heard against it: 16 latents of
a mel VAE whose loudness an adversary hides, and a causal MelGAN that turns true mels into sound, each trained without the
other. From the code that came with the paper: ratios 8, 8, 2, 2 and dilations 1, 3, 9 of the MelGAN, hinge loss and feature
matching of its discriminators, a Gaussian likelihood of the mel and nothing else in the VAE's loss, the KL's weight, kernels
of 5.

It departs from that code, mostly to its own good, where this format and one core's time ask for it: the MelGAN has half the
channels (so that it plays in a browser, and takes twice the steps in the time) and begins with spectral losses before it
meets its discriminators; blocks of ConvNeXt stand for plain convolutions with batch normalisation, one latent vector a hop of
256 for one every 512; the encoder reads the mel relative to its frame's loudness, which hides more loudness than the
adversary alone; windows are 1024 samples long at 24 kHz, where the code's are 512 at 16 kHz. And the time is not the page's:
two to four days of a GPU, its authors say. These are 110 minutes of one core, of which `strings` had some 170: what both systems
are after such a time, and no more is said of what MelGAN can be.""",
    cannot="""Keep a tune: its latents tell about a seventh of what those of `strings` tell, and what a MelGAN with eighty
minutes of one core makes of true mels, let alone of theirs, is rough, hums on a pitch of its own and is some 6 dB too soft.
Nothing sounds above 12 kHz. It is not for making music with, but for hearing how far the others have come.""",
    minutes=110,
    cores=1,
    judged=16,
    parts={"vocoder": 0.36, "vae": 0.28, "melgan": 0.36},
    earlier={"vocoder": (), "vae": (), "melgan": ("vocoder",)},
    config=ModelConfig(
        AnalysisConfig(sample_rate=24000, fmin=80.0, fmax=12000.0),
        VAEConfig(latents=16, kernel=5),
        MelganConfig(ratios=(8, 8, 2, 2), width=256, dilations=(1, 3, 9), kernel=7),
    ),
    plan={
        "weights": stages.Weights(kl=0.8, sharpness=0, auditory=0, structure=0),
        "mixed": 0.0,
        "kinds": stages.STAGES | {MelganStage.name: MelganStage},
    },
)
ORDER = ("vocoder", "vae", "melgan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=DOMAIN.minutes)
    parser.add_argument("--note", default="", help="recorded in the published file, when a run departed from this script")
    parser.add_argument("--part", choices=["data", *ORDER, "publish", "card"], help="only this part")
    options = parser.parse_args()
    if options.part in (None, "data"):
        data(DOMAIN)
    for part in ORDER:
        if options.part in (None, part):
            train(DOMAIN, part, options.minutes, time.process_time)
    if options.part in (None, "publish"):
        publish(DOMAIN, options.minutes, True, options.note)
    if options.part == "card":
        print(write_card(DOMAIN))


if __name__ == "__main__":
    main()
