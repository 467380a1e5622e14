"""Errors of a command line that was typed wrongly: the nearest name, and quotation marks that were left out."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from schedbot import text_input
from schedbot.errors import BadInput

# Words of other programs, and schedbot's words for them.
OTHER_COMMANDS = {
    "ls": "list",
    "rm": "remove",
    "delete": "remove",
    "create": "add",
    "new": "add",
    "update": "edit",
    "status": "health",
    "check": "doctor",
    "worker": "work",
    "enable": "resume",
    "disable": "pause",
    "stop": "pause",
    "history": "audit",
    "jobs": "audit",
    "upcoming": "next",
}
OTHER_OPTIONS = {
    "--timezone": "--tz",
    "--time-zone": "--tz",
    "--zone": "--tz",
    "--message": "--text",
    "--template": "--report",
    "--customer": "--account",
    "--db": "--database",
    "--force": "--yes",
}
EXTRA_WORDS = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


def explain(error: Any, command: str, words: Sequence[str], parameters: Sequence[Any]) -> BadInput | None:
    """Return the error of the parser in schedbot's words, or None for an error that needs no suggestion."""
    if type(error).__name__ == "NoSuchOption":
        known = [name for parameter in parameters for name in parameter.opts if name.startswith("--")]
        return explain_option(command, error.option_name, known)
    if extra := EXTRA_WORDS.match(str(getattr(error, "message", ""))):
        return explain_extra_words(command, words, parameters, extra[1])
    return None


def explain_command(command: str, typed: str, known: Iterable[str], other: dict[str, str]) -> BadInput:
    """Return the error for an unknown command; `command` is the path of its group, such as `schedbot workspace`."""
    names = list(known)
    group = command.partition(" ")[2]
    near = nearest(typed, names, other)
    hint = f"Did you mean '{command} {near}'?" if near else f"'{command} --help' lists the commands."
    return BadInput(f"No such command: {text_input.quote(f'{group} {typed}'.strip())}.", hint)


def explain_option(command: str, typed: str, known: Iterable[str]) -> BadInput:
    """Return the error for an unknown option of a command."""
    near = nearest(typed, list(known), OTHER_OPTIONS)
    hint = f"Did you mean '{near}'?" if near else f"'{command} --help' lists the options."
    return BadInput(f"No such option: {text_input.escape_unseen(typed)}.", hint)


def nearest(typed: str, known: Sequence[str], other: dict[str, str]) -> str | None:
    """Return the known name that was probably meant, or None."""
    if (name := other.get(typed.lower())) in known:
        return name
    return next(iter(get_close_matches(typed.lower(), known, n=1)), None)


def explain_extra_words(command: str, words: Sequence[str], parameters: Sequence[Any], extra: str) -> BadInput:
    """Return the error for more words than the command takes: probably a value that needs quotes."""
    for name, values in values_of_options(words, parameters):
        if len(values) > 1:
            return explain_split_value(name, values)
    hint = f"'{command} --help' shows the arguments. A value with blanks needs quotes."
    return BadInput(f"Unexpected word: {text_input.quote(extra)}.", hint)


def refuse_split_rule(words: Sequence[str], parameters: Sequence[Any]) -> None:
    """Raise BadInput for an unquoted cron expression: the shell splits it, and replaces `*` by the names of files.

    A phrase of --every may be a single word, so it is refused only if the second word is no name: `at`, `on`.
    """
    for name, values in values_of_options(words, parameters):
        is_split_cron = name == "--cron" and len(values) > 1 and len(values[0].split()) == 1 and values[0][:1] != "@"
        if is_split_cron or (name == "--every" and values[1:2] and values[1] in ("at", "on", "of")):
            raise explain_split_value(name, values)


def explain_split_value(name: str, values: Sequence[str]) -> BadInput:
    """Return the error for a value that the shell has split into words."""
    first, second = map(text_input.quote, values[:2])
    quoted = f"{name} '0 9 * * mon'" if name == "--cron" else f"{name} '{text_input.escape_unseen(' '.join(values))}'"
    noun = "expression" if name == "--cron" else "value"
    hint = f"Quote the {noun}: {quoted}. Without quotes the shell splits it."
    return BadInput(f"{name} has only {first}, and {second} follows it.", hint)


def values_of_options(words: Sequence[str], parameters: Sequence[Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each typed option that takes a value, with the words up to the next option."""
    names = {name for parameter in parameters if takes_value(parameter) for name in parameter.opts}
    for place, word in enumerate(words):
        if word == "--":
            return
        name, is_joined, value = word.partition("=")
        if name in names:
            start = [value] if is_joined else []
            yield name, start + words_before_option(words[place + 1 :], len(start))


def words_before_option(words: Sequence[str], values: int) -> list[str]:
    """Return the words up to the next option. The first is the value, unless the option has `values` already."""
    end = next((n for n, word in enumerate(words) if word.startswith("-") and n + values > 0), len(words))
    return list(words[:end])


def takes_value(parameter: Any) -> bool:
    return parameter.param_type_name == "option" and not parameter.is_flag
