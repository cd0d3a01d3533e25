"""What a program takes is foreseen, and the programs of this repository take far less than they may."""

from pathlib import Path

import pytest

from resdsl.compiler import load, read_recovering
from resdsl.diagnostics import InternalError
from resdsl.elaborate import blocks
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.problems import Echo
from resdsl.elaborate.size import n_layers
from resdsl.elaborate.work import Work, metered, n_unforeseen
from resdsl.limits import DEFAULT, Limits
from resdsl.source import Source
from tests.elaborate.programs import HEAD, check, network, told

SPECS = Path(__file__).parents[2] / "specs"


def work_of(text: str) -> Work:
    with metered(DEFAULT, text) as work:
        assert not read_recovering(Source("net.res", text)).check().has_errors
    return work


def steps_of(text: str) -> int:
    return DEFAULT.work - work_of(text).left


@pytest.mark.no_cover
def test_the_file_of_this_library_that_takes_most_takes_two_thirds():
    """All PyramidNets with all that they expect: 1,200 blocks, no two alike."""
    most = max(steps_of(path.read_text(encoding="utf-8")) for path in (SPECS / "pyramidnet.res", SPECS / "ror.res"))
    assert most <= DEFAULT.work * 2 // 3


def test_a_file_of_twenty_networks_of_1202_layers_takes_a_fourth():
    text = f'res 1 use "resnet_cifar.res" {" ".join(f"network n{k} = resnet_cifar(depth = 1202)" for k in range(20))}'
    assert steps_of(text) <= DEFAULT.work // 4


@pytest.mark.no_cover
@pytest.mark.parametrize(("lists", "steps"), [(1000, 250), (8000, 2000)], ids=["1,000 items", "8,000 items"])
def test_what_looks_at_each_item_of_a_list_counts_for_an_eighth_of_a_step_each(lists: int, steps: int):
    """Twice: when the network is foreseen, and when it is elaborated."""
    plain = network(f'let a = [{",".join(["1"] * lists)}] let b = a[1] require b == 1, "{{b}}"')
    looked = plain.replace("a[1]", "sum(a)").replace("b == 1", "b >= 1")
    assert abs(steps_of(looked) - steps_of(plain) - steps) <= 4


def test_what_is_foreseen_may_take_more_than_what_is_not():
    """300 blocks that differ are more steps than a file may take that nothing foretells; each says what it will be."""
    graph = load(network("stage s2 : basic(4 + i) * 300"))
    assert len(graph.blocks) == 301
    assert steps_of(network("stage s2 : basic(4 + i) * 300")) > n_unforeseen(DEFAULT)


def test_layers_are_counted_with_what_they_are_made_of():
    text = f"""{HEAD}
layer two {{ y = x -> relu -> relu }}
layer five {{ y = (x -> two) + (if true then (x -> two) else (x -> relu)) }}
block b(act: layer) {{ before five  residual conv(1x1, 4) -> act  after two }}
network n {{ input 3x8x8  stage s : b(relu) }}"""
    module = read_recovering(Source("net.res", text)).module
    sizes = {name: n_layers(found) for (_, name), found in module.own.items() if isinstance(found, Found)}
    assert sizes == {"two": 2, "five": 4, "b": 10, "n": 0}


def test_blocks_that_differ_are_foreseen_to_a_half():
    """The first of them tells what each takes; the limit is met before the rest is placed."""
    text = network("stage s : basic(4 + i) * 100")
    steps = steps_of(text)
    with metered(Limits(work=steps // 2)) as work:
        assert told(check(text, Limits(work=steps // 2))) == ["limit-work"]
    assert work.left > steps // 4


def test_an_echo_of_a_mistake_that_nobody_tells_is_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch):
    """Whatever swallows it: no graph of a part of a network is taken for that of the network."""

    def lose(*_: object) -> None:
        raise Echo

    monkeypatch.setattr(blocks._Block, "after", lose)
    with pytest.raises(InternalError, match="nothing says why"):
        load("resnet_cifar", depth=8)


def test_a_limit_that_is_met_is_told_wherever_it_is_met():
    """A condition that is too long to check is no condition that does not hold."""
    many = ",".join(["1"] * 9000)
    text = network(f"let a = [{many}] let b = [{many}] " + 'require a == b, "" ' * 4000)
    assert told(check(text)) == ["limit-work"]
