"""The picture told in sentences, for people who cannot see it."""

from __future__ import annotations

from resdsl.emit.draw.viewmodel import Chain, Net, Stage
from resdsl.emit.draw.wording import clean, kind_words, plural, probability_words, size_words


def describe(net: Net) -> str:
    """What the network is, part by part, then its links, then its survival."""
    sentences = [f"{net.title}: {net.facts}.", f"The input is {size_words(net.graph.input)}."]
    sentences += [_tell_part(net, part) for part in net.parts]
    for name in dict.fromkeys(link.name for link in net.graph.links):
        links = [link for link in net.graph.links if link.name == name]
        kinds = " and ".join(dict.fromkeys(kind_words(link.kind) for link in links))
        sentences.append(f"{plural(len(links), 'link')} {name} at level {links[0].level}: {kinds}.")
    if net.graph.survival:
        kept = [step.survival for step in net.graph.blocks if step.survival is not None]
        words = f"Residual branches survive by {net.graph.survival.schedule}"
        sentences.append(f"{words}, {probability_words(kept[0], kept[-1])}." if kept else f"{words}.")
    return clean(" ".join(sentences))


def _tell_part(net: Net, part: Chain | Stage) -> str:
    if isinstance(part, Chain):
        return f"{part.section.label}: {', '.join(part.words)}, giving {size_words(part.output)}."
    units = [step.unit for step in net.graph.steps[part.section.first : part.section.last + 1]]
    names = " and ".join(dict.fromkeys(kind_words(unit.definition) for unit in units))
    kinds = " and ".join(dict.fromkeys(kind_words(unit.shortcut) for unit in units))
    blocks = plural(part.section.n_steps, "block")
    return (
        f"Stage {part.section.label}: {blocks} ({names}) with shortcuts by {kinds}, giving {size_words(part.output)}."
    )
