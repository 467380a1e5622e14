"""The Jinja2 that templates are written in: sandboxed, strict about missing names, and at home with `taint`.

Rule: whatever a filter makes of a value keeps the value's stand-ins, so no filter can undo the escaping but `safe`.
A literal in the template's code (`{% if region == "R&D" %}`) is hidden as values are, so that the two compare equal.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.filters import do_urlencode
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schedbot.reports import escaping

# They make HTML, which Slack does not read.
MAKE_HTML = ("urlize", "xmlattr")


class HiddenLiterals(Extension):
    """Hide the string literals of a template's code; refuse stand-ins in its text."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source without forged stand-ins."""
        return escaping.unforged(source)

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The tokens, string literals hidden but for those that are formats: `'{:>8}'.format(n)`."""
        tokens = list(stream)
        following = [(token.type, token.value) for token in tokens[1:]] + [("eof", "")] * 2
        for number, token in enumerate(tokens):
            is_format = following[number : number + 2] == [("dot", "."), ("name", "format")]
            hidden = token.type == "string" and not is_format
            yield Token(token.lineno, "string", escaping.hide(token.value)) if hidden else token


class Dialect(ImmutableSandboxedEnvironment):
    """The environment for the templates of one folder; `include` and `import` reach that folder alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            loader=FileSystemLoader(folder), undefined=StrictUndefined, extensions=[HiddenLiterals], trim_blocks=True
        )
        for name in MAKE_HTML:
            del self.filters[name]
        del self.globals["lipsum"]
        self.filters |= {
            "safe": lambda value: escaping.trust(str(value)),
            "tojson": _json,
            "json": _json,
            "urlencode": lambda value: do_urlencode(_outside(value)),
            # Escaping is the rule here: to ask for it changes nothing.
            **dict.fromkeys(("e", "escape", "forceescape"), lambda value: value),
        }


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def _outside(value: Any) -> Any:
    """What is to be put into an address: as it was outside, for its `&` must become `%26`."""
    if isinstance(value, dict):
        return {escaping.reveal(str(name)): escaping.reveal(str(one)) for name, one in value.items()}
    return escaping.reveal(str(value))
