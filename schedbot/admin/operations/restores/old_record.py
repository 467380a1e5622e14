"""Record of the database that a restore replaces: what it posted after the backup.

It is complete if it began as the backup did, by the hash chain. Otherwise it may be another copy, and only the
channels' histories show all posts.
"""

from collections.abc import Iterable
from contextlib import suppress

from schedbot.errors import DatabaseUnusable
from schedbot.model import JobState
from schedbot.slack.history.posted_parts import PostedParts
from schedbot.store.database import Database
from schedbot.store.operations import replaced_posts, restored_alerts, restored_state
from schedbot.store.operations.replaced_posts import ReplacedJob
from schedbot.store.operations.restored_jobs import RestoredJob

ENDED = (JobState.FAILED, JobState.MISSED, JobState.CANCELLED, JobState.SKIPPED)
Posts = dict[str, PostedParts]


class OldRecord:
    """The replaced database, if there is one that can be read. `backup` is as it was made, without later writes."""

    def __init__(self, replaced: Database | None, backup: Database) -> None:
        self.db = replaced
        self.last_id = restored_state.get_last_id(backup)
        self.is_complete = False
        with suppress(DatabaseUnusable):
            self.is_complete = replaced is not None and restored_state.is_continued_by(backup, replaced)

    def find_posts(self, jobs: Iterable[RestoredJob]) -> tuple[Posts, set[int]]:
        """Return the posts that are on record for these jobs, and for occurrences of which the backup has no job.

        The second result has the numbers of those jobs that ended and were not tried again.
        """
        posts: Posts = {}
        untouched: set[int] = set()
        if self.db is None:
            return posts, untouched
        with suppress(DatabaseUnusable):
            for job in jobs:
                old = replaced_posts.find(self.db, job.schedule_id, job.due_at)
                if old and old.is_posted:
                    posts[old.occurrence] = to_parts(old)
                elif old and self.is_complete and job.state in ENDED:
                    untouched.update([job.id] if (old.state, old.attempts) == (job.state, job.attempts) else [])
            for old in replaced_posts.list_later(self.db, self.last_id if self.is_complete else 0):
                posts[old.occurrence] = to_parts(old)
        return posts, untouched

    def take_alerts(self, backup: Database, now: int) -> None:
        """Let the restored database know which alerts were announced. Inside a transaction."""
        with suppress(DatabaseUnusable):
            if self.db and self.is_complete:
                restored_alerts.copy(backup, self.db)
                return
        restored_alerts.expect_sent(backup, now)


def to_parts(job: ReplacedJob) -> PostedParts:
    """Return the messages of a job that succeeded."""
    ts = job.ts or ""
    by_part = dict.fromkeys(range(1, job.parts + 1), ts)
    return PostedParts(job.parts, by_part, job.channel or "", job.thread_ts or "")
