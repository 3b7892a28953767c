"""The house: what imports what. No circle between files or between folders, every arrow down, torch in training/ alone."""

import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runs"))
import house  # noqa: E402

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "melisma"
# From the ground up. What stands on a floor may import what stands on the floors beneath it, and from its own folder.
FLOORS = (
    ("errors",),
    ("system",),
    ("sound",),
    ("latent",),
    ("files",),
    ("core", "store", "measure"),
    ("decoder", "stream", "control"),
    ("model",),
    ("simple", "play"),
    ("melisma",),  # the face: what `import melisma` gives
    ("training", "hosts", "studio", "live"),
    ("demo", "torch"),  # torch: the door to training's reference: it opens it when it is asked, and imports no torch itself
    ("cli",),
    ("__main__",),
)
TORCH = {"torch", "torchaudio", "lightning", "lightning_fabric"}


@cache
def modules() -> dict[str, Path]:
    return house.modules_of(PACKAGE)


def imported(module: str, everywhere: bool = True) -> set[str]:
    return house.imported(modules(), module, everywhere)


def folder(module: str) -> str:
    return module.split(".")[1] if "." in module else module


@cache
def arrows() -> list[tuple[str, str]]:
    return house.arrows_of(modules())


def test_the_walk_finds_what_is_there():
    assert len(modules()) > 80 and len(arrows()) > 200
    assert ("melisma.model", "melisma.latent") in arrows() and ("melisma.cli.paths", "melisma.files.pathfile") in arrows()
    assert {folder(module) for module in modules()} == {name for floor in FLOORS for name in floor}, "a folder without a floor"


def test_no_circle_between_files():
    graph = {module: set() for module in modules()}
    for module, other in arrows():
        graph[module].add(other)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_every_arrow_points_down():
    floor = {name: height for height, floor in enumerate(FLOORS) for name in floor}
    wrong = [f"{a} → {b}" for a, b in arrows() if folder(a) != folder(b) and floor[folder(a)] <= floor[folder(b)]]
    assert not wrong, f"these arrows point up, or to a folder of the same floor: {', '.join(wrong)}"


def test_torch_is_in_training_alone():
    wrong = {
        module: sorted(found)
        for module in modules()
        if folder(module) != "training" and (found := {other.partition(".")[0] for other in imported(module)} & TORCH)
    }
    assert not wrong


def test_the_face_is_small():
    """`import melisma` brings nothing that only some of its users need, and neither does making its command's help."""
    script = "import sys, melisma; [getattr(melisma, name) for name in melisma.__all__]; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())
    assert "numpy" in loaded and not loaded & (
        TORCH | {"matplotlib", "starlette", "uvicorn", "typer", "rich", "scipy", "librosa"}
    )
