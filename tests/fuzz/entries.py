"""Every entry, with its share of a run."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.checkpoints import draw_checkpoint, take_checkpoint
from tests.fuzz.commands import draw_command, take_command
from tests.fuzz.configs import draw_config, take_config
from tests.fuzz.editor import draw_request, read_request, take_request
from tests.fuzz.entry import Chance, Entry
from tests.fuzz.graphs import draw_graph, draw_output, take_graph, take_output
from tests.fuzz.text import (
    draw_small_text,
    draw_text,
    draw_tokens,
    take_checked,
    take_formatted,
    take_mended,
    take_syntax,
)


def _by_chance(draw: Callable[[Chance], bytes]) -> Callable[[bytes], bytes]:
    """What is drawn where bytes are the chance."""
    return lambda data: draw(Chance(Random(data), Random(data)))


ENTRIES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("text", "a changed spec, parsed", 1600, draw_text, take_syntax),
        Entry("tokens", "words in any order, parsed", 6200, draw_tokens, take_syntax),
        Entry("check", "a changed spec, checked", 60, draw_small_text, take_checked),
        Entry("fmt", "a changed spec, formatted", 60, draw_text, take_formatted),
        Entry("fix", "a changed spec, mended", 10, draw_small_text, take_mended),
        Entry("graph", "a changed graph as JSON", 600, draw_graph, take_graph),
        Entry("output", "a network, written, drawn and analysed", 3, draw_output, take_output, _by_chance(draw_output)),
        Entry("checkpoint", "a changed checkpoint", 500, draw_checkpoint, take_checkpoint),
        Entry("config", "a changed config", 25, draw_config, take_config, _by_chance(draw_config)),
        Entry("command", "a command line", 8, draw_command, take_command, _by_chance(draw_command)),
        Entry("editor", "a request about a changed spec", 934, draw_request, take_request, read_request),
    )
}
"""By name; the weights are such that a run of a million takes an hour of one processor."""
