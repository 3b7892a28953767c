"""A path's sound piece by piece, as it is rendered; and a place of it before what leads there is rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..latent import LatentPath
from ..model import Model
from ..sound.audio import Audio
from ..sound.channels import one_of

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
    begin, sound = Played((path,)).ahead(model, first, last, fine=fine, colour=colour)
    return begin, sound[0]


@dataclass(frozen=True)
class Played:
    """What sounds of a take: a path; or left's and right's. sound: what they were read from; one path is of its channels mixed.

    channels: of the whole. Two of one path: those of a sound whose channels are equal.
    """

    paths: tuple[LatentPath, ...]
    sound: Audio | None = None
    channels: int = 1

    @property
    def _mixed(self) -> Audio | None:
        return None if self.sound is None else Audio(one_of(self.sound.samples), self.sound.rate, name=self.sound.name)

    @property
    def path(self) -> LatentPath:
        """The first: how long they are, and of which model."""
        return self.paths[0]

    def whole(self, model: Model, own_rate: bool, *, fine: float, colour: float) -> Audio:
        """All of it, (channels, T) at the rate of the take's input, or the model's own."""
        if own_rate:
            made = Audio(np.concatenate(list(self.pieces(model, fine=fine, colour=colour)), 1), model.sample_rate)
        elif self.sound is None or len(self.paths) == 1:
            made = model.decode(self.path, fine=fine, colour=colour, sound=self._mixed)
        else:
            made = model.decode_pair(self.paths, self.sound, fine=fine, colour=colour)
        return made if made.channels == self.channels else Audio(np.repeat(made.samples, self.channels, axis=0), made.rate)

    def pieces(self, model: Model, *, fine: float, colour: float) -> Iterator[np.ndarray]:
        """As `pieces`, (paths, n)."""
        if self.sound is None or len(self.paths) == 1:
            made = model.decode_pieces(self.path, _growing(64, 256), fine=fine, colour=colour, sound=self._mixed)
            yield from (piece[None] for piece in made)
        else:
            yield from model.decode_pair_pieces(self.paths, self.sound, _growing(64, 256), fine=fine, colour=colour)

    def ahead(self, model: Model, first: int, last: int, *, fine: float, colour: float) -> tuple[int, np.ndarray]:
        """As `ahead`, (paths, n)."""
        begin, last = max(0, first - WARM), min(last, self.path.frames)
        behind = model.config.analysis.frame - model.hop  # samples of the last frames that are only complete with later ones
        length = (last - begin) * model.hop - behind
        if length <= 0:
            return first * model.hop, np.zeros((len(self.paths), 0), np.float32)
        parts = [
            replace(
                path,
                values=path.values[:, begin:last],
                loudness=path.loudness[begin:last],
                layers=None if path.layers is None else path.layers[:, begin:last],
                in_time=None if path.in_time is None else path.in_time[begin:last],
                length=length,
                source_rate=model.sample_rate,
            )
            for path in self.paths
        ]
        heard = None
        sound = self._mixed if len(parts) == 1 else self.sound
        if sound is not None:
            start, end = (round(frame * model.hop * sound.rate / model.sample_rate) for frame in (begin, last))
            heard = Audio(sound.samples[:, start:end], sound.rate)
        if heard is None or len(parts) == 1:
            made = list(model.decode_pieces(parts[0], [last - begin], fine=fine, colour=colour, sound=heard))
        else:
            made = list(model.decode_pair_pieces(parts, heard, [last - begin], fine=fine, colour=colour))
        return first * model.hop, np.atleast_2d(np.concatenate(made, -1))[:, (first - begin) * model.hop :]


def _growing(size: int, most: int) -> Iterator[int]:
    while True:
        yield size
        size = min(2 * size, most)
