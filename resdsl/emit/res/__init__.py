"""Prints a graph as a `.res` program of its own: every name resolved, every number computed, nothing used."""

from resdsl.emit.res.program import print_res

__all__ = ["print_res"]
