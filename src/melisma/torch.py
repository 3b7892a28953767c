"""A model as a PyTorch module, with its published weights, to differentiate through: `import melisma.torch`.

    model = melisma.torch.load("strings")
    z, loudness = model.encode(x)               # (B, 1, T) at model.config.analysis.sample_rate → (B, Z, L), (B, 1, L) in dBFS
    mel = model.decode(z, loudness)             # → log-mel (B, M, L), 0 at −100 dBFS, 1 at full scale
    y = model.synthesize(mel)                   # → (B, 1, L · hop − delay), each sample where it lay in x

It is the reference that the core is tested against. Gradients reach the waveform, the latents, the loudness and the mel. In
`synthesize` two are held, as in training: the phases, and the magnitudes' draft, whose gradient is that of spreading the mel over
the bins. Both are computed on the CPU, wherever the module lies. Fine structure and colour are not in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .errors import extra
from .files import modelfile
from .store import pretrained

if TYPE_CHECKING:
    from .training.reference import Reference


def load(model: str | Path) -> Reference:
    """The model of that name, in that file or at that address, in evaluation mode and float32, on the CPU; its parameters learn.

    MelismaError says what is wrong with it, or that PyTorch is missing.
    """
    file = modelfile.load(pretrained.locate(model))
    with extra("train"):
        from .training.export import from_file
    return from_file(file)
