"""RowBuilder: the rows of new schedules with their ids, their JSON on record, and its hashes. It reads no database.

What schedules with the same rule and terms have in common is serialized once, by `TermsText`.
"""

from collections.abc import Iterable, Mapping
from itertools import count
from json.encoder import encode_basestring as quote
from typing import NamedTuple

from schedbot.store.imports.change_links import ChangeLinks
from schedbot.store.schedules.schedule_ids import ascending_ids

MOST_TERMS = 50_000  # that are remembered


class Origin(NamedTuple):
    """Values that the changes of an import have in common. `first`: number of the first; `now`: UTC milliseconds."""

    first: int
    now: int
    actor: str
    host: str
    command: str


class TermsText(NamedTuple):
    """Workspace, and members of the JSON on record that schedules share: before channel, before report, after it."""

    workspace_id: str
    workspace: str
    rule: str
    terms: str


# line, name, account, channel, report_kind, report_source, params (JSON), number of its shared values
NewRow = tuple[int, str, str, str, str, str, str, int]
# position, line, id, name, account, channel, report_kind, report_source, params, after, terms
StagedRow = tuple[int, int, str, str, str, str, str, str, str, str, int]


class RowBuilder:
    """Builds the rows of one import, in the order of its lines."""

    def __init__(self, origin: Origin) -> None:
        self.links = ChangeLinks(*origin)
        self.ids = ascending_ids(origin.now)
        self.positions = count()
        self.terms: dict[int, TermsText] = {}

    def build(self, terms: Mapping[int, TermsText], new: Iterable[NewRow]) -> list[StagedRow]:
        """Return the rows of new schedules; `terms` has the shared values that are new, by number."""
        if len(self.terms) + len(terms) > MOST_TERMS:
            self.terms.clear()
        self.terms.update(terms)
        return list(map(self.build_one, new))

    def build_one(self, new: NewRow) -> StagedRow:
        """Return the row of a new schedule, and add the entry of its change."""
        line, name, account, channel, kind, source, params, number = new
        workspace_id, workspace, rule, terms = self.terms[number]
        schedule_id = next(self.ids)
        owner = f'"account": {quote(account)}, ' if account else ""
        report = f'"{"text" if kind == "text" else "report"}": {quote(source)}'
        if params != "{}":
            report = f'{report}, "params": {params}'
        after = f'{{"name": {quote(name)}, {owner}{workspace}, "channel": "{channel}", {rule}, {report}, {terms}}}'
        self.links.add(workspace_id, schedule_id, name, after)
        return next(self.positions), line, schedule_id, name, account, channel, kind, source, params, after, number
