"""Jinja2 environment for templates: sandboxed, strict about missing names, and safe for escaped values.

Rule: filters pass on the placeholders of a value (see `escaping`), so that only the filter `safe` undoes the escaping.
A literal in the template's code (`{% if region == "R&D" %}`) gets placeholders as well, so that it equals such a value;
JSON's own brackets (`{{ "]" if loop.last else "," }}`) do not.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.ext import Extension
from jinja2.filters import do_urlencode
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schedbot.reports import escaping, filters
from schedbot.reports.sources.plain_files import PlainFileLoader

# These filters produce HTML, which Slack does not read.
HTML_FILTERS = ("urlize", "xmlattr")
STRUCTURE = re.compile(r"[\s,\[\]{}]*")


class ProtectedLiterals(Extension):
    """Put placeholders into the string literals of a template's code, and remove them from its text."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source without placeholders."""
        return escaping.remove_placeholders(source)

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Return the tokens with protected string literals, except formats: `'{:>8}'.format(n)`."""
        tokens = list(stream)
        following = [(token.type, token.value) for token in tokens[1:]] + [("eof", "")] * 2
        for number, token in enumerate(tokens):
            is_format = following[number : number + 2] == [("dot", "."), ("name", "format")]
            is_literal = token.type == "string" and not is_format and not STRUCTURE.fullmatch(token.value)
            yield Token(token.lineno, "string", escaping.protect(token.value)) if is_literal else token


class RecordingContext(Context):
    """Context that adds each name that a template looks up to `used_names` of its environment."""

    def resolve_or_missing(self, key: str) -> Any:
        """Return the value of a name, or Jinja's marker for a missing one."""
        assert isinstance(self.environment, TemplateEnvironment)
        self.environment.used_names.add(key)
        return super().resolve_or_missing(key)


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """Environment for the templates of one folder. `include` and `import` find files of that folder only."""

    context_class = RecordingContext

    def __init__(self, folder: Path) -> None:
        self.used_names: set[str] = set()
        super().__init__(
            loader=PlainFileLoader(folder),
            undefined=StrictUndefined,
            extensions=[ProtectedLiterals],
            trim_blocks=True,
            finalize=escaping.to_text,
        )
        for name in HTML_FILTERS:
            del self.filters[name]
        del self.globals["lipsum"]
        self.filters |= filters.FILTERS | {
            "safe": lambda value: escaping.mark_safe(str(value)),
            "tojson": _to_json,
            "json": _to_json,
            "urlencode": lambda value: do_urlencode(_restore(value)),
            # Values are escaped anyway, so these filters change nothing.
            **dict.fromkeys(("e", "escape", "forceescape"), lambda value: value),
        }


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def _restore(value: Any) -> Any:
    """Return the original value for a URL, because its `&` must become `%26`."""
    if isinstance(value, dict):
        return {escaping.restore(str(name)): escaping.restore(str(entry)) for name, entry in value.items()}
    return escaping.restore(str(value))
