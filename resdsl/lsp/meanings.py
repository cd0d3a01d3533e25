"""What a name or keyword is, in words: its signature, its documentation, what the language brings."""

from __future__ import annotations

import re
from inspect import cleandoc

from resdsl.elaborate.definitions import Found
from resdsl.elaborate.unknown import GIVEN
from resdsl.elaborate.vocabulary import INIT_RULES
from resdsl.lsp.symbols import Symbol, statements_of
from resdsl.ops import OPS, Op, Setting
from resdsl.syntax import ast
from resdsl.syntax.printer import print_expression
from resdsl.syntax.words import FORMS


def signature(symbol: Symbol) -> str:
    """One line that says how the thing is written: `block bottleneck(width, stride = 1)`."""
    node = symbol.node
    if symbol.kind == "op":
        return layer_signature(OPS[symbol.name])
    if isinstance(node, ast.Definition):
        return definition_signature(node)
    if isinstance(node, ast.Parameter | ast.Let | ast.Equation | ast.Layers | ast.Link):
        return _one_line(node.span.text)
    if isinstance(node, ast.Stage):
        return _one_line(node.span.text.partition("{")[0])
    return symbol.name


def definition_signature(definition: ast.Definition) -> str:
    """How a definition begins, up to its body."""
    text = definition.span.text
    end = definition.name_span.end - definition.span.start
    if definition.parameters:
        last = definition.parameters[-1].span.end - definition.span.start
        end = text.find(")", last) + 1 or last  # in a broken text the bracket may be missing
    head = text[:end]
    if isinstance(definition, ast.Derived):
        base = definition.base.span
        head += f" = {base.text}"
    return _one_line(head)


def definition_text(found: Found) -> str:
    """What is shown of a definition: all of a short one, the signature of a long one."""
    definition = found.definition
    text = definition.span.text
    is_short = isinstance(definition, ast.ShortcutKind | ast.Layer | ast.Schedule | ast.Block)
    if is_short and text.count("\n") < MOST_LINES:
        return text
    return definition_signature(definition)


def layer_signature(op: type[Op]) -> str:
    """`conv(kernel, channels, /stride = 1, groups = 1, …)`"""
    return f"{op.NAME}({', '.join(map(setting_text, op.SETTINGS))})" if op.SETTINGS else op.NAME


def setting_text(setting: Setting) -> str:
    """`groups = 1`; a setting whose default follows from the others is `padding = …`."""
    name = f"/{setting.name}" if setting.type == "stride" else setting.name
    if setting.is_required:
        return name
    return f"{name} = {_written(setting)}"


def layer_doc(op: type[Op]) -> str:
    """A layer's own words, with the line that shows it and where it comes from."""
    text = cleandoc(op.__doc__ or "").partition("\nRaises:")[0].strip()
    source = f"\n\n{op.SOURCE}" if op.SOURCE else ""
    return f"{text}\n\n`{op.EXAMPLE}`{source}"


def parameter_text(parameter: ast.Parameter) -> str:
    """`classes: int in 1..1000 = 10`"""
    return _one_line(parameter.span.text)


def default_text(parameter: ast.Parameter) -> str:
    """A parameter's default as `.res`; empty where it has none."""
    return print_expression(parameter.default) if parameter.default is not None else ""


def documentation(symbol: Symbol) -> str:
    """What is said about the thing: its `##` lines, `about` and papers; what the language says of its own words."""
    node = symbol.node
    match symbol.kind:
        case "op":
            return layer_doc(OPS[symbol.name])
        case "setting":
            op, _, name = symbol.name.partition(".")
            return f"a setting of `{layer_signature(OPS[op])}`" + _choices(OPS[op], name)
        case "function":
            return FUNCTION_WORDS[symbol.name]
        case "given":
            return GIVEN_WORDS.get(symbol.name) or GIVEN.get(symbol.name, "")
        case "subject":
            return SUBJECT_WORDS.get(symbol.name, "")
        case "init":
            return _init_words(symbol.name)
        case _:
            pass
    if isinstance(node, ast.Definition):
        return "\n\n".join(part for part in (inert(node.doc), *_statements(node)) if part)
    return inert(node.doc) if isinstance(node, ast.Stage | ast.Link) else ""


def inert(markdown: str) -> str:
    """An author's words as Markdown that shows no picture, leads nowhere and holds no HTML: editors fetch pictures."""
    return markdown.replace("<", "&lt;").replace("](", "]\\(").replace("][", "]\\[").replace("]:", "]\\:")


def keyword_words(keyword: str) -> str:
    """What a keyword is for, in a sentence."""
    return KEYWORD_WORDS.get(keyword, "")


def keyword_form(keyword: str) -> str:
    """How the statement of a keyword is written; empty for words within statements."""
    return FORMS.get(keyword.upper(), "")


def _statements(definition: ast.AnyDefinition | ast.Definition) -> list[str]:
    if not isinstance(definition, ast.AnyDefinition):
        return []
    said = [s for s in statements_of(definition) if isinstance(s, ast.About | ast.Cite)]
    return [inert(s.text.value) if isinstance(s, ast.About) else _paper(s.text.value) for s in said]


def _paper(cite: str) -> str:
    match = re.fullmatch(r"arXiv:(\d{4}\.\d{4,5})", cite)
    return f"[{cite}](https://arxiv.org/abs/{match.group(1)})" if match else inert(cite)


def _init_words(name: str) -> str:
    return "" if name in INIT_RULES else f"no rule of this name: {', '.join(INIT_RULES)}"


def _choices(op: type[Op], name: str) -> str:
    setting = next((setting for setting in op.SETTINGS if setting.name == name), None)
    return f": {' or '.join(f'`{choice}`' for choice in setting.choices)}" if setting and setting.choices else ""


def _written(setting: Setting) -> str:
    match setting.default:
        case bool():
            return str(setting.default).lower()
        case None:
            return "…"
        case tuple():
            return "x".join(map(str, setting.default))
        case _:
            return str(setting.default)


def _one_line(text: str) -> str:
    lines = (line if '"' in line else line.partition("#")[0] for line in text.split("\n"))
    return " ".join(line.strip() for line in lines).strip()


MOST_LINES = 9

FUNCTION_WORDS = {
    "min": "the smallest of numbers, or of a list",
    "max": "the largest of numbers, or of a list",
    "sum": "the sum of numbers, or of a list",
    "len": "how many items a list has",
    "round": "the nearest whole number",
    "ceil": "the next whole number above",
    "floor": "the next whole number below",
    "abs": "a number without its sign",
    "multiple": "`multiple(x, 8)`: the multiple of 8 nearest to x, at least 8",
    "concat": "the channels of tensors, one tensor's after the other's",
}

GIVEN_WORDS = {
    "norm": "the network's normalisation: `bn`, unless a `norm` statement says otherwise",
    "act": "the network's activation: `relu`, unless an `act` statement says otherwise",
    "y": "what leaves: the last equation of a shortcut kind or layer gives it",
}

SUBJECT_WORDS = {
    "params": "trainable values",
    "macs": "multiply-adds of convolutions and linear layers, for one sample",
    "depth": "weighted layers on the main path (He et al. 2016)",
    "depth_wrn": "convolutions as Zagoruyko and Komodakis count them",
    "depth_all": "every weighted layer",
    "blocks": "residual blocks",
    "output": "the shape that leaves",
}

KEYWORD_WORDS = {
    "res": "the edition of the language",
    "use": "the names of another file: beside this one, or of the library",
    "network": "a network with parameters; `= other(…)` makes it from another",
    "block": "what a residual branch computes, and what comes before and after",
    "shortcut": "the shortcut around each block; at the top of a file, a new kind by its equation",
    "layer": "a layer made of layers, by equations",
    "schedule": "a survival probability as a formula in l and L",
    "extern": "a block that the host program registers from Python",
    "let": "a name for a value",
    "require": "a condition on the parameters, with the message for who breaks it",
    "input": "the shape of one sample: channels × sizes",
    "stem": "the layers before the first stage",
    "head": "the layers after the last stage",
    "layers": "a chain of layers between stages",
    "stage": "blocks in sequence; `/2` is the stride of the first",
    "link": "a shortcut around a span of blocks: it joins before the last block's `after`",
    "levels": "residual networks of residual networks: m levels of shortcuts",
    "survive": "stochastic depth: the probability that a block's residual branch is kept",
    "init": "how weights are initialised",
    "tap": "features to return",
    "keys": "the naming scheme of the state dict",
    "expect": "what the file expects of itself; `check` tests it",
    "drop": "takes an inherited statement away",
    "norm": "the normalisation that `norm` stands for in blocks",
    "act": "the activation that `act` stands for in blocks",
    "about": "a line about the thing, for summaries and hover texts",
    "cite": "the paper that it comes from",
    "before": "runs first, and feeds the residual branch",
    "residual": "the residual branch",
    "after": "runs after the junction",
    "over": "which blocks a link goes around",
    "via": "the shortcut kind there",
    "all": "around everything",
    "each": "around each stage, or each k blocks of a stage",
    "else": "the kind where the first does not fit the shapes; or what a condition chooses otherwise",
    "if": "`if condition then a else b`",
    "then": "`if condition then a else b`",
    "in": "the number of channels that come in; among parameters, a range",
    "or": "either holds",
    "and": "both hold",
    "not": "does not hold",
    "true": "a truth value",
    "false": "a truth value",
    "within": "`~ 13.3M within 3%`: how near is near",
}
