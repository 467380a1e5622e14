"""A template is Block Kit JSON with Jinja2 in it: `{"text": ..., "blocks": [...]}`, or a list of blocks alone.

Rules: the template is sandboxed and cannot change what it is given; a name that is not given is an error, not a blank;
values are escaped for Slack unless marked `|safe` (see `taint`). A comma before `]` or `}` is forgiven, as loops leave
one behind.
Source: https://jinja.palletsprojects.com/en/stable/sandbox/, https://docs.slack.dev/block-kit/
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.reports import escaping
from schedbot.reports.sources.jinja_environment import Dialect

KEYS = {"text", "blocks"}
# What is not shown but used: an address keeps its `&`.
NOT_SHOWN = {"url", "image_url", "thumbnail_url", "title_url", "video_url", "value", "action_id", "block_id"}
STRING_OR_LOOSE_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])', re.DOTALL)
MISSING = re.compile(r"'(.+)' is undefined")


def render(path: str, params: Mapping[str, Any], context: Mapping[str, Any]) -> Message:
    """The message that the template file makes of `params` and `context`. Raises ReportFailed."""
    file = Path(path).expanduser()
    template = _template(file)
    names = escaping.hide({**params, **context, "params": params})
    try:
        made = template.render(names)
    except TemplateSyntaxError as error:  # of a file that is included
        raise _unreadable(error, file) from None
    except TemplateNotFound as error:
        name = escaping.reveal(str(error.name))
        raise ReportFailed(
            f"The template's folder has no file '{name}' to include ({_line(error, file)}).",
            hint="A template may include only files of its own folder.",
        ) from None
    except UndefinedError as error:
        raise _undefined(error, file, params) from None
    except SecurityError as error:
        raise ReportFailed(
            f"Forbidden in a template, {_line(error, file)}: {escaping.reveal(str(error)).rstrip('.')}.",
            hint="A template may use its parameters, filters and loops, and nothing of Python's inside.",
        ) from None
    except Exception as error:  # whatever a template's own arithmetic raises is the template's fault
        reason = escaping.reveal(str(error)).rstrip(".") or type(error).__name__
        raise ReportFailed(f"The template failed, {_line(error, file)}: {reason}.") from None
    return _message(made, file.name)


def _template(file: Path) -> Template:
    try:
        return _dialect(file.parent.resolve()).get_template(file.name)
    except TemplateSyntaxError as error:
        raise _unreadable(error, file) from None
    except TemplateNotFound:
        if file.is_dir():
            hint = "Give the path of a template file in it with --report."
            raise ReportFailed(f"'{file}' is a folder.", hint=hint) from None
        raise ReportFailed(f"There is no template file '{file}'.", hint="Give the file's path with --report.") from None
    except UnicodeDecodeError:
        raise ReportFailed(f"The template file '{file}' is not UTF-8 text.") from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise ReportFailed(f"The template file '{file}' cannot be read: {reason}.") from None
    except RecursionError:
        raise ReportFailed(f"The template file '{file}' cannot be read: it is nested too deeply.") from None
    except ValueError as error:
        raise ReportFailed(f"The template file '{file}' cannot be read: {error}.") from None


def _unreadable(error: TemplateSyntaxError, file: Path) -> ReportFailed:
    name = Path(error.filename or file).name
    reason = escaping.reveal(error.message or "").rstrip(".")
    return ReportFailed(f"The template cannot be read: line {error.lineno} of {name}: {reason}.")


@lru_cache(maxsize=64)
def _dialect(folder: Path) -> Dialect:
    """One a folder, kept: it compiles a file once and again when the file changes."""
    return Dialect(folder)


def _undefined(error: TemplateError, file: Path, params: Mapping[str, Any]) -> ReportFailed:
    said = escaping.reveal(error.message or "")
    missing = MISSING.fullmatch(said)
    if missing is None:
        return ReportFailed(f"The template asks for what is not there, {_line(error, file)}: {said}.")
    given = ", ".join(sorted(params)) or "none"
    return ReportFailed(
        f"The template asks for '{missing.group(1)}' ({_line(error, file)}), which --param does not give.",
        hint=f"Give --param {missing.group(1)}=VALUE. Given: {given}.",
    )


def _line(error: BaseException, file: Path) -> str:
    """The line of a template that `error` comes from: Jinja2 puts it into the traceback."""
    line, name = 0, file.name
    trace = error.__traceback__
    while trace is not None:
        code = Path(trace.tb_frame.f_code.co_filename)
        if code.parent == file.parent.resolve():
            line, name = trace.tb_lineno, code.name
        trace = trace.tb_next
    return f"line {line} of {name}" if line else f"in {name}"


def _message(made: str, name: str) -> Message:
    tidy = STRING_OR_LOOSE_COMMA.sub(lambda found: "" if found.group() == "," else found.group(), made)
    try:
        # Not strict: a value may hold a newline.
        body = json.loads(tidy, strict=False, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        line = escaping.reveal(tidy.split("\n")[error.lineno - 1]).strip()
        raise ReportFailed(
            f"What the template {name} makes is not JSON: {error.msg}, at line {error.lineno} of what it makes.",
            hint=f"That line is: {line[:120]}" if line else "That line is empty.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise ReportFailed(f"What the template {name} makes is not JSON that Slack reads: {error}.") from None
    return _composed(_shown(body), name)


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number there")


def _shown(value: Any, key: str = "") -> Any:
    if isinstance(value, str):
        return escaping.reveal(value) if key in NOT_SHOWN else escaping.escape(value)
    if isinstance(value, list):
        return [_shown(one, key) for one in value]
    if isinstance(value, dict):
        return {escaping.reveal(name): _shown(one, name) for name, one in value.items()}
    return value


def _composed(body: Any, name: str) -> Message:
    if isinstance(body, list):
        body = {"blocks": body}
    if not isinstance(body, dict):
        raise ReportFailed(f"The template {name} makes neither an object nor a list of blocks.")
    strange = sorted(set(body) - KEYS)
    if strange:
        raise ReportFailed(
            f"The template {name} makes a message with '{strange[0]}', which is not understood.",
            hint="A message has 'text' and 'blocks'.",
        )
    text, blocks = body.get("text", ""), body.get("blocks", [])
    if not isinstance(text, str):
        raise ReportFailed(f"The template {name} makes a 'text' that is no string.")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ReportFailed(f"The template {name} makes 'blocks' that are no list of blocks.")
    return Message(text, tuple(blocks))
