"""What a model is called → its file: a name (the published ones come with the package, others are the user's own), a path, or an
address on the Hugging Face Hub."""

from __future__ import annotations

import difflib
from pathlib import Path

from ..errors import DiskError, NotFound
from ..files.modelfile import SUFFIX
from ..system.home import expanded, home, known_home
from . import hub

# in a checkout the published models lie in models/ at the top; a wheel carries them inside the package
_PUBLISHED = (Path(__file__).parents[1] / "models", Path(__file__).parents[3] / "models")

START = "shared"  # the model that trainings begin from; it is found by name, but is no domain to play through
# folders of published models that have a namesake in models/ itself: what answers sooner, and a system to compare with
KINDS = ("low-latency", "classic")
PUBLISHED = "published:"  # before a name: the model that came with the package, not the user's own of that name


def own_models() -> Path:
    """Where `melisma train` puts its models."""
    return home() / "models"


def published() -> dict[str, Path]:
    """The models that come with the package: those of models/, and those of a folder of KINDS in it as FOLDER-NAME."""
    return domains() | {f"{kind}-{name}": file for kind in KINDS for name, file in _kind(kind).items()}


def domains() -> dict[str, Path]:
    """One published model a domain: those of models/ itself."""
    return _within(*_PUBLISHED)


def _kind(kind: str) -> dict[str, Path]:
    return _within(*(folder / kind for folder in _PUBLISHED))


def names() -> dict[str, Path]:
    """All models that can be loaded by name; without a home, the published ones.

    Of two that have a name it means the user's own, and the other is PUBLISHED and that name.
    """
    folder = known_home()
    theirs, own = published(), _within(folder / "models") if folder else {}
    return theirs | own | {PUBLISHED + name: file for name, file in theirs.items() if name in own}


def namesake(name: str) -> Path | None:
    """The published model, or the one that trainings begin from, that a model of the user's own by that name would hide."""
    return (_starts() | published()).get(name)


def other(name: str | Path) -> tuple[str, Path] | None:
    """Of a name that two models have, what the other one is called, and its file; None for all else."""
    text, known = str(name), names()
    theirs = namesake(text.removeprefix(PUBLISHED))
    own = known.get(text.removeprefix(PUBLISHED))
    if theirs is None or own is None or own == theirs:
        return None
    return (text.removeprefix(PUBLISHED), own) if text.startswith(PUBLISHED) else (PUBLISHED + text, theirs)


def _starts() -> dict[str, Path]:
    return _within(*(folder / "start" for folder in _PUBLISHED))


def _within(*folders: Path) -> dict[str, Path]:
    """Name → file. What is hidden is no model: what macOS leaves beside a file, a download that broke off."""
    files = (file for folder in folders if folder.is_dir() for file in sorted(folder.glob(f"*{SUFFIX}")))
    return {file.stem: file for file in files if not file.name.startswith(".") and file.is_file()}


def locate(model: str | Path) -> Path:
    """The file of a model given by name, path or hf:// address (see `hub`); MelismaError if there is none."""
    text = str(model)
    if text.startswith(hub.SCHEME):
        return hub.fetch(text)
    known, starts = names(), _starts()
    if text.startswith(PUBLISHED):
        known, starts = ({PUBLISHED + name: file for name, file in found.items()} for found in (published(), starts))
    if text in known or text in starts:
        return (starts | known)[text]
    if text.endswith(SUFFIX) or "/" in text or Path(text).exists():
        return expanded(text)
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = f"there are {', '.join(sorted(known))}" if known else "there are none yet: `melisma train` makes one"
    raise NotFound(f"there is no model named {text!r}; {hint}{listed}")


def card(model: str | Path) -> str:
    """The card of a model: what it learned from, how good it is, what it cannot do. Markdown, which lies beside the file."""
    file = locate(model).with_suffix(".md")
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(f"{model} has no card, as there is no {file}; `melisma info` has its figures") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise DiskError(f"the card {file} cannot be read: {reason}") from None
