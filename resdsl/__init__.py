"""A textual language for residual neural architectures, and its compiler to PyTorch."""

__version__ = "0.1.0"
