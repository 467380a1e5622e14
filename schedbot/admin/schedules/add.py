"""Add one schedule: the fields are parsed and checked before one transaction writes the schedule and its first jobs."""

from schedbot.admin.change_context import ChangeContext
from schedbot.admin.fields import report_fields
from schedbot.admin.fields.parsers import Fields
from schedbot.admin.fields.report_fields import Trial
from schedbot.admin.fields.schedule_fields import NO_ZONES, ScheduleFields, slack_user
from schedbot.admin.schedules.writer import ScheduleWriter
from schedbot.admin.workspaces import user_zones
from schedbot.errors import TokenUnavailable
from schedbot.model import Schedule
from schedbot.reports import definitions
from schedbot.session import Session
from schedbot.slack import tokens
from schedbot.store.schedules import workspaces


def add(session: Session, fields: Fields, trial: Trial = report_fields.try_report) -> Schedule:
    """Add one schedule, with its occurrences of the look-ahead; `trial` tries its report.

    Raises BadField; nothing is changed then.
    """
    user = slack_user(fields)
    zones = user_zones.ask(session, [user]) if user else NO_ZONES
    context = ChangeContext.begin(session, "add")
    known = definitions.load(session.settings)
    new = ScheduleFields.parse(fields, context.now, zones=zones, definitions=known, trial=trial)
    with session.db.writing():
        writer = ScheduleWriter(session.db, context)
        schedule = writer.insert(new)
        if user:
            user_zones.learn(session.db, zones, context.now)
        writer.enqueue(schedule)
    session.db.wake()
    return schedule


def missing_token(session: Session, schedule: Schedule) -> str:
    """Return a warning where the token of the schedule's workspace is not available, else an empty text.

    A variable may be set for cron alone, so it is a warning; a token command is not run.
    """
    workspace = workspaces.by_id(session.db, schedule.workspace_id)
    try:
        source = tokens.resolve_source(workspace.token, session.settings.token, workspace.name)
        if source.kind != "command":
            tokens.read_token(source)
    except TokenUnavailable as error:
        return f"{error} {error.hint}"
    return ""
