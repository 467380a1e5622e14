"""Many new lines of texts at once, column by column.

A line is plain if the parser of single lines would take each of its own cells as it is, and an earlier line had the
same rule and terms. A run of lines with one that is not plain goes to that parser, which words the errors.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

from schedbot.admin.fields.parsers import GLOB, MAX_NAME_LENGTH, BadField
from schedbot.admin.fields.schedule_fields import ScheduleFields, parse_account, parse_channel
from schedbot.admin.import_export.formats import Record
from schedbot.admin.import_export.repeated_terms import NewSchedule, RepeatedTerms
from schedbot.model import Report
from schedbot.reports import limits

MOST_CHARACTERS = limits.MAX_TEXT // 2  # of a text: they are within the limits, whatever they are
OWN_CELLS, REPORT_CELLS = frozenset({"name", "channel", "text"}), frozenset({"report", "params"})
get_line, get_fields = attrgetter("line"), attrgetter("fields")


class PlainBatch(NamedTuple):
    """Checked values of new schedules, by column. `shared`: those that several schedules have in common."""

    lines: Sequence[int]
    names: Sequence[str]
    accounts: Sequence[str]
    channels: Sequence[str]
    texts: Sequence[str]
    shared: Sequence[ScheduleFields]

    def each(self) -> Iterator[tuple[int, NewSchedule]]:
        """Yield each line with its schedule."""
        for line, name, account, channel, text, shared in zip(*self, strict=True):
            yield line, NewSchedule(name, account, channel, Report("text", text), shared)


def split(batch: Sequence[Record], terms: RepeatedTerms) -> Iterator[tuple[Sequence[Record], PlainBatch | None]]:
    """Yield runs of lines, in order, each with its values; None where its lines have to be parsed one by one."""
    fields = list(map(get_fields, batch))
    columns = set(map(tuple, fields))
    names = set(*columns) if len(columns) == 1 else set[str]()
    if not names >= OWN_CELLS or any(any(take(fields, column)) for column in REPORT_CELLS & names):
        yield batch, None
        return
    pairs = zip(batch, terms.find_known(fields), strict=True)
    for is_known, run in groupby(pairs, lambda pair: pair[1] is not None):
        records, shared = zip(*run, strict=True)
        yield records, select_plain(records, shared) if is_known else None


def select_plain(records: Sequence[Record], shared: Sequence[ScheduleFields]) -> PlainBatch | None:
    """Return the values of lines, if all are plain."""
    fields = list(map(get_fields, records))
    names, texts = take(fields, "name"), take(fields, "text")
    if not are_plain_names(names) or not are_plain_texts(texts):
        return None
    accounts = take(fields, "account") if "account" in fields[0] else [""] * len(fields)
    try:
        accounts, channels = list(map(parse_account, accounts)), list(map(parse_channel, take(fields, "channel")))
    except BadField:
        return None
    return PlainBatch(list(map(get_line, records)), names, accounts, channels, texts, shared)


def take(fields: Sequence[Mapping[str, str]], column: str) -> list[str]:
    """Return the cells of a column."""
    return list(map(itemgetter(column), fields))


def are_plain_names(names: Sequence[str]) -> bool:
    """Is each a name as `parse_name` takes it?"""
    joined = "".join(names)
    return (
        all(names)
        and max(map(len, names)) <= MAX_NAME_LENGTH
        and joined.isprintable()
        and not GLOB.search(joined)
        and "\n-" not in "\n" + "\n".join(names)
        and list(map(str.strip, names)) == names
    )


def are_plain_texts(texts: Sequence[str]) -> bool:
    """Is each one line that is posted as it is?"""
    return all(map(str.strip, texts)) and max(map(len, texts)) <= MOST_CHARACTERS and "".join(texts).isprintable()
