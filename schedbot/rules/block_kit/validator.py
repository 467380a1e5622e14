"""Interpreter of the description: yields the problems of a message's blocks, in the order of their places.

Rule: when in doubt a payload is accepted with a warning. An unknown type or property is in doubt; a type that is nearly
a known one, or is known and belongs elsewhere, is not.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schedbot.rules.block_kit.blocks import MAX_BLOCKS, MAX_CELL_TEXT, MESSAGE_BLOCK, SHAPES
from schedbot.rules.block_kit.elements import UNTYPED
from schedbot.rules.block_kit.measure import text_length, utf16_length
from schedbot.rules.block_kit.problems import BlockProblem, ProblemKind
from schedbot.rules.block_kit.specs import TEXT_TYPES, Anything, Choice, ListOf, Shape, Spec, String, Typed, Untyped

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\s]")
LIKENESS = 0.8
Problems = Iterator[BlockProblem]


def find_problems(blocks: Sequence[Any], place: str = "/blocks") -> Problems:
    """Yield the problems of the blocks of a message, and warnings. More than MAX_BLOCKS blocks are not looked at.

    `place` is the pointer to the blocks: `/attachments/0/blocks` for those of an attachment.
    """
    if len(blocks) > MAX_BLOCKS:
        yield BlockProblem(ProblemKind.TOO_MANY, place, str(len(blocks)), MAX_BLOCKS)
        return
    for index, block in enumerate(blocks):
        at = f"{place}/{index}"
        if isinstance(block, Mapping):
            yield from _check_typed(block, MESSAGE_BLOCK, at)
        else:
            yield BlockProblem(ProblemKind.MISSING, f"{at}/type")
    yield from _check_unique(blocks, "block_id", place)
    yield from _check_cells(blocks, place)


def _check(value: Any, spec: Spec, at: str) -> Problems:
    match spec:
        case String():
            yield from _check_string(value, spec, at)
        case Choice():
            yield from _check_choice(value, spec, at)
        case ListOf():
            yield from _check_list(value, spec, at)
        case Typed() if not isinstance(value, Mapping):
            yield BlockProblem(ProblemKind.NO_OBJECT, at, allowed=_shorten(spec.types))
        case Typed():
            yield from _check_typed(value, spec, at)
        case Untyped() if not isinstance(value, Mapping):
            yield BlockProblem(ProblemKind.NO_OBJECT, at, allowed=(spec.name,))
        case Untyped():
            yield from check_parts(value, UNTYPED[spec.name], at)
        case Anything():
            pass


def _check_string(value: Any, spec: String, at: str) -> Problems:
    if not isinstance(value, str):
        yield BlockProblem(ProblemKind.NO_STRING, at)
        return
    length = utf16_length(value)
    if length < spec.min_length:
        yield BlockProblem(ProblemKind.EMPTY, at)
    elif spec.max_length and length > spec.max_length:
        yield BlockProblem(ProblemKind.TOO_LONG, at, f"{length:,}", spec.max_length)
    elif spec.is_url and not SCHEME.match(value):
        yield BlockProblem(ProblemKind.NO_SCHEME, at, value)


def _check_choice(value: Any, spec: Choice, at: str) -> Problems:
    if value not in spec.values:
        is_tolerated = value in spec.tolerated
        yield BlockProblem(ProblemKind.WRONG_VALUE, at, str(value), allowed=spec.values, is_warning=is_tolerated)


def _check_list(value: Any, spec: ListOf, at: str) -> Problems:
    if not isinstance(value, list | tuple):
        yield BlockProblem(ProblemKind.NO_LIST, at)
        return
    count = len(value)
    if count < spec.min_entries:
        kind = ProblemKind.TOO_FEW if count or spec.may_be_empty else ProblemKind.MISSING
        yield BlockProblem(kind, at, str(count), spec.min_entries, is_warning=spec.may_be_empty)
    elif spec.max_entries and count > spec.max_entries:
        yield BlockProblem(ProblemKind.TOO_MANY, at, f"{count:,}", spec.max_entries)
    else:
        for index, entry in enumerate(value):
            yield from _check(entry, spec.entry, f"{at}/{index}")


def _check_typed(value: Mapping[str, Any], spec: Typed, at: str) -> Problems:
    kind = value.get("type")
    if not isinstance(kind, str) or not kind:
        yield BlockProblem(ProblemKind.MISSING, f"{at}/type")
    elif kind not in spec.types:
        yield _refuse_type(kind, spec, at)
    else:
        yield from check_parts(value, SHAPES[kind], at)
        text = value.get("text")
        if kind in TEXT_TYPES and isinstance(text, str) and (length := utf16_length(text)) > spec.max_text:
            yield BlockProblem(ProblemKind.TOO_LONG, f"{at}/text", f"{length:,}", spec.max_text)


def _refuse_type(kind: str, spec: Typed, at: str) -> BlockProblem:
    """Return the problem of a type that is not among those of the spec."""
    if set(spec.types) <= set(TEXT_TYPES):
        return BlockProblem(ProblemKind.WRONG_TYPE, f"{at}/type", kind, allowed=spec.types)
    if kind in SHAPES:
        if spec is MESSAGE_BLOCK:
            return BlockProblem(ProblemKind.NOT_FOR_MESSAGES, f"{at}/type", kind)
        return BlockProblem(ProblemKind.WRONG_OBJECT, at, kind, allowed=_shorten(spec.types))
    if similar := difflib.get_close_matches(kind[:100], spec.types, n=1, cutoff=LIKENESS):
        return BlockProblem(ProblemKind.MISSPELT, f"{at}/type", kind, allowed=(similar[0],))
    return BlockProblem(ProblemKind.UNKNOWN_TYPE, f"{at}/type", kind, is_warning=True)


def check_parts(value: Mapping[str, Any], shape: Shape, at: str) -> Problems:
    """Check the parts of an object. A part that is null counts as absent."""
    if shape.one_of and all(value.get(name) in (None, [], {}) for name in shape.one_of):
        yield BlockProblem(ProblemKind.NEEDS_ONE, at, allowed=shape.one_of)
    for name, spec in shape.required.items():
        if value.get(name) is None:
            yield BlockProblem(ProblemKind.MISSING, f"{at}/{name}")
        else:
            yield from _check(value[name], spec, f"{at}/{name}")
    for name, part in value.items():
        if part is None or name == "type" or name in shape.required:
            continue
        if name in shape.forbidden:
            yield BlockProblem(ProblemKind.FORBIDDEN, at, name)
        elif name in shape.optional:
            yield from _check(part, shape.optional[name], f"{at}/{name}")
        else:
            yield BlockProblem(ProblemKind.UNKNOWN_PROPERTY, f"{at}/{name}", is_warning=True)
    if shape.unique_ids:
        yield from _check_unique(value.get(shape.unique_ids), "action_id", f"{at}/{shape.unique_ids}")


def _check_unique(entries: Any, name: str, at: str) -> Problems:
    """Check that the entries differ in the identifier `name`. An empty one is as good as none."""
    known: set[str] = set()
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        identifier = entry.get(name) if isinstance(entry, Mapping) else None
        if not isinstance(identifier, str) or not identifier:
            continue
        if identifier in known:
            yield BlockProblem(ProblemKind.DUPLICATE, f"{at}/{index}/{name}", identifier)
        known.add(identifier)


def _check_cells(blocks: Sequence[Any], place: str) -> Problems:
    """Check the characters in the cells of all tables of a type together."""
    lengths = dict.fromkeys(MAX_CELL_TEXT, 0)
    for index, block in enumerate(blocks):
        kind = block.get("type") if isinstance(block, Mapping) else None
        if not isinstance(kind, str) or kind not in MAX_CELL_TEXT:
            continue
        limit = MAX_CELL_TEXT[kind]
        before, lengths[kind] = lengths[kind], lengths[kind] + text_length(block.get("rows"))
        if before <= limit < lengths[kind]:
            yield BlockProblem(ProblemKind.CELLS_TOO_LONG, f"{place}/{index}", f"{lengths[kind]:,}", limit)


def _shorten(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names, or the first of many."""
    return names if len(names) <= 4 else (*names[:3], "others")
