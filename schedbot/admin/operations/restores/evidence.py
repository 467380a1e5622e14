"""Evidence of a restore: the posts in both records, and the places whose history does not show all of them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schedbot.admin.operations.restores.old_record import Posts
from schedbot.admin.operations.restores.search_plan import PostPlace, SearchPlan
from schedbot.model import ThreadSpan, parse_occurrence_id
from schedbot.slack.history.posted_parts import ChannelPosts
from schedbot.store.operations.restored_jobs import RestoredJob


@dataclass(frozen=True, slots=True)
class Evidence:
    """Posts by occurrence. `unread`: the places whose history was not read, with the reason.

    `untouched`: jobs that ended before the backup and were not tried since. `newest`: by schedule, due_at of its newest
    occurrence that was posted.
    """

    posts: Posts
    search: SearchPlan
    unread: Mapping[PostPlace, str]
    untouched: frozenset[int]
    newest: Mapping[str, int]

    def is_superseded(self, job: RestoredJob) -> bool:
        """Is a later occurrence in the message that the job would update? Then no pool sends it."""
        return job.is_update and self.newest.get(job.schedule_id, job.due_at) > job.due_at

    def shows_absence(self, job: RestoredJob) -> bool:
        """Was a job without a message not posted?"""
        if job.id in self.untouched or self.is_superseded(job):
            return True
        return not any(place in self.unread for place in self.search.list_places(job))

    def list_unsure(self) -> list[str]:
        """Return the schedules that may have posted occurrences without a job: a history was not read.

        Of threads, only those of jobs are read.
        """
        return [
            schedule.id
            for schedule in self.search.schedules
            if schedule.thread is not ThreadSpan.NONE or self.search.of_schedule[schedule.id] in self.unread
        ]


def gather(
    search: SearchPlan, known: Posts, untouched: Iterable[int], shown: Mapping[PostPlace, ChannelPosts]
) -> Evidence:
    """Return the evidence of the replaced database (`known`, `untouched`) and of the histories."""
    posts: Posts = {}
    for channel_posts in shown.values():
        for occurrence, parts in channel_posts.by_occurrence.items():
            posts.setdefault(occurrence, parts).join(parts)
    posts |= known
    newest: dict[str, int] = {}
    for schedule_id, due_at in filter(None, map(parse_occurrence_id, posts)):
        newest[schedule_id] = max(due_at, newest.get(schedule_id, due_at))
    unread = {place: channel_posts.error for place, channel_posts in shown.items() if channel_posts.error}
    return Evidence(posts, search, unread, frozenset(untouched), newest)
