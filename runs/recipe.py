"""What the scripts of the published models share: a domain of sound, from packages to models/NAME.melisma and its card.

    python runs/NAME.py [--minutes 105]      everything; interrupted, the same command goes on where it stopped
    python runs/NAME.py --part P             data, vocoder, vae, tune, adversarial, publish or card alone; calibrate gives the
                                             published model new axes, after a change of training/calibrate.py; settle writes
                                             it as one that is trained today would be: in 8 bits, its vocoder's lows left alone

1. data: `runs/sources.py` makes $MELISMA_HOME/data/NAME from packages, which is prepared for training;
2. vocoder and VAE do not depend on one another: they are trained beside each other, each on one core. They start from those
   of another run or published model (`--from`), which the file records; a part that a domain leaves out is that one's own;
3. decoder and vocoder are tuned together on the VAE's own mels, the encoder frozen; then the same with discriminators;
4. the tuned models are calibrated and evaluated on the held-out files; the better one is published if its chain beats
   that of the file that is there (--force publishes anyway), with its card. Every candidate's figures go to runs/results.md.

Checkpoints and logs (TensorBoard) are in $MELISMA_HOME/runs/NAME-PART.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace

import publication
from domain import SHARES, TOP, Domain
from parts import train
from rich.console import Console


def main(domain: Domain) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=domain.minutes)
    parser.add_argument("--force", action="store_true", help="publish whatever the figures")
    parser.add_argument("--note", default="", help="recorded in the published file, when a run departed from this script")
    parser.add_argument("--part", choices=[*SHARES, "data", "publish", "card", "calibrate", "settle"], help="only this part")
    parser.add_argument(
        "--from", dest="start", default=domain.start, metavar="RUN", help="whose vocoder and VAE to start from, or none"
    )
    options = parser.parse_args()
    domain = replace(domain, start="" if options.start == "none" else options.start)
    if options.part == "data":
        data(domain)
    elif options.part == "publish":
        publication.publish(domain, options.minutes, options.force, options.note)
    elif options.part == "calibrate":
        publication.calibrate(domain)
    elif options.part == "settle":
        publication.settle(domain)
    elif options.part == "card":
        print(publication.write_card(domain))
    elif options.part:
        train(domain, options.part, options.minutes)
    else:
        everything(domain, options.minutes, options.force, options.note)


def everything(domain: Domain, minutes: float, force: bool, note: str) -> None:
    """All parts, each a process of its own, so that two can run beside each other."""
    own = [sys.executable, str(TOP / domain.script), "--minutes", str(minutes), "--from", domain.start or "none", "--part"]
    subprocess.run([*own, "data"], check=True)
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    beside = [subprocess.Popen([*own, part], env=one_core) for part in ("vocoder", "vae") if part in domain.parts]
    if any([process.wait() for process in beside]):
        raise SystemExit("a part of the training failed: see above; the same command goes on where it stopped")
    for part in domain.parts:
        if domain.earlier[part]:
            subprocess.run([*own, part], check=True)
    publication.publish(domain, minutes, force, note)


def data(domain: Domain) -> None:
    """The sounds from their packages, and the prepared set."""
    from melisma.training.folder_report import print_report
    from melisma.training.prepare import prepare

    if not domain.sounds.exists():
        subprocess.run([sys.executable, str(TOP / "runs" / "sources.py"), domain.sounds.name], check=True)
    print_report(prepare(domain.sounds, domain.prepared, domain.config.analysis.sample_rate), Console())
