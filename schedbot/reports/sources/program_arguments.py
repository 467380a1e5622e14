"""Placeholders in the arguments of a report's program: `{account}`, `{due}`, `{NAME}` of a param.

Rule: an argument stays one argument, whatever the value. The occurrence's own names win over params. `due` is RFC 3339
in the schedule's zone; other instants are UTC milliseconds.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from schedbot.errors import ReportFailed
from schedbot.reports.context import ReportContext
from schedbot.reports.sources.occurrence_values import list_values

# `{{name}}` is the text `{name}`; braces around anything else, such as JSON, are no placeholder.
PLACEHOLDER = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")


def build_arguments(templates: Sequence[str], context: ReportContext) -> list[str]:
    """Return the arguments with values for placeholders. Raises ReportFailed for an unknown one."""
    own = {"channel": context.channel, "due": context.due.isoformat(), "attempt": context.attempt}
    values = {**context.params, **list_values(context), **own}
    return [fill(template, values) for template in templates]


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return the argument with values for its placeholders. Raises ReportFailed."""

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return f"{{{match[1]}}}"
        name = match[2]
        if name not in values:
            known = ", ".join(f"{{{known}}}" for known in values)
            problem = f"The argument '{template}' of the command has the placeholder {{{name}}}, which has no value."
            raise ReportFailed(
                problem,
                f"Add --param {name}=VALUE to the schedule, or use one of {known}. {{{{{name}}}}} is no placeholder.",
            )
        return to_argument(name, values[name])

    return PLACEHOLDER.sub(replace, template)


def to_argument(name: str, value: Any) -> str:
    """Return a value as text; a list or an object is JSON. Raises ReportFailed for what no argument can contain."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
        problem = f"The value of {{{name}}} has a character that no argument of a program can have."
        raise ReportFailed(problem, "Read the value from the JSON on stdin.")
    return text
