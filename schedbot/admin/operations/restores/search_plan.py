"""Plan which channels, threads and updated messages a restore reads, and remember which of them could not be read.

A schedule posts to its channel; a message that has begun goes on in the channel and thread of its first part, and an
attempt of unknown outcome is where it was sent. Channels of jobs come first, because time is limited.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schedbot.model import ThreadSpan
from schedbot.rules.thread_spans import find_span
from schedbot.slack.history.posted_parts import PostedPart
from schedbot.store.operations.restored_jobs import RestoredJob
from schedbot.store.operations.restored_state import KnownThread, SearchedSchedule


class PostPlace(NamedTuple):
    """A channel, or a person, in a workspace."""

    workspace_id: str
    channel: str


@dataclass(slots=True)
class PlaceSearch:
    """Time, threads and updated messages to read in a place."""

    since: int
    threads: dict[str, PostedPart | None] = field(default_factory=dict)
    updated: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SearchPlan:
    """Searches by place, in order, and the places of each schedule and of each job beside those of its schedule."""

    since: int
    searches: dict[PostPlace, PlaceSearch] = field(default_factory=dict)
    schedules: list[SearchedSchedule] = field(default_factory=list)
    of_schedule: dict[str, PostPlace] = field(default_factory=dict)
    of_job: dict[int, PostPlace] = field(default_factory=dict)

    def add(self, place: PostPlace, since: int | None = None) -> PlaceSearch:
        """Return the search of a place, which begins at `since` at the latest."""
        search = self.searches.setdefault(place, PlaceSearch(self.since))
        search.since = min(search.since, self.since if since is None else since)
        return search

    def list_places(self, job: RestoredJob) -> list[PostPlace]:
        """Return the places in which the message of a job may be."""
        own = self.of_job.get(job.id)
        return [self.of_schedule[job.schedule_id], *([own] if own else [])]


def plan(
    since: int, jobs: Sequence[RestoredJob], schedules: Iterable[SearchedSchedule], threads: Iterable[KnownThread]
) -> SearchPlan:
    """Return the plan for jobs that are not settled yet, and for these schedules."""
    result = SearchPlan(since)
    by_id = {schedule.id: schedule for schedule in schedules}
    by_span = {(thread.schedule_id, thread.channel, thread.span): thread.thread_ts for thread in threads}
    first = dict.fromkeys(job.schedule_id for job in jobs)
    result.schedules = [by_id[each] for each in dict.fromkeys([*first, *by_id])]
    for schedule in result.schedules:
        place = result.of_schedule[schedule.id] = PostPlace(schedule.workspace_id, schedule.channel)
        search = result.add(place)
        if schedule.last_ts:
            search.updated.append(schedule.last_ts)
    for job in jobs:
        add_job(result, job, by_span)
    return result


def add_job(search_plan: SearchPlan, job: RestoredJob, by_span: Mapping[tuple[str, str, str], str]) -> None:
    """Add the place and the threads in which the message of a job may be."""
    if job.thread is not ThreadSpan.NONE:
        span = find_span(job.thread, job.scheduled_at, job.tz)
        if thread_ts := by_span.get((job.schedule_id, job.channel, span)):
            search_plan.add(search_plan.of_schedule[job.schedule_id]).threads.setdefault(thread_ts, None)
    if job.last_channel and (job.is_last_unknown or job.parts_posted):
        place = search_plan.of_job[job.id] = PostPlace(job.workspace_id, job.last_channel)
        search = search_plan.add(place, job.last_sent_at if job.is_last_unknown else None)
        if job.parts_posted and job.ts:
            begun = PostedPart(job.occurrence, job.parts_posted, job.parts, job.last_part_ts or job.ts)
            search.threads[job.thread_ts or job.ts] = begun
        elif job.last_thread_ts:
            search.threads.setdefault(job.last_thread_ts, None)
