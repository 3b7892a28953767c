"""Melisma learns the timbre of a folder of sounds and lets a musician play it.

    import melisma

    model = melisma.load("strings")
    path = model.encode(melisma.read("cat.wav"))
    sound = model.decode(path.scale(1.3, dims=[0]).reverse())
    sound.save("out.wav")

In one call: `melisma.transfer("cat.wav", model="strings")`, `interpolate`, `mix`, `sample` (see `melisma.simple`).
"""

TYPE_CHECKING = False  # as typing's, which would have to be imported
if TYPE_CHECKING:
    from .errors import MelismaError
    from .latent import LatentPath
    from .model import Model, Stream, load
    from .simple import interpolate, mix, sample, transfer
    from .sound.audio import Audio, read, write

__version__ = "0.1.0"
__all__ = [
    "Audio", "LatentPath", "MelismaError", "Model", "Stream", "interpolate", "load", "mix", "read", "sample", "transfer", "write",
]  # fmt: skip

# What is asked for first is imported then: the command has its outermost handler in place before NumPy is begun with.
_PARTS = {
    "errors": ("MelismaError",),
    "latent": ("LatentPath",),
    "model": ("Model", "Stream", "load"),
    "simple": ("interpolate", "mix", "sample", "transfer"),
    "sound.audio": ("Audio", "read", "write"),
}
_WHERE = {name: part for part, names in _PARTS.items() for name in names}
_FOLDERS = ("errors", "latent", "model", "simple", "sound")


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _FOLDERS:
        return import_module(f".{name}", __name__)
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FOLDERS})
