"""Rows become dataclasses and named tuples by the names of their columns.

A column is named like the field, or "field.part" for a field of a nested dataclass. Types of the fields decide what is
converted: an enum, a bool, and a mapping, which is kept as JSON. All other values are taken as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from types import NoneType
from typing import Protocol, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
CACHED_VALUES = 1_000  # of each kind of nested value
Value = str | int | float | bytes | None


class Constructor(Protocol[T_co]):
    """Callable that makes an object out of a row's values."""

    def __call__(self, *row: Value) -> T_co: ...


_constructors: dict[tuple[type, tuple[str, ...]], Constructor[object]] = {}


def constructor(kind: type[T], columns: tuple[str, ...]) -> Constructor[T]:
    """Return a function that takes the values of `columns`, in order, and returns a `kind`.

    Raises TypeError for a column that is no field of it, and for two columns of one name.
    """
    key = (kind, columns)
    if key not in _constructors:
        _constructors[key] = _compiled(kind, columns)
    return cast(Constructor[T], _constructors[key])


def _compiled(kind: type, columns: tuple[str, ...]) -> Constructor[object]:
    if len(set(columns)) < len(columns):
        raise TypeError(f"{kind.__name__}: two columns have the same name: {', '.join(columns)}")
    places = {name: f"c{place}" for place, name in enumerate(columns)}
    names: dict[str, object] = {}
    # One compiled call, as dataclasses compile their own __init__: a loop over the fields of each row is slower.
    source = f"lambda {', '.join(places.values())}: {_call(kind, places, names)}"
    make: Constructor[object] = eval(source, names)
    return make


def _call(kind: type, places: dict[str, str], names: dict[str, object]) -> str:
    """Return the source of a call of `kind`, with what it uses put in `names`."""
    hints = get_type_hints(kind)
    names_of_fields = field_names(kind)
    nested: dict[str, dict[str, str]] = {}
    arguments = []
    for column, place in places.items():
        field, _, part = column.partition(".")
        if field not in names_of_fields:
            raise TypeError(f"{kind.__name__} has no field '{field}'")
        if part:
            nested.setdefault(field, {})[part] = place
        else:
            arguments.append(f"{field}={_converted(place, hints[field], names)}")
    arguments += [f"{field}={_nested_call(_plain(hints[field])[0], parts, names)}" for field, parts in nested.items()]
    if hasattr(kind, "_fields"):
        return _tuple_call(kind, arguments, names)
    return f"{_named(kind, names)}({', '.join(arguments)})"


def _tuple_call(kind: type, arguments: Sequence[str], names: dict[str, object]) -> str:
    """Return the source that makes a named tuple without a call of its class, which takes most of a row's time."""
    values = dict(argument.split("=", 1) for argument in arguments)
    defaults: Mapping[str, object] = kind._field_defaults  # type: ignore[attr-defined]
    fields: Sequence[str] = kind._fields  # type: ignore[attr-defined]
    if missing := [field for field in fields if field not in values and field not in defaults]:
        raise TypeError(f"{kind.__name__}: no column for {', '.join(missing)}")
    ordered = [values[field] if field in values else _named(defaults[field], names) for field in fields]
    return f"{_named(tuple.__new__, names)}({_named(kind, names)}, ({', '.join(ordered)},))"


def _nested_call(kind: type, places: dict[str, str], names: dict[str, object]) -> str:
    """Return the source of a call that makes a nested `kind`. Many rows share one, unless it has a mapping."""
    hints = get_type_hints(kind)
    if any("." in part or get_origin(_plain(hints[part])[0]) is Mapping for part in places):
        return _call(kind, places, names)
    columns = tuple(places)
    make = lru_cache(maxsize=CACHED_VALUES, typed=True)(_compiled(kind, columns))
    return f"{_named(make, names)}({', '.join(places[column] for column in columns)})"


def field_names(kind: type) -> frozenset[str]:
    """Return the names of the fields of a named tuple or a dataclass."""
    names: Iterable[str] = getattr(kind, "_fields", ()) or getattr(kind, "__dataclass_fields__", ())
    return frozenset(names)


def _converted(place: str, hint: object, names: dict[str, object]) -> str:
    plain, is_optional = _plain(hint)
    if isinstance(plain, type) and issubclass(plain, Enum):
        members = {member.value: member for member in plain}  # a sixth of the time of a call of the enum
        call = f"{_named(members, names)}[{place}]"
    elif plain is bool:
        call = f"bool({place})"
    elif get_origin(plain) is Mapping:
        call = f"{_named(_from_json, names)}({place})"
    else:
        return place
    return f"None if {place} is None else {call}" if is_optional else call


def _plain(hint: object) -> tuple[type, bool]:
    """Return the type without `| None`, and whether it had that."""
    kinds = get_args(hint)
    if NoneType not in kinds:
        return hint, False  # type: ignore[return-value]
    return next(kind for kind in kinds if kind is not NoneType), True


def _named(value: object, names: dict[str, object]) -> str:
    name = f"n{len(names)}"
    names[name] = value
    return name


def _from_json(text: str) -> Mapping[str, object]:
    if text == "{}":
        return {}
    import json

    fields: Mapping[str, object] = json.loads(text)
    return fields


def one_column(kind: type[T], columns: tuple[str, ...], rows: Iterator[tuple[Value, ...]]) -> Iterator[T | None]:
    """Yield the one column of each row. Raises TypeError for another number of columns, or another type."""
    if len(columns) > 1:
        raise TypeError(f"one column is read, and there are {', '.join(columns)}")
    for (value,) in rows:
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{columns[0]} is {value!r}, not of type {kind.__name__}")
        yield value
