"""Parts of a message, stored before the first is sent: each of them is sent from here, and none is rendered anew.

A message of which no part is posted is rendered anew if its last attempt was long ago, or its schedule was changed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from schedbot.model import Message, build_message
from schedbot.posts import RenderedFile
from schedbot.rules.block_kit.pictures import list_names
from schedbot.store.database import Database

FRESH_MS = 900_000  # an uploaded picture that Slack still processes is used again by the next attempts
BEGUN_GRACE_MS = 3_600_000  # a message that has begun has at least this time for its next part

BEGIN = """
UPDATE jobs SET parts = :parts, stored_at = :now, degraded = :degraded
 WHERE id = :job_id AND token = :token AND state = 'running' AND parts_posted = 0
"""

DELETE_PARTS = "DELETE FROM message_parts WHERE job_id = :job_id"

DELETE_FILES = "DELETE FROM message_files WHERE job_id = :job_id"

INSERT_PART = """
INSERT INTO message_parts (job_id, part, method, content) VALUES (:job_id, :part, :method, :content)
"""

INSERT_FILE = """
INSERT INTO message_files (job_id, number, name, title, alt, size, path, is_picture, error)
VALUES (:job_id, :number, :name, :title, :alt, :size, :path, :is_picture, NULLIF(:error, ''))
"""

# The next part, with the last attempt of the first: the others go to its channel.
NEXT_PARTS = """
SELECT j.id AS job_id, p.part, j.parts, p.method, p.content, a.channel, a.version, a.started_at, a.rendered_at,
       a.render_ms
  FROM json_each(:ids) c
  JOIN jobs j ON j.id = c.value
  JOIN message_parts p ON p.job_id = j.id AND p.part = j.parts_posted + 1
  JOIN attempts a ON a.job_id = j.id
   AND a.number = (SELECT max(f.number) FROM attempts f WHERE f.job_id = j.id AND f.part = 1)
"""

END_PART = "UPDATE message_parts SET ts = :ts WHERE job_id = :job_id AND part = :part"

GO_ON = """
UPDATE jobs SET deadline_at = max(deadline_at, :deadline_at), spent = 0 WHERE id = :job_id AND state = 'queued'
"""

# The parts and files of the job `j` are not needed any more. A failed message that has begun can be retried.
HAS_ENDED = """(j.state IN ('succeeded', 'cancelled', 'skipped', 'missed')
                OR (j.state = 'failed' AND j.parts_posted = 0))"""

CLEAR = f"""
UPDATE message_parts SET content = ''
 WHERE content <> ''
   AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = message_parts.job_id AND {HAS_ENDED})
"""

POST, SHARE = "post", "share"


@dataclass(frozen=True, slots=True)
class StoredPart:
    """The next part of a stored message. `method`: post, or share of the file whose number is `content`.

    `channel`, `version`, `rendered_at` and `render_ms` are those of the last attempt of its first part, which began at
    `started_at`.
    """

    job_id: int
    part: int
    parts: int
    method: str
    content: str
    channel: str
    version: int
    started_at: int
    rendered_at: int | None
    render_ms: int | None

    def read_message(self) -> Message:
        """Return the message of a part that is posted."""
        return build_message(json.loads(self.content))


def store(db: Database, job_id: int, token: int, message: Message, now: int) -> int | None:
    """Store a rendered message in place of an earlier one, and return its number of parts. Inside a transaction.

    None, and nothing is stored, if a newer claim holds the job.
    """
    parts = split_parts(message)
    files = [file for file in message.files if isinstance(file, RenderedFile)]
    is_degraded = any(file.error for file in files)
    bindings = {"job_id": job_id, "token": token, "parts": len(parts), "now": now, "degraded": is_degraded}
    if not db.execute(BEGIN, bindings):
        return None
    for sql in (DELETE_PARTS, DELETE_FILES):
        db.execute(sql, {"job_id": job_id})
    rows = [(part, method, content) for part, (method, content) in enumerate(parts, 1)]
    db.execute_many(
        INSERT_PART,
        [{"job_id": job_id, "part": part, "method": method, "content": content} for part, method, content in rows],
    )
    db.execute_many(
        INSERT_FILE, [{**asdict(file), "job_id": job_id, "number": number} for number, file in enumerate(files, 1)]
    )
    return len(parts)


def split_parts(message: Message) -> list[tuple[str, str]]:
    """Return method and content of each part: the message, its continuation, then its files, but not its pictures."""
    messages = [first_part(message), *(add_pictures(part, message) for part in message.continuation)]
    files = [number for number, file in enumerate(message.files, 1) if not is_picture(file)]
    return [(POST, json.dumps(asdict(part))) for part in messages] + [(SHARE, str(number)) for number in files]


def first_part(message: Message) -> Message:
    """Return the message that comes first, with the pictures that it shows."""
    return replace(add_pictures(message, message), continuation=())


def add_pictures(part: Message, message: Message) -> Message:
    """Return a part with those pictures of its message that its blocks name."""
    names = list_names(part)
    pictures = tuple(file for file in message.files if is_picture(file) and file.name in names)
    return replace(part, files=pictures)


def is_picture(file: object) -> bool:
    """Is the file shown in the message itself?"""
    return isinstance(file, RenderedFile) and file.is_picture


def read_next(db: Database, ids: Sequence[int]) -> dict[int, StoredPart]:
    """Return the next parts of stored messages, by job."""
    return {part.job_id: part for part in db.all(StoredPart, NEXT_PARTS, {"ids": json.dumps(list(ids))})}


def end_part(db: Database, job_id: int, part: int, ts: str, next_at: int) -> None:
    """Record that a part is posted. The job has time and attempts for its next part, at `next_at`.

    Inside a transaction.
    """
    db.execute(END_PART, {"job_id": job_id, "part": part, "ts": ts})
    db.execute(GO_ON, {"job_id": job_id, "deadline_at": next_at + BEGUN_GRACE_MS})


def clear_ended(db: Database) -> int:
    """Clear the parts of jobs that have ended for good. Returns their number. Inside a transaction."""
    return db.execute(CLEAR)
