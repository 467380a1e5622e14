"""RecordedText: the values that a new schedule is recorded with, as JSON, faster than one by one.

What schedules with the same rule and terms have in common is serialized once.
"""

import json
from json.encoder import encode_basestring as quote
from typing import Any

from schedbot.admin.schedules.serialize import recorded
from schedbot.model import Schedule

OWN = ("name", "account", "channel", "text", "report", "params")


class RecordedText:
    """JSON of schedules that differ from one of them in OWN alone. The keys have the order of `recorded`."""

    def __init__(self, schedule: Schedule) -> None:
        sections: list[dict[str, Any]] = [{}]
        for key, value in recorded(schedule).items():
            if key in ("channel", "text", "report"):
                sections.append({})
            elif key not in OWN:
                sections[-1][key] = value
        self.workspace, self.rule, self.terms = map(to_members, sections)

    def of(self, name: str, account: str, channel: str, message: str) -> str:
        """Return the JSON of a schedule; `message`: the members of its report, by `members_of_report`."""
        owner = f'"account": {quote(account)}, ' if account else ""
        return (
            f'{{"name": {quote(name)}, {owner}{self.workspace}, "channel": "{channel}", '
            f"{self.rule}, {message}, {self.terms}}}"
        )


def members_of_report(kind: str, source: str, params: str) -> str:
    """Return the members of a report; `params` is JSON."""
    message = f'"{"text" if kind == "text" else "report"}": {quote(source)}'
    return message if params == "{}" else f'{message}, "params": {params}'


def to_members(values: dict[str, Any]) -> str:
    """Return the members of a JSON object without its braces."""
    return json.dumps(values, ensure_ascii=False)[1:-1]
