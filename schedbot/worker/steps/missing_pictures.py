"""Pictures that cannot be shown: the message goes without them, and its job is marked as degraded."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from schedbot import log
from schedbot.model import AttemptResult, Message, Outcome
from schedbot.rules.block_kit import pictures
from schedbot.rules.channel_pace import PACE_MS
from schedbot.store.jobs import message_files
from schedbot.store.jobs.message_files import FileKey, StoredFile
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.next_state import LAST_TRY_MS
from schedbot.worker.state.send_queue import Delivery

BAD_BLOCKS = "invalid_blocks"


def is_last_try(delivery: Delivery, in_flight: InFlight) -> bool:
    """Does no other attempt follow if this one fails?"""
    job = delivery.job
    return job.spent + 1 >= job.max_attempts or job.deadline_at - in_flight.session.now() <= LAST_TRY_MS


def spare_report(delivery: Delivery, result: AttemptResult, in_flight: InFlight) -> AttemptResult:
    """Return the result of a post; a refused picture costs no attempt, and the next one goes without it.

    A picture that Slack still processes is tried again like any failure, but for the last attempt.
    """
    if result.error != BAD_BLOCKS or not delivery.shows_pictures:
        return result
    if result.outcome is not Outcome.MESSAGE_REFUSED and not is_last_try(delivery, in_flight):
        return result
    log_missing_picture(delivery, BAD_BLOCKS)
    job = delivery.job
    give_up = partial(message_files.give_up, key=FileKey(job.id, job.token), error=BAD_BLOCKS)
    in_flight.writes.add(give_up, is_ending=True)
    return result._replace(outcome=Outcome.NOT_POSTED, retry_after_ms=PACE_MS)


def log_missing_picture(delivery: Delivery, error: str) -> None:
    """Log that a message goes without its picture."""
    log.event("picture_missing", "warning", job=delivery.job.id, schedule=delivery.job.schedule, error=error)


def fill_in(message: Message, files: Sequence[StoredFile]) -> Message:
    """Return the message as it is posted: pictures have Slack's ids, missing ones are texts."""
    ids = {file.name: file.file_id for file in files if file.file_id}
    notes = {file.name: pictures.explain_missing(file.error) for file in files if file.error}
    return replace(pictures.replace_pictures(pictures.show_pictures(message, ids), notes), files=())
