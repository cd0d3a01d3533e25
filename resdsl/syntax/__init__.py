"""From text to the syntax tree, and from the tree to text."""

from resdsl.syntax.ast import Program
from resdsl.syntax.parser import parse, parse_recovering

__all__ = ["Program", "parse", "parse_recovering"]
