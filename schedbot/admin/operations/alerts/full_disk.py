"""The alert about a full disk. No row can be written then, so a file beside the database has it, with room of its own.

The intent to send is in the file before the message leaves, as the rows of other alerts are. So one place gets one
message when the disk is full, and one when it has room again, whatever process looks, and however often.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from schedbot import log
from schedbot.admin.operations.alerts import places, streaks
from schedbot.admin.operations.alerts.places import CHANNEL, DeliveryResult, Target
from schedbot.admin.operations.machine import machine_health
from schedbot.errors import SchedbotError
from schedbot.model import TokenSource
from schedbot.operation_settings import AlertSettings
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.store.open_database import get_installation_id
from schedbot.store.operations import alerts, ownership
from schedbot.store.operations.alerts import DISK, Streak
from schedbot.store.schedules import workspaces
from schedbot.store.sqlite.alert_file import AlertFile, open_alert_file

LONGEST = 500  # characters of a text in the file, which has a fixed size
LONGEST_PLACE = 4_000  # of a token's place


@dataclass(frozen=True, slots=True)
class DiskDelivery:
    """Delivery to a place. `sent_at`: it has left; `tried_at`: the last time it did not arrive."""

    sent_at: int | None = None
    tried_at: int | None = None
    ended_at: int | None = None
    error: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class DiskAlert:
    """Content of the file. `since` None: the disk has room; `is_over`: the note of recovery is being sent.

    `installation` and `token`: what a post needs from the database, which cannot be opened on a full disk.
    """

    installation: str = ""
    token: TokenSource | None = None
    sentence: str = ""
    since: int | None = None
    seen_at: int = 0
    is_over: bool = False
    deliveries: Mapping[str, DiskDelivery] = field(default_factory=dict)


def check(session: Session) -> list[str]:
    """Look at the disk, and send what is due. Return the places that got a message about it in the last minute.

    Raises DatabaseUnusable where the file cannot be written.
    """
    settings, now = session.settings, session.now()
    if settings.alerts is None or ownership.find_problem(session.db):
        return []
    with open_alert_file(session.db.path) as file:
        if not file.is_alone:
            return []
        workspace = workspaces.by_name(session.db, settings.alerts.workspace)
        before = read(file)
        token = workspace.token if workspace and len(workspace.token.place) <= LONGEST_PLACE else None
        alert = replace(before, installation=get_installation_id(session.db), token=token)
        if alert != before:
            write(file, alert)
        last_sent = {place: alerts.get_last_sent(session.db, place) or 0 for place in places.list_places(settings)}
        paced = [place for place, at in last_sent.items() if 0 <= now - at < streaks.GAP_MS]
        follow(settings, file, describe_disk(session.db.path), now, paced)
        deliveries = read(file).deliveries.items()
        return [place for place, each in deliveries if each.sent_at and 0 <= now - each.sent_at < streaks.GAP_MS]


def check_without_database(settings: Settings, problem: SchedbotError, now: int) -> None:
    """Send what is due after `problem`: the disk is full, and the database may not be readable."""
    if settings.alerts is None:
        return
    try:
        with open_alert_file(settings.database) as file:
            if file.is_alone and read(file).installation:
                sentence = describe_disk(settings.database) or f"{problem.message} {problem.hint}"
                follow(settings, file, sentence, now, ())
    except SchedbotError as error:
        log.event("alert_not_delivered", "error", why=error)


def describe_disk(database: Path) -> str:
    """Return the sentence about a full disk; '' if it has room."""
    return next((problem.sentence for problem in machine_health.disk_problems(database.parent)), "")


def follow(settings: Settings, file: AlertFile, sentence: str, now: int, paced: Sequence[str]) -> None:
    """Write down what is seen now, and send to the places that wait. `paced`: places that get nothing this minute."""
    before = read(file)
    alert = advance(before, sentence, now)
    if alert != before:
        write(file, alert)
    for place in list_due(alert, places.list_places(settings), now):
        if place not in paced:
            alert = send(settings, file, alert, place, now)


def advance(alert: DiskAlert, sentence: str, now: int) -> DiskAlert:
    """Return the alert after a look at the disk. `sentence`: '' if it has room. Pure."""
    idle = DiskAlert(alert.installation, alert.token)
    if sentence and (alert.since is None or alert.is_over):
        return replace(idle, sentence=sentence[:LONGEST], since=now, seen_at=now)
    if sentence:
        return replace(alert, seen_at=now)
    if alert.is_over:
        return idle if all(each.ended_at for each in alert.deliveries.values()) else alert
    if alert.since is None or abs(now - alert.seen_at) < streaks.ENDED_MS:
        return alert
    reached = [place for place, each in alert.deliveries.items() if each.ended_at and not each.error]
    return replace(alert, is_over=True, deliveries={place: DiskDelivery() for place in reached}) if reached else idle


def list_due(alert: DiskAlert, configured: Sequence[str], now: int) -> list[str]:
    """Return the places that the message has to reach now. Pure."""
    if alert.since is None:
        return []
    deliveries = {place: alert.deliveries.get(place, DiskDelivery()) for place in configured}
    return [
        place
        for place, each in deliveries.items()
        if each.ended_at is None
        and (place in alert.deliveries or not alert.is_over)
        and (each.tried_at is None or abs(now - each.tried_at) >= streaks.GAP_MS)
    ]


def send(settings: Settings, file: AlertFile, alert: DiskAlert, place: str, now: int) -> DiskAlert:
    """Send the message to a place, unless it has arrived already. Return the alert as it is in the file then."""
    delivery = alert.deliveries.get(place, DiskDelivery())
    if delivery.sent_at is not None and place == CHANNEL:
        settled = settle_unknown(settings, alert, delivery, now)
        if settled.sent_at is not None:
            return store(file, alert, place, settled)
        delivery = settled
    delivery = replace(delivery, sent_at=now, attempts=delivery.attempts + 1)
    alert = store(file, alert, place, delivery)
    result = deliver(settings, alert, place, delivery)
    if result.error is None:
        return store(file, alert, place, replace(delivery, ended_at=now, error=""))
    log.event("alert_not_delivered", "error", place=place, why=result.error)
    if result.is_unknown:
        return alert
    failed = replace(delivery, sent_at=None, tried_at=now, error=result.error[:LONGEST])
    return store(file, alert, place, failed)


def settle_unknown(settings: Settings, alert: DiskAlert, delivery: DiskDelivery, now: int) -> DiskDelivery:
    """Return the delivery after a look at the channel's history: ended, not sent, or as it was."""
    own_target = partial(find_target, settings, alert, delivery)
    arrival = places.settle_arrival(settings, own_target, delivery.sent_at or 0, now)
    if arrival is None:
        return delivery
    if arrival.ts or arrival.error:
        return replace(delivery, ended_at=now, error=(arrival.error or "")[:LONGEST])
    return replace(delivery, sent_at=None)


def deliver(settings: Settings, alert: DiskAlert, place: str, delivery: DiskDelivery) -> DeliveryResult:
    """Send the message to its place, once."""
    streak = Streak(DISK, alert.sentence, alert.since or 0, alert.seen_at, None)
    content = streaks.build_content([], [streak], alert.seen_at)
    if not alert.is_over:
        content = streaks.build_content([streak], [], alert.seen_at)
    if place != CHANNEL:
        return places.call(settings, place, content)
    try:
        return places.post_once(settings, find_target(settings, alert, delivery), content)
    except SchedbotError as error:
        return DeliveryResult(str(error))


def find_target(settings: Settings, alert: DiskAlert, delivery: DiskDelivery) -> Target:
    """Return where and as what the message is posted. Raises SchedbotError."""
    own = settings.alerts
    if own is None or alert.token is None:
        raise places.no_workspace((own or AlertSettings()).workspace)
    name = f"alert:disk:{alert.since}:{'over' if alert.is_over else 'full'}"
    token = places.read_token(settings, alert.token, own.workspace)
    return Target(places.find_channel(own), token, alert.installation, name, delivery.attempts)


def store(file: AlertFile, alert: DiskAlert, place: str, delivery: DiskDelivery) -> DiskAlert:
    """Write the delivery to a place into the file, and return the alert with it."""
    alert = replace(alert, deliveries={**alert.deliveries, place: delivery})
    write(file, alert)
    return alert


def read(file: AlertFile) -> DiskAlert:
    """Return the content of the file; of a new or damaged one, that the disk has room."""
    try:
        values = json.loads(file.read())
        token = TokenSource(*values.pop("token")) if values["token"] else values.pop("token")
        deliveries = {place: DiskDelivery(**each) for place, each in values.pop("deliveries").items()}
        return DiskAlert(token=token, deliveries=deliveries, **values)
    except (ValueError, TypeError, KeyError, AttributeError):
        return DiskAlert()


def write(file: AlertFile, alert: DiskAlert) -> None:
    """Write the content of the file. Raises DatabaseUnusable."""
    token = [alert.token.kind, alert.token.place] if alert.token else None
    file.write(json.dumps({**asdict(alert), "token": token}, ensure_ascii=False))
