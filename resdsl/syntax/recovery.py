"""Gets the parse over a mistake: by a mend, or else, in panic mode, to where the next statement begins."""

from __future__ import annotations

from resdsl.syntax.mistakes import Mistake, diagnose
from resdsl.syntax.place import Place
from resdsl.syntax.token import NO_NAME, Token
from resdsl.syntax.words import DEFINITIONS, STATEMENTS


def get_over(place: Place) -> tuple[Mistake, int]:
    """Find out what is wrong at a place, and bring machine and tokens beyond it.

    Returns:
        The mistake, and the index of the token to go on with. Whatever happens, each mistake uses up a token or a part
        of the stack, or puts in a sign that does so next: the parse ends.
    """
    place = _before_equation(place)
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


def _before_equation(place: Place) -> Place:
    """The place itself, or that before the name of an equation which was taken for a part of the statement above."""
    machine, height = place.machine, len(place.machine.values) - 1
    if place.token.kind != "EQUALS" or machine.kind_at(height) != "NAME" or not place.begins_equation(place.at - 1):
        return place
    machine.pop_to(height)
    return Place(place.source, machine, place.tokens, place.at - 1)


def _resynchronise(place: Place) -> int:
    """Give up the statement that a mistake stands in; returns the index of the token to go on with.

    Braces that open after the mistake are skipped with all that they hold. Where the head of a definition is what is
    wrong, its body is not given up.
    """
    body = _find_body(place)
    if body is not None:
        _enter(place)
        return body
    braces, brackets = 0, _n_brackets(place)
    for at in range(place.at, len(place.tokens)):
        kind = place.tokens[at].kind
        if kind == "OPEN_BRACE":
            braces += 1
        elif kind == "CLOSE_BRACE" and braces:
            braces -= 1
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
        return place.begins_equation(at) or (not brackets and place.tokens[at + 1].kind == "EQUALS")
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


def _n_brackets(place: Place) -> int:
    """How many brackets other than braces are open."""
    return sum(bracket.kind != "OPEN_BRACE" for bracket in place.open_brackets())


def _find_body(place: Place) -> int | None:
    """The token with which the body begins of a definition whose head a mistake stands in; None where none does."""
    signs, brackets = _body_signs(place), _n_brackets(place)
    outside = inside = None
    for at in range(place.at, len(place.tokens) if signs else place.at):
        kind = place.tokens[at].kind
        if kind == "OPEN_BRACE":  # no list has one, closed or not
            derives = outside or (inside if brackets else None)
            return derives or (at if kind in signs else None)
        if kind == "CLOSE_BRACE" or (kind in DEFINITIONS and _may_begin(place, at, brackets)):
            break
        if kind == "ARROW" and kind in signs and not brackets:
            return at
        if kind == "EQUALS" and kind in signs and _derives(place, at):  # the last: others may give parameters defaults
            outside, inside = (outside, at) if brackets else (at, inside)
        elif kind in ("OPEN_PAREN", "OPEN_BRACKET"):
            brackets += 1
        elif kind in ("CLOSE_PAREN", "CLOSE_BRACKET"):
            brackets = max(brackets - 1, 0)
    return outside


def _body_signs(place: Place) -> frozenset[str]:
    """The signs with which the body may begin of the definition whose head a mistake stands in; none elsewhere."""
    signs = _BODIES.get(place.machine.kind_at(place.open_lists()[0]), frozenset())
    if place.in_braces() or not signs:
        return frozenset()
    begun = _begun(place)
    return signs if begun is None else signs & _BRACE if place.machine.kind_at(begun) == "EQUALS" else frozenset()


def _begun(place: Place) -> int | None:
    """The height at which, behind name and parameters, a sign of a body lies."""
    machine, height = place.machine, place.open_lists()[0]
    for at in range(height + 1, len(machine.values)):
        if machine.kind_at(at) in ("OPEN_PAREN", *_BODIES[machine.kind_at(height)]):
            return at if machine.kind_at(at) != "OPEN_PAREN" else None
    return None


def _derives(place: Place, at: int) -> bool:
    """Whether a schedule's formula stands after a `=`, or a network that another may derive from."""
    machine, height = place.machine, place.open_lists()[0]
    if machine.kind_at(height) == "SCHEDULE":
        return True
    return machine.takes_at(height, "NETWORK", "NAME", *place.coming(at))


def _enter(place: Place) -> None:
    """Go on behind the name of a definition, or of the network that one derives from, as if no list followed."""
    machine, height = place.machine, place.open_lists()[0]
    base = _begun(place)
    kinds = ["NAME"] if base else [machine.kind_at(height), "NAME"]
    if machine.kind_at(height) == "EXTERN":
        kinds.insert(1, "BLOCK")
    first = place.index_of(machine.starts[base or height]) + bool(base)
    end = machine.ends[base or height]
    machine.pop_to(base + 1 if base else height)
    for at, kind in enumerate(kinds, start=first):
        token = place.tokens[at]
        if token.kind != kind:
            token = Token(kind, NO_NAME, end, end)
        machine.feed(token)
        end = token.end


_BRACE = frozenset({"OPEN_BRACE"})
_BODIES = {
    "NETWORK": frozenset({"OPEN_BRACE", "EQUALS"}),
    "BLOCK": _BRACE,
    "SHORTCUT": _BRACE,
    "LAYER": _BRACE,
    "SCHEDULE": frozenset({"EQUALS"}),
    "EXTERN": frozenset({"ARROW"}),
}
"""The signs with which the body of a definition begins."""

_BEFORE_LAYERS = frozenset(
    "ARROW COMMA EQUALS OPEN_PAREN OPEN_BRACKET PLUS MINUS STAR SLASH BEFORE RESIDUAL AFTER STEM HEAD COLON".split()
)
