"""Forms in which Block Kit is described: a spec for each value, and a shape for each object.

A bound of 0 means that there is none. Lengths are in UTF-16 units, the stricter of the two ways in which Slack may
count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_TEXT = 3_000
TEXT_TYPES = ("mrkdwn", "plain_text")


@dataclass(frozen=True, slots=True)
class Anything:
    """A value that is not checked."""


@dataclass(frozen=True, slots=True)
class String:
    """A string. `is_url`: an address with a scheme."""

    max_length: int = 0
    min_length: int = 0
    is_url: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some strings. `tolerated` are others that only get a warning."""

    values: tuple[str, ...]
    tolerated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """An object whose `type` is one of `types`. `max_text` bounds its `text` if it is a text object."""

    types: tuple[str, ...]
    max_text: int = MAX_TEXT


@dataclass(frozen=True, slots=True)
class Untyped:
    """An object without `type`, of the shape `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list. `may_be_empty`: below `min_entries` it only gets a warning, because Slack may accept it."""

    entry: "Spec"
    max_entries: int = 0
    min_entries: int = 0
    may_be_empty: bool = False


Spec = Anything | String | Choice | Typed | Untyped | ListOf


@dataclass(frozen=True, slots=True)
class Shape:
    """Parts of an object. One of `one_of` is required; `forbidden` are parts that Slack is known to refuse.

    `unique_ids` names a list whose entries must differ in their `action_id`.
    """

    required: Mapping[str, Spec] = field(default_factory=dict)
    optional: Mapping[str, Spec] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    unique_ids: str = ""


def text(max_text: int = MAX_TEXT) -> Typed:
    """Return the spec of a text object of either type."""
    return Typed(TEXT_TYPES, max_text)


def plain(max_text: int = MAX_TEXT) -> Typed:
    """Return the spec of a text object that must be plain."""
    return Typed(("plain_text",), max_text)


def url(max_length: int = 3_000) -> String:
    """Return the spec of an address."""
    return String(max_length, 1, is_url=True)


def words(max_length: int = 0) -> String:
    """Return the spec of a string that must not be empty."""
    return String(max_length, 1)
