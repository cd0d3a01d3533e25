"""A class as a host program lends it to an `extern block`."""

from torch import nn


class Attention(nn.Module):
    """Self-attention over pixels."""

    def __init__(self, channels, heads=1):
        super().__init__()
        self.heads = heads
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)

    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        return self.attention(tokens, tokens, tokens, need_weights=False)[0].transpose(1, 2).view_as(x)


class Halving(nn.Module):
    """A convolution that takes every second pixel, and makes `width` channels."""

    def __init__(self, channels, width):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False)

    def forward(self, x):
        return self.conv(x)


class Flat(nn.Module):
    """Fails on images, and weighs nothing."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, affine=False)

    def forward(self, x):
        return self.norm(x)


def length(channels):
    """Makes no module."""
    return channels


class Pair(nn.Module):
    """Gives what comes in twice."""

    def __init__(self, channels):
        super().__init__()

    def forward(self, x):
        return x, x


NUMBER = 3
