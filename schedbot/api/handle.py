"""Schedbot: the handle of the Python API, with a method for each command that a product's backend needs.

Each method is a call of the operation in `schedbot.admin` that the command of its name calls.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, Unpack
from zoneinfo import ZoneInfo

from schedbot import settings
from schedbot.admin.fields import report_fields
from schedbot.admin.listings import list_schedules
from schedbot.admin.listings.list_schedules import ListOptions
from schedbot.admin.schedules import add, edit, pause, remove, selection
from schedbot.admin.sync.apply import apply_sync
from schedbot.admin.sync.plan import plan_sync
from schedbot.api import arguments, results
from schedbot.api.delivery import Delivery
from schedbot.api.keywords import EditKeywords, ScheduleKeywords, Texts, When, to_fields, to_when
from schedbot.api.session_handle import to_schedule, to_schedules
from schedbot.api.values import Plan, Schedule

Schedules = list[Schedule]  # inside the class, `list` is a method


class Schedbot(Delivery):
    """Handle of a database of schedbot. `open()` returns one; it is a context manager.

    Several threads may use it at once. Every method raises `schedbot.errors.SchedbotError`, with `message`, `hint`,
    `exit_code` and, for a wrong field, `column`; nothing is changed then. A method that changes something returns when
    the change is on the disk.
    """

    def add(self, name: str, **fields: Unpack[ScheduleKeywords]) -> Schedule:
        """Add a schedule and return it. Raises BadField for a wrong field and for a name in use.

        Its report is checked by name: a named report is not run, a template is tried once.
        """
        with self._session() as session:
            texts = to_fields({"name": name, **fields})
            return to_schedule(session, add.add(session, texts, report_fields.try_template))

    def edit(self, name: str, /, *, version: int | None = None, **fields: Unpack[EditKeywords]) -> Schedule:
        """Change the given fields of a schedule and return it. `name=` renames it; `params` replaces all parameters.

        With `version`, raises ScheduleChanged if the schedule was edited since it had that version. Without, the last
        edit wins, and each is on record. Raises NotFound and BadField.
        """
        name, version = arguments.to_name(name), arguments.to_optional_number("version", version)
        with self._session() as session:
            edited = edit.edit(session, name, to_fields(fields), version=version, trial=report_fields.try_template)
            return to_schedule(session, edited.after)

    def pause(self, *names: str, reason: str = "", until: When = "") -> Schedules:
        """Pause schedules and return them. Occurrences during the pause are not posted later.

        Raises NotFound, and BadInput without names. `names` may be globs. `until`: end of the
        pause, a wall clock in the zone of each schedule, or an instant.
        """
        names, end = arguments.require_names(names), to_when("until", until)
        reason = arguments.to_optional_text("reason", reason) or ""
        with self._session() as session:
            changes, _ = pause.pause(session, names, reason, end)
            return to_schedules(session, (change.schedule for change in changes))

    def resume(self, *names: str, unasked: bool = False) -> Schedules:
        """Resume paused and suspended schedules, and return them. Raises NotFound, and BadInput without names.

        Slack is asked first about the channel of a suspended schedule, unless `unasked`; a channel that still refuses
        posts is an error.
        """
        names, unasked = arguments.require_names(names), arguments.to_flag("unasked", unasked)
        with self._session() as session:
            changes, _ = pause.resume(session, names, unasked)
            return to_schedules(session, (change.schedule for change in changes))

    def remove(self, *names: str) -> Schedules:
        """Remove schedules, all or none, and return them. Their queued jobs are cancelled.

        Raises NotFound, and BadInput without names.
        """
        names = arguments.require_names(names)
        with self._session() as session:
            removals = remove.remove(session, selection.find_all(session.db, names).schedules)
            return to_schedules(session, (removal.schedule for removal in removals))

    def sync(
        self, records: Iterable[Mapping[str, Any]], *, source: str, dry_run: bool = False, yes_remove: bool = False
    ) -> Plan:
        """Make the schedules of a source equal to a list of mappings, all or nothing, and return the plan.

        The keys are the keywords of `add`, with `name`; an absent one has its default. Only schedules that a sync of
        the same `source` made are changed and removed. `dry_run`: change nothing. Raises BadFile, with a sentence for
        each bad row in `lines`, and BadInput for the removal of more than 20 % without `yes_remove`.
        """
        source = arguments.to_text("source", source)
        dry_run, yes_remove = arguments.to_flag("dry_run", dry_run), arguments.to_flag("yes_remove", yes_remove)
        with self._session() as session:
            plan = plan_sync(session, records, source, trial=report_fields.try_template)
            if not dry_run:
                apply_sync(session, plan, yes_remove)
            return results.plan_of(plan)

    def show(self, name: str, /) -> Schedule:
        """Return the schedule with this name. Raises NotFound."""
        name = arguments.to_name(name)
        with self._session() as session:
            return to_schedule(session, selection.find(session.db, name))

    def list(
        self,
        *names: str,
        state: Texts | None = None,
        account: str | None = None,
        workspace: str | None = None,
        channel: Texts | None = None,
        tz: str | ZoneInfo | None = None,
        sort: str = "name",
    ) -> Schedules:
        """Return the schedules that match all filters, or all schedules. Raises BadInput and NotFound.

        `names` may be globs; `state` is active, paused, suspended or finished, or several of them.
        `sort`: name, state, last, account, channel, next, workspace or tz; `-next` reverses.
        """
        options = ListOptions(
            names=arguments.to_names(names),
            state=arguments.to_texts("state", state),
            account=arguments.to_optional_text("account", account),
            workspace=arguments.to_optional_text("workspace", workspace),
            channel=arguments.to_texts("channel", channel),
            tz=str(tz) if isinstance(tz, ZoneInfo) else arguments.to_optional_text("tz", tz),
        )
        sort = arguments.to_text("sort", sort)
        with self._session() as session:
            selected = list_schedules.select(session, list_schedules.parse(session, options), sort)
            return to_schedules(session, selected)


def open(
    database: str | PathLike[str] | None = None,
    *,
    actor: str | None = None,
    config: str | PathLike[str] | None = None,
) -> Schedbot:
    """Open a database and return its handle. Raises BadInput for settings, and DatabaseUnusable.

    Without `database` and `config`, both are found as the commands find them. `actor`: person or program on the record
    of changes; without it, SCHEDBOT_ACTOR or the user of the operating system. The settings are read once, here.
    """
    actor = arguments.to_optional_text("actor", actor)
    loaded = settings.load(settings.Flags(arguments.to_path("config", config), arguments.to_path("database", database)))
    return Schedbot(replace(loaded, actor=settings.make_printable(actor)) if actor else loaded)
