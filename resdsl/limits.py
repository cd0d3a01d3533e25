"""How much a program may ask for; a caller that knows better sets its own."""

from __future__ import annotations

from resdsl.record import record


@record
class Limits:
    """Bounds that hold whatever a file says; each is checked before the work that it bounds.

    Attributes:
        file_bytes: one file, as UTF-8.
        total_bytes: a file with everything it uses.
        graph_bytes: a graph as JSON.
        nesting: brackets within brackets. Operators may stand in each other's operands twice as deep.
        nodes: layers of a network, counted before anything is expanded.
        work: steps of elaboration, of a network or of all that `check` looks at in a file; a million are some two
            seconds, and half as many again as the largest file of the library takes; see `elaborate/work.py`.
        tensor_elements: values in one tensor or weight.
        number_bits: of a whole number, written or computed.
        list_items: of one list, those of the lists in it included.
        name_characters: of one name; names end up as those of classes and files.
        diagnostics: messages for one file; what lies beyond the last is not looked at.
    """

    file_bytes: int = 256 * 1024
    total_bytes: int = 1024 * 1024
    graph_bytes: int = 32 * 1024 * 1024
    nesting: int = 64
    nodes: int = 200_000
    work: int = 1_000_000
    tensor_elements: int = 2**34
    number_bits: int = 128
    list_items: int = 10_000
    name_characters: int = 64
    diagnostics: int = 50


DEFAULT = Limits()
