"""The models of the studio's menu, opened once."""

from __future__ import annotations

import threading

from ..errors import DiskError, MelismaError, NotFound
from ..files.bands import band_centres
from ..latent.operators import OPERATORS, Parameter
from ..model import Model, load
from ..store import DEFAULT, pretrained
from ..store.summary import lasting, remark
from .edits import offered
from .protocol import ModelInfo, OperatorInfo, ParameterInfo, shown


class Models:
    """Models by name, as `melisma models` lists them. Safe to use from any thread."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[tuple[int, int], Model]] = {}  # with the file's time and size
        self._lock = threading.Lock()

    def open(self, name: str) -> Model:
        """The model of that name, again after its file has changed. MelismaError if there is none."""
        with self._lock:
            known = pretrained.names()
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise NotFound(f"there is no model named {shown(name)} here (there are: {listed}): choose one in the menu")
            try:
                stat = known[name].stat()
            except OSError as error:
                raise DiskError(f"the model {name} cannot be read: {error.strerror}") from error
            state = (stat.st_mtime_ns, stat.st_size)
            if name not in self._open or self._open[name][0] != state:
                self._open[name] = (state, load(known[name]))
            return self._open[name][1]

    def infos(self) -> tuple[ModelInfo, ...]:
        """What can be opened, the one that is used when none is named first; damaged files are left out."""
        found = []
        for name in sorted(pretrained.names(), key=lambda name: name != DEFAULT):  # the others in the order that they have
            try:
                found.append(_info(name, self.open(name)))
            except MelismaError:
                continue
        return tuple(found)


def _info(name: str, model: Model) -> ModelInfo:
    minutes, licence = model.file.training.get("minutes_of_sound"), model.file.training.get("licence")
    lasts = f"{lasting(minutes, 'minutes', 'seconds')} of sound" if type(minutes) in (int, float) else ""
    said = [lasts, str(licence or "")]
    ranges = tuple((float(low), float(high)) for low, high in model.ranges)
    hertz = tuple(round(float(middle), 1) for middle in band_centres(model.config.analysis))
    about = ", ".join(part for part in said if part)
    bands, against = model.config.analysis.bands, remark(model.file)
    return ModelInfo(
        name, model.sample_rate, model.hop, bands, hertz, ranges, model.timbre, model.map is not None, about, against
    )


def operators() -> tuple[OperatorInfo, ...]:
    """The operators that a panel of knobs can offer."""
    found = []
    for operator in OPERATORS.values():
        if offered(operator):
            latents = any(p.name == "dims" for p in operator.selection)
            loudness = not latents or any(p.name == "loudness" for p in operator.parameters)
            shown = tuple(_parameter(p) for p in operator.parameters if p.name != "loudness" and p.default is not None)
            found.append(OperatorInfo(operator.name, operator.summary, shown, latents, loudness))
    return tuple(found)


def _parameter(p: Parameter) -> ParameterInfo:
    rest = p.default if p.rest is None else p.rest
    return ParameterInfo(p.name, p.unit, p.kind, p.minimum, p.maximum, p.default, rest, p.summary)  # type: ignore[arg-type]
