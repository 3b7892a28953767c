"""Make the demo sounds that are shipped in src/melisma/sounds, from packages and recorded licences.

    python runs/sources.py strings                          (once: the held-out phrases come from it)
    python runs/sounds.py [--vocobox FOLDER] [--out FOLDER]

Mono, 44.1 kHz FLAC of 2–6 s, peaks at -3 dBFS. One folder for each licence family, each with a LICENSE.md:

    cc0/bell, cc0/drums    mit/voice    gpl/cat, gpl/horse    strings/A, strings/B (CC0)

The voice is put together from the sung notes of vocobox's human-voice-dataset (a GitHub repository, not a package);
it is expected in `shared/data/vocobox` beside the checkout unless --vocobox names its folder.
"""

import argparse
import io
import json
import re
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import soundfile
from datasets.cleaning import RATE, faded, resampled, trimmed
from datasets.packages import debian_package
from datasets.provenance import summary

from melisma.system.home import home

CHECKOUT = Path(__file__).resolve().parents[1]


def load(file) -> np.ndarray:
    """A sound file at 44.1 kHz; of several channels the left one (the bell's two would cancel)."""
    audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return resampled(audio[:, 0], rate)


def finished(audio: np.ndarray, fade_out: float = 0.1, peak_db: float = -3.0) -> np.ndarray:
    """Trimmed, at most 6 s, faded, the peak at peak_db."""
    audio = faded(trimmed(audio)[: 6 * RATE], 0.003, fade_out)
    return audio * (10 ** (peak_db / 20) / np.abs(audio).max())


def mixed(events: list[tuple[float, np.ndarray]]) -> np.ndarray:
    """The sum of (start in seconds, audio)."""
    out = np.zeros(max(int(start * RATE) + len(audio) for start, audio in events), np.float32)
    for start, audio in events:
        out[int(start * RATE) :][: len(audio)] += audio
    return out


def drum_loop(samples: Path, bars: int = 2, tempo: float = 100) -> np.ndarray:
    """A plain beat of single strokes, whole bars. (The package's loops do not say what recordings they sample.)"""
    kick, snare, closed, opened = (
        load(samples / f"drum_{name}.flac") for name in ("heavy_kick", "snare_hard", "cymbal_closed", "cymbal_open")
    )
    step, events = 60 / tempo / 4, []
    for bar in range(bars):
        at = 16 * bar
        events += [((at + s) * step, 0.9 * kick) for s in (0, 7, 10)]
        events += [((at + s) * step, 0.8 * snare) for s in (4, 12)]
        events += [((at + s) * step, (0.35 if s % 4 else 0.5) * closed) for s in range(0, 14, 2)]
        events += [((at + 14) * step, 0.25 * faded(opened[: int(2 * step * RATE)], 0, 0.05))]
    return mixed(events)[: int(16 * bars * step * RATE)]


def sung_phrase(folder: Path) -> np.ndarray:
    """D E F G F E D of the sung notes, evened in level and cross-faded."""
    if not folder.is_dir():
        raise SystemExit(
            f"no sung notes in {folder}: give the folder of vocobox/human-voice-dataset's notes as --vocobox, "
            "or put it at shared/data/vocobox beside the checkout."
        )
    seconds, fade, events = 0.78, 0.07, []
    for index, name in enumerate(("D3", "E3", "F3", "G3", "F3-2", "E3-2", "D3-2")):
        note = trimmed(load(folder / f"{name}.flac"), -40)[: int((seconds + fade) * RATE)]
        note = faded(note, fade if index else 0.003, fade) * (0.1 / np.sqrt(np.mean(note**2)))
        events.append((index * seconds, note))
    return mixed(events)


def qt_resources(path: Path) -> dict[str, bytes]:
    """File name → contents of a Qt resource file (.rcc, version 2 or 3, plain or zlib entries)."""
    blob = path.read_bytes()
    magic, version, tree, data, names = struct.unpack_from(">4s4I", blob)
    if magic != b"qres" or version not in (2, 3):
        raise SystemExit(f"{path} is not a Qt resource file of version 2 or 3")
    files, pending = {}, [0]
    while pending:
        node = tree + 22 * pending.pop()
        name_at, flags = struct.unpack_from(">IH", blob, node)
        if flags & 2:
            count, first = struct.unpack_from(">II", blob, node + 6)
            pending += range(first, first + count)
            continue
        (length,) = struct.unpack_from(">H", blob, names + name_at)
        name = blob[names + name_at + 6 :][: 2 * length].decode("utf-16-be")
        (at,) = struct.unpack_from(">I", blob, node + 10)
        (size,) = struct.unpack_from(">I", blob, data + at)
        entry = blob[data + at + 4 :][:size]
        files[name] = zlib.decompress(entry[4:]) if flags & 1 else entry
    return files


def held_phrase(pattern: str, seconds: float = 5.5) -> tuple[np.ndarray, dict]:
    """The least silent stretch of the first held-out CC0 phrase whose description matches, and its record."""
    root = home() / "data" / "strings"
    if not (root / "sources.json").exists():
        raise SystemExit(f"no strings data in {root}: run 'python runs/sources.py strings' first.")
    for row in json.loads((root / "sources.json").read_text())["files"]:
        free = row["licence"] == "CC0-1.0" and row["file"].startswith("held/phrases/")
        if free and row["minutes"] * 60 > seconds and re.search(pattern, row["sample"]):
            audio = load(root / row["file"])
            level = np.sqrt((audio[: len(audio) // 441 * 441].reshape(-1, 441) ** 2).mean(1))
            sounding = np.convolve(level > 0.01 * level.max(), np.ones(int(seconds * 100)), "valid")
            start = int(sounding.argmax()) * 441
            return faded(audio[start : start + int(seconds * RATE)], 0.02, 0.2), row
    raise SystemExit(f"no held-out CC0 phrase matches '{pattern}' in {root / 'sources.json'}")


def write(folder: Path, heading: str, sounds: dict[str, tuple[np.ndarray, str, float]]) -> None:
    """Write name → (audio, source and licence, fade-out) as FLAC files with a LICENSE.md."""
    folder.mkdir(parents=True)
    lines = [f"# {heading}", "", "Made by runs/sounds.py: cut (left channel where there are two), faded, levelled.", ""]
    for name, (audio, origin, fade) in sounds.items():
        soundfile.write(folder / f"{name}.flac", finished(audio, fade), RATE, "PCM_16")
        lines.append(f"- **{name}.flac**: {origin}")
    (folder / "LICENSE.md").write_text("\n".join(lines) + "\n")


def make_cc0(folder: Path) -> None:
    package, version = debian_package("sonic-pi-samples")
    samples = package / "usr/share/sonic-pi/samples"
    origin = f"Debian package sonic-pi-samples {version}"
    drums = "drum_heavy_kick by Zajo; drum_snare_hard, drum_cymbal_closed, drum_cymbal_open by menegass"
    write(folder, "CC0 1.0 (public domain dedication)", {
        "bell": (load(samples / "perc_bell.flac")[: 4 * RATE], f"{origin}, perc_bell.flac, by AlaskaRobotics "
                 "(freesound.org 221515). CC0 1.0 according to its debian/copyright.", 1.5),
        "drums": (drum_loop(samples), f"{origin}: {drums} (freesound.org 4832, 100058, 100053, 100055), "
                  "played in a pattern of our own. CC0 1.0 according to its debian/copyright.", 0.02),
    })  # fmt: skip


def make_mit(folder: Path, vocobox: Path) -> None:
    voice = sung_phrase(vocobox)
    write(folder, "MIT licence (full text in LICENSE)", {
        "voice": (voice, "vocobox/human-voice-dataset (GitHub), data/voices/martin/notes, seven notes joined. "
                  "Copyright (c) 2014 vocobox. MIT.", 0.1),
    })  # fmt: skip
    shutil.copyfile(vocobox / "LICENSE", folder / "LICENSE")


def make_gpl(folder: Path) -> None:
    package, version = debian_package("gcompris-qt-data")
    animals = qt_resources(next(package.rglob("explore_farm_animals.rcc")))
    said = "by Bruno Coudoin and others (2000, 2008). GPL 3 (README in the rcc: GPLv3; debian/copyright: GPL-3+)."
    write(folder, "GNU General Public License, version 3 (full text in COPYING)", {
        name: (load(io.BytesIO(animals[f"{name}.ogg"])), f"Debian package gcompris-qt-data {version}, "
               f"explore_farm_animals.rcc, animals/{name}.ogg, {said}", 0.1)
        for name in ("cat", "horse")
    })  # fmt: skip
    shutil.copyfile("/usr/share/common-licenses/GPL-3", folder / "COPYING")


def make_strings(folder: Path) -> None:
    sounds = {}
    for name, pattern in {"A": r"^line of violins \(sustain\)", "B": r"^chords of .*basses \(tremolo\)"}.items():
        audio, row = held_phrase(pattern)
        package = f"Debian package {row['package']} {row['version']}"
        origin = f"notes from VSCO 2 Community Edition by {row['author']}, in {package}"
        said = "CC0 1.0 according to its debian/copyright"
        sounds[name] = (audio, f"{row['sample']}; from {row['file']}; {origin}. {said}.", 0.2)
    write(folder, "CC0 1.0 (public domain dedication)", sounds)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the demo sounds of src/melisma/sounds.")
    places = [base / "shared/data/vocobox" for base in (CHECKOUT.parent, CHECKOUT)]
    vocobox = next((place for place in places if place.is_dir()), places[0])
    parser.add_argument("--vocobox", type=Path, default=vocobox, help="folder of sung notes (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "src/melisma/sounds", help="default: %(default)s")
    args = parser.parse_args()
    part = args.out.with_name(args.out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    make_cc0(part / "cc0")
    make_mit(part / "mit", args.vocobox)
    make_gpl(part / "gpl")
    make_strings(part / "strings")
    shutil.rmtree(args.out, ignore_errors=True)
    part.rename(args.out)
    print(summary(args.out))
    print(f"{sum(f.stat().st_size for f in args.out.rglob('*.flac')) / 1e6:.2f} MB of sound in {args.out}")


if __name__ == "__main__":
    main()
