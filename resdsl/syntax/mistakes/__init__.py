"""What people get wrong, and what they are told."""

from resdsl.syntax.mistakes.diagnose import diagnose
from resdsl.syntax.mistakes.mistake import Mend, Mistake

__all__ = ["Mend", "Mistake", "diagnose"]
