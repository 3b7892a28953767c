"""Strings at half the latency, 11.6 ms: models/low-latency/strings.melisma.

    python runs/low_latency.py [--minutes 64] [--part data|vocoder|vae|tune|publish|card]

On the sounds of strings, with frames of 512 samples and hops of 128. It begins from the published strings, whose networks are of
the same size: what reads or writes mel bands is taken from the bands that both have, what writes bins from every other one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from domain import Domain
from recipe import main

from melisma.files.bands import mel_filterbank
from melisma.files.config import AnalysisConfig, ModelConfig, VAEConfig
from melisma.files.modelfile import ModelFile
from melisma.training.stages import Weights


class LowLatency(Domain):
    """It starts from a model that has longer frames."""

    def weights(self, file: ModelFile) -> dict[str, Any]:
        """Those of a model whose frames are twice as long or more, and all else alike, at this one's bands and bins."""
        from melisma.training.run import weights_of

        theirs, own = file.config.analysis, self.config.analysis
        every = theirs.frame // own.frame
        if not replace(file.config, analysis=replace(theirs, frame=own.frame, hop=own.hop)).fits(self.config):
            raise SystemExit(f"{file.name} differs in more than its frames: start from another, or --from none")
        # a band that holds no bin of the shorter frame is dropped there: the others are the same bands in the same order
        bands = np.flatnonzero(mel_filterbank(theirs)[:, ::every].sum(1) > 1e-3)
        assert len(bands) == len(mel_filterbank(own))
        weights = weights_of(file, file.config)
        for name in ("encoder.body.layers.0", "vocoder.body.layers.0"):
            key = f"{name}.conv.weight"
            weights[key] = weights[key][:, bands]
        last = max(int(name.split(".")[3]) for name in weights if name.startswith("decoder.body.layers."))
        for part in ("weight", "bias"):
            key = f"decoder.body.layers.{last}.conv.{part}"
            weights[key] = weights[key][bands]
            weights[f"vocoder.magnitude.{part}"] = weights[f"vocoder.magnitude.{part}"][::every]
        return weights


DOMAIN = LowLatency(
    name="low-latency-strings",
    data="strings",
    place="models/low-latency",
    licence="CC0 (VSCO 2 CE), CC-BY 3.0 (tonejs-instruments), MIT (FluidR3)",
    about="""`strings`, at half its latency: frames of 512 samples instead of 1024, hops of 128 instead of 256, for playing live.
The same sounds, the same networks, whose weights it began with: sampled orchestral sections and solo violin, viola, cello and
contrabass, the notes recordings, the phrases put together from them by a seeded player. Held out are pitches that are never in
training, and phrases made of those.""",
    cannot="""Keep low notes apart: its bins are 86 Hz apart, so below some 340 Hz it hears partials of one tone as one, and the
lower strings lose their pitch where `strings` keeps it. It costs 1.6 times the processor, for there are twice the frames.
Like `strings` it has never heard a real legato, a bow change or a glissando, and makes bowed noise of consonants.""",
    minutes=64,
    cores=1,
    judged=16,
    start="strings",
    parts={"vocoder": 0.16, "vae": 0.5, "tune": 0.34},
    config=ModelConfig(analysis=AnalysisConfig(frame=512, hop=128), vae=VAEConfig(sink=1.0)),
    # as strings has it
    plan={"speeds": (-14, 6), "mixed": 0.25, "played": 0.6, "shaped": 0.5, "weights": Weights(partials=1.0)},
)

if __name__ == "__main__":
    main(DOMAIN)
