"""Send all parts of a test: its pictures are uploaded, its message is posted, and the rest goes into the thread."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from schedbot.model import AttemptResult, Message, Outcome
from schedbot.posts import PostOptions, RenderedFile
from schedbot.rules.block_kit import pictures
from schedbot.settings import Settings
from schedbot.slack import one_shot

Request = Callable[[], AttemptResult]


@dataclass(frozen=True, slots=True)
class PartSender:
    """Sends the parts of a message. `pace`: makes a request to a channel once the channel is free."""

    settings: Settings
    token: str
    options: PostOptions
    pace: Callable[[str, Request], AttemptResult]

    def send(self, channel: str, message: Message) -> AttemptResult:
        """Send all parts. Return the result of the message, or of the part after it that failed."""
        files = [file for file in message.files if isinstance(file, RenderedFile)]
        others = [file for file in files if not file.is_picture]
        shown, *replies = self.show_pictures(message, [file for file in files if file.is_picture])
        first = self.pace(channel, lambda: self.post(channel, shown, self.options))
        if first.outcome is not Outcome.POSTED or not first.ts:
            return first
        thread_ts = first.ts
        reply_options = replace(self.options, thread_ts=thread_ts)
        requests: list[Request] = [
            *(lambda part=part: self.post(channel, part, reply_options) for part in replies),
            *(lambda file=file: self.share(channel, file, thread_ts) for file in others),
        ]
        for request in requests:
            result = self.pace(channel, request)
            if result.outcome is not Outcome.POSTED:
                return result
        return first

    @property
    def address(self) -> tuple[str, str]:
        return self.settings.api_url, self.token

    def post(self, channel: str, message: Message, options: PostOptions) -> AttemptResult:
        return one_shot.post_message(*self.address, channel, message, options, self.settings.timeout_ms)

    def share(self, channel: str, file: RenderedFile, thread_ts: str) -> AttemptResult:
        """Upload a file and share it in the thread."""
        return one_shot.share_file(*self.address, file, channel, thread_ts, self.settings.timeout_ms)

    def show_pictures(self, message: Message, files: list[RenderedFile]) -> list[Message]:
        """Return the message and those that follow, with pictures uploaded; a refused picture becomes its text."""
        ids, notes = {}, {}
        for file in files:
            if file.error:
                continue  # its text is in its place
            uploaded = one_shot.upload_file(*self.address, file, self.settings.timeout_ms)
            if isinstance(uploaded, AttemptResult):
                notes[file.name] = pictures.explain_missing(uploaded.error or "upload_failed")
            else:
                ids[file.name] = uploaded
        parts = (message, *message.continuation)
        return [pictures.replace_pictures(pictures.show_pictures(part, ids), notes) for part in parts]
