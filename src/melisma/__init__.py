"""Melisma learns the timbre of a folder of sounds and lets a musician play it.

    import melisma

    model = melisma.load("strings")
    path = model.encode(melisma.read("cat.wav"))
    sound = model.decode(path.scale(1.3, dims=[0]).reverse())
    sound.save("out.wav")

In one call: `melisma.transfer("cat.wav", model="strings")`, `interpolate`, `mix`, `sample` (see `melisma.simple`).
"""

from .errors import MelismaError
from .latent import LatentPath
from .model import Model, Stream, load
from .simple import interpolate, mix, sample, transfer
from .sound.audio import Audio, read, write

__version__ = "0.1.0"
__all__ = [
    "Audio", "LatentPath", "MelismaError", "Model", "Stream", "interpolate", "load", "mix", "read", "sample", "transfer", "write",
]  # fmt: skip
