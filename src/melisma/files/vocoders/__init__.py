"""The kinds of vocoder: each file of this folder declares one, as `KIND`. What it does is in training/vocoders, for training,
and in core/src/vocoders, for every host; a test refuses halves.
"""

from __future__ import annotations

import importlib
import pkgutil

from .kind import Kind

KINDS: dict[str, Kind] = {
    file.name: importlib.import_module(f"{__name__}.{file.name}").KIND
    for file in pkgutil.iter_modules(__path__)
    if file.name != "kind"
}
