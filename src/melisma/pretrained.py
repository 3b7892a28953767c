"""Names of models → their files: the published ones that come with the package, the user's own, or a path."""

from __future__ import annotations

import difflib
from pathlib import Path

from .errors import MelismaError
from .home import home
from .modelfile import SUFFIX

# in a checkout the published models lie in models/ at the top; a wheel carries them inside the package
_PUBLISHED = (Path(__file__).parent / "models", Path(__file__).parents[2] / "models")


def own_models() -> Path:
    """Where `melisma train` puts its models."""
    return home() / "models"


def published() -> dict[str, Path]:
    """The models that come with the package."""
    return _within(*_PUBLISHED)


def names() -> dict[str, Path]:
    """All models that can be loaded by name; the user's own hide published ones of the same name."""
    return published() | _within(own_models())


def _within(*folders: Path) -> dict[str, Path]:
    return {file.stem: file for folder in folders if folder.is_dir() for file in sorted(folder.glob(f"*{SUFFIX}"))}


def locate(model: str | Path) -> Path:
    """The file of a model given by name or path."""
    text = str(model)
    known = names()
    if text in known:
        return known[text]
    if text.endswith(SUFFIX) or "/" in text or Path(text).exists():
        return Path(text).expanduser()
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = f"there are {', '.join(sorted(known))}" if known else "there are none yet: `melisma train` makes one"
    raise MelismaError(f"there is no model named {text!r}; {hint}{listed}")
