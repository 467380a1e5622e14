"""Whose time zones an import needs: each person is found before the first line is checked, and asked for once."""

from collections.abc import Sequence

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.import_export.records import Record
from schedbot.admin.schedules import add
from schedbot.admin.workspaces import user_zones
from schedbot.admin.workspaces.user_zones import NOBODY, Zones
from schedbot.session import Session
from schedbot.slack.people import is_person
from schedbot.store.schedules import lookup


def asked(session: Session, found: Sequence[Record], update: bool) -> Zones:
    """The zones of all persons that the lines name, or why there are none. Slack is not asked where nobody is named."""
    some = [record for record in found if may_name(record, update)]
    if not some:
        return NOBODY
    standing = lookup.by_names(session.db, [record.fields.get("name", "") for record in some]) if update else {}
    persons = []
    for record in some:
        before = standing.get(record.fields.get("name", ""))
        try:
            person = add.person(record.fields, add.as_wanted(before) if before else None)
        except BadField:
            continue  # it is told with its line
        says_what_stands = before is not None and record.fields.get("tz") == before.terms.tz_from
        if person and not (says_what_stands and before and person == add.person_of(before)):
            persons.append(person)
    return user_zones.asked(session, persons)


def may_name(record: Record, update: bool) -> bool:
    """Does the line say a person, or may it move one that stands to another workspace?"""
    tz = record.fields.get("tz", "")
    return is_person(tz) if tz else update and bool(record.fields.get("workspace"))
