"""Upload the files that a part of a message needs, before its intent: its pictures, or the file that it shares.

The id of an uploaded file is committed before the part is sent, so a share of unknown outcome can be looked up. A pool
that dies before the commit leaves a file that nobody sees, and another pool uploads it again. A picture never costs the
report: if it is refused, or not there after all attempts, the message goes with the picture's text in its place.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from schedbot import log
from schedbot.clock import steady_ms
from schedbot.model import AttemptResult, Outcome
from schedbot.reports import spool
from schedbot.slack import error_codes
from schedbot.store.database import Database
from schedbot.store.jobs import message_files, message_parts
from schedbot.store.jobs.message_files import FileKey
from schedbot.worker.post_protocol import PostResponse
from schedbot.worker.protocol import UploadRequest, UploadResponse
from schedbot.worker.state.in_flight import InFlight
from schedbot.worker.state.poster_handle import PosterHandle, Upload
from schedbot.worker.state.send_queue import Delivery
from schedbot.worker.steps.clean_spool import SpoolCleaner
from schedbot.worker.steps.missing_pictures import fill_in, is_last_try, log_missing_picture
from schedbot.worker.steps.send import Sender

UPLOADS_AT_ONCE = 8  # in all posters: files are large, and posts go on beside them
REQUESTS = 8  # of an upload: three, and the questions whether Slack has processed the picture
FINAL = frozenset({Outcome.MESSAGE_REFUSED, Outcome.CHANNEL_REFUSED, Outcome.OUR_DEFECT})


@dataclass(slots=True)
class Uploader:
    """Uploads of this pool. `on_ready` is called with each delivery whose files are uploaded."""

    in_flight: InFlight
    sender: Sender
    on_ready: Callable[[Delivery], None]
    waiting: deque[Delivery] = field(default_factory=deque)
    cleaner: SpoolCleaner = field(init=False)

    def __post_init__(self) -> None:
        self.cleaner = SpoolCleaner(self.in_flight)

    def take(self, delivery: Delivery) -> None:
        """Take a delivery whose message is stored or needs no store; it is ready if it needs no file."""
        stored = delivery.job.stored
        delivery.is_share = stored is not None and stored.method == message_parts.SHARE
        if not delivery.is_share and not (delivery.message and delivery.message.files):
            self.on_ready(delivery)
            return
        files = message_files.list_files(self.in_flight.session.db, delivery.job.id)
        if stored is not None and delivery.is_share:
            delivery.files = [file for file in files if file.number == int(stored.content)]
        else:
            names = {file.name for file in delivery.message.files} if delivery.message else set()
            delivery.files = [file for file in files if file.is_picture and file.name in names]
        self.go_on(delivery)

    def go_on(self, delivery: Delivery) -> None:
        """Upload the next file of a delivery, or let it go on with all of them."""
        if any(file.is_open for file in delivery.files):
            self.waiting.append(delivery)
            self.start_uploads()
            return
        if delivery.message is not None and not delivery.is_share:
            delivery.message = fill_in(delivery.message, delivery.files)
        self.on_ready(delivery)

    def start_uploads(self) -> None:
        """Start the uploads that wait, within the limit and the posters' room."""
        while self.waiting and sum(len(poster.uploads) for poster in self.in_flight.posters) < UPLOADS_AT_ONCE:
            poster = self.in_flight.find_freest_poster()
            if poster is None or poster.free_slots <= 0:
                return
            delivery = self.waiting.popleft()
            if not delivery.is_done:
                self.start(delivery, poster)

    def start(self, delivery: Delivery, poster: PosterHandle) -> None:
        """Let a poster upload the next file of a delivery."""
        file = next(file for file in delivery.files if file.is_open)
        file = replace(file, path=str(spool.locate(self.cleaner.folder, file.path) or ""))  # without: it is lost
        longest_ms = REQUESTS * self.in_flight.session.settings.timeout_ms + file.rendered.longest_transfer_ms
        poster.uploads[delivery.key] = Upload(delivery, file, steady_ms() + longest_ms)
        rereads_token = error_codes.is_token_refused(delivery.job.error)
        poster.send(UploadRequest(delivery.key, delivery.source, rereads_token, file.rendered))

    # -- the response

    def receive(self, poster: PosterHandle, response: UploadResponse) -> None:
        """Take the result of an upload."""
        upload = poster.uploads.pop(response.key, None)
        if upload is None or upload.delivery.is_done:
            return
        delivery, file, job = upload.delivery, upload.file, upload.delivery.job
        key = FileKey(job.id, job.token, file.number)
        if response.result is None:
            self.record(delivery, partial(message_files.record_upload, key=key, file_id=response.file_id))
        elif file.is_picture and (response.result.outcome in FINAL or is_last_try(delivery, self.in_flight)):
            error = response.result.error or "upload_failed"
            log_missing_picture(delivery, error)
            self.record(delivery, partial(message_files.give_up, key=key, error=error))
        else:
            self.end_attempt(delivery, response, response.result)

    def record(self, delivery: Delivery, write: Callable[[Database], bool]) -> None:
        """Record what became of a file, then go on with the next."""
        on_failure = partial(self.in_flight.give_up, delivery)
        self.in_flight.writes.add(write, partial(self.on_recorded, delivery), on_failure)

    def on_recorded(self, delivery: Delivery, is_recorded: bool) -> None:
        """Go on with a delivery; False: a newer claim holds its job."""
        if delivery.is_done:
            return
        if not is_recorded:
            self.in_flight.drop_lost(delivery)
            return
        numbers = {file.number for file in delivery.files}
        files = message_files.list_files(self.in_flight.session.db, delivery.job.id)
        delivery.files = [file for file in files if file.number in numbers]
        self.go_on(delivery)

    def end_attempt(self, delivery: Delivery, response: UploadResponse, result: AttemptResult) -> None:
        """End an attempt whose file could not be uploaded: nothing was posted."""
        if response.is_token_rotated:
            log.event("token_rotated", workspace=delivery.job.workspace)
        flags = {"is_token_rotated": response.is_token_rotated, "is_token_awaited": response.is_token_awaited}
        post_response = PostResponse(delivery.key, result, **flags)
        judged = self.in_flight.passing.judge(delivery.job, post_response, self.in_flight.session.now())
        self.sender.end_unsent(delivery, judged, is_token_rotated=response.is_token_rotated)

    def on_child_died(self, poster: PosterHandle) -> None:
        """Queue the uploads of a dead poster again."""
        self.waiting.extend(upload.delivery for upload in poster.uploads.values())
        poster.uploads.clear()
