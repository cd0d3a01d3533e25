"""Finds the parameter or setting that each argument is for: by place, by name, and `/s` for the stride."""

from __future__ import annotations

from resdsl.diagnostics import Code, Fix, Note, nearest
from resdsl.elaborate.problems import Mistake, mistake
from resdsl.ops import Op, Setting
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

    def missing(self) -> list[ast.Parameter]:
        """The parameters that have neither a value nor a default."""
        return [p for name, p in self._parameters.items() if p.default is None and name not in self._taken]

    def _next(self, argument: ast.Positional) -> str:
        names = list(self._parameters)
        if self._n_positional >= len(names):
            takes = _count(len(names))
            raise mistake(
                Code.ARGUMENT_COUNT,
                f"`{self._name}` takes {takes}, and this is one more",
                argument.span,
                notes=self._signature(),
            )
        self._n_positional += 1
        return names[self._n_positional - 1]

    def _unknown(self, name: str, argument: ast.Argument) -> Mistake:
        if isinstance(argument, ast.Stride):
            message = f"`{self._name}` takes no stride: it has no parameter `stride`"
            return mistake(Code.ARGUMENT_UNKNOWN, message, argument.span, notes=self._signature())
        message = f"`{self._name}` has no parameter `{name}`"
        return _unknown(message, name, argument, list(self._parameters), self._signature())

    def _signature(self) -> tuple[Note, ...]:
        text = f"its parameters: {', '.join(self._parameters)}" if self._parameters else "has no parameters"
        return (Note(self._declared, text),) if self._declared else ()


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

    def _find(self, argument: ast.Argument) -> Setting:
        name = self._op.NAME
        match argument:
            case ast.Keyword() if argument.name in self._settings:
                return self._settings[argument.name]
            case ast.Keyword():
                message = f"`{name}` has no setting `{argument.name}`"
                raise _unknown(message, argument.name, argument, list(self._settings), ())
            case ast.Stride():
                stride = next((setting for setting in self._settings.values() if setting.type == "stride"), None)
                if stride is None:
                    raise mistake(Code.ARGUMENT_UNKNOWN, f"`{name}` takes no stride", argument.span)
                return stride
            case ast.Positional():
                places = [setting for setting in self._settings.values() if setting.type != "stride"]
                if self._n_positional >= len(places):
                    takes = f"takes {_count(len(places))}{' without a name' if places else ''}"
                    message = f"`{name}` {takes}, and this is one more"
                    raise mistake(Code.ARGUMENT_COUNT, message, argument.span, help=f"as in `{self._op.EXAMPLE}`")
                self._n_positional += 1
                return places[self._n_positional - 1]


def parameter_missing(definition: ast.AnyDefinition, parameter: ast.Parameter, span: Span) -> Mistake:
    """A definition is used without a value that it needs."""
    names = [p.name for p in definition.parameters]
    given = ", ".join("…" if name == parameter.name else name for name in names[: names.index(parameter.name) + 1])
    return mistake(
        Code.ARGUMENT_MISSING,
        f"`{definition.name}` needs a value for `{parameter.name}`",
        span,
        notes=(Note(parameter.span, "has no default"),),
        help=f"write `{definition.name}({given})`, or `{parameter.name} = …` among its arguments",
    )


def setting_missing(op: type[Op], setting: Setting, span: Span) -> Mistake:
    """A layer is used without a setting that it needs."""
    message = f"`{op.NAME}` needs a value for `{setting.name}`"
    return mistake(Code.ARGUMENT_MISSING, message, span, help=f"as in `{op.EXAMPLE}`")


def name_of(argument: ast.Keyword) -> Span:
    """The name alone of `name = value`."""
    return Span(argument.span.source, argument.span.start, argument.span.start + len(argument.name))


def _repeated(name: str, of: str, argument: ast.Argument, first: ast.Argument) -> Mistake:
    message = f"`{name}` is given twice to `{of}`"
    return mistake(Code.ARGUMENT_REPEATED, message, argument.span, notes=(Note(first.span, "first here"),))


def _unknown(message: str, name: str, argument: ast.Argument, names: list[str], notes: tuple[Note, ...]) -> Mistake:
    span = name_of(argument) if isinstance(argument, ast.Keyword) else argument.span
    if near := nearest(name, names):
        return mistake(
            Code.ARGUMENT_UNKNOWN, message, span, notes=notes, help=f"did you mean `{near}`?", fix=Fix(span, near)
        )
    help = "" if notes else f"its settings: {', '.join(names)}" if names else "it has none"
    return mistake(Code.ARGUMENT_UNKNOWN, message, span, notes=notes, help=help)


def _count(number: int) -> str:
    return ("no values", "one value")[number] if number <= 1 else f"{number} values"
