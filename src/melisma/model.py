"""Model: what a musician holds. Sounds become latent paths, latent paths become sounds."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .core.engine import Engine
from .decoder import Decoder, amounts, checked_path
from .errors import BadValue, Damaged, MelismaError, MelismaWarning
from .files import modelfile
from .files.bands import centres
from .files.modelfile import ModelFile
from .latent import PITCH, Curve, LatentPath, drawn, matched
from .latent.domainmap import DomainMap
from .latent.reading import read_number
from .sound.arrival import Sound, arriving
from .sound.audio import Audio, read
from .sound.channels import sides
from .sound.door import checked_rate, samples_of
from .sound.folder import sounds_in
from .sound.rates import fill, resampled
from .store import pretrained
from .stream import Stream

LONGEST_SAMPLE = 3600  # seconds


def load(model: str | Path) -> Model:
    """The model of that name (see `melisma models`) or in that file. MelismaError says what is wrong with it."""
    path = pretrained.locate(model)
    return Model(modelfile.load(path), path)


def _opened_anew(path: Path, digest: str) -> Model:
    """The model of that file, in another process or on another day; Damaged if it is another file now."""
    file = modelfile.load(path)
    if file.digest != digest:
        raise Damaged(f"{path} is another file than it was when the model was sent or kept: load it anew")
    return Model(file, path)


class Model:
    """A trained model.

    Sounds are `Audio` (from `melisma.read`) or arrays (T,) or (channels, T) at `rate` Hz, by default the model's own rate:
    floating point with full scale ±1, or integers, scaled by their type. `transfer` and `stream` keep stereo. A path is of one
    channel: others are mixed for it; where they cancel each other the loudest is taken, with a MelismaWarning. Any length and
    rate goes in, and the same comes out, as an Audio.

    It can be copied and sent to other processes: they open its file anew (one that never lay in a file is sent whole).
    """

    def __init__(self, file: ModelFile, path: Path | None = None):
        """path: the file it was read from."""
        self.file = file
        self.path = None if path is None else Path(os.path.abspath(path))
        self.name = file.name
        self.config = file.config
        self.sample_rate = file.config.analysis.sample_rate
        self.hop = file.config.analysis.hop
        self.latency = file.latency
        self.latents = file.tensors["calibration.forth"].shape[0]

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self.file)

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self._engine, self.name, self.latents, self.frame_rate)

    def __repr__(self) -> str:
        return f"<melisma model {self.name}: {self.latents} latents, {self.sample_rate} Hz>"

    def __copy__(self) -> Model:
        return Model(self.file, self.path)

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        return Model(copy.deepcopy(self.file, memo), self.path)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is None:
            return Model, (self.file,)
        return _opened_anew, (self.path, self.file.digest)

    @property
    def frame_rate(self) -> float:
        """Latent frames a second."""
        return self.sample_rate / self.hop

    @property
    def ranges(self) -> np.ndarray:
        """The 1st and 99th percentile of each latent on the training set, (Z, 2)."""
        return np.array(self.file.latents["percentiles"], np.float32)[:, [0, -1]]

    @property
    def timbre(self) -> tuple[int, ...] | None:
        """The latents that shape a spectrum's envelope; the others shape its fine structure, pitch above all. None: not known."""
        rows = self.file.latents.get("timbre")
        return None if rows is None else tuple(rows)

    @cached_property
    def map(self) -> DomainMap | None:
        """Moments of the training set as points in the latent space, and a plane to see them in; None if the file has none."""
        entry = self.file.latents.get("map")
        return None if entry is None else DomainMap.read(entry)

    @property
    def band_centres(self) -> np.ndarray:
        """Centre frequencies of the mel bands in Hz, (M,)."""
        return centres(self.config.analysis)

    def encode(self, sound: Sound, *, rate: int | None = None) -> LatentPath:
        """A sound's latent path: frame l is centred at sample (l + 1) · hop − frame / 2 of the sound at the model's rate."""
        pieces, rate, length = arriving(sound, rate, self.sample_rate, self._engine.chunk)
        values, loudness, layers = self._engine.encode_layers(pieces)
        in_time = np.ones(len(loudness), bool)
        return LatentPath(values, loudness, self.frame_rate, length, rate, self.name, self.ranges, self.timbre, layers, in_time)

    def encode_folder(self, folder: str | os.PathLike[str]) -> Iterator[tuple[Path, LatentPath]]:
        """The latent paths of a folder's sounds at any depth, each with its file's place in the folder, one after another.

        A file that cannot be read or encoded is left out, with a MelismaWarning that names it. MelismaError if there is no sound.
        """
        for file in sounds_in(folder):
            try:
                encoded = self.encode(read(file))
            except MelismaError as error:
                warnings.warn(f"{file.relative_to(folder)} is left out: {error}", MelismaWarning, stacklevel=2)
                continue
            yield file.relative_to(folder), encoded

    def decode(self, path: LatentPath, *, fine: float = 1.0, colour: float = 1.0, sound: Audio | None = None) -> Audio:
        """A latent path's sound: one channel at `path.source_rate`, of `path.length` samples.

        fine, colour: how much, from 0 to 1, of what the path has beside its latents. Fine structure keeps the pitch of the
        sound it came from; colour keeps what is that sound's own and not the domain's: 0 leaves it to the domain, as after
        `match`. Both 1: what was not edited sounds as it did. Both 0: the latents alone.

        sound: the one that the path came from. As far as fine structure is heard, it has that sound's phases wherever the path
        is `in_time`, and so keeps its lowest notes, which magnitudes alone do not tell.
        """
        return self._decoder.whole((path,), sound, fine, colour)

    def decode_pieces(
        self,
        path: LatentPath,
        frames: Iterable[int],
        *,
        fine: float = 1.0,
        colour: float = 1.0,
        sound: Audio | None = None,
    ) -> Iterator[np.ndarray]:
        """A latent path's sound at the model's own rate, piece by piece: float32 (n,), so many frames each time.

        Together they are, to the bit, what `decode` resamples to the path's rate, up to the end of the sound.
        """
        return (piece[0] for piece in self._decoder.pieces((path,), sound, fine, colour, frames))

    def decode_pair(self, pair: Sequence[LatentPath], sound: Audio, *, fine: float = 1.0, colour: float = 1.0) -> Audio:
        """Left's path and right's → two channels, whose phases differ as those of a stereo sound do; see `decode`.

        MelismaError for paths of different lengths.
        """
        return self._decoder.whole(pair, sound, fine, colour)

    def decode_pair_pieces(
        self, pair: Sequence[LatentPath], sound: Audio, frames: Iterable[int], *, fine: float = 1.0, colour: float = 1.0
    ) -> Iterator[np.ndarray]:
        """The same at the model's own rate, piece by piece: float32 (2, n), so many frames each time."""
        return self._decoder.pieces(pair, sound, fine, colour, frames)

    def decode_mel(self, path: LatentPath, *, fine: float = 1.0, colour: float = 1.0) -> np.ndarray:
        """A latent path's log-mel (M, L), 0 at −100 dBFS and 1 at full scale; fine and colour as in `decode`."""
        return self._engine.decode_mel(*self._decoder.fitting(path), *amounts(fine, colour))

    def transfer(
        self,
        sound: Sound,
        *,
        rate: int | None = None,
        loudness: str | Curve = "input",
        match: float = 1.0,
        fine: float = 1.0,
        colour: float = 0.0,
        mono: bool = False,
    ) -> Audio:
        """The sound in this model's timbre. loudness: "input", a level in dBFS, a curve (L,), or (seconds, dBFS) points.

        match: how much of the domain's timbre, from 0 to 1, it takes on; see `latent.match`. fine keeps its pitch, colour its
        own timbre beside that; see `decode`. A stereo sound stays one, each channel with a path of its own; mono: it is mixed.
        """

        def played(path: LatentPath) -> LatentPath:
            return self.transferred(path, loudness=loudness, match=match, fine=fine)

        return self.through(sound, played, rate=rate, fine=fine, colour=colour, mono=mono)

    def transferred(
        self, path: LatentPath, *, loudness: str | Curve = "input", match: float = 1.0, fine: float = 1.0
    ) -> LatentPath:
        """What a transfer does to a path: another loudness, or its own ("input"), and its timbre `matched` so far."""
        moved = checked_path(path)
        if not isinstance(loudness, str):
            moved = path.set_loudness(loudness)
        elif loudness != "input":
            raise BadValue(f'loudness is {loudness!r}: say "input", a level in dBFS or a curve')
        fine = read_number(fine, "fine", 0, 1) if path.layers is not None else 0.0
        # what the fine structure tells of the pitch, the latents need not
        moved = matched(moved, match, pitch=PITCH + (1 - PITCH) * fine)
        return self.kept(path, moved) if fine else moved

    def kept(self, before: LatentPath, after: LatentPath) -> LatentPath:
        """A path that was moved, with the fine structure that it had before: played with fine=1, it has the same partials.

        Frame by frame: paths of other lengths, and those that have none, are given back as they are.
        """
        if before.layers is None or after.layers is None or before.frames != after.frames:
            return after
        if np.array_equal(before.values, after.values) and np.array_equal(before.loudness, after.loudness):
            return after
        return replace(after, layers=self._engine.keep_layers(*map(self._decoder.fitting, (before, after))))

    def through(
        self,
        sound: Sound,
        edit: Callable[[LatentPath], LatentPath],
        *,
        rate: int | None = None,
        fine: float = 1.0,
        colour: float = 1.0,
        mono: bool = False,
    ) -> Audio:
        """The sound of `edit(path)`, a path for each channel of a stereo sound; any other sound, or `mono`, is mixed to one."""
        if not isinstance(sound, Audio):
            own = self.sample_rate if rate is None else checked_rate(rate, "the rate of the sound")
            sound = Audio(samples_of(sound), own)
        parts = [Audio(side, sound.rate, name=sound.name) for side in sides(sound.samples, mono)]
        paths = [edit(self.encode(part, rate=rate)) for part in parts]
        if len(paths) == 1:
            made = self.decode(paths[0], fine=fine, colour=colour, sound=parts[0])
            return made if mono or sound.channels != 2 else Audio(np.repeat(made.samples, 2, axis=0), made.rate)
        return self.decode_pair(paths, sound, fine=fine, colour=colour)

    def sample(
        self, seconds: float, *, seed: int = 0, smoothness: float = 0.5, temperature: float = 1.0, loudness: Curve | None = None
    ) -> LatentPath:
        """A path that no sound gave, of so many seconds: drawn from the prior, see `latent.drawn` for the arguments."""
        seconds = read_number(seconds, "seconds")
        if not 0 < seconds <= LONGEST_SAMPLE:
            raise BadValue(f"seconds is {seconds:g}: a path can be drawn for up to {LONGEST_SAMPLE} seconds")
        length = max(1, round(seconds * self.sample_rate))
        frames = -(-length // self.hop) + self.config.analysis.frame // self.hop - 1  # as many as a sound of that length has
        return drawn(
            self.latents, frames, self.frame_rate, length, self.sample_rate, seed=seed, smoothness=smoothness,
            temperature=temperature, loudness=loudness, model=self.name, ranges=self.ranges, timbre=self.timbre,
        )  # fmt: skip

    def copy_synthesis(self, sound: Sound, *, rate: int | None = None) -> Audio:
        """The sound's true mels through the vocoder: what is lost without the VAE."""
        pieces, rate, length = arriving(sound, rate, self.sample_rate, self._engine.chunk)
        made = resampled(self._engine.synthesized(self._engine.mel(pieces)), self.sample_rate, rate)
        return Audio(fill(np.empty(length, np.float32), made), rate)

    def mel(self, sound: Sound, *, rate: int | None = None) -> np.ndarray:
        """The sound's log-mel (M, L), 0 at −100 dBFS and 1 at full scale."""
        return self._engine.mel(arriving(sound, rate, self.sample_rate, self._engine.chunk)[0])

    def kl(self, sound: Sound, *, rate: int | None = None) -> np.ndarray:
        """KL(q(z | x) ‖ N(0, I)) of each of the encoder's dimensions at every frame, in nats (Z', L)."""
        return self._engine.kl(arriving(sound, rate, self.sample_rate, self._engine.chunk)[0])

    def stream(self, *, channels: int = 1, **parameters: float) -> Stream:
        """The model as a stream at its own rate, turned to parameters such as match=1, fine=1; see `Stream.set`.

        With none it plays the latents alone: `decode(path, fine=0, colour=0)`. channels: 1, or 2 that sound together.
        """
        return Stream(self._engine, parameters, channels)

    def verify(self) -> dict[str, float]:
        """Run the file's golden pair, in blocks. → the largest error and the spectral distance; MelismaError if it fails."""
        from .measure.golden import check_golden

        return check_golden(self.file, self.stream().process)


__all__ = ["Model", "Stream", "load"]
