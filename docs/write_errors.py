"""Writes docs/errors.md from the table of error codes:  python docs/write_errors.py"""

from pathlib import Path

from schedbot.model import Outcome
from schedbot.slack import error_codes

TARGET = Path(__file__).with_name("errors.md")
HEAD = """\
# Errors

Meaning and remedy of each code in the audit's `error`. Generated from `schedbot/slack/error_codes.py` by
`docs/write_errors.py`. Some codes are schedbot's own: failures on the way to Slack, or before the request.

The outcome of a code that is not listed is unknown: schedbot looks the message up in the channel's history once. If it
is not there, the job is held with the code, and a person decides. It is never sent again because of such a code.
"""
GROUPS = {
    Outcome.RATE_LIMITED: "The workspace waits as long as Slack asks. No attempt is used up.",
    Outcome.QUOTA: "schedbot tries the workspace again every hour. No attempt is used up.",
    Outcome.UNKNOWN: "The message may have been posted. schedbot looks it up in the channel's history: if it is "
    "there, the job succeeds; if not, it is sent again. If the history cannot be read, `--on-unknown` decides.",
    Outcome.NOT_POSTED: "Nothing was posted. schedbot tries again with growing pauses; each try is an attempt.",
    Outcome.TOKEN_REFUSED: "schedbot reads the token again. If it was rotated, the job is tried again; if not, the "
    "workspace is paused and its jobs wait. No attempt is used up.",
    Outcome.CHANNEL_REFUSED: "The job fails at once, and its schedule is suspended with the reason.",
    Outcome.MESSAGE_REFUSED: "The job fails at once; the report must be fixed.",
    Outcome.OUR_DEFECT: "The job fails at once.",
    Outcome.RENDER_FAILED: "The job fails at once; nothing was sent.",
    Outcome.NOT_READY: "The job waits, and its report is rendered again at the time that it names, until the deadline. "
    "No attempt is used up.",
    Outcome.NOTHING_TO_REPORT: "The job ends as `skipped`; nothing was sent.",
    Outcome.LOST_UNSENT: "Nothing was sent. The job is queued again; no attempt is used up.",
}


def text() -> str:
    """Return the page."""
    parts = [HEAD]
    for outcome, effect in GROUPS.items():
        rows = [
            f"| `{row.code}` | {row.sentence} | {row.remedy} |"
            for row in error_codes.ERROR_CODES.values()
            if row.outcome is outcome
        ]
        parts += [f"## {outcome.value}\n", f"{effect}\n", "| code | meaning | remedy |", "|---|---|---|"]
        parts += [*rows, ""]
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text())
