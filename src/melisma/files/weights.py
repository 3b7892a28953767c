"""Weights in 8 bits: whole numbers from −127 to 127 and a scale for each row of a matrix, found after training.

A scale is the row's largest weight divided by 127 (symmetric, round to nearest; Krishnamoorthi, "Quantizing deep convolutional
networks for efficient inference", 2018, section 2.2). Only rows of more than SHORT numbers are worth it, of at most LONGEST_ROW.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .limits import LONGEST_ROW
from .modelfile import ModelFile

MOST, SHORT = 127, 16


def in_bytes(file: ModelFile) -> ModelFile:
    """The model with its matrices rounded to 8 bits; the golden pair is left out, as it was made by other weights."""
    tensors, scales = dict(file.tensors), {}
    for name, value in file.tensors.items():
        rows = value.reshape(len(value), -1) if value.ndim >= 2 else value[:0]
        if value.ndim >= 2 and SHORT < rows.shape[1] <= LONGEST_ROW:
            scale = np.abs(rows).max(1).astype(np.float32) / np.float32(MOST)
            scale[scale == 0] = 1
            whole = np.clip(np.rint(rows / scale[:, None]), -MOST, MOST).astype(np.float32)
            tensors[name], scales[name] = (whole * scale[:, None]).reshape(value.shape), scale
    return replace(file, tensors=tensors, scales=scales, golden=None, digest="")
