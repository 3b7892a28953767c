"""A .nm file for Neutone FX, made and checked by neutone_sdk."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Dict, List  # noqa: UP035  (what neutone_sdk declares, and TorchScript compares)

import torch
from neutone_sdk import ContinuousNeutoneParameter, NeutoneParameter, WaveformToWaveformBase
from neutone_sdk.utils import save_neutone_model
from torch import Tensor

from ...errors import BadValue
from ...files.modelfile import ModelFile
from ...store.summary import licence
from ...system.atomic import atomic
from .chain import Chain
from .live import parameters

FARTHEST = 3.0  # standard deviations that the knob of the latent goes, either way


class Wrapper(WaveformToWaveformBase):  # type: ignore[misc]
    """One channel through a chain, with the four knobs that Neutone has."""

    def __init__(self, file: ModelFile, latent: int):
        names = [p.name for p in parameters(len(file.tensors["calibration.forth"]))]
        if f"bias.{latent}" not in names:
            raise BadValue(f"--latent is {latent}: model {file.name} has latents 1 to {len(file.tensors['calibration.forth'])}")
        chain = Chain(file)
        # before the class above is made, which asks for these at once; TorchScript reads them, too
        self.label, self.short = f"Melisma {file.name}"[:30], f"Plays a sound in the timbre of {file.name}."[:150]
        self.story = f"A mel VAE and a vocoder that integrates phases. Learnt from: {licence(file.training.get('licence'))}"[:500]
        self.rate, self.hop, self.late, self.farthest, self.latent = chain.rate, chain.hop, chain.latency, FARTHEST, latent
        self.at = [names.index(name) for name in ("match", "fine", "colour", f"bias.{latent}")]
        super().__init__(chain)

    def get_model_name(self) -> str:
        return self.label

    def get_model_authors(self) -> List[str]:  # noqa: UP006
        return ["Melisma"]

    def get_model_short_description(self) -> str:
        return self.short

    def get_model_long_description(self) -> str:
        return self.story

    def get_technical_description(self) -> str:
        return "Causal, streaming; the whole chain of Melisma as TorchScript."

    def get_technical_links(self) -> Dict[str, str]:  # noqa: UP006
        return {}

    def get_tags(self) -> List[str]:  # noqa: UP006
        return ["timbre transfer", "vae"]

    def get_model_version(self) -> str:
        return "1.0.0"

    def is_experimental(self) -> bool:
        return False

    def get_citation(self) -> str:
        return "After Caillon, Bitton, Gatinet and Esling, Timbre latent space: exploration and creative aspects, 2020"

    def get_neutone_parameters(self) -> List[NeutoneParameter]:  # noqa: UP006
        return [
            ContinuousNeutoneParameter("match", "how much of the domain's timbre the sound takes on", 1.0),
            ContinuousNeutoneParameter("fine", "how much of the sound's partials is kept, so its pitch", 1.0),
            ContinuousNeutoneParameter("colour", "how much of the sound's own colour is kept", 0.0),
            ContinuousNeutoneParameter(f"latent {self.latent}", f"moves it, by {FARTHEST:g} σ either way", 0.5),
        ]

    @torch.jit.export
    def is_input_mono(self) -> bool:
        return True

    @torch.jit.export
    def is_output_mono(self) -> bool:
        return True

    @torch.jit.export
    def get_native_sample_rates(self) -> List[int]:  # noqa: UP006
        return [self.rate]

    @torch.jit.export
    def get_native_buffer_sizes(self) -> List[int]:  # noqa: UP006
        return [4 * self.hop, 8 * self.hop]

    @torch.jit.export
    def calc_model_delay_samples(self) -> int:
        return self.late

    @torch.jit.export
    def reset_model(self) -> bool:
        self.model.reset(1)
        return True

    def do_forward_pass(self, x: Tensor, params: Dict[str, Tensor]) -> Tensor:  # noqa: UP006
        names = self.neutone_parameter_names
        for k in range(3):
            self.model.live.turn(self.at[k], float(params[names[k]]))
        self.model.live.turn(self.at[3], (2 * float(params[names[3]]) - 1) * self.farthest)
        return self.model.forward(x[None])[0]


def write(file: ModelFile, path: str | Path, latent: int = 1, thorough: bool = False) -> None:
    """Write the file, whole or not at all, if it passes neutone_sdk's checks. thorough: those of a submission, too."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("neutone_sdk") and not os.environ.get("LOGLEVEL"):
            logging.getLogger(name).setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        save_neutone_model(Wrapper(file, latent), Path(folder), dump_samples=thorough, submission=thorough, speed_benchmark=False)
        with atomic(path) as temporary:
            Path(temporary).write_bytes((Path(folder) / "model.nm").read_bytes())
