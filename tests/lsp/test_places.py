"""What is told about a place, where its name leads, and what renaming it would change."""

from pathlib import Path

import pytest

from resdsl.cli.mend import mend
from resdsl.compiler import load
from resdsl.diagnostics import Code, apply
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.functions import FUNCTIONS
from resdsl.elaborate.problems import Problems
from resdsl.elaborate.vocabulary import SUBJECTS
from resdsl.ir.graph import Graph
from resdsl.limits import DEFAULT
from resdsl.lsp.document import Version
from resdsl.lsp.editor import Editor
from resdsl.lsp.files import Files
from resdsl.lsp.fixes import all_fixes, fixes_at
from resdsl.lsp.hover import hover
from resdsl.lsp.marks import counts, shape_marks
from resdsl.lsp.meanings import FUNCTION_WORDS, KEYWORD_WORDS, SUBJECT_WORDS
from resdsl.lsp.navigation import definition_of, references
from resdsl.lsp.outline import foldings, outline
from resdsl.lsp.rename import RenameRefused, rename
from resdsl.lsp.signatures import signature_at
from resdsl.source import Source
from resdsl.syntax.table import load_table
from tests.lsp.conftest import Show

TEXT = """\
res 1
use "std.res"

## Doubles what comes in.
block mine(width, stride = 1, inner = width) {
  residual conv(3, inner, /stride) -> bn -> conv(3, width)
  cite "arXiv:1512.03385"
}

network base(depth: int = 8, kind: shortcut = identity, unit: block = mine) {
  require depth % 2 == 0, "even; got {depth}"
  let n = depth / 2
  input 3x32x32
  stem  conv(3x3, 16)
  stage s1    : unit(8 * w) * n { let w = 2 }
  stage s2 /2 : unit(32, inner = 8) * n
  head  global_avgpool -> linear(10)
  shortcut kind else projection
  link outer over s1..s2 via conv_shortcut
  survive linear(0.5)
  expect s2 = 32x16x16
  expect blocks(depth = 4) = 4
}

network own = base(depth = 4) {
  drop link outer
  stage s2 /2 : mine(64) * n
  tap s1, s2
}
"""


@pytest.fixture
def version(editor: Editor, show: Show) -> Version:
    version = editor.version(show(TEXT))
    assert version is not None
    assert version.diagnostics() == []
    return version


def at(word: str, nth: int = 0) -> int:
    offset = -1
    for _ in range(nth + 1):
        offset = TEXT.index(word, offset + 1)
    return offset


def told(version: Version, word: str, nth: int = 0) -> str:
    found = hover(version, at(word, nth))
    assert found is not None
    return found.text


# ---------------------------------------------------------------- hover


def test_a_run_tells_shapes_shortcuts_costs_and_survival(version: Version):
    text = told(version, "unit(32")
    # p_l = 1 - l / L * 0.5 for l = 5..8 of L = 8; in the last, the link joins: 16·32 weights of its 1x1
    first = 16 * 8 * 9 + 2 * 8 + 8 * 32 * 9 + (16 * 32 + 2 * 32)
    rest = 32 * 8 * 9 + 2 * 8 + 8 * 32 * 9
    rows = [line for line in text.split("\n") if line.startswith("| s2")]
    assert rows[0].startswith(f"| s2[1] | 16x32x32 | 32x16x16 | projection | {first:,} |")
    assert rows[1].startswith(f"| s2[2..3] | 32x16x16 | 32x16x16 | identity | {2 * rest:,} |")
    assert rows[2].startswith(f"| s2[4] | 32x16x16 | 32x16x16 | identity, outer: conv_shortcut | {rest + 16 * 32:,} |")
    assert [row.split("|")[-2].strip() for row in rows] == ["0.688", "0.625…0.562", "0.500"]


def test_the_receptive_field_grows_by_two_for_each_kernel_of_three(version: Version):
    # stem 3; each block of s1 has two 3x3 convolutions: +4
    assert f"| {3 + 4 * 4}x{3 + 4 * 4} pixels |" in told(version, "unit(8 * w")


def test_a_parameter_tells_its_declaration_and_value(version: Version):
    assert told(version, "depth / 2") == "```resdsl\ndepth: int = 8\n```\n\n= `8` here, with the network's defaults"
    assert told(version, "n {").endswith("= `4` here, with the network's defaults")
    assert told(version, "n\n  tap").endswith("= `2` here, with the network's defaults")


@pytest.mark.parametrize("base", ["own", "other", "bse"])
def test_a_parameter_has_no_value_where_the_network_derives_from_itself_or_from_none(
    base: str, editor: Editor, show: Show
):
    text = f"res 1\nnetwork own(depth: int = 8) = {base} {{}}\nnetwork other = own {{}}\n"
    version = editor.version(show(text))
    assert version is not None
    found = hover(version, text.index("depth"))
    assert found is not None
    assert found.text == "```resdsl\ndepth: int = 8\n```"


def test_a_block_tells_its_definition_doc_and_paper(version: Version):
    text = told(version, "mine(64")
    assert "block mine(width, stride = 1, inner = width) {" in text
    assert "Doubles what comes in." in text
    assert "[arXiv:1512.03385](https://arxiv.org/abs/1512.03385)" in text


def test_a_layer_tells_its_settings_and_words(version: Version):
    text = told(version, "conv(3x3")
    assert "conv(kernel, channels, /stride = 1, groups = 1, bias = false, dilation = 1, padding = …)" in text
    assert "A convolution in 1 to 3 dimensions" in text
    assert "Raises" not in text


def test_a_shortcut_tells_its_equation_and_its_cost_in_place(version: Version):
    text = told(version, "projection")
    assert "y = (x -> conv(1, out, /stride) -> norm) + f" in text
    assert f"| `projection` | s2[1] | {16 * 32 + 2 * 32} |" in text
    assert "| `identity` | s1[1..4], s2[2..4] | 0 |" in text


def test_a_link_tells_where_it_goes_and_what_it_costs(version: Version):
    assert "| `conv_shortcut` | s1[1]…s2[4] | 16x32x32 | 32x16x16 | 1 | 512 |" in told(version, "outer")


def test_a_network_tells_its_counts(version: Version):
    graph = load(TEXT, "own")
    params = sum(step.unit.n_params for step in graph.steps)
    assert f"{params / 1e3:.0f} k params" in told(version, "own = ")


@pytest.mark.parametrize("keyword", sorted(load_table().keywords))
def test_every_keyword_of_the_grammar_has_its_words(keyword: str):
    assert KEYWORD_WORDS[keyword]


def test_words_are_of_things_that_there_are():
    assert set(KEYWORD_WORDS) == set(load_table().keywords)
    assert set(FUNCTION_WORDS) == {*FUNCTIONS, "concat"}
    assert set(SUBJECT_WORDS) == set(SUBJECTS)


def test_in_a_broken_file_names_still_tell_what_they_are(editor: Editor, show: Show):
    broken = TEXT.replace("stage s2 /2 : unit(32, inner = 8) * n", "stage /2 s2 : mine(32, inner = ) * n")
    version = editor.version(show(broken))
    assert version is not None
    found = hover(version, broken.index("mine(32"))
    assert found is not None
    assert "Doubles what comes in." in found.text


# ---------------------------------------------------------------- where names lead


@pytest.mark.parametrize(
    ("word", "nth", "target"),
    [
        ("unit(8 * w", 0, "unit: block"),
        ("mine(64", 0, "mine(width"),
        ("inner = 8", 0, "inner = width"),
        ("depth = 4) {", 0, "depth: int"),
        ("depth = 4) = 4", 0, "depth: int"),
        ("depth}", 0, "depth: int"),
        ("s2 = 32", 0, "s2 /2 : unit"),
        ("s2 via", 0, "s2 /2 : unit"),
        ("outer\n", 0, "outer over"),
        ("s2 /2 : mine", 0, "s2 /2 : unit"),
        ("s1, s2", 0, "s1    :"),
        ("n\n  tap", 0, "n = depth"),
        ("kind else", 0, "kind: shortcut"),
    ],
)
def test_a_name_leads_to_its_definition(word: str, nth: int, target: str, version: Version):
    span = definition_of(version, at(word, nth))
    assert span is not None
    assert span.start == at(target)


def test_names_of_the_library_and_used_files_lead_there(version: Version):
    span = definition_of(version, at("conv_shortcut"))
    assert span is not None
    assert (span.source.path or Path()).name == "std.res"
    file = definition_of(version, at("std.res"))
    assert file is not None
    assert (file.start, (file.source.path or Path()).name) == (0, "std.res")


def test_references_are_all_places_and_no_others(editor: Editor, version: Version):
    occurrence = version.table.at(at("depth: int"))
    assert occurrence is not None
    found = {o.span.start for o in references(editor.workspace, version, occurrence.symbol)}
    assert found == {at("depth", nth) for nth in range(TEXT.count("depth"))}


# ---------------------------------------------------------------- renaming


def renamed(editor: Editor, version: Version, offset: int, name: str) -> str:
    text = version.source.text
    for edit in sorted(rename(editor.workspace, version, offset, name, DEFAULT), key=lambda e: -e.span.start):
        assert edit.span.source is version.source
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("depth: int", "how_deep"), ("n = depth", "per_stage"), ("mine(width", "yours"), ("w = 2", "v"),
        ("inner = width", "middle"),
        ("s2 /2 : unit", "last"), ("outer over", "around"), ("base(depth", "basis"), ("unit: block", "b"),
    ],
)  # fmt: skip
def test_a_renamed_program_is_the_same_program(word: str, name: str, editor: Editor, version: Version):
    text = renamed(editor, version, at(word), name)
    old = word.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].split("(", maxsplit=1)[0]
    assert text != TEXT
    network = {"base(depth": name}.get(word, "base")
    for graph, before in ((load(text, network), load(TEXT, "base")), (load(text, "own"), load(TEXT, "own"))):
        assert computed(graph) == computed(before)
        assert [step.survival for step in graph.steps] == [step.survival for step in before.steps]
    assert renamed_back(editor, text, name, old) == TEXT


def computed(graph: Graph) -> list[object]:
    """What every block computes, whatever its links are called."""
    return [[(node.op, node.inputs, node.shape, node.part) for node in step.unit.nodes] for step in graph.steps]


def renamed_back(editor: Editor, text: str, name: str, old: str) -> str:
    key = editor.shown()[0]
    editor.edit(key, text)
    version = editor.version(key)
    assert version is not None
    offset = min(o.span.start for o in version.table.occurrences if o.span.text == name)
    return renamed(editor, version, offset, old)


@pytest.mark.parametrize(
    ("word", "name", "why"),
    [
        ("depth: int", "n", "`n` means something else already"),
        ("n = depth", "depth", "`depth` means something else already"),
        ("mine(width", "bottleneck2", None),
        ("unit: block", "n", "`n` means something else already"),
        ("s1    :", "s2", "`s2` means something else already"),
        ("outer over", "s1", "`s1` means something else already"),
        ("conv_shortcut", "bare", "`conv_shortcut` belongs to the library (std.res)"),
        ("linear(10", "dense", "`linear` belongs to the language"),
        ("width, stride", "a-b", "`a-b` is no name"),
        ("width, stride", "over", "`over` is a word of the language"),
        ("width, stride", "w" * 65, "a name may have 64 characters"),
    ],
)
def test_a_name_that_would_change_what_another_means_is_refused(
    word: str, name: str, why: str | None, editor: Editor, version: Version
):
    if why is None:
        assert renamed(editor, version, at(word), name)
        return
    with pytest.raises(RenameRefused) as refused:
        rename(editor.workspace, version, at(word), name, DEFAULT)
    assert str(refused.value).startswith(why)


def test_what_a_new_name_changes_is_what_reading_all_files_again_would_show(editor: Editor, show: Show):
    """A comment that holds the name makes it one that something may have: then the files are read again."""
    outcomes: list[list[object]] = []
    for text in (TEXT, f"{TEXT}# how_deep\n"):
        version = editor.version(show(text))
        assert version is not None
        outcomes.append([_edits(editor, version, o.span.start) for o in version.table.occurrences])
    assert outcomes[0] == outcomes[1]
    assert any(isinstance(edits, list) for edits in outcomes[0])


def _edits(editor: Editor, version: Version, offset: int) -> list[tuple[int, str]] | str:
    try:
        return [(e.span.start, e.text) for e in rename(editor.workspace, version, offset, "how_deep", DEFAULT)]
    except RenameRefused as refused:
        return str(refused)


def test_for_a_name_that_nothing_has_no_file_is_read_again(
    editor: Editor, version: Version, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(Files, "with_texts")
    assert rename(editor.workspace, version, at("depth: int"), "how_deep", DEFAULT)


def test_the_name_that_a_thing_has_changes_nothing(editor: Editor, version: Version):
    assert rename(editor.workspace, version, at("depth: int"), "depth", DEFAULT) == []


def test_in_a_file_with_syntax_mistakes_nothing_is_renamed(editor: Editor, show: Show):
    version = editor.version(show(TEXT.replace("stage s2 /2 : unit(32, inner = 8)", "stage /2 : unit(32")))
    assert version is not None
    with pytest.raises(RenameRefused, match="mend them first"):
        rename(editor.workspace, version, at("depth: int"), "how_deep", DEFAULT)


# ---------------------------------------------------------------- fixes, outlines, marks, signatures


def test_a_name_of_the_library_brings_a_fix_that_uses_it(editor: Editor, show: Show):
    text = "res 1\nnetwork n { input 3x8x8 stage s1 : bottleneck(3) shortcut none }\n"
    version = editor.version(show(text))
    assert version is not None
    offset = text.index("bottleneck")
    (fix,) = fixes_at(version, offset, offset)
    assert fix.title == 'Insert `use "std.res"`'
    mended = apply(text, [fix.edit])
    assert mended.startswith('res 1\nuse "std.res"\nnetwork n')
    assert len(load(mended).blocks) == 1


def test_all_sure_fixes_together_mend_the_file(editor: Editor, show: Show):
    text = TEXT.replace("projection", "projektion").replace("mine(64)", "myne(64)").replace("tap s1", "tap s3")
    version = editor.version(show(text))
    assert version is not None
    assert {d.code for d in version.diagnostics()} == {Code.NAME_UNKNOWN, Code.NETWORK_LABEL}
    text = apply(text, all_fixes(version))
    assert text == TEXT.replace("tap s1", "tap s3")  # which of the others is meant, nobody can be sure


def test_what_the_editor_is_sure_of_is_what_check_fixes(editor: Editor, show: Show):
    text = TEXT.replace("projection", "projektion").replace("mine(64)", "myne(64)").replace(" -> bn", " => bn")
    version = editor.version(show(text))
    assert version is not None
    mended = mend(Source("net.res", text), Loader(Problems()))
    assert mended.n_fixes == len(all_fixes(version)) == 3
    assert apply(text, all_fixes(version)) == mended.text == TEXT


def test_a_shortcut_that_cannot_be_offers_each_kind_that_can(editor: Editor, show: Show):
    text = 'res 1 use "std.res" network a { input 3x8x8 stem conv(3x3, 8) stage s1 : basic(16) * 2 shortcut identity }'
    version = editor.version(show(text))
    assert version is not None
    place = text.index("identity")
    offered = list(fixes_at(version, place, place))
    assert [fix.title for fix in offered] == [
        "Replace `identity` by `identity else projection`",
        "Replace `identity` by `identity else zero_pad`",
    ]
    assert all_fixes(version) == ()
    for fix, kind in zip(offered, ("projection", "zero_pad")):
        assert [step.unit.shortcut for step in load(apply(text, [fix.edit])).blocks] == [kind, "identity"]


def test_what_a_project_turns_off_is_not_told(editor: Editor, show: Show, tmp_path: Path):
    text = "res 1 network a(spare = 1) { input 3x8x8 stem conv(3x3, 8) }"
    key = show(text)

    def told() -> list[str]:
        version = editor.version(key)
        assert version is not None
        return [diagnostic.code.value for diagnostic in version.diagnostics()]

    assert told() == ["name-unused"]
    (tmp_path / "pyproject.toml").write_text('[tool.resdsl]\nallow = ["name-unused"]\n')
    assert told() == []
    (tmp_path / "pyproject.toml").write_text('[tool.resdsl]\nallow = ["no-such-code"]\n')
    assert told() == ["allow-unused", "name-unused"]
    (tmp_path / "pyproject.toml").write_text('tool.resdsl = "all"\n')
    assert told() == ["argument-type", "name-unused"]
    (tmp_path / "pyproject.toml").write_text('[tool]\nother = "[tool.resdsl]"\n')
    assert told() == ["name-unused"]


def test_shapes_stand_at_the_ends_of_sections(version: Version):
    marks = {m.span.line: m.text for m in shape_marks(version, 1, 100)}
    lines = TEXT.split("\n")
    assert {lines[line - 1].split()[0] + lines[line - 1].split()[1][:2]: text for line, text in marks.items()} == {
        "stemco": "→ 16x32x32", "stages1": "→ 16x32x32", "stages2": "→ 64x16x16", "headgl": "→ 10",
    }  # fmt: skip
    assert marks[16] == "→ 32x16x16"


def test_the_count_above_a_broken_network_says_what_is_in_the_way(editor: Editor, show: Show):
    version = editor.version(show(TEXT.replace("kind else projection", "kind")))
    assert version is not None
    assert counts(version, version.networks[0]) == "1 mistake"


def test_the_outline_has_networks_with_their_parts(version: Version):
    entries = outline(version.module)
    assert [(entry.name, entry.kind) for entry in entries] == [
        ("mine", "block"),
        ("base", "network"),
        ("own", "network"),
    ]
    assert [child.name for child in entries[1].children] == ["n", "stem", "s1", "s2", "head", "outer"]
    assert [span.line for span in foldings(version.module)] == [5, 10, 25]


def test_the_signature_marks_the_parameter_at_the_cursor(version: Version):
    found = signature_at(version, at("inner = 8") + len("inner = "), DEFAULT)
    assert found is not None
    assert (found.text, found.active) == ("mine(width, stride = 1, inner = width)", 2)
    layer = signature_at(version, at("16)\n  stage"), DEFAULT)
    assert layer is not None
    assert layer.parameters[layer.active or 0] == "channels"
