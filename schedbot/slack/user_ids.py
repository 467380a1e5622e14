"""User ids in `--tz slack:U0123456789`: a schedule follows the time zone of that user's Slack profile.

Rule: a user's name can change and the id cannot, so an `@name` is refused. Pure: no request to Slack.
Source: https://docs.slack.dev/reference/methods/users.info
"""

import re

from schedbot.errors import BadInput
from schedbot.text_input import quote

PREFIX = "slack:"
ID = re.compile(r"[UW][A-Z0-9]{2,20}")
# Errors about a single user; any other concerns the token, the workspace or the connection.
USER_ERRORS = ("user_not_found", "user_not_visible", "users_not_found")
FIND_USER_ID = "In Slack, open the user's profile and choose Copy member ID: --tz slack:U0123456789."


def is_user_zone(tz: str) -> bool:
    """Does `tz` refer to a Slack user instead of a time zone?"""
    return tz.strip().lower().startswith(PREFIX)


def parse_user_id(tz: str) -> str:
    """Return the user's id in `slack:U0123456789`. Raises BadInput."""
    text = tz.strip()[len(PREFIX) :].strip()
    if ID.fullmatch(text):
        return text
    shown = quote(text)
    if not text:
        raise BadInput("--tz slack: has no user id.", FIND_USER_ID)
    if ID.fullmatch(text.upper()) and any(letter.isdigit() for letter in text):
        raise BadInput(f"{shown} is not a user id.", f"Ids are in capitals: did you mean '{PREFIX}{text.upper()}'?")
    raise BadInput(f"{shown} is not a user id. Names can change: use the id.", FIND_USER_ID)


def format_user_zone(user: str) -> str:
    """Return the value of --tz for a user id."""
    return f"{PREFIX}{user}"
