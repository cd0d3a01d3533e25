"""Finds which mistake it is that the parse met with."""

from __future__ import annotations

from collections.abc import Callable

from resdsl.diagnostics import Diagnostic
from resdsl.record import evolve
from resdsl.syntax.mistakes.brackets import closed_early, closes_nothing, no_brace, unclosed
from resdsl.syntax.mistakes.characters import bad_token, spaced_size
from resdsl.syntax.mistakes.mistake import Mistake
from resdsl.syntax.mistakes.signs import (
    comment,
    keyword_as_name,
    missing,
    misspelt,
    power,
    separator,
    thousands,
    times,
    twice,
    unbracketed,
    unquoted,
    wrong_sign,
)
from resdsl.syntax.mistakes.statements import (
    begins_nothing,
    edition,
    misplaced,
    unexpected,
    without_keyword,
    without_use,
)
from resdsl.syntax.place import Place


def diagnose(place: Place) -> Mistake:
    """What is wrong at a place: the first of the known mistakes that fits, else what was found and what is wanted."""
    mistake = next((mistake for known in KNOWN if (mistake := known(place))), None) or unexpected(place)
    mend = mistake.mend
    if mend is None:
        return Mistake(_doubted(mistake.diagnostic))
    if mend.sure:
        return mistake
    proved = place.carries_on([token.kind for token in mend.tokens], drop=mend.drop, back=mend.back)
    return mistake if proved else Mistake(_doubted(mistake.diagnostic))


def _doubted(diagnostic: Diagnostic) -> Diagnostic:
    """The same, its edits no longer sure."""
    return evolve(diagnostic, fixes=tuple(evolve(fix, sure=False) for fix in diagnostic.fixes))


KNOWN: tuple[Callable[[Place], Mistake | None], ...] = (  # in the order of trial
    edition,
    bad_token,
    spaced_size,
    wrong_sign,
    power,
    times,
    thousands,
    closed_early,
    closes_nothing,
    unclosed,
    no_brace,
    comment,
    separator,
    twice,
    keyword_as_name,
    misspelt,
    unbracketed,
    missing,
    unquoted,
    misplaced,
    without_use,
    without_keyword,
    begins_nothing,
)
