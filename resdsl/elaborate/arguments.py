"""Finds the parameter or setting that each argument is for: by place, by name, and `/s` for the stride."""

from __future__ import annotations

from resdsl.diagnostics import Code, Note, suggest
from resdsl.elaborate.problems import Echo, Mistake, mistake
from resdsl.ops import Op, Required, Setting
from resdsl.ops.setting import write_value
from resdsl.source import Span
from resdsl.syntax import ast


class ParameterPlacer:
    """Arguments on their way to the parameters of a definition."""

    def __init__(self, name: str, parameters: tuple[ast.Parameter, ...], declared: Span | None) -> None:
        self._name = name
        self._parameters = {parameter.name: parameter for parameter in parameters}
        self._declared = declared
        self._taken: dict[str, ast.Argument] = {}
        self._n_positional = 0

    def add(self, argument: ast.Argument) -> ast.Parameter:
        """The parameter that an argument is for. Raises Mistake where there is none, or it has a value already."""
        match argument:
            case ast.Keyword():
                name = argument.name
            case ast.Stride():
                name = "stride"
            case ast.Positional():
                name = self._next(argument)
        if name in self._taken:
            raise _repeated(name, self._name, argument, self._taken[name])
        self._taken[name] = argument
        if name not in self._parameters:
            raise self._unknown(name, argument)
        return self._parameters[name]

    @property
    def _signature(self) -> str:
        parameters = tuple(self._parameters.values())
        return f"it is written `{_signature(self._name, parameters)}`" if parameters else "it has no parameters"

    def _next(self, argument: ast.Positional) -> str:
        names = list(self._parameters)
        self._n_positional += 1
        if self._n_positional > len(names):
            message = f"`{self._name}` takes {_count(len(names))}, and this is one more"
            notes = self._notes(argument)
            more = mistake(Code.ARGUMENT_COUNT, message, argument.span, notes=notes, help=self._signature)
            raise _first(more, self._n_positional - len(names))
        return names[self._n_positional - 1]

    def _unknown(self, name: str, argument: ast.Argument) -> Mistake:
        notes = self._notes(argument)
        if isinstance(argument, ast.Stride):
            message = f"`{self._name}` takes no stride: it has no parameter `stride`"
            return mistake(Code.ARGUMENT_UNKNOWN, message, argument.span, notes=notes, help=self._signature)
        message = f"`{self._name}` has no parameter `{name}`"
        names = [parameter for parameter in self._parameters if parameter not in self._taken]
        return _unknown(message, name, argument, names, notes=notes, otherwise=self._signature)

    def _notes(self, argument: ast.Argument) -> tuple[Note, ...]:
        """The definition, where it stands in the same file."""
        if self._declared is None or self._declared.source is not argument.span.source:
            return ()
        return (Note(self._declared, "defined here"),)


class SettingPlacer:
    """Arguments on their way to the settings of a primitive layer; a stride has no place, only `/s` and its name."""

    def __init__(self, op: type[Op]) -> None:
        self._op = op
        self._settings = {setting.name: setting for setting in op.SETTINGS}
        self._taken: dict[str, ast.Argument] = {}
        self._n_positional = 0

    def add(self, argument: ast.Argument) -> Setting:
        """The setting that an argument is for. Raises Mistake where there is none, or it has a value already."""
        setting = self._find(argument)
        if setting.name in self._taken:
            raise _repeated(setting.name, self._op.NAME, argument, self._taken[setting.name])
        self._taken[setting.name] = argument
        return setting

    def missing(self) -> list[Setting]:
        """The settings that must be given and are not."""
        return [s for name, s in self._settings.items() if s.is_required and name not in self._taken]

    @property
    def _written(self) -> str:
        return f"it is written `{_op_signature(self._op)}`"

    def _find(self, argument: ast.Argument) -> Setting:
        name = self._op.NAME
        if not self._settings:
            self._n_positional += 1
            message, help = f"`{name}` takes no settings", f"it is written `{name}`, without any"
            raise _first(mistake(Code.ARGUMENT_COUNT, message, argument.span, help=help), self._n_positional)
        match argument:
            case ast.Keyword() if argument.name in self._settings:
                return self._settings[argument.name]
            case ast.Keyword():
                message = f"`{name}` has no setting `{argument.name}`"
                raise _unknown(message, argument.name, argument, list(self._settings), otherwise=self._written)
            case ast.Stride():
                stride = next((setting for setting in self._settings.values() if setting.type == "stride"), None)
                if stride is None:
                    message = f"`{name}` takes no stride"
                    raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span, help=self._written)
                return stride
            case ast.Positional():
                places = [setting for setting in self._settings.values() if setting.type != "stride"]
                self._n_positional += 1
                if self._n_positional > len(places):
                    message = f"`{name}` takes {_count(len(places))} without a name, and this is one more"
                    more = mistake(Code.ARGUMENT_COUNT, message, argument.span, help=self._written)
                    raise _first(more, self._n_positional - len(places))
                return places[self._n_positional - 1]


def _first(more: Mistake, number: int) -> Mistake | Echo:
    """Of several values that are too many the first is told; the others are echoes of it."""
    return more if number == 1 else Echo()


def parameter_missing(definition: ast.AnyDefinition, parameter: ast.Parameter, span: Span) -> Mistake:
    """A definition is used without a value that it needs."""
    notes = (Note(parameter.span, "has no default"),) if parameter.span.source is span.source else ()
    message = f"`{definition.name}` needs a value for `{parameter.name}`"
    help = f"it is written `{_signature(definition.name, definition.parameters)}`"
    return mistake(Code.ARGUMENT_MISSING, message, span, notes=notes, help=help)


def setting_missing(op: type[Op], setting: Setting, span: Span) -> Mistake:
    """A layer is used without a setting that it needs."""
    message = f"`{op.NAME}` needs a value for `{setting.name}`"
    help = f"it is written `{_op_signature(op)}`, as in `{op.EXAMPLE}`"
    return mistake(Code.ARGUMENT_MISSING, message, span, help=help)


def name_of(argument: ast.Keyword) -> Span:
    """The name alone of `name = value`."""
    return Span(argument.span.source, argument.span.start, argument.span.start + len(argument.name))


def _repeated(name: str, of: str, argument: ast.Argument, first: ast.Argument) -> Mistake:
    message = f"`{name}` is given twice to `{of}`"
    return mistake(Code.ARGUMENT_REPEATED, message, argument.span, notes=(Note(first.span, "first here"),))


def _unknown(
    message: str,
    name: str,
    argument: ast.Argument,
    names: list[str],
    *,
    notes: tuple[Note, ...] = (),
    otherwise: str,
) -> Mistake:
    span = name_of(argument) if isinstance(argument, ast.Keyword) else argument.span
    fix = suggest(span, name, names)
    if fix is None:
        return mistake(Code.ARGUMENT_UNKNOWN, message, span, notes=notes, help=otherwise)
    help = f"did you mean `{fix.text}`?"
    return mistake(Code.ARGUMENT_UNKNOWN, message, span, notes=notes, help=help, fixes=(fix,))


def _signature(name: str, parameters: tuple[ast.Parameter, ...]) -> str:
    return f"{name}({', '.join(' '.join(parameter.span.text.split()) for parameter in parameters)})"


def _op_signature(op: type[Op]) -> str:
    written: list[str] = []
    for setting in op.SETTINGS:
        default = setting.default
        if isinstance(default, Required):
            written.append(setting.name)
        else:
            written.append(f"{setting.name} = {'…' if default is None else write_value(default)}")
    return f"{op.NAME}({', '.join(written)})"


def _count(number: int) -> str:
    return ("no values", "one value")[number] if number <= 1 else f"{number} values"
