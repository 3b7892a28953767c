"""The strings model, from packages to models/strings.melisma.

    python runs/strings.py [--minutes 140]      everything; interrupted, the same command goes on where it stopped

Data: `runs/sources.py strings`. The vocoder and the VAE do not depend on one another: they are trained beside each other, each on
one core. Decoder and vocoder are then tuned together, at last with discriminators; the model is calibrated, evaluated on the held-out files, and published if
its figures beat those of the file that is there (--force publishes anyway). Checkpoints: $MELISMA_HOME/runs/strings-*.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
SHARES = {"vocoder": 0.2, "vae": 0.25, "tune": 0.5, "adversarial": 0.25}  # vocoder and vae run beside each other
NAME = "strings"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=140)
    parser.add_argument("--force", action="store_true", help="publish whatever the figures")
    parser.add_argument("--part", choices=SHARES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        train(options.part, options.minutes)
        return
    own = [sys.executable, __file__, "--minutes", str(options.minutes), "--part"]
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    beside = [subprocess.Popen([*own, part], env=one_core) for part in ("vocoder", "vae")]
    if any([process.wait() for process in beside]):
        raise SystemExit("a part of the training failed: see above; the same command goes on where it stopped")
    subprocess.run([*own, "tune"], check=True)
    subprocess.run([*own, "adversarial"], check=True)


def train(part: str, minutes: float) -> None:
    """One part of the training, resumed if it was begun; its weights go to $MELISMA_HOME/runs/strings-PART."""
    import torch

    from melisma.config import ModelConfig
    from melisma.home import home
    from melisma.training.fit import Plan, fit

    runs = home() / "runs"
    before = {"vocoder": (), "vae": (), "tune": ("vocoder", "vae"), "adversarial": ("tune",)}[part]
    start: dict[str, torch.Tensor] = {}
    for earlier in before:
        weights = torch.load(runs / f"{NAME}-{earlier}" / "weights.pt", weights_only=True)
        start |= weights if earlier == "tune" else {k: v for k, v in weights.items() if k.startswith("vocoder.") == (earlier == "vocoder")}
    folder = runs / f"{NAME}-{part}"
    if (folder / "weights.pt").exists():
        return
    plan = Plan(stages=((part, 1.0),), minutes=minutes * SHARES[part])
    model = fit(home() / "prepared" / NAME, folder, ModelConfig(), plan, resume=True, start=start)
    torch.save(model.state_dict(), folder / "weights.tmp")
    (folder / "weights.tmp").rename(folder / "weights.pt")


if __name__ == "__main__":
    main()
