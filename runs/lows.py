"""Low pitches through the vocoder, measured: the table of docs/lab/lows.md.

    python runs/lows.py [MODEL …]       a model's name or file; with older ones, the network's correction is in them still

Lines of a contrabass and celli from elsewhere, and some of every domain's sounds, copied: their true mels through the
vocoder. The network's correction of the magnitudes is left out below a frequency, by emptying its rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from melisma.files import modelfile
from melisma.measure import metrics
from melisma.sound.audio import read
from melisma.sound.rates import resample
from melisma.store import pretrained
from melisma.system.home import home
from melisma.training.export import from_file
from melisma.training.reference import Reference

SECONDS = 5.0
LINES = ("mono_contrabass_timgm", "mono_cello_low_timgm", "mono_cello_low_freepats")
LEFT = (0, 60, 100, 180, 310, 500, 1500)  # Hz, below which nothing is corrected
DOMAINS = ("strings", "singing", "speech", "screams")


def main(models: list[str]) -> None:
    torch.set_num_threads(1)
    for name in models:
        file = modelfile.load(pretrained.locate(name))
        print(f"\n{file.name}, {file.training['date']}\n\n| left as drafted below | " + " | ".join(["sounds", *LINES]) + " |")
        for below in LEFT:
            model = from_file(file)
            rows = torch.arange(model.vocoder.bins) * model.config.analysis.sample_rate / model.config.analysis.frame < below
            with torch.no_grad():
                model.vocoder.magnitude.weight[rows] = 0
                model.vocoder.magnitude.bias[rows] = 0
            cells = [told([copied(model, f) for f in some(file.name)])]
            cells += [told([copied(model, home() / "data" / "elsewhere-strings" / f"{line}.flac")]) for line in LINES]
            print(f"| {below} Hz | " + " | ".join(cells) + " |", flush=True)


def some(domain: str) -> list[Path]:
    """Sounds of a domain that no training saw: from elsewhere, and held out."""
    data = home() / "data"
    return (
        sorted((data / f"elsewhere-{domain}").glob("*.flac"))[::4][:5] + sorted((data / domain / "held").rglob("*.flac"))[::5][:6]
    )


def copied(model: Reference, file: Path) -> tuple[float, ...]:
    """Cents, gross errors, pitch lost, ViSQOL of a sound's true mels through the vocoder."""
    rate, hop = model.config.analysis.sample_rate, model.config.analysis.hop
    audio = read(file)
    x = resample(audio.mono().samples[0], audio.rate, rate)[: int(SECONDS * rate)]
    x = x[: len(x) // hop * hop].astype(np.float32)
    with torch.no_grad():
        mel, _ = model.analyse(torch.from_numpy(x)[None, None])
        y = model.synthesize(mel)[0, 0].numpy()
    x = x[: len(y)]
    return *metrics.pitch_error(x, y, rate), metrics.visqol(x, y, rate).mos


def told(figures: list[tuple[float, ...]]) -> str:
    cents, gross, lost, visqol = np.nanmean(np.array(figures, float), 0)
    return f"{cents:.1f} cents, {gross:.0%} gross, {lost:.0%} lost; {visqol:.2f}"


if __name__ == "__main__":
    main(sys.argv[1:] or list(DOMAINS))
