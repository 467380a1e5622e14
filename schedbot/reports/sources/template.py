"""Render a template: Block Kit JSON with Jinja2, `{"text", "blocks", "markdown", "attachments"}` or a list of blocks.

Rules: a template is sandboxed and cannot change its parameters. A missing name is an error, not a blank. Values are
escaped for Slack unless marked `|safe` (see `escaping`). A comma before `]` or `}` is removed, because loops leave one.
Source: https://jinja.palletsprojects.com/en/stable/sandbox/, https://docs.slack.dev/block-kit/
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports import TemplateContext, escaping
from schedbot.reports.sources.jinja_environment import TemplateEnvironment

MAX_OUTPUT = 1_000_000  # characters; Slack takes at most a tenth
MAX_DEPTH = 50  # of lists and objects in each other
MESSAGE_KEYS = ("text", "blocks", "attachments", "markdown")
# Values of these keys are used, not shown, so they are not escaped: a URL keeps its `&`.
UNESCAPED = {
    *("url", "image_url", "thumbnail_url", "title_url", "video_url", "value", "action_id", "block_id"),
    *("author_link", "author_icon", "title_link", "thumb_url", "footer_icon"),
}
STRING_OR_TRAILING_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])', re.DOTALL)
MISSING = re.compile(r"'(.+)' is undefined")


def render(report: Report, context: Mapping[str, Any]) -> Message:
    """Return the message of the template file with the report's parameters and the context. Raises ReportFailed."""
    file, params = Path(report.source).expanduser(), report.params
    used_names: set[str] = set()
    try:
        template = _load(file, used_names)
        output = _render(template, file, {**params, **context, "params": params})
    finally:
        if isinstance(context, TemplateContext):
            context.used = frozenset(context) & used_names
    return _parse_message(output, file.name)


def _render(template: Template, file: Path, values: Mapping[str, Any]) -> str:
    """Return the output of the template. Raises ReportFailed."""
    try:
        return template.render(escaping.protect(values))
    except TemplateSyntaxError as error:  # in an included file
        raise _syntax_error(error, file) from None
    except TemplateNotFound as error:
        name = escaping.restore(str(error.name))
        raise ReportFailed(
            f"The template's folder has no file '{name}' to include ({_line(error, file)}).",
            hint="A template may include only files of its own folder.",
        ) from None
    except UndefinedError as error:
        raise _undefined_error(error, file, values["params"]) from None
    except SecurityError as error:
        raise ReportFailed(
            f"Forbidden in a template, {_line(error, file)}: {escaping.restore(str(error)).rstrip('.')}.",
            hint="A template may use its parameters, filters and loops, but no Python internals.",
        ) from None
    except ReportFailed as error:  # of a filter
        raise ReportFailed(f"{str(error).rstrip('.')} ({_line(error, file)}).", error.hint) from None
    except Exception as error:  # an expression in the template may raise anything
        reason = escaping.restore(str(error)).rstrip(".") or type(error).__name__
        raise ReportFailed(f"The template failed, {_line(error, file)}: {reason}.") from None


def _load(file: Path, used_names: set[str]) -> Template:
    """Load and compile the template, which adds the names that it uses to `used_names`. Raises ReportFailed."""
    try:
        environment = _environment(file.parent.resolve())
        environment.used_names = used_names
        return environment.get_template(file.name)
    except TemplateSyntaxError as error:
        raise _syntax_error(error, file) from None
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
    except (RecursionError, SyntaxError):  # Python's compiler allows 20 loops in each other
        raise ReportFailed(f"The template file '{file}' cannot be read: it is nested too deeply.") from None
    except ReportFailed:
        raise
    except Exception as error:  # Jinja's compiler may raise anything
        raise ReportFailed(f"The template file '{file}' cannot be read: {error}.") from None


def _syntax_error(error: TemplateSyntaxError, file: Path) -> ReportFailed:
    name = Path(error.filename or file).name
    reason = escaping.restore(error.message or "").rstrip(".")
    return ReportFailed(f"The template cannot be read: line {error.lineno} of {name}: {reason}.")


@lru_cache(maxsize=64)
def _environment(folder: Path) -> TemplateEnvironment:
    """Return the folder's environment, cached: it compiles a file once, and again after a change."""
    return TemplateEnvironment(folder)


def _undefined_error(error: TemplateError, file: Path, params: Mapping[str, Any]) -> ReportFailed:
    reason = escaping.restore(error.message or "")
    missing = MISSING.fullmatch(reason)
    if missing is None:
        return ReportFailed(f"The template uses an undefined value, {_line(error, file)}: {reason}.")
    names = ", ".join(sorted(params)) or "none"
    return ReportFailed(
        f"The template needs the parameter '{missing.group(1)}' ({_line(error, file)}).",
        hint=f"Add --param {missing.group(1)}=VALUE. Given: {names}.",
    )


def _line(error: BaseException, file: Path) -> str:
    """Return the template's line that raised the error, from the traceback."""
    line, name = 0, file.name
    trace = error.__traceback__
    while trace is not None:
        code = Path(trace.tb_frame.f_code.co_filename)
        if code.parent == file.parent.resolve():
            line, name = trace.tb_lineno, code.name
        trace = trace.tb_next
    return f"line {line} of {name}" if line else f"in {name}"


def _parse_message(output: str, name: str) -> Message:
    if len(output) > MAX_OUTPUT:
        raise ReportFailed(
            f"The output of the template {name} has {len(output):,} characters; at most {MAX_OUTPUT:,} are read.",
            hint="Shorten its values or its loops.",
        )
    text = STRING_OR_TRAILING_COMMA.sub(lambda match: "" if match.group() == "," else match.group(), output)
    try:
        # Not strict: a value may contain a newline.
        parsed = json.loads(text, strict=False, parse_constant=_refuse_constant, parse_float=_parse_float)
        body = _unprotect(parsed)
    except json.JSONDecodeError as error:
        if not text.lstrip().startswith(("{", "[")):
            raise _not_a_template(name) from None
        line = escaping.restore(text.split("\n")[error.lineno - 1]).strip()
        raise ReportFailed(
            f"The output of the template {name} is not JSON: {error.msg}, in line {error.lineno} of the output.",
            hint=f"That line is: {line[:120]}" if line else "That line is empty.",
        ) from None
    except ValueError as error:
        raise ReportFailed(f"The output of the template {name} is not JSON that Slack reads: {error}.") from None
    except RecursionError:
        raise ReportFailed(
            f"The output of the template {name} is nested too deeply: more than {MAX_DEPTH} lists and objects."
        ) from None
    return _build_message(body, name)


def _not_a_template(name: str) -> ReportFailed:
    """Return the error of output that is no JSON at all. It quotes nothing: the file may be any file."""
    return ReportFailed(
        f"The output of the template {name} is not JSON: it begins neither with {{ nor with [.",
        hint='A template writes a message, like {"text": "Hello"}. Is this the right file?',
    )


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a number in JSON")


def _parse_float(number: str) -> float:
    """Return the number. Raises ValueError if it is too large for a float: it would become Infinity, as in `1e999`."""
    if math.isinf(value := float(number)):
        raise ValueError(f"{number[:40]} is too large a number")
    return value


def _unprotect(value: Any, key: str = "", depth: int = 0) -> Any:
    """Replace placeholders in all strings by escapes, or by the original characters in values that are not shown."""
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, str):
        return escaping.restore(value) if key in UNESCAPED else escaping.escape(value)
    if isinstance(value, list):
        return [_unprotect(entry, key, depth + 1) for entry in value]
    if isinstance(value, dict):
        # The value of a field of an attachment is shown, other than that of a button.
        shown = {"value"} if key == "fields" else set()
        names = {name: "" if name in shown else name for name in value}
        table = {escaping.restore(name): _unprotect(entry, names[name], depth + 1) for name, entry in value.items()}
        for name in find_markdown(value, depth):
            table[name] = escaping.escape_markdown(value[name])
        return table
    return value


def find_markdown(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the keys of an object that hold Markdown: of a markdown block, and of the message."""
    if value.get("type") == "markdown" and isinstance(value.get("text"), str):
        yield "text"
    if depth == 0 and isinstance(value.get("markdown"), str):
        yield "markdown"


def _build_message(body: Any, name: str) -> Message:
    if isinstance(body, list):
        body = {"blocks": body}
    if not isinstance(body, dict):
        raise ReportFailed(f"The template {name} produces neither an object nor a list of blocks.")
    unknown_keys = sorted(set(body) - set(MESSAGE_KEYS))
    if unknown_keys:
        raise ReportFailed(
            f"The template {name} produces a message with the unknown key '{unknown_keys[0]}'.",
            hint="The keys of a message are 'text', 'blocks', 'markdown' and 'attachments'.",
        )
    text, markdown = (body.get(key, "") for key in ("text", "markdown"))
    for key, value in (("text", text), ("markdown", markdown)):
        if not isinstance(value, str):
            raise ReportFailed(f"The template {name} produces a '{key}' that is not a string.")
    blocks, attachments = (_list_objects(body, key, name) for key in ("blocks", "attachments"))
    if markdown.strip():
        from schedbot.reports.markdown.blocks import build_blocks  # loads a parser

        blocks = (*blocks, *build_blocks(markdown))
    return Message(text, blocks, attachments=attachments)


def _list_objects(body: Mapping[str, Any], key: str, name: str) -> tuple[Mapping[str, Any], ...]:
    entries = body.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ReportFailed(f"The template {name} produces '{key}' that are not a list of {key}.")
    return tuple(entries)
