"""A sound in a notebook or a picture: a player, and its waveform over its spectrogram."""

from __future__ import annotations

import base64
import html
import io
import os
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from ..errors import extra
from ..system.atomic import atomic, check_target

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EMBEDDED = 600.0  # s: longer sounds would make a notebook of hundreds of megabytes
COLUMNS = 2000  # points of a drawn waveform, each the least and the greatest of its samples
_FRAME = 2048
PICTURES = (".png", ".svg", ".pdf", ".jpg", ".webp")


def player(samples: np.ndarray, rate: int, title: str) -> str:
    """An HTML element that plays float32 (C, T), as 16-bit WAV within it; the title alone for sounds over 10 minutes."""
    text = f"<div>{html.escape(title)}</div>"
    channels, length = samples.shape
    if not length or length > EMBEDDED * rate or channels > 2:
        return text + "<div>not embedded: save it, and play the file</div>"
    data = io.BytesIO()
    soundfile.write(data, np.clip(np.nan_to_num(samples.T), -1, 1), rate, "PCM_16", format="WAV")
    source = base64.b64encode(data.getvalue()).decode()
    return f'{text}<audio controls preload="metadata" src="data:audio/wav;base64,{source}"></audio>'


def figure(samples: np.ndarray, rate: int, path: str | os.PathLike[str] | None = None) -> Figure:
    """The waveform of float32 (C, T) over its spectrogram in dB; written to `path` whole or not at all, if there is one."""
    with extra("plots"):
        from matplotlib.figure import Figure
        from matplotlib.mlab import specgram

    if path is not None:
        check_target(path, PICTURES)
    drawn = Figure(figsize=(9, 4.5), layout="constrained")
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    length = samples.shape[1]
    for channel in samples:
        edges = np.linspace(0, length, min(length, COLUMNS) + 1).astype(int)[:-1]
        if len(edges):
            least, most = np.minimum.reduceat(channel, edges), np.maximum.reduceat(channel, edges)
            above.fill_between(edges / rate, least, most, alpha=0.7, lw=0)
    above.set_ylim(-1, 1)
    mono = np.pad(np.nan_to_num(samples[0]), (0, max(2 * _FRAME - length, 0)))  # of one segment alone Matplotlib warns
    read = specgram(mono, NFFT=_FRAME, Fs=rate, noverlap=_FRAME // 2, mode="magnitude")
    found, hertz, seconds = map(np.asarray, read)
    edge = _FRAME / 4 / rate  # half a step
    below.imshow(
        20 * np.log10(np.maximum(found, 1e-8)),  # digital silence has no logarithm
        extent=(seconds[0] - edge, seconds[-1] + edge, hertz[0], hertz[-1]),
        origin="lower", aspect="auto", vmin=-160, vmax=-50,
    )  # fmt: skip
    below.set_xlim(0, max(length, 1) / rate)
    below.set(xlabel="s", ylabel="Hz")
    return finished(drawn, path)


def finished(drawn: Figure, path: str | os.PathLike[str] | None) -> Figure:
    """The figure, which a notebook shows, written to `path` whole or not at all if there is one."""
    if path is not None:
        with atomic(path) as temporary:
            drawn.savefig(temporary)
    drawn._repr_png_ = lambda: png(drawn)  # type: ignore[attr-defined]  # without pyplot no notebook knows what to do with it
    return drawn


def png(drawn: Figure) -> bytes:
    data = io.BytesIO()
    drawn.savefig(data, format="png", dpi=100)
    return data.getvalue()
