"""What the low-latency strings begin with: the weights of strings, at the bands and bins that shorter frames have."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "runs"))

from low_latency import DOMAIN  # noqa: E402

from melisma.files import modelfile  # noqa: E402
from melisma.files.bands import band_centres  # noqa: E402
from melisma.store import pretrained  # noqa: E402
from melisma.training.export import from_file  # noqa: E402
from melisma.training.reference import Reference  # noqa: E402


def test_it_begins_as_strings_at_the_bands_that_both_have():
    """The same latents give the same levels, at the frequencies of each band."""
    file = modelfile.load(pretrained.locate("published:strings" if "published:strings" in pretrained.names() else "strings"))
    longer, shorter = from_file(file), Reference(DOMAIN.config).eval()
    told = shorter.load_state_dict(DOMAIN.weights(file), strict=False)
    assert not told.unexpected_keys and all(name.startswith("calibration.") for name in told.missing_keys)
    z, loudness = torch.randn(1, 16, 24, generator=torch.Generator().manual_seed(0)), torch.full((1, 1, 24), -20.0)
    with torch.no_grad():
        levels = [model.decoder(torch.cat([z, loudness], 1))[0].numpy() for model in (longer, shorter)]
    at = [band_centres(model.config.analysis) for model in (longer, shorter)]
    above = at[1] > 5000  # below, bands are hardly wider than bins, and have their middles elsewhere
    there = np.stack([np.interp(at[1][above], at[0], frame) for frame in levels[0].T], 1)
    assert np.abs(there - levels[1][above]).max() < 0.01 and levels[1].std() > 0.1


def test_what_differs_in_more_than_its_frames_is_refused():
    file = modelfile.load(pretrained.locate("strings"))
    other = replace(file, config=replace(file.config, vae=replace(file.config.vae, latents=8)))
    with pytest.raises(SystemExit, match="differs in more than its frames"):
        DOMAIN.weights(other)
