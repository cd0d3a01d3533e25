"""Gets the parse over a mistake: by a mend, or else, in panic mode, to where the next statement begins."""

from __future__ import annotations

from resdsl.syntax.mistakes import Mistake, diagnose
from resdsl.syntax.place import Place
from resdsl.syntax.token import Token
from resdsl.syntax.words import DEFINITIONS, STATEMENTS


def get_over(place: Place) -> tuple[Mistake, int]:
    """Find out what is wrong at a place, and bring machine and tokens beyond it.

    Returns:
        The mistake, and the index of the token to go on with. Whatever happens, each mistake uses up a token or a part
        of the stack, or puts in a sign that does so next: the parse ends.
    """
    place.settle()
    mistake = diagnose(place)
    machine, mend = place.machine, mistake.mend
    if mend is not None:
        machine.pop_to(len(machine.values) - mend.back)
        place.tokens[place.at : place.at + mend.drop] = mend.tokens
        return mistake, place.at
    height = len(machine.values)
    at = _resynchronise(place)
    return mistake, at + (at == place.at and height == len(machine.values))


def _resynchronise(place: Place) -> int:
    """Give up the statement that a mistake stands in; returns the index of the token to go on with.

    Braces that open after the mistake are skipped with all that they hold, but for those of a definition whose head is
    what is wrong.
    """
    braces, brackets = 0, sum(bracket.kind != "OPEN_BRACE" for bracket in place.open_brackets())
    derives = False
    for at in range(place.at, len(place.tokens)):
        kind = place.tokens[at].kind
        if kind == "OPEN_BRACE":
            if not braces and not brackets and not derives and _enter(place):
                return at
            braces += 1
        elif kind == "CLOSE_BRACE" and braces:
            braces -= 1
        elif kind == "EQUALS" and not brackets:
            derives = True
        elif kind in ("OPEN_PAREN", "OPEN_BRACKET"):
            brackets += 1
        elif kind in ("CLOSE_PAREN", "CLOSE_BRACKET"):
            brackets = max(brackets - 1, 0)
        elif (kind == "$END" or (not braces and _may_begin(place, at, brackets))) and _give_up_to(place, at):
            return at
    return len(place.tokens) - 1


def _may_begin(place: Place, at: int, brackets: int) -> bool:
    """Whether a statement, a definition, or the end of what encloses the mistake may stand at a token."""
    token, before = place.tokens[at], place.tokens[at - 1].kind if at else ""
    if token.kind == "CLOSE_BRACE":
        return True
    if token.kind == "NAME":
        return not brackets and place.tokens[at + 1].kind == "EQUALS"
    if token.kind not in STATEMENTS | DEFINITIONS or before in ("EACH", "DROP", "EXTERN"):
        return False
    if before == "COLON" and not place.begins_line(at):  # a type
        return False
    if token.kind in ("NORM", "ACT") and (brackets or before in _BEFORE_LAYERS):
        return False
    return place.begins_line(at) or (not brackets and place.begins_well(at))


def _give_up_to(place: Place, at: int) -> bool:
    """Pop the stack to a list that takes the token; past an open brace only where nothing closes that brace."""
    machine, kind = place.machine, place.tokens[at].kind
    for height in place.open_lists():
        missing = kind in DEFINITIONS and place.unclosed_before(at)  # a mistake of its own: it is told of next
        if missing or kind == "$END" or machine.takes_at(height, kind):
            machine.pop_to(height)
            return True
        if machine.kind_at(height - 1) == "OPEN_BRACE":
            return False
    return False


def _enter(place: Place) -> bool:
    """Where the head of a definition is wrong, take up its body as if it had no parameters."""
    machine, height = place.machine, place.open_lists()[0]
    head = machine.values[height:]
    if place.in_braces() or machine.kind_at(height) not in _WITH_BODY:
        return False
    name = head[1] if machine.kind_at(height + 1) == "NAME" else Token("NAME", "_", head[0].end, head[0].end)
    machine.pop_to(height)
    return machine.feed(head[0]) and machine.feed(name)


_WITH_BODY = frozenset({"NETWORK", "BLOCK", "SHORTCUT", "LAYER"})
_BEFORE_LAYERS = frozenset(
    "ARROW COMMA EQUALS OPEN_PAREN OPEN_BRACKET PLUS MINUS STAR SLASH BEFORE RESIDUAL AFTER STEM HEAD COLON".split()
)
