"""Causal layers under one contract: `step` over blocks of any size equals `forward` over the whole.

Every layer keeps what it needs of the past in a state of its own (a tensor, or a list of its parts' states), made by
`initial` and passed through `step`; nothing is hidden in the module, so one module serves any number of streams.
`forward` is `step` on the whole from the initial state: there is no second code path that could differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = Any  # None, a tensor, or a list of states


class Streaming(nn.Module):
    """A causal layer, (B, C, T) in and (B, C', T') out."""

    def initial(self, batch: int = 1) -> State:
        """The state before the first sample."""
        return None

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """The output that the block `x` completes, and the state after it. T' may be zero."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.step(x, self.initial(x.shape[0]))[0]


class Vocoder(Streaming):
    """Log-mel (B, M, L) → waveform (B, 1, L · hop), delayed by `delay` samples."""

    delay: int

    def settle(self) -> None:
        """Put weights that come from an older training where training now leaves them."""


class Pointwise(Streaming):
    """A layer without memory, made from any module that acts on each time step alone."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self.module(x), state


class Chain(Streaming):
    """Layers one after another."""

    def __init__(self, *layers: Streaming):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    @property
    def _parts(self) -> Iterable[Streaming]:
        return cast("Iterable[Streaming]", self.layers)

    def initial(self, batch: int = 1) -> State:
        return [layer.initial(batch) for layer in self._parts]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        after = []
        for layer, past in zip(self._parts, state):
            x, past = layer.step(x, past)
            after.append(past)
        return x, after


class Conv(Streaming):
    """Causal convolution: output t reads inputs up to t. The state is the last (kernel - 1) * dilation inputs."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, dilation: int = 1, groups: int = 1):
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels_out, kernel, dilation=dilation, groups=groups)
        self.past = (kernel - 1) * dilation

    def initial(self, batch: int = 1) -> State:
        weight = self.conv.weight
        return weight.new_zeros(batch, self.conv.in_channels, self.past)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if x.shape[-1] == 0:
            return x.new_zeros(x.shape[0], self.conv.out_channels, 0), state
        x = torch.cat([state.to(x.dtype), x], -1)
        return self._convolved(x), x[..., x.shape[-1] - self.past :]

    def _convolved(self, x: Tensor) -> Tensor:
        alone = self.conv.groups == self.conv.in_channels == self.conv.out_channels and self.conv.dilation == (1,)
        if alone and x.device.type == "cpu" and self.training and torch.is_grad_enabled():
            return cast("Tensor", _Depthwise.apply(x.float(), self.conv.weight, self.conv.bias))
        return cast("Tensor", self.conv(x))


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution (B, C, T + taps − 1) → (B, C, T), tap by tap: oneDNN takes ten times as long back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        taps = weight.shape[-1]
        frames = x.shape[-1] - taps + 1
        y = bias[:, None].expand(x.shape[0], -1, frames).contiguous()
        for k in range(taps):
            y.addcmul_(x[..., k : k + frames], weight[:, :, k])
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        y = gradients[0].contiguous()
        frames, back, slopes = y.shape[-1], torch.zeros_like(x), torch.empty_like(weight)
        for k in range(weight.shape[-1]):
            back[..., k : k + frames].addcmul_(y, weight[:, :, k])
            slopes[:, 0, k] = (y * x[..., k : k + frames]).sum((0, 2))
        return back, slopes, y.sum((0, 2))


class Upsample(Streaming):
    """Causal transposed convolution of stride `ratio` and kernel 2 * ratio.

    Written as a convolution of two taps and a reshape (pixel shuffle): the same operation, faster in most runtimes.
    Output block t * ratio … (t + 1) * ratio - 1 reads inputs t - 1 and t.
    """

    def __init__(self, channels_in: int, channels_out: int, ratio: int):
        super().__init__()
        self.ratio = ratio
        self.conv = Conv(channels_in, channels_out * ratio, 2)

    def initial(self, batch: int = 1) -> State:
        return self.conv.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, state = self.conv.step(x, state)
        batch, channels, frames = y.shape
        y = y.view(batch, channels // self.ratio, self.ratio, frames).transpose(2, 3)
        return y.reshape(batch, channels // self.ratio, frames * self.ratio), state


class ConvNeXt(Streaming):
    """A ConvNeXt block at frame rate: causal depthwise convolution, norm, expand, GELU, project, scale, add.

    Liu et al., "A ConvNet for the 2020s", CVPR 2022; in one dimension as in Siuzdak, "Vocos", 2023.
    """

    def __init__(self, width: int, kernel: int, expansion: int):
        super().__init__()
        self.depth = Conv(width, width, kernel, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, expansion * width)
        self.down = nn.Linear(expansion * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.2))

    def initial(self, batch: int = 1) -> State:
        return self.depth.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, state = self.depth.step(x, state)
        y = self.down(F.gelu(self.up(self.norm(y.transpose(1, 2))), approximate="tanh")) * self.scale
        return x + y.transpose(1, 2), state


class Residual(Streaming):
    """One dilated residual layer of a MelGAN stack (Kumar et al., 2019), causal."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.body = Chain(
            Pointwise(nn.LeakyReLU(0.2)), Conv(width, width, 3, dilation), Pointwise(nn.LeakyReLU(0.2)), Conv(width, width, 1)
        )

    def initial(self, batch: int = 1) -> State:
        return self.body.initial(batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        y, state = self.body.step(x, state)
        return x + y, state
