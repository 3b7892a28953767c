"""Latent calibration: axes in standard deviations, timbre apart from pitch, ordered by how much they move the mel.

Directions that collapsed are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import BadValue
from .data import Prepared
from .mel import relative
from .reference import Calibration, Reference
from .vae import kl, split

# Variance of the means in parts of the posterior's own, below which a direction says nothing (0.05 nats). Against the prior's
# variance it cannot be told: a direction of little spread but less noise was left out so, and with it half a point of ViSQOL.
COLLAPSED = 0.1
MINUTES = 10.0  # of the training set that are read
ENVELOPE = 0.11  # of a mel's cosine coefficients, the lowest: its envelope, without its level; the rest is its fine structure
AUDIBLE = -60.0  # dBFS: softer frames say nothing about a timbre
PERCENTILES = (1, 5, 50, 95, 99)


@torch.no_grad()
def calibrate(model: Reference, data: Prepared) -> dict[str, Any]:
    """Set `model.calibration` from the training set and → what an editor should know, per latent.

    The means are whitened, seen against the posterior's noise; then the directions that move the decoded mel's envelope more
    than its fine structure are told from those that do the contrary: timbre, and pitch (`_apart`). Each of the two spaces is
    turned to the principal axes of what it does to the mel (the eigenvectors of the mel's response to a step along each
    whitened direction). The latent that matters most comes first; its sign is such that more is brighter. Keys: percentiles
    (Z × 5, at PERCENTILES), effect (Z, dB of mel per unit), timbre (the rows of the latents that are timbre), kl (Z', nats a
    frame, per dimension of the encoder), collapsed (how many dimensions were left out).
    """
    means, noise, information, loudness = _read(model, data)
    if means.shape[1] < 2:
        check(model, data)
    centre = means.mean(1)
    spread = noise.double().sqrt()[:, None]
    covariance = torch.cov(means.double()).reshape(len(means), -1)  # of one latent cov is a scalar
    values, vectors = torch.linalg.eigh(covariance / (spread * spread.T))
    alive = values > COLLAPSED
    alive[values.argmax()] = True  # a model of one direction can be played, and told that it needs more training
    # no smaller, so that the matrices fit 16 bits
    values, vectors = values[alive].clamp(min=1e-6), vectors[:, alive]
    forth = (vectors.T / values.sqrt()[:, None] / spread.T).float()
    back = (spread * vectors * values.sqrt()).float()
    response = _responses(model, means, loudness, back)
    turn, timbre = _turned(response, model.analysis.bands)
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
        "timbre": torch.nonzero(timbre).flatten().tolist(),
        "kl": [round(float(v), 4) for v in information],
        "collapsed": int((~alive).sum()),
    }


def _turned(response: Tensor, bands: int) -> tuple[Tensor, Tensor]:
    """The mel's response to whitened directions (Z, M · F) → axes (Z, Z), one a column, and which of them are timbre (Z,)."""
    effect = (response @ response.T).double()
    axes = [space @ torch.linalg.eigh(space.T @ effect @ space)[1] for space in _apart(response, bands)]
    turn = torch.cat(axes, 1)
    timbre = torch.arange(len(turn)) < axes[0].shape[1]
    order = (turn.T @ effect @ turn).diagonal().argsort(descending=True)
    return turn[:, order].float(), timbre[order]


def _apart(response: Tensor, bands: int) -> tuple[Tensor, Tensor]:
    """Orthonormal bases (Z, r) of timbre and (Z, Z − r) of pitch.

    A step along a direction moves the mel's envelope, its lowest cosine coefficients over the bands, and its fine structure,
    all others: in these the harmonics lie. The directions for which the quotient of the two is stationary solve a generalised
    eigenvalue problem (as in Fisher's discriminant analysis, 1936); those that move the envelope more span the first space.
    """
    place = torch.arange(bands, dtype=torch.float64)
    cosines = torch.cos(torch.pi * place[:, None] * (place + 0.5) / bands)[1:].float()  # the first is level
    cosines = cosines / cosines.norm(dim=1, keepdim=True)
    coefficients = torch.einsum("kb,zbf->kzf", cosines, response.unflatten(1, (bands, -1)))
    below = max(1, round(ENVELOPE * bands)) - 1
    coarse, fine = (torch.einsum("kzf,kyf->zy", c, c).double() for c in (coefficients[:below], coefficients[below:]))
    fine = fine + 1e-3 * fine.diagonal().mean() * torch.eye(len(fine)) + 1e-12 * torch.eye(len(fine))
    values, vectors = torch.linalg.eigh(fine)
    half = vectors / values.sqrt() @ vectors.T
    quotients, vectors = torch.linalg.eigh(half @ coarse @ half)
    count = int((quotients > 1).sum())
    whole = torch.linalg.qr((half @ vectors).flip(1))[0]  # the first columns span what the first vectors do
    return whole[:, :count], whole[:, count:]


@torch.no_grad()
def check(model: Reference, data: Prepared) -> None:
    """MelismaError if a set has not what training needs, and `calibrate` at its end: said before anything is trained."""
    if not data.clips("train"):
        raise BadValue("nothing is left to train on: all that could be read is held out, so add sounds to train on")
    audible = 0
    for x in _stretches(data):
        audible += int((model.analyse(x)[1] > AUDIBLE).sum())
        if audible > 1:
            return
    raise BadValue(
        f"there is no sound above {AUDIBLE:g} dBFS to train on: check that these are the files you meant, or record louder"
    )


def _stretches(data: Prepared) -> Iterator[Tensor]:
    """The middles of the training clips, (1, 1, T) each, of all together MINUTES at most."""
    clips = data.clips("train")
    share = min(1.0, MINUTES * 60 * data.sample_rate / max(sum(len(c) for c in clips), 1))
    for clip in clips:
        length = max(1, int(len(clip) * share))
        at = (len(clip) - length) // 2
        yield torch.from_numpy(clip[at : at + length].astype(np.float32) / 32768)[None, None]


def _read(model: Reference, data: Prepared) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Means (Z', F), the posterior's typical variance (Z',), KL (Z',) and loudness (1, F) of the audible frames of training clips
    from all over the set."""
    means, noise, information, loud = [], [], [], []
    for x in _stretches(data):
        mel, loudness = model.analyse(x)
        mean, log_variance = split(model.encoder(relative(mel, loudness)))
        audible = loudness[0, 0] > AUDIBLE
        means.append(mean[0][:, audible])
        noise.append(log_variance[0][:, audible])
        information.append(kl(mean, log_variance)[0][:, audible])
        loud.append(loudness[0][:, audible])
    return torch.cat(means, 1), torch.cat(noise, 1).mean(1).exp(), torch.cat(information, 1).mean(1), torch.cat(loud, 1)


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
