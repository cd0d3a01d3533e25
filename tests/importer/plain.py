"""A small residual network whose second block computes what a test says."""

import torch
from torch import nn

SHAPE = (3, 16, 16)


class Plain(nn.Module):
    """A block that computes what a function says: of itself, its input, and its branch's convolution."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.register_buffer("fixed", torch.full((8, 1, 1), 2.0))

    def forward(self, x):
        return self.function(self, x)


class PlainNet(nn.Module):
    def __init__(self, function, *, between=None, norm=None):
        super().__init__()
        self.between = between or (lambda x: x)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.ModuleList([Plain(lambda block, x: x + block.conv(x)), Plain(function)])
        self.norm = norm

    def forward(self, x):
        x = self.blocks[0](self.stem(x))
        x = self.blocks[1](self.between(x))
        return x if self.norm is None else self.norm(x)


def adds(block, x):
    return x + block.conv(x)
