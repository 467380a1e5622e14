"""SQL file of a report: one statement that reads, with names like `:account` for its values.

Rule: a name in a string, a quoted identifier or a comment is no value, and `::` is a cast. The file is read at each
rendering, so that a change needs no restart. Limit: `\\'` inside a string ends it, as in standard SQL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from schedbot.errors import ReportFailed

MAX_BYTES = 256 << 10
# A quotation or a comment without an end goes on to the end of the text: else each start would be searched to there.
TOKEN = re.compile(
    r"""  '(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) | `[^`]*(?:`|\Z)
        | (?<!\w) \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
        | (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
        | (?<![:\w]) : (?P<name>[A-Za-z_]\w*)
        | (?P<end> ; )""",
    re.VERBOSE | re.DOTALL,
)
QUOTES = "'\"`$"
FIRST_WORD = re.compile(r"[\s(]*(\w+)")
INTO = re.compile(r"\binto\b", re.IGNORECASE)  # SELECT ... INTO OUTFILE is no write to a transaction
READING_WORDS = ("SELECT", "WITH", "VALUES", "TABLE", "FROM")
NOT_READING = "It may only read: begin the query with SELECT or WITH."


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement. `parts` make up its text; a part with a name stands for a value."""

    file: str
    parts: tuple[tuple[str, str], ...]  # text, name

    @property
    def text(self) -> str:
        """Return the statement as it is in the file, without comments and the `;` at its end."""
        return "".join(text for text, _ in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of values, in the order of their first use."""
        return tuple(dict.fromkeys(name for _, name in self.parts if name))


def read(file: str) -> Statement:
    """Return the statement of a file. Raises ReportFailed."""
    path = Path(file)
    try:
        if path.exists() and not path.is_file():
            raise ReportFailed(f"'{file}' is not a file.", "Give the path of an SQL file as 'query'.")
        with path.open("rb") as content:
            source = content.read(MAX_BYTES + 1)
        if len(source) > MAX_BYTES:
            raise ReportFailed(f"The query file '{file}' is larger than {MAX_BYTES >> 10} kB.")
        return parse(file, source.decode("utf-8-sig"))
    except FileNotFoundError:
        hint = "Fix the path 'query' in its table of schedbot.toml."
        raise ReportFailed(f"There is no query file '{file}'.", hint) from None
    except UnicodeDecodeError:
        raise ReportFailed(f"The query file '{file}' is not UTF-8 text.") from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise ReportFailed(f"The query file '{file}' cannot be read: {reason}.") from None
    except ValueError as error:  # a NUL character in the path
        raise ReportFailed(f"The query file '{file}' cannot be read: {error}.") from None


@lru_cache(maxsize=256)
def parse(file: str, source: str) -> Statement:
    """Return the statement of SQL text. Raises ReportFailed unless it is one statement that reads."""
    parts: list[tuple[str, str]] = []
    ended = False
    for text, kind in split(source):
        if kind == "comment":
            text = " "
        if ended and text.strip(" \t\r\n;"):
            line = source[: find_second(source)].count("\n") + 1
            problem = f"The query file '{file}' has more than one statement: the second is near line {line}."
            raise ReportFailed(problem, "Keep one statement; a WITH clause joins several queries.")
        if kind == "end":
            ended = True
        elif not ended:
            parts.append((text, text[1:] if kind == "name" else ""))
    statement = Statement(file, tuple(parts))
    check_reading(statement)
    return statement


def split(source: str) -> Iterator[tuple[str, str]]:
    """Yield all pieces of the text with their kind: `name`, `comment`, `end` (a semicolon), or an empty text."""
    end = 0
    for match in TOKEN.finditer(source):
        if match.start() > end:
            yield source[end : match.start()], ""
        yield match[0], next((kind for kind in ("name", "comment", "end") if match[kind]), "")
        end = match.end()
    if end < len(source):
        yield source[end:], ""


def find_second(source: str) -> int:
    """Return the place of the first semicolon that ends a statement."""
    return next((match.start() for match in TOKEN.finditer(source) if match["end"]), 0)


def check_reading(statement: Statement) -> None:
    """Raise ReportFailed unless the statement looks like one that reads. The database refuses a write as well."""
    match = FIRST_WORD.match(statement.text)
    if match is None:
        raise ReportFailed(f"The query file '{statement.file}' has no query.", "Write a SELECT into it.")
    if any(INTO.search(text) for text, kind in split(statement.text) if not kind and text[0] not in QUOTES):
        raise ReportFailed("The query writes: it has the word INTO.", NOT_READING)
    if match[1].upper() not in READING_WORDS:
        raise ReportFailed(f"The query begins with {match[1][:40].upper()}.", NOT_READING)
