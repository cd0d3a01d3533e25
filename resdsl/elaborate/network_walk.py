"""Follows the names of a network: its parameters and values, labels, and what its statements refer to."""

from __future__ import annotations

from collections.abc import Mapping

from resdsl.diagnostics import Code, Note, delete
from resdsl.elaborate.arguments import name_of
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.outline import check_once, keyword, word_of
from resdsl.elaborate.perspective import own_notes
from resdsl.elaborate.problems import Mistake, Problems, mistake, sure
from resdsl.elaborate.references import Names, References, part
from resdsl.elaborate.told import lost_name, may_be_any
from resdsl.elaborate.unknown import misspelt, quoted, unknown_definition, unknown_label
from resdsl.elaborate.vocabulary import INIT_RULES, SCHEMES, SUBJECTS
from resdsl.elaborate.walk import Resolved, Walk
from resdsl.elaborate.work import spend
from resdsl.source import Span
from resdsl.syntax import ast


class NetworkWalk(Walk):
    """Through a network."""

    def follow(self) -> None:
        """What stands behind the parameters."""
        definition = self.found.definition
        if isinstance(definition, ast.Derived):
            self.derived(definition)
        else:
            self.network(sure(definition, ast.Network).statements)

    def derived(self, definition: ast.Derived) -> None:
        """A network made from another: sees the names of the other; its arguments do not."""
        base = self.base(definition)
        if base is None:
            self.references.lost = self.names.is_open = True
            self.resolved.outline.whole = self.resolved.outline.labelled = False
            self.resolved.outline.is_based = False
            for argument in definition.base.arguments or ():
                if not isinstance(argument.value, ast.Reference):
                    self.references.value(argument.value, self.names)
        else:
            found, below = base
            self.references.refer(found, definition.base.name_span)
            self.resolved.outline = below.outline.copy()
            self.resolved.height = below.height + 1
            parameters = self.open_parameters(found)
            if parameters is not None:
                self.references.place(found.definition.name, parameters, None, definition.base, self.names)
            self.names.parent = below.names
        self.network(definition.statements)

    def base(self, definition: ast.Derived) -> tuple[Found, Resolved] | None:
        """The network that another derives from; None where there is none, or it is made of this one."""
        reference = definition.base
        with self.references.collect():
            found = self.module.find("network", reference.name)
            if found is None:
                raise unknown_definition("network", reference.name, reference.name_span, self.module)
            return found, self.resolver.below(found, reference.name_span)
        return None

    def open_parameters(self, found: Found) -> tuple[ast.Parameter, ...] | None:
        """The parameters that a network can be given: its own, then those of its base that it leaves open.

        None where not all of them are known.
        """
        definition = found.definition
        if definition.lost_list is not None or not self.resolved.outline.is_based:
            return None
        if not isinstance(definition, ast.Derived):
            return definition.parameters
        if definition.lost_arguments is not None:
            return None
        base = found.module.find("network", definition.base.name)
        if base is None or self.resolver.is_under_way(base) or (below := self.open_parameters(base)) is None:
            return None
        spend(len(below), definition.name_span)
        silent = References(found.module, Problems())
        given = silent.place(base.definition.name, below, None, definition.base, Names()) or ()
        taken = {parameter.name for parameter in (*definition.parameters, *given)}
        return (*definition.parameters, *(p for p in below if p.name not in taken))

    def network(self, statements: tuple[ast.Statement, ...]) -> None:
        """Lets and requires in order; everything else sees all names."""
        outline = self.resolved.outline
        outline.whole &= not self.found.definition.lost
        for lost in self.found.definition.lost:
            outline.labelled &= not may_be_any(lost)
            outline.lost |= {lost_name(lost): lost.word}
        if isinstance(self.found.definition, ast.Network):
            statements = self.without_drops(statements)
        outline.add(statements, self.references.collect)
        self.inherited(statements)
        self.foresee(statements)
        for statement in statements:
            match statement:
                case ast.Let():
                    self.bind(statement)
                case ast.Require():
                    self.require(statement)
                case _:
                    pass
        for statement in statements:
            with self.references.collect():
                self.statement(statement)

    def without_drops(self, statements: tuple[ast.Statement, ...]) -> tuple[ast.Statement, ...]:
        """The statements of a network that inherits nothing; tells of each `drop`."""
        for statement in statements:
            if isinstance(statement, ast.Drop):
                message = f"`drop` takes back what a network inherits; `{self.found.definition.name}` inherits nothing"
                with self.references.collect():
                    fix = delete(statement.span, sure=False)
                    raise mistake(Code.NETWORK_DROP, message, statement.span, help="delete it", fixes=(fix,))
        return tuple(statement for statement in statements if not isinstance(statement, ast.Drop))

    def inherited(self, statements: tuple[ast.Statement, ...]) -> None:
        """Tells where these statements take away a stage, or chain, that an inherited link or tap names."""
        outline, own = self.resolved.outline, set(map(id, statements))
        links = [link for link in outline.links.values() if id(link) not in own]
        linked = {label: link for link in links for label in _labels(link.over)}
        tap = outline.singles.get("tap")
        tapped = tap.labels if isinstance(tap, ast.Tap) and id(tap) not in own else ()
        for statement in statements if outline.whole else ():
            match statement:
                case ast.Layers(label=label) | ast.Drop(kind="stage" | "layers", label=str(label)):
                    left = outline.sections.get(label)
                case _:
                    continue
            with self.references.collect():
                if label in linked and not isinstance(left, ast.Stage):
                    raise _taken_away(statement, label, f"link {linked[label].name}", linked[label].name_span)
                if tap is not None and label in tapped and left is None:
                    raise _taken_away(statement, label, "tap", part(tap.span, label))

    def statement(self, statement: ast.Statement) -> None:
        names, follow = self.names, self.references
        match statement:
            case ast.Input():
                follow.value(statement.shape, names)
            case ast.Stem() | ast.Head() | ast.Layers():
                follow.chain(statement.chain, names)
            case ast.Stage():
                self.stage(statement)
            case ast.Shortcut():
                follow.kinds(statement.kinds, names)
            case ast.Link():
                self.span(statement.over)
                follow.kinds(statement.kinds, names)
            case ast.Levels():
                follow.value(statement.count, names)
                follow.kinds(statement.kinds, names)
            case ast.Survive():
                self.survive(statement, names)
            case ast.Init():
                self.init(statement)
            case ast.Tap():
                self.tap(statement)
            case ast.Keys():
                self.keys(statement)
            case ast.Norm() | ast.Act():
                follow.use("layer", statement.layer, names, partly=True)
            case ast.Expect():
                n_before = len(self.problems.found)
                self.expect(statement)
                if len(self.problems.found) > n_before:
                    self.resolved.unmet.append(statement)
                    self.n_harmless += len(self.problems.found) - n_before
            case ast.Let() | ast.Require() | ast.About() | ast.Cite() | ast.Drop():
                pass

    def stage(self, stage: ast.Stage) -> None:
        """A stage has lets of its own; the arguments of its blocks also see `i`, `n`, `l` and `L`."""
        outer = self.names
        self.names = inner = outer.child()
        seen: dict[str, Span] = {}
        for statement in stage.statements:
            match statement:
                case ast.Let():
                    self.bind(statement)
                    self._warn_of_hidden(statement, outer, stage.label)
                case ast.About():
                    pass
                case _:
                    with self.references.collect():
                        check_once(word_of(statement), keyword(statement), f"`{word_of(statement)}`", seen)
                    if isinstance(statement, ast.Survive):
                        self.survive(statement, inner)
                    else:
                        self.statement(statement)
        if stage.stride is not None:
            self.references.value(stage.stride, inner)
        placed = inner.child(*(name for name in ("i", "n", "l", "L") if inner.find(name) is None))
        for run in stage.runs:
            self.references.use("block", run.block, placed, given="stride" if stage.stride is not None else "")
            if run.kinds is not None:
                self.references.kinds(run.kinds, placed)
            if run.count is not None:
                self.references.value(run.count, inner)
        self.names = outer
        self.warn_unused(inner, f"stage {stage.label}")

    def _warn_of_hidden(self, let: ast.Let, outer: Names, label: str) -> None:
        """Tells of a `let` of a stage that has the name of a value of the network."""
        hidden = outer.find(let.name)
        if hidden is not None and hidden.span is not None:
            message = f"`{let.name}` of stage {label} hides the one of the network"
            notes = (Note(hidden.span, "this one"),)
            help = "give it a name of its own"
            self.problems.warn(Code.NAME_SHADOWS, message, part(let.span, let.name), notes=notes, help=help)

    def warn_unused(self, names: Names, where: str) -> None:
        """Tells of names of an inner scope that nothing uses."""
        for name, bound in names.bound.items():
            if bound.span is not None and not bound.used:
                self.problems.warn(Code.NAME_UNUSED, f"nothing uses `{name}` of {where}", bound.span, help="delete it")

    def span(self, over: ast.Over) -> None:
        """What a link goes around: labels of stages, and places in them."""
        match over:
            case ast.OverAll() | ast.OverEachStage():
                pass
            case ast.OverEach():
                self.references.value(over.blocks, self.names)
            case ast.OverStage():
                self.label(over.label, over.span)
            case ast.OverBlock():
                self.label(over.label, over.span)
                self.references.value(over.index, self.names)
            case ast.OverBlocks():
                self.label(over.label, over.span)
                self.references.value(over.first, self.names)
                self.references.value(over.last, self.names)
            case ast.OverStages():
                self.label(over.first, over.span)
                self.label(over.last, over.span, last=True)

    def label(self, label: str, span: Span, *, last: bool = False) -> None:
        outline = self.resolved.outline
        if label in outline.stages or outline.lost.get(label) == "stage" or not outline.labelled:
            return
        with self.references.collect():
            place = part(span, label, last=last)
            if label in outline.labels:
                message = f"`{label}` is a chain of layers; links go around blocks"
                raise mistake(Code.NETWORK_LABEL, message, place, notes=self.labelled(label))
            raise unknown_label(label, place, outline.stages, "stage")

    def labelled(self, label: str) -> tuple[Note, ...]:
        section = self.resolved.outline.sections.get(label)
        return (Note(section.label_span, "labelled here"),) if section is not None else ()

    def survive(self, statement: ast.Survive, names: Names) -> None:
        self.references.schedule(statement.schedule, names)
        choices = {"per": ("batch", "sample"), "rescale": ("eval", "train")}
        self.options(statement.options, choices, "survive")

    def init(self, statement: ast.Init) -> None:
        for rule in statement.rules:
            for argument in rule.arguments or ():
                self.references.value(argument.value, self.names)
            with self.references.collect():
                _check_rule(rule)

    def tap(self, statement: ast.Tap) -> None:
        outline = self.resolved.outline
        seen: set[str] = set()
        told: set[str] = set()
        for label in statement.labels:
            if label in told:
                continue
            (told if label in seen else seen).add(label)
            with self.references.collect():
                if label in told:
                    span = part(statement.span, label, last=True)
                    notes = (Note(part(statement.span, label), "first here"),)
                    raise mistake(Code.NETWORK_REPEATED, f"`{label}` is tapped twice", span, notes=notes)
                if label not in (*outline.labels, *outline.lost) and outline.labelled:
                    raise unknown_label(label, part(statement.span, label), outline.labels)

    def keys(self, statement: ast.Keys) -> None:
        if statement.scheme not in SCHEMES:
            span = part(statement.span, statement.scheme, last=True)
            message = f"there is no naming scheme `{statement.scheme}`"
            otherwise = f"the schemes are {quoted(SCHEMES)}"
            raise misspelt(Code.KEYS_SCHEME, message, span, statement.scheme, SCHEMES, otherwise=otherwise)

    def expect(self, statement: ast.Expect) -> None:
        outline = self.resolved.outline
        self.references.value(statement.value, self.names)
        if statement.subject not in (*SUBJECTS, *outline.labels, *outline.lost) and outline.labelled:
            with self.references.collect():
                message = f"a network has no `{statement.subject}` that could be expected"
                listed = f"a network has {quoted(SUBJECTS)}; a label stands for a shape: {quoted(outline.labels)}"
                known = [*SUBJECTS, *outline.labels]
                raise misspelt(
                    Code.EXPECT_SUBJECT, message, statement.subject_span, statement.subject, known, otherwise=listed
                )
        to_fix = self.open_parameters(self.found)
        parameters = {p.name: p for p in to_fix} if to_fix is not None else None
        for argument in statement.arguments:
            with self.references.collect():
                self.fixed(statement, argument, parameters)

    def fixed(
        self, statement: ast.Expect, argument: ast.Argument, parameters: Mapping[str, ast.Parameter] | None
    ) -> None:
        """A parameter that an expectation fixes, by name."""
        if not isinstance(argument, ast.Keyword):
            message = f"parameters are fixed by name: `{statement.subject}(depth = 110)`"
            raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span)
        if parameters is None:
            return
        if argument.name not in parameters:
            message = f"the network `{self.found.definition.name}` has no parameter `{argument.name}`"
            known = f"its parameters: {', '.join(parameters)}" if parameters else "it has none"
            span = name_of(argument)
            raise misspelt(Code.ARGUMENT_UNKNOWN, message, span, argument.name, parameters, otherwise=known)
        self.references.argument(parameters[argument.name], argument.value, self.names)


def _labels(over: ast.Over) -> tuple[str, ...]:
    match over:
        case ast.OverAll() | ast.OverEach() | ast.OverEachStage():
            return ()
        case ast.OverStage() | ast.OverBlock() | ast.OverBlocks():
            return (over.label,)
        case ast.OverStages():
            return over.first, over.last


def _taken_away(statement: ast.Drop | ast.Layers, label: str, what: str, named: Span) -> Mistake:
    place = part(statement.span, label, last=isinstance(statement, ast.Drop))
    message = f"the inherited `{what}` names `{label}`, which is no stage any more"
    if isinstance(statement, ast.Drop):
        message = f"the inherited `{what}` names `{label}`, which is dropped"
    notes = own_notes(Note(named, "named here"))
    return mistake(Code.NETWORK_LABEL, message, place, notes=notes, help=f"`drop {what}` drops that too")


def _check_rule(rule: ast.Reference) -> None:
    if rule.name not in INIT_RULES:
        message = f"there is no weight initialisation `{rule.name}`"
        otherwise = f"the rules are {quoted(INIT_RULES)}"
        raise misspelt(Code.INIT_RULE, message, rule.name_span, rule.name, INIT_RULES, otherwise=otherwise)
    n_given, n_wanted = len(rule.arguments or ()), INIT_RULES[rule.name]
    if n_given != n_wanted:
        wanted = ("no number", "one number")[n_wanted] if n_wanted <= 1 else f"{n_wanted} numbers"
        message = f"`{rule.name}` takes {wanted}, not {n_given or 'none'}"
        raise mistake(Code.INIT_RULE, message, rule.span, help=f"as in `{rule.name}(0.01)`" if n_wanted else "")
