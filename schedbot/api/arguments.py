"""Checks of the arguments of the methods: names, numbers, texts and flags. A wrong one is BadInput."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from os import PathLike, fspath

from schedbot.errors import BadInput
from schedbot.reports.sync_sources import cell_text

MOST = 2**63 - 1  # the largest number of SQLite


def to_name(value: object) -> str:
    """Return the name of a schedule. Raises BadInput."""
    return to_text("name", value)


def to_names(values: Iterable[object]) -> tuple[str, ...]:
    """Return names and globs. Raises BadInput."""
    return tuple(map(to_name, values))


def require_names(values: Iterable[object]) -> tuple[str, ...]:
    """Return names and globs, at least one. Raises BadInput."""
    names = to_names(values)
    if not names:
        raise BadInput("No schedule is named.", "Give at least one name, or a glob such as 'acme-*'.")
    return names


def to_text(argument: str, value: object) -> str:
    """Return a text. Raises BadInput for another value, and for a text that no database stores."""
    if not isinstance(value, str):
        raise wrong_type(argument, value, "a text")
    try:
        return cell_text.check_text(value)
    except BadInput as error:
        raise BadInput(f"{argument} has a NUL character or an unpaired surrogate.", error.hint) from None


def to_optional_text(argument: str, value: object) -> str | None:
    """Return a text, or None for None. Raises BadInput."""
    return None if value is None else to_text(argument, value)


def to_texts(argument: str, value: object) -> list[str]:
    """Return one text or several as a list, empty for None. Raises BadInput.

    An empty list is an error too: it would mean all.
    """
    if value is None:
        return []
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise wrong_type(argument, value, "a text or a list of texts")
    texts = [to_text(argument, entry) for entry in ([value] if isinstance(value, str) else value)]
    if not texts:
        raise BadInput(f"{argument} is an empty list.", f"Without {argument}, all are meant.")
    return texts


def to_number(argument: str, value: object, most: int = MOST) -> int:
    """Return a whole number from 1 on. Raises BadInput."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(argument, value, "a whole number")
    if not 1 <= value <= most:
        raise BadInput(f"{argument} is {value}.", f"Use a whole number from 1 to {most}.")
    return value


def to_optional_number(argument: str, value: object, most: int = MOST) -> int | None:
    """Return a whole number from 1 on, or None for None. Raises BadInput."""
    return None if value is None else to_number(argument, value, most)


def to_flag(argument: str, value: object) -> bool:
    """Return True or False. Raises BadInput."""
    if not isinstance(value, bool):
        raise wrong_type(argument, value, "True or False")
    return value


def to_path(argument: str, value: str | PathLike[str] | None) -> str | None:
    """Return a path as text, or None for None. Raises BadInput."""
    if value is None:
        return None
    return to_text(argument, fspath(value) if isinstance(value, PathLike) else value)


def refuse_unknown(keywords: Iterable[str], known: Iterable[str]) -> None:
    """Raise BadInput for a keyword that a method does not have, with the nearest one."""
    names = list(known)
    for keyword in keywords:
        if keyword not in names:
            near = get_close_matches(keyword, names, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"The keywords are {', '.join(names)}."
            raise BadInput(f"No keyword named '{keyword}' exists.", hint)


def wrong_type(argument: str, value: object, usable: str) -> BadInput:
    """Return the error of a value of another type."""
    return BadInput(f"{argument} is {cell_text.describe(value)}.", f"Use {usable}.")
