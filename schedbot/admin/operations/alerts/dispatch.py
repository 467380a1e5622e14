"""Send the messages about alerts. The intent to send a message is committed before the message leaves.

After a crash between the two, the channel's history shows if the message arrived. Only one process sends at a time.
"""

from collections.abc import Iterator
from functools import partial

from schedbot import log, times
from schedbot.admin.operations.alerts import full_disk, places, streaks
from schedbot.admin.operations.alerts.places import CHANNEL, DeliveryResult
from schedbot.errors import BadInput
from schedbot.session import Session
from schedbot.store.operations import alerts, ownership
from schedbot.store.operations.alerts import AlertDelivery
from schedbot.store.sqlite.write_lock import process_lock

GIVE_UP_MS = 86_400_000  # a message that does not reach its place for so long is given up


def check(session: Session) -> None:
    """Look for causes, and send what is due. Nothing happens without [alerts], or while another process does it."""
    if session.settings.alerts is None:
        return
    paced = full_disk.check(session)
    with process_lock(session.db, "alerts") as is_alone:
        if is_alone:
            streaks.update(session)
            end_unconfigured(session)
            for delivery in list_next(session):
                if delivery.place not in paced:
                    send(session, delivery)


def end_unconfigured(session: Session) -> None:
    """End the deliveries to places that were taken out of [alerts]."""
    configured = places.list_places(session.settings)
    for delivery in alerts.list_open(session.db):
        if delivery.place not in configured:
            with session.db.writing():
                alerts.end(session.db, delivery, None, alerts.NOT_CONFIGURED, session.now())


def list_next(session: Session) -> list[AlertDelivery]:
    """Return the oldest open message of each place that got none in the last minute."""
    oldest: dict[str, AlertDelivery] = {}
    for delivery in alerts.list_open(session.db):
        oldest.setdefault(delivery.place, delivery)
    return [each for each in oldest.values() if not is_paced(session, each)]


def is_paced(session: Session, delivery: AlertDelivery) -> bool:
    """Did another message leave for the place within the last minute?"""
    last = alerts.get_last_sent(session.db, delivery.place)
    return delivery.sent_at is None and last is not None and 0 <= session.now() - last < streaks.GAP_MS


def send(session: Session, delivery: AlertDelivery) -> DeliveryResult | None:
    """Send a message to its place, unless it has arrived already. Return the result; None if it cannot be known yet."""
    now = session.now()
    if delivery.sent_at is not None and not settle_unknown(session, delivery):
        return None
    with session.db.writing():
        if not alerts.begin(session.db, delivery, now):
            return None
    result = places.deliver(session, delivery)
    with session.db.writing():
        if result.error is None:
            alerts.end(session.db, delivery, result.ts, None, session.now())
        elif now - delivery.created_at > GIVE_UP_MS:
            alerts.end(session.db, delivery, None, result.error, session.now())
        elif not result.is_unknown:
            alerts.send_again(session.db, delivery, result.error)
    if result.error is not None:
        log.event("alert_not_delivered", "error", place=delivery.place, why=result.error)
    return result


def settle_unknown(session: Session, delivery: AlertDelivery) -> bool:
    """Find out if a message that has left has arrived. Return True if it must be sent again.

    A command and a webhook are called again: two calls are better than none.
    """
    if delivery.place != CHANNEL:
        with session.db.writing():
            alerts.send_again(session.db, delivery, None)
        return True
    now, find_target = session.now(), partial(places.find_target, session, delivery, delivery.attempts)
    arrival = places.settle_arrival(session.settings, find_target, delivery.sent_at or 0, now)
    if arrival is None:
        return False
    with session.db.writing():
        if arrival.ts or arrival.error:
            alerts.end(session.db, delivery, arrival.ts, arrival.error, now)
        else:
            alerts.send_again(session.db, delivery, None)
    return not arrival.ts and not arrival.error


def send_test(session: Session) -> Iterator[tuple[str, DeliveryResult]]:
    """Send a test to each place now. Yield the places with their results. Raises BadInput without [alerts]."""
    if session.settings.alerts is None:
        raise BadInput("There is no [alerts] in schedbot.toml.", 'Write [alerts] and channel = "C0123456789" there.')
    ownership.refuse_unowned(session.db)
    now = session.now()
    content = {
        **streaks.build_content([], [], now),
        "kind": "test",
        "text": f"A test of the alerts of schedbot, {times.to_rfc3339(now)}.",
    }
    with session.db.writing():
        message = alerts.add_message(session.db, content, places.list_places(session.settings), now)
    for delivery in alerts.list_open(session.db):
        if delivery.message_id == message:
            result = send(session, delivery) or DeliveryResult("Another process is sending it.")
            if result.error is not None:
                with session.db.writing():
                    alerts.end(session.db, delivery, None, result.error, session.now())
            yield delivery.place, result
