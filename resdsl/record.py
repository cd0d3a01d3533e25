"""Classes with slots from annotations, as dataclasses make them, quicker to import: frozen records, mutable states.

A dataclass costs 0.7 ms when its module is imported (Python 3.11 compiles eight methods for each), so the syntax tree
alone would take a fifth of the time that `resdsl check` may take as a whole. A record compiles one, `__init__`; the
other methods are shared. Type checkers and `match` see no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, dataclass_transform

T = TypeVar("T")
_MISSING: Any = object()


class Field(NamedTuple):
    """What is said about a field besides its type."""

    default: Any = _MISSING
    compare: bool = True
    kw_only: bool = False
    factory: Callable[[], Any] | None = None


def field(
    *, default: Any = _MISSING, compare: bool = True, kw_only: bool = False, factory: Callable[[], Any] | None = None
) -> Any:
    """A field with a default or what makes one, or outside equality and `repr`, or given by name only."""
    return Field(default, compare, kw_only, factory)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """The class with an `__init__` for its annotated fields, equality by value, and no way to change it.

    As with dataclasses, a ClassVar is no field, and `__init__` ends with `__post_init__` where there is one.
    """
    namespace, fields = _prepare(cls)
    compared = [name for name, about in fields.items() if about.compare]
    shared = {
        "__compared__": attrgetter(*(compared or ["__class__"])),
        "__eq__": _eq,
        "__hash__": _hash,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__reduce__": _reduce,
    }
    return type(cls)(cls.__name__, cls.__bases__, {**shared, **namespace})


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def state(cls: type[T]) -> type[T]:
    """The class with an `__init__` for its annotated fields; it changes, and is equal to nothing but itself."""
    namespace, _ = _prepare(cls)
    return type(cls)(cls.__name__, cls.__bases__, namespace)


def evolve(value: T, /, **changes: Any) -> T:
    """The same record with some fields changed."""
    cls: Any = type(value)
    names: dict[str, Field] = cls.__fields__
    return cls(**{name: changes.pop(name, getattr(value, name)) for name in names}, **changes)


def _prepare(cls: type[Any]) -> tuple[dict[str, Any], dict[str, Field]]:
    """What the class will hold, and its fields; a `__dict__` only for the cache of cached properties."""
    namespace = dict(cls.__dict__)
    annotations: dict[str, str] = namespace.get("__annotations__", {})
    names = [name for name, type_ in annotations.items() if not type_.startswith("ClassVar")]
    own = {name: _field(namespace.pop(name, _MISSING)) for name in names}
    fields: dict[str, Field] = {**getattr(cls, "__fields__", {}), **own}
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    caches = any(isinstance(value, cached_property) for value in namespace.values())
    namespace |= {
        "__slots__": (*own, "__dict__") if caches else tuple(own),
        "__fields__": fields,
        "__match_args__": tuple(name for name, about in fields.items() if not about.kw_only),
        "__init__": _init(fields, finish="__post_init__" if hasattr(cls, "__post_init__") else ""),
    }
    namespace.setdefault("__repr__", _repr)
    return namespace, fields


def _field(about: Any) -> Field:
    return about if isinstance(about, Field) else Field(about)


def _init(fields: dict[str, Field], *, finish: str) -> Any:
    ordered = sorted(fields.items(), key=lambda item: item[1].kw_only)
    parameters = ["self"]
    for name, about in ordered:
        if about.kw_only and "*" not in parameters:
            parameters.append("*")
        optional = about.factory is not None or about.default is not _MISSING
        parameters.append(f"{name}=fields[{name!r}].default" if optional else name)
    values = {name: f"made({name}, fields[{name!r}])" if about.factory else name for name, about in fields.items()}
    body = [f"    set(self, {name!r}, {value})\n" for name, value in values.items()]
    body.append(f"    self.{finish}()\n" if finish else "    pass\n")
    namespace: dict[str, Any] = {"fields": fields, "set": object.__setattr__, "made": _made}
    # The names are those of annotations in our own source, as with dataclasses, which do the same.
    exec(f"def __init__({', '.join(parameters)}):\n{''.join(body)}", namespace)  # noqa: S102
    return namespace["__init__"]


def _made(value: Any, about: Field) -> Any:
    return about.factory() if value is _MISSING and about.factory is not None else value


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self.__compared__(self) == self.__compared__(other)


def _hash(self: Any) -> int:
    return hash((self.__class__, self.__compared__(self)))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name, about in self.__fields__.items() if about.compare)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: Any, name: str, *_: Any) -> None:
    raise AttributeError(f"cannot change `{name}` of a {self.__class__.__name__}: it is frozen")


def _reduce(self: Any) -> Any:
    return _restore, (self.__class__, tuple(getattr(self, name) for name in self.__fields__))


def _restore(cls: type[Any], values: tuple[Any, ...]) -> Any:
    return cls(**dict(zip(cls.__fields__, values, strict=True)))
