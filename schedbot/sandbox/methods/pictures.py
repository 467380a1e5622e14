"""Check the `slack_file` objects of a message: each names an uploaded picture that Slack has processed.

Slack words an unknown file and one that it still processes alike: https://github.com/slackapi/python-slack-sdk/issues/1521
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

FILE_ID = re.compile(r"F[A-Z0-9]{8,}")


def find_picture_errors(value: Any, pointer: str, is_usable: Callable[[str], bool]) -> list[str]:
    """Return Slack's sentence for each file under `value` that is not usable by its id or address."""
    return [error for at, file in _walk(value, pointer) if (error := _find_error(file, at, is_usable))]


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each `slack_file` object under `value` with its JSON pointer."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _walk(element, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for name, element in value.items():
            if name == "slack_file" and isinstance(element, dict):
                yield f"{pointer}/{name}", element
            else:
                yield from _walk(element, f"{pointer}/{name}")


def _find_error(file: dict[str, Any], pointer: str, is_usable: Callable[[str], bool]) -> str:
    file_id = file.get("id")
    if file_id is not None and not FILE_ID.fullmatch(str(file_id)):
        return f"input must match regex pattern: ^[F][A-Z0-9]{{8,}}$ [json-pointer:{pointer}/id]"
    return "" if is_usable(str(file_id or file.get("url"))) else f"invalid slack file [json-pointer:{pointer}]"
