"""Record and request of an attempt, from a delivery."""

from schedbot.posts import MessageMetadata
from schedbot.rules.channel_pace import START_LIMIT_MS
from schedbot.slack import error_codes
from schedbot.store.jobs.attempts import AttemptStart
from schedbot.worker.post_protocol import PostRequest
from schedbot.worker.protocol import ShareRequest
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.send_queue import Delivery


def build_start(in_flight: InFlight, delivery: Delivery, worker: str, sent_at: int | None) -> AttemptStart:
    """Return the record of an attempt that is about to begin. `sent_at` None: no request is sent."""
    job, report, options = delivery.job, delivery.job.report, delivery.job.options
    return AttemptStart(
        job.id,
        job.token,
        job.version,
        job.channel,
        worker,
        delivery.started_at,
        sent_at,
        in_flight.clock.slack_offset_ms,
        delivery.rendered_at,
        delivery.render_ms,
        report.source if report.kind == "named" else None,
        job.parts_posted + 1,
        options.thread_ts or None,
        "share" if delivery.is_share else "update" if options.update_ts else "post",
        delivery.channel_held_until,
    )


def build_request(installation: str, delivery: Delivery) -> PostRequest:
    """Return the request of a delivery whose intent is written: post its message."""
    job, message, sent_steady = delivery.job, delivery.message, delivery.sent_steady
    assert message is not None
    metadata = MessageMetadata(installation, job.occurrence, delivery.attempt, delivery.part, delivery.parts)
    return PostRequest(
        delivery.key,
        delivery.source,
        error_codes.is_token_refused(job.error),
        job.channel,
        message,
        metadata,
        sent_steady + START_LIMIT_MS,
        job.options,
        sent_steady,
    )


def build_share_request(delivery: Delivery) -> ShareRequest:
    """Return the request to share the file of a delivery."""
    job, [file] = delivery.job, delivery.files
    return ShareRequest(
        key=delivery.key,
        source=delivery.source,
        rereads_token=error_codes.is_token_refused(job.error),
        channel=job.channel,
        thread_ts=job.options.thread_ts,
        file_id=file.file_id or "",
        title=file.title or file.name,
        start_before=delivery.sent_steady + START_LIMIT_MS,
        start_at=delivery.sent_steady,
    )
