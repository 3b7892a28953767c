"""What a stream would take on boards that nobody here has: a budget on paper, from operations, bytes and what is published.

    python bench/boards.py [models/NAME.melisma]

Nothing of this is measured. A frame has so many multiplications and additions (of whole numbers, two a product), and reads so
many bytes of weights, or half of that where a host's block brings two frames. The arithmetic is the peak of the machine's vector
units times the share of it that whole files reach where it was measured (x86, in docs/lab/speed.md); memory is the published
bandwidth times what one core usually gets of it. A paced call needs at least the larger of the two, and at most their sum. What
is no matrix (transforms, phases, draft) is a quarter on top, as the profile on x86 says.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from core import operations
from melisma.files import modelfile

ROOT = Path(__file__).resolve().parent.parent
SHARE_OF_PEAK, SHARE_OF_MEMORY, BESIDE_MATRICES = 0.45, 0.5, 1.25


@dataclass(frozen=True)
class Board:
    """A machine as its makers and Arm's optimization guides describe it."""

    name: str
    gigahertz: float
    operations_per_cycle: int  # of the NEON kernel: two long multiplications and two additions are 8 products, 16 operations
    memory_gb_per_s: float
    cache_mb: float  # last level
    source: str


BOARDS = (
    Board(
        "Raspberry Pi 5",
        2.4,
        8,  # two 128-bit units, of which one multiplies: four instructions for 8 products are two cycles
        17.1,
        2.0,
        "BCM2712: 4 Cortex-A76, 512 kB second-level cache each, 2 MB shared, LPDDR4X-4267 of 32 bits",
    ),
    Board(
        "Bela (PocketBeagle 2 class)",
        1.4,
        4,  # four instructions for 8 products, one a cycle
        3.2,
        0.5,
        "AM6254: 4 Cortex-A53, 512 kB second-level cache shared, DDR4-1600 of 16 bits",
    ),
    Board(
        "Bela (first, BeagleBone Black)",
        1.0,
        2,  # 64-bit NEON; and the core has no kernels for 32-bit ARM: those of plain C++ take longer
        1.6,
        0.256,
        "AM3358: one Cortex-A8, 256 kB second-level cache, DDR3L-800 of 16 bits",
    ),
)


def budget(board: Board, work: int, weights: int, frames_per_second: float) -> dict[str, object]:
    """Percent of a core, at least and at most, for 64 and 512 samples."""
    arithmetic = work * frames_per_second / (board.gigahertz * 1e9 * board.operations_per_cycle * SHARE_OF_PEAK)
    cached = weights < board.cache_mb * 1e6
    found = {}
    for name, frames in (("64", 1), ("512", 2)):
        memory = weights * frames_per_second / frames / (board.memory_gb_per_s * 1e9 * SHARE_OF_MEMORY) * (not cached)
        least, most = max(arithmetic, memory) * BESIDE_MATRICES, (arithmetic + memory) * BESIDE_MATRICES
        found[name] = {"at_least_percent": round(100 * least, 1), "at_most_percent": round(100 * most, 1)}
    return asdict(board) | {"blocks": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=ROOT / "models" / "strings.melisma")
    file = modelfile.load(parser.parse_args().model)
    work, weights = operations(file), sum(v.size for v in file.tensors.values() if v.ndim > 1) * file.weight_bits // 8
    rate = file.config.analysis.sample_rate / file.config.analysis.hop
    told = {"operations_per_frame": work, "weight_bytes": weights, "measured": False}
    boards = [budget(board, work, weights, rate) for board in BOARDS]
    print(json.dumps({"bench": "boards", "model": file.name} | told | {"boards": boards}))


if __name__ == "__main__":
    main()
