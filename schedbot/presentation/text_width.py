"""Texts in a number of columns of the terminal. A wide letter takes two columns."""

from collections import defaultdict
from collections.abc import Iterable

ELLIPSIS = "…"
# Columns of a cut name that show its beginning.
HEAD = 1 / 3
# Each round separates the names that are equal by then.
ROUNDS = 5


def cells(text: str) -> int:
    """Return the columns that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, length: int) -> str:
    """Return the text in at most `length` columns, with an ellipsis if it is cut."""
    if cells(text) <= length:
        return text
    return take(text, length - 1).rstrip() + ELLIPSIS


def take(text: str, length: int) -> str:
    """Return the beginning of a text, in at most `length` columns."""
    if text.isascii():
        return text[:length]
    from rich.cells import cell_len

    width, end = 0, 0
    for end, letter in enumerate(text):
        width += cell_len(letter)
        if width > length:
            return text[:end]
    return text


def cut_middle(text: str, length: int) -> str:
    """Return the text in at most `length` columns, with an ellipsis for its middle if it is cut."""
    if cells(text) <= length:
        return text
    tail = take(text[::-1], (length - 1) // 2)[::-1]
    return f"{take(text, length - 1 - cells(tail))}{ELLIPSIS}{tail}"


def shorten_names(names: Iterable[str], length: int) -> dict[str, str]:
    """Return each name in at most `length` columns. Two names never become the same text.

    A name is cut in its middle. Names that become equal show the place where they differ, or else a number.
    """
    short = {name: cut_middle(name, length) for name in names}
    for _ in range(ROUNDS):
        for group in group_by_text(short):
            if len(group) == 1:
                continue
            start = find_difference(group)
            head = int(length * HEAD)
            for name in group:
                beginning = take(name, head) if start > head else ""
                short[name] = f"{beginning}{ELLIPSIS}{cut(name[start:], length - cells(beginning) - 1)}"
    return {**short, **number([name for group in group_by_text(short) if len(group) > 1 for name in group], length)}


def number(names: list[str], length: int) -> dict[str, str]:
    """Return the names with a number each, in at most `length` columns."""
    marks = [f"{ELLIPSIS}{place}" for place in range(1, len(names) + 1)]
    return {name: take(name, length - len(mark)) + mark for name, mark in zip(names, marks, strict=True)}


def group_by_text(short: dict[str, str]) -> list[list[str]]:
    """Return the names that have the same short text, together."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, text in short.items():
        groups[text].append(name)
    return list(groups.values())


def find_difference(texts: list[str]) -> int:
    """Return the place of the first letter in which texts differ."""
    columns = enumerate(zip(*texts, strict=False))
    return next((place for place, letters in columns if len(set(letters)) > 1), min(map(len, texts)))
