"""Weights that others trained: which layout a checkpoint has, what of it fits a network, and how it is carried over."""
