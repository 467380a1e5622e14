"""Token rotation: a team's token that expires soon is replaced, once, by all processes that work with a database.

Rules: one process at a time holds the team's lock; who finds it held uses the old token until that expires. The journal
has the new pair before the store has it, so a killed process loses it only between Slack's answer and the journal.
Slack documents no second use of a refresh token. After a lost answer it is tried again, as nothing is left to lose;
if Slack refuses it, the app must be installed again, which `workspace check`, `doctor` and the log say.
Source: https://docs.slack.dev/authentication/using-token-rotation
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout
from slack_sdk.oauth.installation_store import Bot

from schedbot import log, times
from schedbot.errors import SchedbotError, TokenUnavailable
from schedbot.file_access import private_opener
from schedbot.slack.token_stores import installations
from schedbot.slack.token_stores.oauth_request import RefreshRefused, request_pair
from schedbot.slack.token_stores.place import RotationSettings, StorePlace
from schedbot.slack.token_stores.refresh_journal import RefreshJournal, RefreshRecord, fingerprint

EARLY_S = 5_400  # later than Bolt, which rotates two hours early: the app itself comes first
RETRY_S = 300
LOCK_S = 20
AGAIN = "schedbot tries again every five minutes; the present token is used until it expires."
REINSTALL = "Install the app again in this workspace: only this gives a new refresh token."


@dataclass(frozen=True, slots=True)
class Rotation:
    """Rotation of one team's token."""

    place: StorePlace
    settings: RotationSettings

    @property
    def path(self) -> Path:
        """Path of the team's files, without their suffix."""
        name = fingerprint(replace(self.place, secret_env="").encode())[:32]
        return Path(self.settings.folder) / name

    @property
    def journal(self) -> RefreshJournal:
        return RefreshJournal(self.path.with_suffix(".json"))

    def read_token(self) -> str:
        """Return the team's token, a new one if it expires soon. Raises TokenUnavailable."""
        try:
            self.refresh_if_due()
        except (SchedbotError, OSError, ValueError) as error:  # the present token may still be valid
            log.event("token_refresh_failed", "error", team=self.place.team, why=str(error))
        try:
            return installations.read_token(self.place)
        except TokenUnavailable as error:
            problem = self.find_problem()
            raise TokenUnavailable(f"{error} {problem}", self.explain_problem()[1]) if problem else error from None

    def refresh_if_due(self) -> None:
        """Store a pair that waits, or refresh a token that is due, unless another process does it."""
        record = self.journal.read()
        bot = None if record and record.bot else self.find_due()
        if not (record and record.bot) and bot is None:
            return
        is_valid = bot is not None and (bot.bot_token_expires_at or 0) > time.time()
        with self.lock(0 if is_valid else LOCK_S) as is_locked:
            if is_locked:
                self.refresh_under_lock()

    def refresh_under_lock(self) -> None:
        record = self.journal.read()
        if record and record.bot:
            self.store_pair(record)
        bot = self.find_due()
        if bot and self.has_secret():
            self.refresh(bot)
        elif bot:
            log.event("token_refresh_failed", "error", team=self.place.team, why=self.find_problem())

    def has_secret(self) -> bool:
        return bool(os.environ.get(self.place.secret_env))

    def find_due(self) -> Bot | None:
        """Return the team's bot if its token is due for a refresh that may be tried now."""
        bot = installations.read_bot(self.place)
        if bot.bot_token_expires_at is None or not bot.bot_refresh_token:
            return None
        is_due = bot.bot_token_expires_at <= time.time() + EARLY_S
        return bot if is_due and may_try(self.journal.read(), bot) else None

    def refresh(self, bot: Bot) -> None:
        """Exchange the refresh token for a new pair and store it. A failure is written to the journal and the log."""
        before, used = self.journal.read(), fingerprint(bot.bot_refresh_token)
        uses = before.uses + 1 if before and before.refresh == used else 1
        record = RefreshRecord(used, time.time(), uses)
        self.journal.write(record)
        try:
            pair = request_pair(self.place, bot, self.settings.api_url, self.settings.timeout_ms)
        except RefreshRefused as refusal:
            self.record_failure(record, refusal)
            return
        record = replace(record, bot=pair.to_dict_for_copying())
        self.journal.write(record)
        log.event("token_refreshed", team=self.place.team)
        self.store_pair(record)

    def record_failure(self, record: RefreshRecord, refusal: RefreshRefused) -> None:
        if fingerprint(installations.read_bot(self.place).bot_refresh_token) != record.refresh:
            self.journal.clear()  # the app that owns the store was faster
            return
        problem = f"{refusal} (the answer to an earlier refresh was lost)" if record.uses > 1 else str(refusal)
        self.journal.write(replace(record, problem=problem, is_final=refusal.is_final))
        log.event("token_refresh_failed", "error", team=self.place.team, why=problem)

    def store_pair(self, record: RefreshRecord) -> None:
        """Save the pair in the store, unless it has another refresh token by now; then clear the journal."""
        assert record.bot is not None
        pair = Bot(**record.bot)
        with installations.open_store(self.place) as store:
            installations.save_pair(store, self.place, pair, lambda token: fingerprint(token) == record.refresh)
        self.journal.clear()

    def find_problem(self) -> str:
        """Return why the present token is not refreshed, as a sentence; empty if nothing is wrong."""
        record, reason = self.journal.read(), ""
        if record and record.bot:
            return f"A new token waits in '{self.journal.path}', because the token store cannot be written."
        bot = installations.read_bot(self.place)
        if record and fingerprint(bot.bot_refresh_token) == record.refresh:
            reason = record.problem
        if not reason and not self.has_secret() and self.find_due():
            reason = f"the variable {self.place.secret_env} with the client secret is not set"
        if not reason:
            return ""
        until = times.to_rfc3339((bot.bot_token_expires_at or 0) * 1000)
        return f"Its token is valid until {until} and cannot be refreshed: {reason}."

    def explain_problem(self) -> tuple[str, str]:
        """Return why the present token is not refreshed, and the remedy; empty texts if nothing is wrong."""
        try:
            record, problem = self.journal.read(), self.find_problem()
        except (TokenUnavailable, OSError, ValueError) as error:
            return str(error), "Make the token store and the journal readable."
        if not problem:
            return "", ""
        return problem, REINSTALL if record and record.is_final else AGAIN

    @contextmanager
    def lock(self, within_s: float) -> Iterator[bool]:
        """Hold the team's lock. Yields False where another process holds it for so long."""
        path = self.path.with_suffix(".lock")
        path.parent.mkdir(0o700, exist_ok=True)
        os.close(private_opener(str(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC))
        lock = FileLock(path, timeout=within_s, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def may_try(record: RefreshRecord | None, bot: Bot) -> bool:
    """May the refresh token be sent to Slack now? After a failure there is a pause; a final refusal is the end."""
    if record is None or record.refresh != fingerprint(bot.bot_refresh_token):
        return True
    return not record.is_final and time.time() >= record.began_at + (RETRY_S if record.problem else 0)
