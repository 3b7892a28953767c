"""A model onto the Hugging Face Hub, where `hf://owner/repo` finds it: its file, and a card that the Hub can read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import BadValue, MelismaError, NotFound, Unavailable, extra
from ..files import modelfile
from ..files.modelfile import SUFFIX, ModelFile
from . import hub, pretrained
from .summary import licence

_SPDX = {"MIT": "mit", "CC0": "cc0-1.0", "CC-BY 3.0": "cc-by-3.0", "GPL-2": "gpl-2.0", "GPL-2+": "gpl-2.0", "GPL-3": "gpl-3.0"}
_ROWS = {"latents alone": "chain", "with fine structure and colour": "colour", "copy synthesis": "copy synthesis"}


def push(model: str | Path, address: str, *, private: bool = False, datasets: list[str] | None = None) -> str:
    """Put the model's file and card into a repository, made if it is not there. → its address, pinned to the file's hash."""
    to = hub.parse(address)
    if to.file or to.revision or to.sha256:
        raise BadValue(f"{address} says more than where to put a model: write hf://owner/repo")
    place = pretrained.locate(model)
    file = modelfile.load(place)
    name = re.sub(r"[^\w.-]", "-", file.name) + SUFFIX
    text = card(file, _body(model), to.repo, name, datasets or [])
    with extra("hub"):
        import huggingface_hub as client
        import huggingface_hub.errors as errors
    parts = {name: place.read_bytes(), "README.md": text.encode()}
    try:
        client.create_repo(to.repo, private=private, exist_ok=True)
        client.create_commit(
            to.repo, [client.CommitOperationAdd(key, data) for key, data in parts.items()], commit_message=f"Model {file.name}"
        )
    except MelismaError:
        raise
    except Exception as error:  # whatever there is between here and the hub
        status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) and error.response is not None else 0
        if status in (401, 403):
            raise Unavailable(f"{address}: the hub does not let you write there: set HF_TOKEN to a token that may") from None
        said = " ".join(str(error.__cause__ or error).split())[:200] or type(error).__name__
        raise Unavailable(f"{address} could not be written: {said}; try again with the network") from None
    return f"{hub.SCHEME}{to.repo}#sha256={file.digest}"


def card(file: ModelFile, body: str, repo: str, name: str, datasets: list[str]) -> str:
    """The card: front matter that the Hub reads (YAML, written as JSON, which is YAML), how to play it, and its own text."""
    told = licence(file.training.get("licence"))
    named = {word.strip() for word in told.split(",")}
    known = _SPDX.get(told) if len(named) == 1 else None
    head: dict[str, Any] = {
        "library_name": "melisma",
        "pipeline_tag": "audio-to-audio",
        "license": known or "other",
        "license_name": None if known else told,
        "tags": ["melisma", "audio", "timbre-transfer", "vae", "real-time", *_tag(file.training.get("domain"))],
        "datasets": datasets or None,
        "model-index": [{"name": file.name, "results": results}] if (results := _results(file)) else None,
    }
    front = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items() if value is not None)
    play = f'    melisma transfer cat.wav out.wav --model hf://{repo}\n\n    melisma.load("hf://{repo}#sha256={file.digest}")'
    return f"---\n{front}\n---\n\n{body.rstrip()}\n\n## Play it\n\n{play}\n\n`{name}`, SHA-256 {file.digest}.\n"


def _body(model: str | Path) -> str:
    try:
        return pretrained.card(model)
    except NotFound:  # a model of one's own
        return f"# {Path(model).stem}\n\nA Melisma model."


def _tag(domain: Any) -> list[str]:
    return [domain] if isinstance(domain, str) and re.fullmatch(r"[\w-]{1,30}", domain) else []


def _results(file: ModelFile) -> list[dict[str, Any]]:
    found = []
    for label, row in _ROWS.items():
        value = file.figure("rows", row, "visqol")
        if value is not None:
            found.append({"type": "visqol", "name": f"ViSQOL, {label}", "value": round(value, 2)})
    data = {"name": "held out of its own training set", "type": "held-out"}
    return [{"task": {"type": "audio-to-audio"}, "dataset": data, "metrics": found}] if found else []
