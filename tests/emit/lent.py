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
