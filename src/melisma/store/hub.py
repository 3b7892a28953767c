"""Models on the Hugging Face Hub: an address → a verified file in the cache.

    hf://owner/repo[/file.melisma][@revision][#sha256=…]

Without a file the repository's only model is meant, without a revision its main branch. A file that was fetched stays in
`$MELISMA_HOME/hub` and serves where there is no network. huggingface_hub does the talking: its settings hold, such as
HF_TOKEN for private repositories and HF_ENDPOINT for another hub.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadValue, Damaged, MelismaError, NotFound, Unavailable, extra
from ..files.limits import MOST_BYTES
from ..files.modelfile import SUFFIX
from ..system.home import home

SCHEME = "hf://"
_NAME = r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"hf://(?P<repo>{_NAME}/{_NAME})(?:/(?P<file>(?:[\w.+ -]+/)*[\w.+ -]+{re.escape(SUFFIX)}))?"
    r"(?:@(?P<revision>[\w./+-]+))?(?:#sha256=(?P<sha256>[0-9a-fA-F]{64}))?",
    re.ASCII,
)
_HOW = f"write hf://owner/repo, and after it, if need be, /file{SUFFIX}, @revision and #sha256=…"


@dataclass(frozen=True)
class Address:
    """Where a model lies on the hub. sha256: what the file must have, in hexadecimal."""

    repo: str
    file: str | None = None
    revision: str | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        parts = (self.file and f"/{self.file}", self.revision and f"@{self.revision}", self.sha256 and f"#sha256={self.sha256}")
        return SCHEME + self.repo + "".join(part for part in parts if part)


def parse(text: str) -> Address:
    """The address that a text is; MelismaError says what is wrong with it."""
    found = _ADDRESS.fullmatch(text)
    if not found:
        bare, mark, pin = text.partition("#")
        if mark and not re.fullmatch(r"sha256=[0-9a-fA-F]{64}", pin):
            raise BadValue(f"{text}: what stands after # is not sha256= and 64 hexadecimal digits")
        raise BadValue(f"{text} is not the address of a model: {_HOW}")
    repo, file, revision, sha256 = found.group("repo", "file", "revision", "sha256")
    places = [*repo.split("/"), *(file or "").split("/"), *(revision or "").split("/")]
    if any(place in (".", "..") for place in places) or any(".." in name or "--" in name for name in repo.split("/")):
        raise BadValue(f"{text} is not the address of a model (no dots or dashes in a row): {_HOW}")
    return Address(repo, file, revision, sha256 and sha256.lower())


def fetch(text: str) -> Path:
    """The file of the model at an address, downloaded unless it is kept here, its hash checked; MelismaError if that fails."""
    address = parse(text)
    with extra("hub"):
        import huggingface_hub
        import huggingface_hub.errors  # its attribute, which it does not load by itself
    _sweep(home() / "hub")
    with _quiet(huggingface_hub.logging):
        place, told = _had(huggingface_hub, address)
    digest = _verified(place, told, address)
    if address.sha256 and digest != address.sha256:
        raise Damaged(f"{address}: the file has the SHA-256 {digest}: it is another one than the address asks for")
    return place


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """What goes wrong is said here, in one sentence."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _had(hub: Any, address: Address) -> tuple[Path, str]:
    """The file in the cache, and what the hub calls it: its SHA-256 or git's SHA-1, "" if that is not known any more."""
    errors, where = hub.errors, {"revision": address.revision, "cache_dir": home() / "hub"}
    try:
        file = address.file
        if file is None:
            info = hub.model_info(address.repo, revision=address.revision)
            file = _only(address, [sibling.rfilename for sibling in info.siblings or []])
        told = hub.get_hf_file_metadata(hub.hf_hub_url(address.repo, file, revision=address.revision))
        if (told.size or 0) > MOST_BYTES:
            raise BadValue(f"{address} has {told.size >> 20} MiB; a {SUFFIX} file has at most {MOST_BYTES >> 20}")
        place = Path(hub.hf_hub_download(address.repo, file, **where))
        return place, _name(place) or (told.etag or "")
    except MelismaError:
        raise
    except errors.GatedRepoError:
        raise Unavailable(f"{address} asks to accept its terms: do so on its page, and set HF_TOKEN") from None
    except errors.RepositoryNotFoundError:
        raise NotFound(f"{address}: there is no repository {address.repo}, or it is private (then set HF_TOKEN)") from None
    except errors.RevisionNotFoundError:
        raise NotFound(f"{address}: {address.repo} has no revision {address.revision}") from None
    except errors.EntryNotFoundError as error:
        if not isinstance(error, errors.LocalEntryNotFoundError):
            raise NotFound(f"{address}: {address.repo} has no file {address.file}") from None
        reason = error
    except Exception as error:  # whatever there is between here and the hub
        reason = error
    kept = _kept(hub, address)
    if kept is None:
        said = " ".join(str(reason.__cause__ or reason).split())[:200] or type(reason).__name__
        raise Unavailable(
            f"{address} cannot be fetched and is not kept here: {said}; try again with the network, or get the file by hand"
        ) from None
    return kept, _name(kept)


def _sweep(cache: Path) -> None:
    """Remove the downloads that killed processes left: those whose lock, of huggingface_hub's, nobody holds."""
    from filelock import FileLock, Timeout

    for half in cache.glob("models--*/blobs/*.incomplete"):
        lock = cache / ".locks" / half.parent.parent.name / f"{half.name.partition('.')[0]}.lock"
        with contextlib.suppress(Timeout, OSError, NotImplementedError):
            lock.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, timeout=0):
                half.unlink(missing_ok=True)


def _only(address: Address, files: list[str]) -> str:
    found = sorted(file for file in files if file.endswith(SUFFIX))
    if len(found) != 1:
        has = f"several models: say which of {', '.join(found)}" if found else f"no {SUFFIX} file"
        raise NotFound(f"{address}: {address.repo} has {has}")
    return found[0]


def _kept(hub: Any, address: Address) -> Path | None:
    """The file in the cache, without the network."""
    try:
        repos = [repo for repo in hub.scan_cache_dir(home() / "hub").repos if repo.repo_id == address.repo]
    except hub.errors.CacheNotFound:
        return None
    wanted = address.revision or "main"
    for revision in (revision for repo in repos for revision in repo.revisions):
        if wanted in revision.refs or wanted == revision.commit_hash:
            files = {kept.file_path.relative_to(revision.snapshot_path).as_posix(): kept.file_path for kept in revision.files}
            return files.get(address.file or (_only(address, list(files)) if files else ""))
    return None


def _name(place: Path) -> str:
    """What the cache calls the content of a file: the name that the hub gave it. "" where there are no links."""
    return Path(os.readlink(place)).name if place.is_symlink() else ""


def _verified(place: Path, told: str, address: Address) -> str:
    """The file's SHA-256. A file that is not what the hub says is thrown away: MelismaError."""
    data = place.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if re.fullmatch("[0-9a-f]{40}", told):  # small files lie in git itself, which hashes a header as well
        found = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    elif re.fullmatch("[0-9a-f]{64}", told):
        found = digest
    elif address.sha256:
        return digest
    else:
        raise BadValue(f"{address}: nothing says what hash the file should have; if it is the right one add #sha256={digest}")
    if found != told:
        for file in (place.resolve(), place):
            file.unlink(missing_ok=True)
        raise Damaged(f"{address}: the file's hash is {found}, and the hub says {told}: it is not kept; try again")
    return digest
