"""Slack's own words about a refusal, as one line: from `errors`, `response_metadata.messages`, `needed`, `provided`.

Rules: at most MAX_LENGTH characters, each sentence once, no token, no line break. Only the first sentences and their
first characters are read, because anybody between Slack and schedbot can write them.
Source: https://docs.slack.dev/apis/web-api (`errors` and `response_metadata.messages` of `invalid_blocks`)
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from schedbot.errors import redact_tokens

MAX_LENGTH = 1_000
MAX_SENTENCES = 20
LEVEL = re.compile(r"\[(?:ERROR|WARN|WARNING)\] ?")
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def extract_detail(fields: Mapping[str, Any]) -> str | None:
    """Return Slack's sentences in the response, joined by `; `; None if there is none."""
    sentences = dict.fromkeys(sentence for raw in _read_sentences(fields) if (sentence := _clean(raw)))
    detail = "; ".join(sentences)
    return (detail if len(detail) <= MAX_LENGTH else detail[: MAX_LENGTH - 1] + "…") or None


def _read_sentences(fields: Mapping[str, Any]) -> Iterator[str]:
    metadata = fields.get("response_metadata")
    yield from _read_list(fields.get("errors"))
    yield from _read_list(metadata.get("messages") if isinstance(metadata, Mapping) else None)
    # Scopes, with `missing_scope`.
    for name in ("needed", "provided"):
        if isinstance(value := fields.get(name), str) and value:
            yield f"{name}: {value}"


def _read_list(value: Any) -> Iterator[str]:
    entries = value if isinstance(value, list) else []
    yield from (entry for entry in islice(entries, MAX_SENTENCES) if isinstance(entry, str))


def _clean(sentence: str) -> str:
    """Return the sentence on one line, without its level and with every token struck out."""
    line = UNPRINTABLE.sub(" ", sentence[: 2 * MAX_LENGTH]).strip()
    return redact_tokens(LEVEL.sub("", line, count=1) if line.startswith("[") else line)
