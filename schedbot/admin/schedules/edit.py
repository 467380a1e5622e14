"""Edit one schedule: the given fields change, the others stay, and no occurrence in the past is posted for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schedbot import times
from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields import report_fields
from schedbot.admin.fields.parsers import BadField, Fields
from schedbot.admin.fields.report_fields import Trial
from schedbot.admin.fields.schedule_fields import NO_ZONES, ScheduleFields, Zones, slack_user
from schedbot.admin.schedules.selection import find
from schedbot.admin.schedules.writer import EditResult, ScheduleWriter
from schedbot.admin.workspaces import user_zones
from schedbot.errors import ScheduleChanged
from schedbot.model import Schedule
from schedbot.reports import definitions
from schedbot.reports.definitions import Definitions
from schedbot.session import Session
from schedbot.store.fanout import count_past_occurrences


@dataclass(frozen=True, slots=True)
class ParamChanges:
    """Parameters of the report to set and to remove; the others stay."""

    values: Mapping[str, Any] = field(default_factory=dict)
    unset: Sequence[str] = ()


def edit(
    session: Session,
    name: str,
    fields: Fields,
    params: ParamChanges | None = None,
    version: int | None = None,
    trial: Trial = report_fields.try_report,
) -> EditResult:
    """Change the given fields of one schedule; `trial` tries a changed report.

    Raises NotFound and BadField, and ScheduleChanged unless the schedule has that `version`; nothing is changed then.
    """
    user = slack_user(fields, ScheduleFields.of(find(session.db, name)))
    zones = user_zones.ask(session, [user]) if user else NO_ZONES
    context = ChangeContext.begin(session, "edit")
    change = ScheduleEdit(session, context, fields, params, zones, definitions.load(session.settings), trial)
    change.parse(find(session.db, name))  # tries the report, while nobody waits for the database
    with session.db.writing():
        before = find(session.db, name)
        refuse_other_version(before, version)
        writer = ScheduleWriter(session.db, context)
        result = writer.update(before, change.parse(before))
        if user:
            user_zones.learn(session.db, zones, context.now)
        writer.enqueue(result.after)
    session.db.wake()
    return result


@dataclass(frozen=True, slots=True)
class ScheduleEdit:
    """Fields and parameters to change."""

    session: Session
    context: ChangeContext
    fields: Fields
    params: ParamChanges | None
    zones: Zones
    known: Definitions
    trial: Trial

    def parse(self, before: Schedule) -> ScheduleFields:
        """Return the values of the schedule after the change. Raises BadField."""
        now, fields = self.context.now, self.fields
        base = ScheduleFields.of(before, count_past_occurrences.count_occurrences(self.session.db, before, now))
        if self.params and (self.params.values or self.params.unset):
            fields = {**fields, "params": json.dumps(merge(before.terms.report.params, self.params))}
        return ScheduleFields.parse(fields, now, base, self.zones, self.known, self.trial)


def refuse_other_version(schedule: Schedule, version: int | None) -> None:
    """Raise ScheduleChanged where the schedule is no longer in the version that its editor has seen."""
    if version is None or schedule.version == version:
        return
    problem = f"'{schedule.name}' was changed since version {version}: it has version {schedule.version} now."
    raise ScheduleChanged(problem, "Look at it, then try again.")


def merge(before: Mapping[str, Any], params: ParamChanges) -> dict[str, Any]:
    """Return the parameters after the change. Raises BadField for a parameter to remove that does not exist."""
    for key in params.unset:
        if key not in before:
            names = ", ".join(before) or "none"
            raise BadField("params", f"No parameter named {times.quote(key)} exists.", f"The parameters are: {names}.")
    return {key: value for key, value in {**before, **params.values}.items() if key not in params.unset}
