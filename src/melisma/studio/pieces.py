"""A path's sound piece by piece, as it is rendered; and a place of it before what leads there is rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..latent import LatentPath
from ..model import Model

WARM = 64  # frames; the published models' decoders look back 32 at most, with their vocoders less than this


def pieces(
    path: LatentPath, model: Model, first: int = 64, most: int = 256, *, fine: float = 0.0, colour: float = 0.0
) -> Iterator[np.ndarray]:
    """A path's sound at the model's rate as it is rendered, in pieces of growing length; together what `decode` resamples."""
    yield from model.decode_pieces(path, _growing(first, most), fine=fine, colour=colour)


def ahead(
    path: LatentPath, model: Model, first: int, last: int, *, fine: float = 0.0, colour: float = 0.0
) -> tuple[int, np.ndarray]:
    """The sound of frames [first, last) without what leads to them. → its first sample, and samples at the model's rate.

    It is read by a stream that begins WARM frames earlier. Its mel is that of the whole by then, as the decoder looks back
    less far; its phases are those of another beginning: it sounds like that place in the whole, and is not the same samples.
    """
    begin, last = max(0, first - WARM), min(last, path.frames)
    behind = model.config.analysis.frame - model.hop  # samples of the last frames that are only complete with later ones
    length = (last - begin) * model.hop - behind
    if length <= 0:
        return first * model.hop, np.zeros(0, np.float32)
    part = replace(
        path,
        values=path.values[:, begin:last],
        loudness=path.loudness[begin:last],
        layers=None if path.layers is None else path.layers[:, begin:last],
        length=length,
        source_rate=model.sample_rate,
    )
    sound = np.concatenate(list(model.decode_pieces(part, [last - begin], fine=fine, colour=colour)))
    return first * model.hop, sound[(first - begin) * model.hop :]


def _growing(size: int, most: int) -> Iterator[int]:
    while True:
        yield size
        size = min(2 * size, most)
