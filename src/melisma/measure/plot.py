"""The pictures: mel-spectrograms side by side, and latent paths as curves. matplotlib is imported when one is drawn.

Mels are log-mels (M, L) on the model's scale: 0 is −100 dBFS and 1 is 0 dBFS. `rate` is in frames per second, `bands` are
the centre frequencies of the mel bands in Hz (M,). The format of a picture follows the suffix of its file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadValue, extra
from ..system.atomic import atomic, check_target

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from ..latent import LatentPath

BACKGROUND = "#14161a"
RAISED = "#1f2229"
TEXT = "#e8eaed"
MUTED = "#a3a9b3"
GHOST = "#7d8590"  # what was there before an edit
ACCENT = "#f2a65a"  # the result
Box = tuple[float, float, float, float]  # left, top, width and height of a part of a picture, as shares of the whole
SUFFIXES = (".png", ".svg", ".pdf", ".jpg", ".webp")
TICKS = (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50)  # Hz; where they crowd, the first ones stay
RANGE = 70.0  # dB of a picture, below its loudest point
COLUMNS = 2000  # more frames than this in one panel are drawn as the maxima of groups
_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "text.color": TEXT,
    "axes.titlecolor": TEXT,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.facecolor": BACKGROUND,
    "figure.facecolor": BACKGROUND,
    "savefig.facecolor": BACKGROUND,
    "axes.edgecolor": "#3a3f4a",
    "axes.linewidth": 0.8,
    "xtick.direction": "out",
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}


def check(path: str | os.PathLike[str]) -> None:
    """Before the work: whether a picture can be written there, and can be drawn at all; MelismaError if not."""
    check_target(path, SUFFIXES)
    with extra("plots"):
        import matplotlib  # noqa: F401


def levels(mel: np.ndarray) -> tuple[np.ndarray, int]:
    """A log-mel (M, L) in dBFS, at most COLUMNS wide, and how many frames are in a column: the loudest of them is shown."""
    step = -(-mel.shape[1] // COLUMNS)
    return 100 * (np.maximum.reduceat(mel, np.arange(0, mel.shape[1], step), axis=1) - 1), step


def mel_image(ax: Axes, mel: np.ndarray, rate: float, bands: np.ndarray, limits: tuple[float, float] | None = None) -> AxesImage:
    """Draw a log-mel (M, L) into axes: seconds across, kHz upwards, magma over `limits` in dBFS (its own range if None)."""
    mel = _checked(mel, bands)
    low, high = limits or shared_limits([mel])
    level, step = levels(mel)
    extent = (0, level.shape[1] * step / rate, 0, mel.shape[0])
    image = ax.imshow(
        level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=low, vmax=high, interpolation="nearest"
    )
    _time_axis(ax, mel.shape[1] / rate, mel.shape[1] / rate)
    ticks: dict[str, float] = {}
    for frequency in TICKS:
        place = float(np.interp(frequency, bands, np.arange(len(bands)) + 0.5))
        crowded = any(abs(place - other) < 0.06 * len(bands) for other in ticks.values())
        if bands[0] <= frequency <= bands[-1] and not crowded:
            ticks[f"{frequency / 1000:g}"] = place
    ax.set_yticks(list(ticks.values()), list(ticks))
    return image


def shared_limits(mels: Sequence[np.ndarray]) -> tuple[float, float]:
    """One colour range in dBFS for several log-mels: from the loudest point of them all, rounded up to 10 dB, 70 dB down."""
    high = float(np.clip(10 * np.ceil(10 * (max(float(np.max(mel)) for mel in mels) - 1)), -100 + RANGE, 0))
    return high - RANGE, high


def mel_figure(
    mels: Sequence[np.ndarray],
    titles: Sequence[str],
    path: str | os.PathLike[str],
    rate: float,
    bands: np.ndarray,
    heading: str = "",
    panel: float = 3.6,
) -> list[Box]:
    """A row of mel-spectrograms under their titles, with one time scale, one colour scale and its bar, written to `path`.

    panel: how wide each is, in inches. → where they are in the picture.
    """
    if not mels or len(mels) != len(titles):
        raise BadValue(f"a picture of {len(mels)} mel-spectrograms cannot have {len(titles)} titles; give each one")
    mels = [_checked(mel, bands) for mel in mels]
    limits = shared_limits(mels)
    # equal seconds are equally wide, but nothing gets too narrow for its title
    seconds = np.array([mel.shape[1] / rate for mel in mels])
    widths = np.maximum(seconds, 0.5 * seconds.max())
    height = 1.6 + panel / 2
    with _figure(path, (1.4 + panel * len(mels), height + 0.3 if heading else height)) as figure:
        grid = figure.add_gridspec(
            1, len(mels) + 1, width_ratios=[*widths / widths.mean(), 0.04], wspace=0.09,
            left=0.62 / figure.get_figwidth(), right=1 - 0.72 / figure.get_figwidth(),
            bottom=0.54 / figure.get_figheight(), top=1 - (0.7 if heading else 0.4) / figure.get_figheight(),
        )  # fmt: skip
        image, boxes = None, []
        for i, (mel, title) in enumerate(zip(mels, titles, strict=True)):
            ax = figure.add_subplot(grid[0, i])
            image = mel_image(ax, mel, rate, bands, limits)
            _time_axis(ax, seconds[i], seconds.max())
            ax.set_title(title, loc="left", pad=8)
            boxes.append(_box(ax))
            if i == 0:
                ax.set_ylabel("frequency (kHz)")
            else:
                ax.tick_params(labelleft=False)
        _colour_bar(figure, image, grid[0, -1])
        if heading:
            figure.text(0.62 / figure.get_figwidth(), 0.94, heading, fontsize=11, color=MUTED, va="center")
    return boxes


def interpolation_figure(
    mels: Sequence[np.ndarray],
    titles: Sequence[str],
    path: str | os.PathLike[str],
    rate: float,
    bands: np.ndarray,
    heading: str = "",
) -> list[Box]:
    """Three mel-spectrograms (M, L) side by side, as on the page of 2020: a sound, the way to another, and the other.

    → where they are in the picture.
    """
    if len(mels) != 3:
        raise BadValue(f"an interpolation is shown by 3 mel-spectrograms, not {len(mels)}")
    return mel_figure(mels, titles, path, rate, bands, heading)


def curves(
    path: LatentPath, file: str | os.PathLike[str], original: LatentPath | None = None, dims: Sequence[int] | None = None
) -> None:
    """A latent path as lanes on one time axis, the loudness above and the dimensions that matter most beneath.

    original: the path before its edits, drawn as a ghost; dims: the rows to show, the first eight if None. The shaded band
    of a lane is the range of its dimension on the training set, where the path knows it.
    """
    rows = list(range(min(8, path.dimensions))) if dims is None else list(dims)
    lanes = len(rows) + 1
    with _figure(file, (8.6, 0.9 + 0.85 * lanes)) as figure:
        axes = figure.subplots(lanes, 1, sharex=True, squeeze=False)[:, 0]
        height = figure.get_figheight()
        figure.subplots_adjust(left=0.135, right=0.975, bottom=0.5 / height, top=1 - 0.2 / height, hspace=0.16)
        ghost = None if original is None else (original.times, original.loudness)
        _lane(axes[0], path.times, path.loudness, "loudness\n(dBFS)", ghost)
        for ax, row in zip(axes[1:], rows, strict=True):
            ghost = None if original is None else (original.times, original.values[row])
            _lane(ax, path.times, path.values[row], f"z{row + 1}", ghost)
            if path.ranges is not None:
                ax.axhspan(*path.ranges[row], color=RAISED, zorder=0)
        for ax in axes[:-1]:
            ax.tick_params(labelbottom=False, bottom=False)
        _time_axis(axes[-1], path.frames / path.rate, path.frames / path.rate)


def feedback_figure(
    mel: np.ndarray,
    controls: Sequence[Callable[[np.ndarray], np.ndarray]],
    path: str | os.PathLike[str],
    rate: float,
    bands: np.ndarray,
) -> Box:
    """What a loop sang as a log-mel (M, L), over the curves of frequency, Q and gain that shaped it (seconds → value).

    → where the mel and the curves are in the picture.
    """
    mel = _checked(mel, bands)
    seconds = mel.shape[1] / rate
    times = np.linspace(0, seconds, COLUMNS)
    with _figure(path, (8.6, 6.4)) as figure:
        grid = figure.add_gridspec(
            4, 2, width_ratios=[1, 0.018], height_ratios=[3.4, 1, 1, 1], hspace=0.16, wspace=0.04,
            left=0.14, right=0.91, bottom=0.085, top=0.97,
        )  # fmt: skip
        above = figure.add_subplot(grid[0, 0])
        image = mel_image(above, mel, rate, bands)
        above.set_ylabel("frequency (kHz)")
        above.yaxis.set_label_coords(-0.09, 0.5)
        above.set_xlabel("")
        above.tick_params(labelbottom=False)
        _colour_bar(figure, image, grid[0, 1])
        for i, (control, label) in enumerate(zip(controls, ("band\n(Hz)", "Q", "gain\n(×)"), strict=True)):
            ax = figure.add_subplot(grid[i + 1, 0], sharex=above)
            _lane(ax, times, control(times), label, None)
            if i < 2:
                ax.tick_params(labelbottom=False)
        _time_axis(ax, seconds, seconds)
        (left, top, width, _), (_, last, _, height) = _box(above), _box(ax)
    return left, top, width, last + height - top


def _box(ax: Axes) -> Box:
    """Where axes are in their picture."""
    place = ax.get_position()
    return place.x0, 1 - place.y1, place.width, place.height


def _lane(ax: Axes, times: np.ndarray, values: np.ndarray, label: str, ghost: tuple[np.ndarray, np.ndarray] | None) -> None:
    if ghost:
        ax.plot(*ghost, color=GHOST, linewidth=1)
    ax.plot(times, values, color=ACCENT, linewidth=1.3)
    ax.set_ylabel(label, rotation=0, ha="left", va="center")
    ax.yaxis.set_label_coords(-0.14, 0.5)
    ax.locator_params(axis="y", nbins=3)
    ax.spines[["top", "right"]].set_visible(False)


def _time_axis(ax: Axes, seconds: float, longest: float) -> None:
    """From 0 to so many seconds, with ticks as far apart as they are in the longest panel beside it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator  # there, since there are axes

    ticks = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(0, longest)
    ax.set_xlim(0, seconds)
    ax.xaxis.set_major_locator(MultipleLocator(ticks[1] - ticks[0]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda second, _: f"{second:g}"))
    ax.set_xlabel("time (s)")


def _colour_bar(figure: Figure, image: AxesImage | None, place: Any) -> None:
    assert image is not None  # there is a picture for each of the panels
    bar = figure.colorbar(image, cax=figure.add_subplot(place))
    bar.set_label("level (dBFS)")
    bar.outline.set_visible(False)


def _checked(mel: np.ndarray, bands: np.ndarray) -> np.ndarray:
    mel = np.asarray(mel, dtype=np.float32)
    if mel.ndim != 2 or mel.shape[1] == 0 or mel.shape[0] != len(bands):
        raise BadValue(f"a mel-spectrogram has the shape {mel.shape}; ({len(bands)} bands, frames) is needed")
    return np.nan_to_num(mel, nan=0.0, posinf=1.0, neginf=0.0)


@contextmanager
def _figure(path: str | os.PathLike[str], size: tuple[float, float]) -> Iterator[Figure]:
    """A dark figure of so many inches that is written to `path`, whole or not at all, when the block ends."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise BadValue(f"{path} does not end in a kind of picture that can be written; use one of {' '.join(SUFFIXES)}")
    with extra("plots"):
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):  # and no pyplot: its state is the user's
        figure = Figure(figsize=size, dpi=160)
        FigureCanvasAgg(figure)
        yield figure
        with atomic(path) as temporary:
            figure.savefig(temporary, format=suffix[1:])
