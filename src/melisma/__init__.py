"""Melisma learns the timbre of a folder of sounds and lets a musician play it.

    import melisma

    model = melisma.load("strings")
    path = model.encode(melisma.read("cat.wav"))
    sound = model.decode(path.scale(1.3, dims=[0]).reverse())
    melisma.write("out.wav", sound, path.source_rate)
"""

from .audio import Audio, read, write
from .errors import MelismaError
from .latent import LatentPath
from .model import Model, Stream, load

__version__ = "0.1.0"
__all__ = ["Audio", "LatentPath", "MelismaError", "Model", "Stream", "load", "read", "write"]
