"""Latent calibration: axes in standard deviations, ordered by how much they move the mel, the collapsed ones left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MelismaError
from . import mel as scales
from .data import Prepared
from .reference import Calibration, Reference
from .vae import kl, split

COLLAPSED = 0.02  # variance of the means, of the prior's 1, below which a direction says nothing
MINUTES = 10.0  # of the training set that are read
PERCENTILES = (1, 5, 50, 95, 99)


@torch.no_grad()
def calibrate(model: Reference, data: Prepared) -> dict[str, Any]:
    """Set `model.calibration` from the training set and → what an editor should know, per latent.

    The means are whitened, then turned to the principal axes of what they do to the decoded mel (the eigenvectors
    of the mel's response to a step along each whitened direction), so that the first latent matters most; its sign is
    such that more is brighter. Keys: percentiles (Z × 5, at PERCENTILES), effect (Z, dB of mel per unit), kl (Z', nats a
    frame, per dimension of the encoder), collapsed (how many dimensions were left out).
    """
    means, information, loudness = _read(model, data)
    if means.shape[1] < 2:
        raise MelismaError("the training set has no sound above -60 dBFS to calibrate the latents with")
    centre = means.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(means.double()).reshape(len(means), -1))  # of one latent cov is a scalar
    alive = values > COLLAPSED
    alive[values.argmax()] = True  # a model of one direction can be played, and told that it needs more training
    # no smaller, so that the matrices fit 16 bits
    values, vectors = values[alive].clamp(min=1e-6).float(), vectors[:, alive].float()
    forth, back = vectors.T / values.sqrt()[:, None], vectors * values.sqrt()
    response = _responses(model, means, loudness, back)
    turn = torch.linalg.eigh((response @ response.T).double())[1].flip(1).float()
    brighter = torch.sign(
        (turn.T @ response).unflatten(1, (model.analysis.bands, -1)).mean(2) @ torch.linspace(-1, 1, model.analysis.bands)
    )
    turn = turn * torch.where(brighter == 0, 1.0, brighter)
    calibration = Calibration(model.config.vae.latents, int(alive.sum()))
    calibration.mean.copy_(centre)
    calibration.forth.copy_(turn.T @ forth)
    calibration.back.copy_(back @ turn)
    model.calibration = calibration
    latents = calibration(means[None])[0].numpy()
    effect = 100 * (turn.T @ response).square().mean(1).sqrt()
    return {
        "percentiles": np.percentile(latents, PERCENTILES, axis=1).T.round(4).tolist(),
        "effect": [round(float(v), 3) for v in effect],
        "kl": [round(float(v), 4) for v in information],
        "collapsed": int((~alive).sum()),
    }


def _read(model: Reference, data: Prepared) -> tuple[Tensor, Tensor, Tensor]:
    """Means (Z', F), KL (Z',) and loudness (1, F) of the audible frames of training clips from all over the set."""
    clips = data.clips("train")
    total = sum(len(c) for c in clips)
    limit = MINUTES * 60 * data.sample_rate
    share = min(1.0, limit / max(total, 1))
    means, information, loud = [], [], []
    for clip in clips:
        length = max(1, int(len(clip) * share))
        at = (len(clip) - length) // 2
        x = torch.from_numpy(clip[at : at + length].astype(np.float32) / 32768)
        mel, loudness = model.analyse(x[None, None])
        mean, log_variance = split(model.encoder(scales.relative(mel, loudness)))
        audible = loudness[0, 0] > -60
        means.append(mean[0][:, audible])
        information.append(kl(mean, log_variance)[0][:, audible])
        loud.append(loudness[0][:, audible])
    return torch.cat(means, 1), torch.cat(information, 1).mean(1), torch.cat(loud, 1)


def _responses(model: Reference, means: Tensor, loudness: Tensor, back: Tensor) -> Tensor:
    """The mel's change for a step along each whitened direction, (Z, M · F), on stretches of real paths."""
    stretches = torch.linspace(0, max(0, means.shape[1] - 64), 24).long().tolist()
    z = torch.stack([means[:, i : i + 64] for i in stretches])
    level = torch.stack([loudness[:, i : i + 64] for i in stretches])
    step = 0.5
    changes = []
    for k in range(back.shape[1]):
        move = step * back[:, k][None, :, None]
        up, down = (model.shape(z + sign * move, level) for sign in (1, -1))
        changes.append(((up - down) / (2 * step)).permute(1, 0, 2).reshape(-1))
    return torch.stack(changes)
