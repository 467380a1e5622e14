"""Parts of a message are kept while the message may go on, and no longer."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from schedbot.model import Message
from schedbot.posts import RenderedFile
from schedbot.store.jobs import message_parts
from tests.support.job_history import JobHistory, new_job_history
from tests.support.sql import read_rows


@pytest.mark.parametrize(
    ("state", "posted", "is_kept"),
    [
        ("queued", 1, True),
        ("failed", 1, True),
        ("held", 0, True),
        ("failed", 0, False),
        ("cancelled", 0, False),
        ("succeeded", 2, False),
    ],
)
def test_parts_are_kept_while_they_may_be_sent(tmp_path: Path, state: str, posted: int, is_kept: bool) -> None:
    with new_job_history(tmp_path) as history:
        contents = clear(history, state, posted)
    assert contents == {"{}" if is_kept else ""}


def clear(history: JobHistory, state: str, posted: int) -> set[str]:
    """Return the contents that a job in this state has after the others are cleared."""
    job = history.add_job(history.add_schedule("daily"), state, ts="1.1", parts=2, parts_posted=posted)
    with history.db.writing():
        for part in (1, 2):
            row = {"job_id": job, "part": part, "method": "post", "content": "{}"}
            history.db.execute(message_parts.INSERT_PART, row)
        message_parts.clear_ended(history.db)
    return {row[0] for row in read_rows(history.db, "SELECT content FROM message_parts")}


def test_each_part_has_the_pictures_that_it_shows() -> None:
    picture = RenderedFile("/spool/1.part", "chart.png", 9, is_picture=True)
    image = {"type": "image", "slack_file": {"name": "chart.png"}, "alt_text": "Orders"}
    parts = message_parts.split_parts(Message("long", files=(picture,), continuation=(Message("rest", [image]),)))
    assert [json.loads(content)["files"] for _, content in parts] == [[], [asdict(picture)]]
