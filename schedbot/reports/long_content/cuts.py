"""Places at which a long text may be cut: the end of a line, else a space, never inside markup or a letter.

Rule: a link, a mention, an escape (`&amp;`), an emoji, a span of code and a letter of several characters (a flag, a
family, an accent) stay whole, if they fit at all. Lengths are in UTF-16 units (an emoji counts two), the stricter of
the two ways in which Slack may count. The time is linear in the length of the text.
"""

import re
import unicodedata
from collections.abc import Iterator

Spans = tuple[re.Pattern[str], ...]
LONGEST_SPAN = 3_000
# A link, mention or date; an escape; an emoji; a span of code; a fence. Each is looked for apart from the others.
MRKDWN_SPANS = tuple(
    map(
        re.compile,
        (
            rf"<[^<>\n]{{1,{LONGEST_SPAN}}}>",
            r"&(?:amp|lt|gt);",
            r":[a-z0-9_+'-]{1,60}:(?::skin-tone-[2-6]:)?",
            r"`[^`\n]{1,300}`",
            r"`{3,}",
        ),
    )
)
# The same, and a link or a picture of Markdown.
MARKDOWN_SPANS = (
    *MRKDWN_SPANS,
    re.compile(rf"!?\[[^\[\]\n]{{0,500}}\](?:\([^()\s]{{1,{LONGEST_SPAN}}}\)|\[[^\[\]\n]*\])"),
)
PLAIN_SPANS: Spans = (MRKDWN_SPANS[2],)  # a plain text shows emoji by name, and no other markup
JOINERS = frozenset("\u200d\u20e3")  # zero width joiner, keycap
MOST_STEPS = 8


def find_cut(text: str, start: int, limit: int, spans: Spans = MRKDWN_SPANS) -> int:
    """Return the end of the piece that begins at `start` and has at most `limit` units."""
    end = start + count_fitting(text, start, limit)
    if end >= len(text):
        return len(text)
    for at in list_candidates(text, start, end, limit):
        cut = leave_spans(text, start, at, spans)
        if cut > start and text[start:cut].strip():
            return cut
    return max(end, start + 1)


def list_candidates(text: str, start: int, end: int, limit: int) -> Iterator[int]:
    """Yield the places to cut at, the best first: after a line, after a word, anywhere."""
    for mark in ("\n", " "):
        after = text.rfind(mark, start, end) + 1
        if after > start and (after > start + limit // 2 or is_next_short(text, after, limit, mark)):
            yield after
    yield end


def is_next_short(text: str, at: int, limit: int, mark: str) -> bool:
    """Does the line or word at `at` fit into a piece? Then it need not be cut."""
    return len(text) - at <= limit or any(text.find(end, at, at + limit) != -1 for end in {mark, "\n"})


def leave_spans(text: str, start: int, at: int, spans: Spans) -> int:
    """Return the next place at or before `at` that is inside no span and no letter."""
    for _ in range(MOST_STEPS):
        before = min((begin_of_span(text, start, at, span) for span in spans), default=at)
        before = begin_of_letter(text, start, before)
        if before == at:
            return at
        at = before
    return at


def begin_of_span(text: str, start: int, at: int, span: re.Pattern[str]) -> int:
    """Return the begin of the span around `at`, or `at` itself."""
    for match in span.finditer(text, max(start, at - LONGEST_SPAN), min(len(text), at + LONGEST_SPAN)):
        if match.start() >= at:
            return at
        if at < match.end():
            return match.start()
    return at


def begin_of_letter(text: str, start: int, at: int) -> int:
    """Return the next place at or before `at` that is between two letters as people see them."""
    while start < at < len(text) and is_joined(text, start, at):
        at -= 1
    return at


def is_joined(text: str, start: int, at: int) -> bool:
    """Do the characters before and after `at` make one letter?"""
    before, after = text[at - 1], text[at]
    if after.isascii():
        return before == "\r" and after == "\n"
    if after in JOINERS or before == "\u200d" or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tone, tag of a flag
        return True
    return is_flag(after) and count_flag_letters(text, start, at) % 2 == 1


def is_flag(letter: str) -> bool:
    """Is the character half of a flag?"""
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def count_flag_letters(text: str, start: int, at: int) -> int:
    """Return how many halves of flags are directly before `at`."""
    first = at
    while first > start and is_flag(text[first - 1]):
        first -= 1
    return at - first


def count_fitting(text: str, start: int, limit: int) -> int:
    """Return the number of characters from `start` that have at most `limit` UTF-16 units."""
    part = text[start : start + limit]
    if part.isascii():
        return len(part)
    units = 0
    for position, character in enumerate(part):
        units += 2 if character > "\uffff" else 1
        if units > limit:
            return position
    return len(part)
