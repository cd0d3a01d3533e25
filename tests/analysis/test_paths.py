"""The census of paths, against the binomial distribution, counts by hand, and paths that networkx counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from math import comb, log10, sqrt

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resdsl.analysis.paths import MOST_BLOCKS, census
from resdsl.compiler import load
from resdsl.ir.graph import Graph
from resdsl.ir.networkx import to_networkx
from tests.ir.build import Around, cifar, conv_where_needed, huang, none, projection, ror3, ror_links, wrn


@pytest.mark.parametrize("n", [1, 2, 18, 200])
def test_a_residual_network_is_two_to_the_l_paths(n: int) -> None:
    """Veit et al. 2016, §3: the paths are distributed binomially, with mean L / 2."""
    n_blocks = 3 * n
    found = census(cifar(n))
    assert found.counts == tuple(comb(n_blocks, length) for length in range(n_blocks + 1))
    assert found.log10_total == pytest.approx(n_blocks * log10(2))
    assert found.mean == pytest.approx(n_blocks / 2)
    assert found.deviation == pytest.approx(sqrt(n_blocks) / 2)
    assert found.shares == pytest.approx([count / 2**n_blocks for count in found.counts])


def test_a_plain_network_is_one_path() -> None:
    found = census(cifar(3, junction=none))
    assert found.counts == (0,) * 9 + (1,)
    assert (found.mean, found.deviation, found.shortest, found.longest) == (9, 0, 20, 20)


def test_links_make_shorter_paths() -> None:
    """RoR-3 with one block a stage: (1 + z) + 1 around each stage, and 1 around everything."""
    found = census(ror3(1))
    assert found.counts == (2**3 + 1, 3 * 2**2, 3 * 2, 1)
    assert found.mean == pytest.approx((12 + 2 * 6 + 3) / 28)


@pytest.mark.parametrize(
    ("name", "shortest", "longest"),
    [
        ("resnet110", 2, 110),  # stem and head; no projection stands on an option-A shortcut
        ("resnet50", 6, 50),  # with the four projections
        ("resnet110_conv_shortcut", 56, 110),
        ("ror3_110", 2, 110),
        ("ror3_wrn58_4", 3, 56),  # the root link's convolution is one layer, the three projections are three
        ("se_resnet50", 6, 50 + 2 * 16),  # the longest path goes through the gates
        ("plain34", 34, 34),
    ],
)
def test_the_shortest_and_the_longest_path_in_layers(name: str, shortest: int, longest: int) -> None:
    found = census(load(name))
    assert (found.shortest, found.longest) == (shortest, longest)


# ---------------------------------------------------------------- against networkx

NETWORKS = {
    "option A": cifar(2),
    "projections": cifar(2, junction=projection),
    "RoR-3": ror3(2),
    "identity links": cifar(2, links=[Around("all", 1, 0, 5, projection)]),
    "a link of its own": cifar(1, links=[Around("all", 1, 0, 2), Around("one", 2, 2, 2)]),
    "WRN": wrn(1, 2),
    "plain": cifar(1, junction=none),
    "a link in a plain network": cifar(1, junction=none, links=[Around("all", 1, 0, 2)]),
}


def paths(graph: Graph) -> Iterator[tuple[int, int]]:
    """Of each path through the layers: the residual branches and the weighted layers on it."""
    layers = to_networkx(graph, "layers")
    output = max(layers)
    for edges in nx.all_simple_edge_paths(layers, 0, output):
        nodes = [layers.nodes[target] for _, target, _ in edges]
        branches = {node["block"] for node in nodes if node["part"] == "residual"}
        yield len(branches), sum(node["op"].is_weighted() for node in nodes)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_paths_are_those_that_networkx_finds(name: str) -> None:
    graph = NETWORKS[name]
    found = census(graph)
    lengths = Counter(length for length, _ in paths(graph))
    layers = [layers for _, layers in paths(graph)]
    assert dict(enumerate(found.counts)) == {length: lengths[length] for length in range(len(found.counts))}
    assert (found.shortest, found.longest) == (min(layers), max(layers))
    mean = sum(length * count for length, count in lengths.items()) / lengths.total()
    variance = sum((length - mean) ** 2 * count for length, count in lengths.items()) / lengths.total()
    assert found.mean == pytest.approx(mean)
    assert found.deviation == pytest.approx(sqrt(variance))
    assert found.log10_total == pytest.approx(log10(lengths.total()))


# ---------------------------------------------------------------- survival


@given(st.lists(st.floats(0.05, 1), min_size=6, max_size=6))
def test_open_paths_are_the_average_over_all_patterns_of_dropping(p: list[float]) -> None:
    open_paths = [0.0] * 7
    for kept in product([False, True], repeat=6):
        chance = 1.0
        for probability, is_kept in zip(p, kept, strict=True):
            chance *= probability if is_kept else 1 - probability
        for length in range(sum(kept) + 1):
            open_paths[length] += chance * comb(sum(kept), length)
    found = census(cifar(2, survive=lambda l, _: p[l - 1]))
    assert found.shares == pytest.approx([count / sum(open_paths) for count in open_paths])
    mean = sum(length * count for length, count in enumerate(open_paths)) / sum(open_paths)
    assert found.open_mean == pytest.approx(mean)


def test_stochastic_depth_makes_the_open_paths_shorter() -> None:
    dropping, whole = census(ror3(18, survive=huang(0.5))), census(ror3(18))
    assert dropping.counts == whole.counts
    assert dropping.open_mean == pytest.approx(sum(k * share for k, share in enumerate(dropping.shares)))
    assert dropping.open_mean < whole.open_mean == whole.mean


def test_above_the_most_blocks_only_the_moments_are_told() -> None:
    n = MOST_BLOCKS // 3 + 1
    found = census(cifar(n, survive=huang(0.5), links=ror_links(n)))
    assert (found.counts, found.shares) == (None, None)
    assert found.mean == pytest.approx(3 * n / 2)
    assert found.log10_total == pytest.approx(3 * n * log10(2))


def test_no_number_of_paths_is_too_large() -> None:
    """A link around every block: three ways each."""
    n = 200
    every = [Around("one", 1, block, block, conv_where_needed) for block in range(3 * n)]
    found = census(cifar(n, links=every, junction=projection))
    assert sum(found.counts) == 3 ** (3 * n)
    assert found.mean == pytest.approx(n)
