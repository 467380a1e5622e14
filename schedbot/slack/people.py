"""A person is named by the user's id, `slack:U0123456789`, and has the time zone that their Slack profile tells.

Rules: names change and ids do not, so an `@name` is refused; who is deactivated has no zone. Pure: nobody is asked.
Source: https://docs.slack.dev/reference/methods/users.info
"""

import re

from schedbot.errors import BadInput

PREFIX = "slack:"
ID = re.compile(r"[UW][A-Z0-9]{2,20}")
# The answers that speak of one user; any other speaks of the token, the workspace or the way to Slack.
OF_A_PERSON = ("user_not_found", "user_not_visible", "users_not_found")
WHERE = "In Slack, open the person's profile and choose Copy member ID: --tz slack:U0123456789."


def is_person(tz: str) -> bool:
    """Is a person meant, rather than a zone?"""
    return tz.strip().lower().startswith(PREFIX)


def user_id(tz: str) -> str:
    """The user's id in `slack:U0123456789`. Raises BadInput."""
    said = tz.strip()[len(PREFIX) :].strip()
    if ID.fullmatch(said):
        return said
    shown = said if len(said) <= 60 else said[:57] + "..."
    if not said:
        raise BadInput("It is not said whose time zone is meant.", WHERE)
    if ID.fullmatch(said.upper()) and any(letter.isdigit() for letter in said):
        raise BadInput(f"'{shown}' is not a user's id.", f"Ids are in capitals: did you mean '{PREFIX}{said.upper()}'?")
    raise BadInput(f"'{shown}' is not a user's id. Names change, so a person is given by the id.", WHERE)


def named(user: str) -> str:
    """A user's id as it is said after --tz."""
    return f"{PREFIX}{user}"
