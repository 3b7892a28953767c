"""Packages of Debian, npm and PyPI, fetched once and unpacked in $MELISMA_HOME/packages, and the sounds in them.

A second run needs no network. What a package says of its files' licences is read from its debian/copyright.
"""

from __future__ import annotations

import fnmatch
import io
import json
import os
import shutil
import struct
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from melisma.system.home import home

SOUNDS = (".wav", ".ogg", ".flac", ".oga", ".opus", ".mp3")


def fetch(name: str, cached: str, command: list[str], hint: str) -> Path:
    """Path of a package's archive in the cache, matching the pattern `cached`; downloaded by `command` if absent."""
    store = home() / "packages"
    store.mkdir(parents=True, exist_ok=True)
    if not list(store.glob(cached)):
        with tempfile.TemporaryDirectory(dir=store) as folder:
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
            except FileNotFoundError:
                raise SystemExit(f"{name}: the program '{command[0]}' is not installed; {hint}") from None
            except subprocess.CalledProcessError as error:
                raise SystemExit(f"{name}: '{' '.join(command)}' failed; {hint}\n{error.stderr.strip()}") from None
            for archive in Path(folder).glob(cached):
                archive.rename(store / archive.name)
    return sorted(store.glob(cached))[-1]


def debian_package(name: str) -> tuple[Path, str]:
    """(folder of the unpacked package, version); fetched and unpacked without root."""
    hint = "is the package list up to date? Run 'apt-get update' as root, then start again."
    archive = fetch(name, f"{name}_*.deb", ["apt-get", "download", name], hint)
    return unpacked(archive, lambda folder: subprocess.run(["dpkg", "-x", archive, folder], check=True)), (
        archive.name.split("_")[1].replace("%3a", ":")
    )


def npm_package(name: str) -> tuple[Path, str]:
    """(folder of the unpacked package, version)."""
    archive = fetch(name, f"{name}-*.tgz", ["npm", "pack", name], "npm and a connection to its registry are needed.")
    folder = unpacked(archive, lambda into: tarfile.open(archive).extractall(into, filter="data")) / "package"
    return folder, json.loads((folder / "package.json").read_text())["version"]


def unpacked(archive: Path, unpack) -> Path:
    """Folder beside the archive with its contents; `unpack(folder)` is called only if it is not there yet."""
    folder = archive.with_name(archive.name + ".d")
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        unpack(part)
        part.rename(folder)
    return folder


def soundfont_samples(path: Path):
    """Yield (name, rate, root key in fractional MIDI, reader of the samples) for each sample of an sf2 file."""
    chunks = {}
    with open(path, "rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", header)
            if kind == b"LIST":
                file.seek(4, os.SEEK_CUR)
                continue
            chunks[kind] = file.tell(), size
            file.seek(size + size % 2, os.SEEK_CUR)
        start, size = chunks[b"shdr"]
        file.seek(start)
        headers = file.read(size)
    start, size = chunks[b"smpl"]
    pcm = np.memmap(path, "<i2", "r", start, (size // 2,))
    for name, begin, end, _, _, rate, key, cents, _, _ in struct.iter_unpack("<20sIIIIIBbHH", headers[:-46]):
        name = name.split(b"\0")[0].decode("latin1")
        yield name, rate, key - cents / 100, lambda b=begin, e=end: pcm[b:e] / np.float32(32768)


def sounds_in(folder: Path) -> Iterator[tuple[str, Path | io.BytesIO]]:
    """(name, what soundfile opens) for each sound beneath a folder, in order; archives (zip, pk3) are looked into.

    The name is the path within the folder, or within the archive.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.suffix in (".pk3", ".zip"):
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if name.lower().endswith(SOUNDS):
                        yield name, io.BytesIO(archive.read(name))
        elif path.suffix.lower() in SOUNDS:
            yield path.relative_to(folder).as_posix(), path


@dataclass(frozen=True)
class Terms:
    """What a paragraph of debian/copyright says: file patterns, licence, who holds the rights."""

    patterns: tuple[str, ...]
    licence: str
    holders: str


def copyright_terms(text: str) -> list[Terms]:
    """The `Files` paragraphs of a machine-readable debian/copyright, in order."""
    found = []
    for paragraph in text.replace("\r", "").split("\n\n"):
        fields: dict[str, list[str]] = {}
        name = ""
        for line in paragraph.strip("\n").splitlines():
            if line[:1].isspace() and name:
                fields[name].append(line.strip())
            elif ":" in line:
                name, value = line.split(":", 1)
                fields[name] = [value.strip()]
        if "Files" in fields and "License" in fields:
            patterns = " ".join(fields["Files"]).split()
            holders = "; ".join(line for line in fields.get("Copyright", []) if line)
            found.append(Terms(tuple(patterns), fields["License"][0], holders))
    return found


def terms_of(path: str, terms: list[Terms]) -> Terms:
    """The last paragraph whose patterns match the path, as Debian reads them; KeyError if there is none."""
    for paragraph in reversed(terms):
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in paragraph.patterns):
            return paragraph
    raise KeyError(f"no paragraph of debian/copyright speaks of {path}")
