"""The latent path of a sound, and the operators that edit it.

A path has Z latent dimensions over L frames, calibrated: on the training set every dimension has mean 0 and standard
deviation 1, and row 0 matters most. Its loudness is a curve of its own.

**Operators** are functions `op(path, …, dims=None, start=None, end=None)` that return a new path; each is also a
method of LatentPath, and `OPERATORS` declares it with its parameters for the command line, the studio and the hosts.
What they act on is said the same way everywhere:

- `dims` are the latent dimensions (row numbers; None is all of them, an empty list none);
- `start` and `end`, in seconds, are a range of time. Its edges are hard: there is no crossfade at them;
- `loudness=True` acts on the loudness as well (`dims=[], loudness=True`: on nothing else). There one unit is 10 dB and
  0 the mean of the sounding frames; frames at the floor of −100 dBFS stay there;
- what a path has beside its latents, its `fine` structure and `colour` (see LatentPath), goes along with all of them: reverse,
  hold, interpolate and mix act on it where no dims are said or all of them are. The other operators leave it alone.

**Paths of unequal length** (interpolate, mix) are aligned by one rule: the shorter are stretched in time, linearly and
as a whole, to the longest.
"""

from ..sound.scales import LOUDNESS_FLOOR
from .blends import interpolate, mix, stretched
from .edits import PITCH, STEADY, WIDEN, bias, draw, gain, hold, match, matched, randomize, reverse, scale, set_loudness, smooth
from .methods import LatentPath
from .noise import smooth_noise
from .prior import drawn
from .reading import Curve
from .residual import FINE, LAYER_STEP

__all__ = [
    "FINE",
    "LAYER_STEP",
    "LOUDNESS_FLOOR",
    "PITCH",
    "STEADY",
    "WIDEN",
    "Curve",
    "LatentPath",
    "bias",
    "draw",
    "drawn",
    "gain",
    "hold",
    "interpolate",
    "match",
    "matched",
    "mix",
    "randomize",
    "reverse",
    "scale",
    "set_loudness",
    "smooth",
    "smooth_noise",
    "stretched",
]
