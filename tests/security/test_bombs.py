"""Small files that ask for much are refused before they get it: 0.2 s and 100 MiB each.

The limits are those of every caller. What a count shows is refused by counting. Of what only doing it would show, a
file may take a sixteenth of its steps. Reading a text, and telling what is wrong with it, takes time that grows with
it: `READ`.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from resdsl.compiler import load, read_recovering
from resdsl.diagnostics import Code, ResError
from resdsl.elaborate.work import metered
from resdsl.ir.json import from_json, to_json
from resdsl.limits import DEFAULT, Limits
from resdsl.program import Checked
from resdsl.record import evolve
from resdsl.source import Source
from resdsl.syntax.format import fmt
from tests.pace import in_time, measured, timed

HEAD = 'res 1\nuse "std.res"\n'
SECONDS, BYTES = 0.2, 100 * 2**20
READ = 8e-6  # seconds for each character of a file
SLACK = 4  # of the seconds of an ordinary machine; see `timed`
"""How much longer a busy machine may take, and one that counts every allocation."""


def network(body: str, before: str = "", head: str = "network net") -> str:
    return f"{HEAD}{before}\n{head} {{ input 3x32x32  stem conv(3x3, 4)\n{body} }}"


def words(template: str, n: int, between: str = " ") -> str:
    """`n` copies, `@` standing for the number of each."""
    return between.join(template.replace("@", str(k)) for k in range(1, n + 1))


def nested(name: str, n: int) -> str:
    """`twice1(twice2(… relu))`"""
    return "".join(f"{name}{k}(" for k in range(1, n + 1)) + "relu" + ")" * n


DOUBLING = "layer a0 { y = x -> relu }" + "".join(
    f" layer a{k} {{ y = x -> a{k - 1} -> a{k - 1} }}" for k in range(1, 16)
)
MANY = f"[{','.join(['1'] * 9000)}]"

COUNTED = {
    "10^9 blocks": (network("stage s : basic(4) * 1_000_000_000"), Code.LIMIT_NODES),
    "20,000 blocks that all differ": (network("stage s : basic(4 + i) * 20_000"), Code.LIMIT_WORK),
    "2^2^2^2^…": (network(f"let n = {'^'.join(['2'] * 100)}  stage s : basic(n)"), Code.LIMIT_NUMBER),
    "40 levels": (network("stage s : basic(4) * 1000  levels 40 via identity"), Code.LINK_LEVELS),
    "a list of 20,000 numbers": (network(f"let a = [{','.join(['1'] * 20_000)}]"), Code.LIMIT_NUMBER),
    "100 brackets": (network(f"let a = {'(' * 100}1{')' * 100}"), Code.LIMIT_NESTING),
    "a sum of 10,000 terms": (network(f"let a = {'+'.join(['1'] * 10_000)}"), Code.LIMIT_NESTING),
    "an input of 10^24 values": (
        f"{HEAD}network n {{ input 3x99999999x99999999x99999999  stem relu }}",
        Code.LIMIT_TENSOR,
    ),
    "numbers too large for reals": (network("let a = sum([floor(1.7e308), 0.5])"), Code.LIMIT_NUMBER),
    "a file of 300 KB": (HEAD + "# much\n" * 43_000, Code.LIMIT_SOURCE),
}
WORKED = {
    "a hundred links around each block": (
        network("stage s : basic(4) * 4000\n" + words("link a@ over each 1 via identity", 100)),
        Code.LIMIT_WORK,
    ),
    "a schedule of 5,000 numbers for each block": (
        network("stage s : basic(4) * 5000  survive f", f"schedule f = min([l / L, {','.join(['1.0'] * 5000)}])"),
        Code.LIMIT_WORK,
    ),
    "a thousand networks of a thousand blocks": (
        network("stage s : basic(4) * 1000") + words("network n@ = net {}", 1000),
        Code.LIMIT_WORK,
    ),
    "a thousand expectations of a thousand blocks": (
        network(f"stage s : basic(4) * n  {words('expect blocks(n = 100@) = 3', 1000)}", head="network net(n = 1)"),
        Code.LIMIT_WORK,
    ),
    "networks derived from one with 1,000 parameters": (
        f"{HEAD}network n0({words('p@ = @', 1000, ', ')}) {{ input 3x8x8  stem relu }}"
        + " ".join(f"network n{k} = n{k - 1}(p{k} = 3) {{}}" for k in range(1, 60)),
        Code.LIMIT_WORK,
    ),
    "layers that double to 32,768": (network("head a15", DOUBLING), Code.LIMIT_WORK),
    "layers that double in blocks that differ": (
        network("stage s : b(i) * 1000", f"{DOUBLING} block b(n) {{ let m = n  residual a13 -> conv(1x1, 4) }}"),
        Code.LIMIT_WORK,
    ),
    "layers that double through their parameters": (
        network(f"head {nested('twice', 40)}", words("layer twice@(inner: layer) { y = x -> inner -> inner }", 40)),
        Code.LIMIT_WORK,
    ),
    "a hundred runs of blocks that differ": (
        network(f"stage s : {' + '.join(['basic(4 + i) * 50'] * 100)}"),
        Code.LIMIT_WORK,
    ),
    "a hundred expectations of blocks that differ": (
        network(
            f"stage s : basic(4 + i + w) * 100  {words('expect blocks(w = @) = 100', 100)}", head="network net(w = 1)"
        ),
        Code.LIMIT_WORK,
    ),
    "20,000 links": (network("stage s : basic(4) * 20_000  link a over each 1 via identity"), Code.LIMIT_WORK),
    "3,000 networks": (network("stage s : basic(4)") + words("network n@ = net", 3000), Code.LIMIT_WORK),
    "a schedule that makes a list for each block": (
        network("stage s : basic(4) * 5000  survive f", f"schedule f = [{','.join(['1.0'] * 5000)}][1]"),
        Code.LIMIT_WORK,
    ),
    "a list added up 500 times": (
        network(f"let a = {MANY} {words('let b@ = sum(a) + len(a)', 500)}"),
        Code.LIMIT_WORK,
    ),
    "a list compared 500 times": (
        network(f"let a = {MANY} let b = {MANY} {words('require a == b, ``', 500)}".replace("`", '"')),
        Code.LIMIT_WORK,
    ),
    "a list handed to 2,000 blocks": (
        network(
            f"let a = {MANY} stage s : b(a, i) * 2000", "block b(p, q) { let r = p  let t = q  residual conv(1x1, 4) }"
        ),
        Code.LIMIT_WORK,
    ),
}
TOLD = {
    "500 names that nearly are one of 1,000": (
        network(f"head {words('a' * 40 + 'b@', 500, ' -> ')}", words(f"layer {'a' * 40}@ {{ y = x -> relu }}", 1000)),
        Code.NAME_UNKNOWN,
    ),
    "a part tapped 10,000 times": (
        network(f"stage s : basic(4)  tap {', '.join(['s'] * 10_000)}"),
        Code.NETWORK_REPEATED,
    ),
    "500 messages that hold a list": (
        network(f"let a = {MANY} {words('require a == 1, `{a}{a}{a}{a}{a}`', 500)}".replace("`", '"')),
        Code.LIMIT_WORK,
    ),
    "1,000 mistakes about a list": (network(f"let a = {MANY} {words('let b@ = a + 1', 1000)}"), Code.VALUE_TYPE),
    "9,000 mistakes in one list": (network(f"let a = [{','.join(['7/2'] * 9000)}]"), Code.VALUE_DIVISION),
    "9,000 mistakes beside a name": (network(f"let a = [{','.join(['7/2'] * 9000)}, q]"), Code.VALUE_DIVISION),
    "a name in 50 lists around 9,000 numbers": (
        network(f"let a = {'[q, ' * 50}{','.join(['1 + 2'] * 9000)}{']' * 50}"),
        Code.NAME_UNKNOWN,
    ),
    "9,000 mistakes in 3,000 sums": (network(words("let b@ = 7/2 + 5/2 + 3/2", 3000)), Code.VALUE_DIVISION),
    "5,000 statements that may stand once": (
        network("stage s : basic(4) " + 'about "a" ' * 5_000),
        Code.NETWORK_REPEATED,
    ),
    "8,000 parameters of one name": (
        network("", head=f"network net({', '.join(['a = 1'] * 8_000)})"),
        Code.NAME_TAKEN,
    ),
    "500 expectations of 20,000 blocks": (
        network(f"stage s : basic(4) * 20_000  {words('expect macs = 3', 500)}"),
        Code.EXPECT_FAILS,
    ),
    "2,000 stages in place of 2,000": (
        network(words("stage s@ : basic(4)", 2000)) + f" network d = net {{ {words('stage s@ : basic(8)', 2000)} }}",
        Code.LIMIT_WORK,
    ),
}


@pytest.fixture(autouse=True, scope="module")
def warm():
    load("resnet152")  # what is read once stays read


def check(text: str, limits: Limits = DEFAULT) -> Checked:
    return read_recovering(Source("bomb.res", text), limits=limits).check()


@in_time
def is_refused(text: str, code: Code, limits: Limits) -> None:
    with timed() as taken:
        checked = check(text, limits)
    assert code in {diagnostic.code for diagnostic in checked.diagnostics}
    assert checked.has_errors
    assert len(checked.diagnostics) <= limits.diagnostics
    assert taken.seconds <= (SECONDS + READ * len(text)) * SLACK


@pytest.mark.parametrize(("text", "code"), COUNTED.values(), ids=COUNTED)
def test_what_a_count_shows_is_refused_at_once(text: str, code: Code):
    is_refused(text, code, DEFAULT)


@pytest.mark.parametrize(("text", "code"), WORKED.values(), ids=WORKED)
def test_what_takes_many_steps_ends_with_the_steps_that_are_allowed(text: str, code: Code):
    is_refused(text, code, DEFAULT)


@pytest.mark.parametrize(("text", "code"), TOLD.values(), ids=TOLD)
def test_mistakes_are_told_in_time_however_many_there_are_and_whatever_they_are_about(text: str, code: Code):
    is_refused(text, code, DEFAULT)


EVERY = {**COUNTED, **WORKED, **TOLD}


@pytest.mark.parametrize("text", [text for text, _ in EVERY.values()], ids=EVERY)
@in_time
def test_loading_and_laying_out_are_refused_or_done_as_quickly(text: str):
    for do in (load, fmt):
        with timed() as taken, suppress(ResError):
            do(text)
        assert taken.seconds <= (SECONDS + READ * len(text)) * SLACK


@pytest.mark.parametrize("text", [text for text, _ in EVERY.values()], ids=EVERY)
def test_neither_takes_much_memory(text: str):
    with measured() as taken:
        check(text)
    assert taken.peak <= BYTES


@in_time
def test_a_text_of_nothing_takes_no_time():
    """240 KB of empty lines: an expression that looks for a line's first word in each must not cross lines."""
    text = HEAD + "\n" * 240_000 + "network net { input 3x8x8  stem relu }"
    with timed() as taken:
        assert not check(text).has_errors
        assert fmt(text).count("\n") < 20
    assert taken.seconds <= SECONDS * SLACK


# ---------------------------------------------------------------- files that use each other


@in_time
def told(folder: Path, files: Mapping[str, str], limits: Limits = DEFAULT) -> list[Code]:
    for name, text in files.items():
        (folder / name).write_text(text)
    with timed() as taken:
        found = read_recovering(folder / "net.res", limits=limits).check().diagnostics
    assert taken.seconds <= SECONDS * SLACK
    return [diagnostic.code for diagnostic in found]


def chain(n: int) -> dict[str, str]:
    """A file that uses one that uses one …: n uses."""
    names = ["net.res", *(f"f{k}.res" for k in range(n))]
    return {name: f'res 1 use "{used}"' for name, used in zip(names, names[1:])} | {names[-1]: "res 1"}


def test_files_use_each_other_64_deep_and_no_deeper(tmp_path: Path):
    assert told(tmp_path, chain(64)) == []
    assert told(tmp_path, chain(65)) == [Code.LIMIT_NESTING]
    assert told(tmp_path, chain(2000)) == [Code.LIMIT_NESTING]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_files_that_use_each_other_in_a_circle_are_told_once(tmp_path: Path, n: int):
    files = {f"f{k}.res": f'res 1 use "f{(k + 1) % n}.res"' for k in range(n)}
    assert told(tmp_path, {**files, "net.res": 'res 1 use "f0.res"'}) == [Code.USE_CYCLE]


def test_a_circle_through_a_link_is_a_circle(tmp_path: Path):
    (tmp_path / "again.res").symlink_to(tmp_path / "net.res")
    assert told(tmp_path, {"net.res": 'res 1 use "again.res"'}) == [Code.USE_CYCLE]


def test_files_that_all_use_each_other_end_too(tmp_path: Path):
    """A diamond of diamonds: each of 60 files uses all before it, and so brings the 500 names of the first."""
    files = {"f0.res": f"res 1 {words('layer z@ { y = x }', 500)}"}
    for k in range(1, 60):
        files[f"f{k}.res"] = "res 1 " + " ".join(f'use "f{j}.res"' for j in range(k))
    files["net.res"] = 'res 1 use "f59.res"'
    assert told(tmp_path, files) == [Code.LIMIT_WORK]


# ---------------------------------------------------------------- each limit, to the last one

GRAPH = load("resnet_cifar", depth=8)
OWN = "res 1 layer abcde { y = x -> relu }"
SMALL = "res 1 network abcde { input 3x32x32  stem conv(3x3, 4) -> relu  layers more : relu -> relu }"
EXACT = {  # a program, the least limit that it stands within, and what is told below that
    "file_bytes": (OWN, len(OWN), Code.LIMIT_SOURCE),
    "nesting": ("res 1 schedule abcde = ((1))", 2, Code.LIMIT_NESTING),
    "nodes": (SMALL, 4, Code.LIMIT_NODES),
    "tensor_elements": (SMALL, 4 * 32 * 32, Code.LIMIT_TENSOR),
    "number_bits": ("res 1 network abcde { let n = 255 + 1  input [3, n, n]  stem relu }", 9, Code.LIMIT_NUMBER),
    "list_items": ("res 1 network abcde { let a = [8, 9, 7]  input a  stem relu }", 3, Code.LIMIT_NUMBER),
    "name_characters": (OWN, 5, Code.LIMIT_NAME),
}


def codes(text: str, limits: Limits) -> set[Code]:
    return {diagnostic.code for diagnostic in check(text, limits).diagnostics}


@pytest.mark.parametrize("field", EXACT)
def test_a_limit_holds_to_the_last_one(field: str):
    text, least, code = EXACT[field]
    assert code not in codes(text, evolve(DEFAULT, **{field: least}))
    assert code in codes(text, evolve(DEFAULT, **{field: least - 1}))


def test_work_is_counted_to_the_last_step():
    with metered(DEFAULT) as work:
        check(SMALL)
    steps = DEFAULT.work - work.left
    assert Code.LIMIT_WORK not in codes(SMALL, Limits(work=steps))
    assert Code.LIMIT_WORK in codes(SMALL, Limits(work=steps - 1))


def test_all_files_together_are_counted_to_the_last_byte(tmp_path: Path):
    files = {"a.res": OWN, "net.res": 'res 1 use "a.res"'}
    size = sum(map(len, files.values()))
    assert told(tmp_path, files, Limits(total_bytes=size)) == []
    assert told(tmp_path, files, Limits(total_bytes=size - 1)) == [Code.LIMIT_SOURCE]


def test_messages_are_counted_to_the_last_one():
    text = network(f"head {words('unknown@', 60, ' -> ')}")
    for most in (0, 1, 59, 60, 61):
        assert len(check(text, Limits(diagnostics=most)).diagnostics) == min(most, 60)


def test_each_limit_has_its_test():
    others = {"work", "total_bytes", "diagnostics", "graph_bytes"}  # above and below
    assert set(EXACT) | others == set(Limits.__fields__)


# ---------------------------------------------------------------- graphs as JSON

DOCUMENT = to_json(GRAPH)


@in_time
def refusal(document: str, limits: Limits = DEFAULT) -> Code:
    with measured() as taken, pytest.raises(ResError) as caught:
        from_json(document, limits=limits)
    assert taken.seconds <= SECONDS * SLACK
    assert taken.peak <= BYTES
    return caught.value.diagnostics[0].code


def test_a_document_is_counted_to_the_last_byte():
    size = len(DOCUMENT.encode())
    assert from_json(DOCUMENT.encode(), limits=Limits(graph_bytes=size)) == GRAPH
    assert refusal(DOCUMENT, Limits(graph_bytes=len(DOCUMENT) - 1)) is Code.LIMIT_SOURCE


def test_the_layers_of_a_document_are_counted_to_the_last_one():
    n_nodes = sum(len(step.unit.nodes) for step in GRAPH.steps)
    assert from_json(DOCUMENT, limits=Limits(nodes=n_nodes)) == GRAPH
    assert refusal(DOCUMENT, Limits(nodes=n_nodes - 1)) is Code.LIMIT_NODES


@pytest.mark.parametrize(
    "document",
    [
        "[" * 1_000_000,
        '{"a":' * 300_000,
        f'{{"format": "resdsl-graph", "version": {"9" * 100_000}}}',
        DOCUMENT.replace('"kernel": [3, 3]', f'"kernel": [{"9" * 18}, {"9" * 18}]', 1),
        DOCUMENT.replace('"channels": 16', '"channels": 9007199254740991', 1),
        DOCUMENT.replace('"inputs": [0]', f'"inputs": [{"0," * 100_000}0]', 1),
        '{"format": "resdsl-graph", "version": 1, "links": [' + "{}," * 20_000 + "{}]}",
    ],
    ids=["lists", "objects", "a number", "a kernel", "a tensor", "inputs", "empty links"],
)
def test_a_document_that_asks_for_much_is_refused_at_once(document: str):
    assert refusal(document) in (Code.GRAPH_FORMAT, Code.LIMIT_TENSOR)
