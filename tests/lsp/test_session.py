"""A person's sessions with the server, over the real protocol."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from resdsl.compiler import check, load
from resdsl.data import library_folder
from tests.lsp.person import Client, Person

pytestmark = pytest.mark.asyncio(loop_scope="module")

BROKEN = """\
res 1
use "std.res"

network small(depth: int = 20) {
  let n=(depth - 2) / 6
  input 3x32x32
  stem conv(3x3, 16) -> bn -> relu
  stage s1: bassic(16) * n
  stage s2 /2 : basic(32) * n
  head global_avgpool -> linear(10)
  shortcut identity else zero_pad
}
"""

GOOD = BROKEN.replace("bassic", "basic")

PAIR = """\
res 1
block pair(width, stride = 1) { residual conv(3, width, /stride) -> bn -> relu -> conv(3, width) -> bn }
"""

USING_PAIR = """\
res 1
use "blocks.res"

network paired {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : pair(16) * 2
  stage s2 /2 : pair(32) * 2
  shortcut none_at_all
}

shortcut none_at_all { y = f }
"""


def coloured_words(data: list[int], lines: list[str]) -> Iterator[str]:
    """The words that semantic tokens colour."""
    assert len(data) % 5 == 0
    assert all(number >= 0 for number in data)
    line = column = 0
    for step in range(0, len(data), 5):
        line += data[step]
        column = data[step + 1] + (column if not data[step] else 0)
        assert column + data[step + 2] <= len(lines[line])
        yield lines[line][column : column + data[step + 2]]


async def test_a_broken_spec_is_mended_formatted_and_renamed_and_then_checks(client: Client, open_folder: Path):
    person = Person(client, open_folder / "small.res", BROKEN)
    told = await person.told()
    assert [(d.code, d.range.start) for d in told] == [("name-unknown", person.at("bassic"))]
    assert told[0].message == "there is no block named `bassic`\nhelp: did you mean `basic`?"

    of_itself = types.CodeActionContext(told, trigger_kind=types.CodeActionTriggerKind.Automatic)
    params = types.CodeActionParams(person.document, told[0].range, of_itself)
    actions = await client.text_document_code_action_async(params)
    fix = next(a for a in actions or [] if isinstance(a, types.CodeAction) and a.is_preferred)
    assert fix.title == "Replace `bassic` by `basic`"
    person.apply_here(fix.edit)
    assert await person.told() == []

    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await client.text_document_formatting_async(types.DocumentFormattingParams(person.document, options))
    person.apply(list(edits or []))
    assert "  let n = (depth - 2) / 6\n" in person.text
    assert "  stage s1    : basic(16) * n\n  stage s2 /2 : basic(32) * n\n" in person.text

    wanted = types.RenameParams(person.document, person.at("depth"), "layers_in_all")
    person.apply_here(await client.text_document_rename_async(wanted))
    assert person.text.count("layers_in_all") == 2
    assert "depth" not in person.text
    assert await person.told() == []

    person.path.write_text(person.text, encoding="utf-8")
    assert check(person.path).diagnostics == ()
    assert len(load(person.path, layers_in_all=32).blocks) == 10
    person.close()


async def test_while_a_text_is_typed_only_the_last_version_is_told_of(client: Client, open_folder: Path):
    person = Person(client, open_folder / "typed.res", GOOD)
    n_before = len(client.published)
    for end in range(len(GOOD) - 40, len(GOOD)):
        person.type(GOOD[:end])
    person.type(GOOD)
    assert await person.told() == []
    own = [p for p in client.published[n_before:] if p.uri == person.uri]
    assert len(own) < 20
    person.close()


@pytest.mark.parametrize("use", ['use "', 'use "std.res', 'use "nothing.res"'])
async def test_a_use_that_is_being_typed_is_told_of_and_stops_no_answer(use: str, client: Client, open_folder: Path):
    person = Person(client, open_folder / "using.res", GOOD)
    person.type(GOOD.replace('use "std.res"', use))
    for _ in range(2):
        params = types.HoverParams(person.document, person.at("depth"))
        assert await client.text_document_hover_async(params) is not None
    assert person.at("use").line in {d.range.start.line for d in await person.told()}
    person.close()


async def test_a_document_under_a_second_address_of_its_file_is_told_of_and_edited_there(
    client: Client, open_folder: Path
):
    first = Person(client, open_folder / "twice.res", GOOD)
    (open_folder / "twice_too.res").symlink_to(first.path)
    second = Person(client, open_folder / "twice_too.res", BROKEN, on_disk=False)
    assert [d.code for d in await second.told()] == ["name-unknown"]
    first.type(f"\n{GOOD}")
    assert await first.told() == []
    place = types.RenameParams(second.document, second.at("depth"), "layers_in_all")
    edit = await client.text_document_rename_async(place)
    assert edit is not None
    assert set(edit.changes or {}) == {second.uri}
    first.close()
    second.close()


async def test_hover_over_a_run_tells_shapes_costs_and_fields(client: Client, open_folder: Path):
    person = Person(client, open_folder / "hover.res", GOOD)
    found = await client.text_document_hover_async(types.HoverParams(person.document, person.at("basic", 1)))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    rows = [line for line in found.contents.value.split("\n") if line.startswith("| s2")]
    # 3x3 kernels: 16·32·9 + 32·32·9 weights and 4·32 of two norms; MACs at 16x16 pixels
    assert rows[0].startswith("| s2[1] | 16x32x32 | 32x16x16 | zero_pad | 13,952 | 3.54 M | ")
    assert rows[1].startswith(
        f"| s2[2..3] | 32x16x16 | 32x16x16 | identity | {2 * (2 * 32 * 32 * 9 + 128):,} | 9.44 M | "
    )
    person.close()


async def test_completion_after_via_offers_shortcut_kinds_alone(client: Client, open_folder: Path):
    text = GOOD.replace("  shortcut identity", "  link all_of over all via \n  shortcut identity")
    person = Person(client, open_folder / "completed.res", text)
    params = types.CompletionParams(person.document, person.at("via ", behind=True))
    found = await client.text_document_completion_async(params)
    assert isinstance(found, types.CompletionList)
    labels = {item.label for item in found.items}
    assert {"identity", "projection", "zero_pad", "gate"} <= labels
    assert not labels & {"basic", "conv", "linear", "stage", "norm"}
    scale = next(item for item in found.items if item.label == "scale")
    assert isinstance(scale.text_edit, types.TextEdit)
    assert scale.text_edit.new_text == "scale(${1:k})"
    person.close()


async def test_lenses_count_and_inlays_show_shapes(client: Client, open_folder: Path):
    person = Person(client, open_folder / "counted.res", GOOD)
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(person.document))
    (lens,) = [await client.code_lens_resolve_async(lens) for lens in lenses or []]
    assert lens.command is not None
    weights = [3 * 16 * 9, *[16 * 16 * 9] * 6, 16 * 32 * 9, *[32 * 32 * 9] * 5]
    norms = [2 * 16] * 7 + [2 * 32] * 6
    macs = sum(w * 32 * 32 for w in weights[:7]) + sum(w * 16 * 16 for w in weights[7:]) + 320
    params = sum(weights) + sum(norms) + 32 * 10 + 10
    assert lens.command.title == f"{params / 1e3:.1f} k params · {macs / 1e6:.1f} M MACs · depth 14"
    assert lens.command.command == "resdsl.draw"

    whole = types.Range(types.Position(0, 0), types.Position(100, 0))
    inlays = await client.text_document_inlay_hint_async(types.InlayHintParams(person.document, whole))
    assert [(hint.position.line, hint.label) for hint in inlays or []] == [
        (6, "→ 16x32x32"), (7, "→ 16x32x32"), (8, "→ 32x16x16"), (9, "→ 10"),
    ]  # fmt: skip
    person.close()


async def test_the_draw_command_gives_the_overview(client: Client, open_folder: Path):
    person = Person(client, open_folder / "drawn.res", GOOD)
    await person.told()
    params = types.ExecuteCommandParams("resdsl.draw", [person.uri, "small"])
    drawn = await client.workspace_execute_command_async(params)
    svg = drawn["svg"] if isinstance(drawn, dict) else drawn.svg
    assert svg.lstrip().startswith("<svg")
    assert "s2" in svg
    params = types.ExecuteCommandParams("resdsl.draw", [person.uri, "no_such"])
    assert await client.workspace_execute_command_async(params) is None
    assert client.shown[-1].message == "not drawn: there is no network `no_such`"
    person.close()


@pytest.mark.parametrize("arguments", [[], [None], [1], [{}], ["{uri}", 3], ["{uri}", "small", "more"], [[["x"]]]])
async def test_the_draw_command_says_what_it_takes(arguments: list[object], client: Client, open_folder: Path):
    person = Person(client, open_folder / "drawn.res", GOOD)
    given = [person.uri if argument == "{uri}" else argument for argument in arguments]
    with pytest.raises(JsonRpcException) as refused:
        await client.workspace_execute_command_async(types.ExecuteCommandParams("resdsl.draw", given))
    assert refused.value.code == JsonRpcInvalidParams.CODE
    assert refused.value.message == "`resdsl.draw` takes the address of a document and, at will, a network's name"
    person.close()


@pytest.mark.parametrize("data", [None, 3, [], {"uri": "file:///net.res"}])
async def test_a_lens_of_another_server_is_refused(data: object, client: Client):
    start = types.Position(0, 0)
    with pytest.raises(JsonRpcException) as refused:
        await client.code_lens_resolve_async(types.CodeLens(types.Range(start, start), data=data))
    assert refused.value.code == JsonRpcInvalidParams.CODE


async def test_a_carriage_return_ends_a_line_of_the_protocol(client: Client, open_folder: Path):
    text = GOOD.replace("  stage s1", "  # one\r  # two /* a\rb\r\n  stage s1").replace("basic(32)", "\rbassic(32)")
    person = Person(client, open_folder / "returns.res", "")
    person.type(text)
    told = [d for d in await person.told() if d.code == "name-unknown"]
    lines = re.split("\r\n|\r|\n", text)
    at = next(number for number, line in enumerate(lines) if line.startswith("bassic"))
    assert [d.range for d in told] == [types.Range(types.Position(at, 0), types.Position(at, len("bassic")))]
    hover = await client.text_document_hover_async(types.HoverParams(person.document, types.Position(at, 13)))
    assert hover is not None
    assert hover.range is not None
    assert hover.range.start == types.Position(at, 13)
    tokens = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(person.document))
    assert tokens is not None
    words = list(coloured_words(list(tokens.data), lines))
    assert [word for word in words if "one" in word or word.startswith("ba")] == ["# one", "basic"]
    person.close()


async def test_a_rename_reaches_other_files_and_unsaved_text(client: Client, open_folder: Path):
    first = Person(client, open_folder / "blocks.res", "res 1\n")
    second = Person(client, open_folder / "uses_blocks.res", USING_PAIR)
    assert {d.code for d in await second.told()} == {"name-unknown"}
    n_before = len(client.published)
    first.type(PAIR)  # not saved: the other document sees it all the same
    assert await second.told_again(n_before) == []

    wanted = types.RenameParams(first.document, first.at("pair"), "two")
    edit = await client.text_document_rename_async(wanted)
    assert edit is not None
    assert set(edit.changes or {}) == {first.uri, second.uri}
    first.apply_here(edit)
    second.apply_here(edit)
    assert second.text.count("two(") == 2
    assert await second.told() == []
    first.close()
    second.close()


async def test_a_rename_that_cannot_be_says_why(client: Client, open_folder: Path):
    person = Person(client, open_folder / "refused.res", GOOD)
    for word, name, why in (
        (
            "depth",
            "n",
            "`n` means something else already: `depth` at refused.res:5:10 would no longer mean what it means",
        ),
        ("basic", "block2", "`basic` belongs to the library (std.res)"),
        ("s1", "stage", "`stage` is a word of the language"),
        ("conv", "convolution", "`conv` belongs to the language"),
    ):
        with pytest.raises(JsonRpcException) as refused:
            await client.text_document_rename_async(types.RenameParams(person.document, person.at(word), name))
        assert refused.value.message == why
    person.close()


async def test_definitions_lead_into_the_library(client: Client, open_folder: Path):
    person = Person(client, open_folder / "leading.res", GOOD)
    found = await client.text_document_definition_async(types.DefinitionParams(person.document, person.at("zero_pad")))
    assert isinstance(found, types.Location)
    assert found.uri.endswith("/specs/std.res")
    line = (library_folder() / "std.res").read_text(encoding="utf-8").split("\n")[found.range.start.line]
    assert line.startswith("shortcut zero_pad")

    params = types.ReferenceParams(types.ReferenceContext(include_declaration=False), person.document, person.at("n="))
    places = await client.text_document_references_async(params)
    assert [place.range.end for place in places or []] == [person.at("* n", nth, behind=True) for nth in (0, 1)]
    person.close()


async def test_symbols_of_the_document_and_of_the_workspace(client: Client, open_folder: Path):
    person = Person(client, open_folder / "outlined.res", GOOD.replace("small", "outlined"))
    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(person.document))
    (network,) = symbols or []
    assert isinstance(network, types.DocumentSymbol)
    assert (network.name, network.detail) == ("outlined", "(depth: int = 20)")
    assert [child.name for child in network.children or []] == ["n", "stem", "s1", "s2", "head"]
    found = await client.workspace_symbol_async(types.WorkspaceSymbolParams("outln"))
    assert [symbol.name for symbol in found or []] == ["outlined"]
    person.close()


async def test_places_are_counted_in_the_units_of_the_protocol(client: Client, open_folder: Path):
    text = GOOD.replace("basic(32)", "/* 𝔣(𝔵) + 𝔵 */ bassic(32)")
    person = Person(client, open_folder / "units.res", text)
    (told,) = await person.told()
    before = "  stage s2 /2 : /* 𝔣(𝔵) + 𝔵 */ "
    assert told.range.start == types.Position(8, len(before.encode("utf-16-le")) // 2)
    person.close()


async def test_semantic_tokens_are_told_in_order(client: Client, open_folder: Path):
    person = Person(client, open_folder / "coloured.res", GOOD)
    tokens = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(person.document))
    assert tokens is not None
    words = list(coloured_words(list(tokens.data), person.text.split("\n")))
    assert words[:6] == ["res", "1", "use", '"std.res"', "network", "small"]
    person.close()
