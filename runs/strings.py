"""The strings model: `python runs/strings.py [--minutes 105] [--part P]`, see recipe.py."""

from domain import Domain
from recipe import main

from melisma.files.config import ModelConfig, VAEConfig
from melisma.training.stages import Weights

DOMAIN = Domain(
    name="strings",
    licence="CC0 (VSCO 2 CE), CC-BY 3.0 (tonejs-instruments), MIT (FluidR3)",
    about="""Sampled orchestral sections (violins, violas, celli, basses: sustained, tremolo, staccato, plucked) and solo
violin, viola, cello and contrabass. The notes are recordings; the phrases, lines and chords of 6 to 12 seconds, were put
together from these notes by a seeded player, transposing by two semitones at most. Held out are pitches that are never in
training, and phrases made of those.""",
    cannot="""It has never heard a real legato, a bow change or a glissando: its phrases are cross-faded notes. Sounds with
noise or consonants come out as bowed noise. Of solo playing it knows little; the sections weigh most.""",
    start="",
    # its sounds are silent above their partials: docs/lab/residual.md, "What lies below"
    config=ModelConfig(vae=VAEConfig(sink=1.0)),
    # down to a contrabass, and in other rooms: docs/lab/choices.md
    plan={"speeds": (-14, 6), "mixed": 0.25, "played": 0.6, "shaped": 0.5, "weights": Weights(partials=1.0)},
)

if __name__ == "__main__":
    main(DOMAIN)
