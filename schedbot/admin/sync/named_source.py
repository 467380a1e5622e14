"""Source of `schedbot sync SOURCE`: a table `[sync.NAME]`, which wins over a file of the same name, or a file."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from schedbot import text_input, times
from schedbot.admin.sync import record_list
from schedbot.admin.sync.record_list import RecordList
from schedbot.errors import BadInput
from schedbot.reports.sync_sources import definitions
from schedbot.session import Session

STDIN = "-"


class NamedSource(NamedTuple):
    """Records, and the name of the source that the schedules belong to."""

    records: RecordList
    name: str


def find(session: Session, word: str, name: str, read: Callable[[str], bytes]) -> NamedSource:
    """Return the source of a word. `name` is '' for the table's name or the file's stem. Raises BadInput.

    `read` returns the bytes of a file, or of stdin for `-`.
    """
    definition = definitions.find(session.settings, word)
    if definition:
        return NamedSource(record_list.of_table(session, definition), definitions.parse_source_name(name or word))
    if word == STDIN and not name:
        raise BadInput("Stdin has no name for its source.", "Name it: schedbot sync - --source product")
    suggest_table(session, word)
    origin = definitions.parse_source_name(name or Path(word).stem)
    return NamedSource(record_list.of_file("stdin" if word == STDIN else word, read(word)), origin)


def suggest_table(session: Session, word: str) -> None:
    """Raise BadInput for a word that looks like the name of a table, and is neither a table nor a file."""
    if word == STDIN or "/" in word or "." in word or text_input.parse_path(word).exists():
        return
    near = get_close_matches(word, session.settings.sync_tables, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Write a table [sync.{word}] in schedbot.toml, or name a file."
    raise BadInput(f"No table [sync.{word}] and no file {times.quote(word)} exists.", hint)
