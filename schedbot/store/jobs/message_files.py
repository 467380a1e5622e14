"""Files of messages: the id of an uploaded file is committed before it is shared, or a message shows it."""

from dataclasses import dataclass
from typing import NamedTuple

from schedbot.posts import RenderedFile
from schedbot.store.database import Database
from schedbot.store.jobs.message_parts import HAS_ENDED

FILES = """
SELECT number, name, title, alt, size, path, is_picture, file_id, error FROM message_files WHERE job_id = :job_id
 ORDER BY number
"""

# Only for the claim that holds the job: a claim that was lost may not replace the id of a file that is being shared.
RECORD_UPLOAD = """
UPDATE message_files SET file_id = :file_id, error = NULL
 WHERE job_id = :job_id AND number = :number
   AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = :job_id AND j.token = :token AND j.state = 'running')
"""

DEGRADE = "UPDATE jobs SET degraded = 1 WHERE id = :job_id AND token = :token AND state = 'running'"

GIVE_UP = """
UPDATE message_files SET file_id = NULL, error = :error
 WHERE job_id = :job_id AND is_picture AND (:number IS NULL OR number = :number)
"""

FORGET_SHARED = """
UPDATE message_files SET file_id = NULL
 WHERE job_id = :job_id
   AND number = (SELECT CAST(p.content AS INTEGER) FROM message_parts p
                  WHERE p.job_id = :job_id AND p.part = :part AND p.method = 'share' AND p.content <> '')
"""

ENDED = f"""
SELECT f.path FROM message_files f JOIN jobs j ON j.id = f.job_id
 WHERE f.path <> '' AND {HAS_ENDED}
"""

REMOVED = "UPDATE message_files SET path = '' WHERE path IN (SELECT value FROM json_each(:paths))"

PATHS = "SELECT path FROM message_files WHERE path <> ''"


class FileKey(NamedTuple):
    """A file of a job's message, under the token that claims the job."""

    job_id: int
    token: int
    number: int | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a message. `file_id`: None before it is uploaded; `error`: code of the reason why it is not shown."""

    number: int
    name: str
    title: str
    alt: str
    size: int
    path: str
    is_picture: bool
    file_id: str | None = None
    error: str | None = None

    @property
    def is_open(self) -> bool:
        """Is it to be uploaded?"""
        return self.file_id is None and self.error is None

    @property
    def rendered(self) -> RenderedFile:
        """The file as a renderer made it."""
        return RenderedFile(self.path, self.name, self.size, self.title, self.alt, self.is_picture)


def list_files(db: Database, job_id: int) -> list[StoredFile]:
    """Return the files of a job's message, in their order."""
    return db.all(StoredFile, FILES, {"job_id": job_id})


def record_upload(db: Database, key: FileKey, file_id: str) -> bool:
    """Record Slack's id of a file. False, and nothing is recorded, if a newer claim holds the job.

    Inside a transaction.
    """
    return db.execute(RECORD_UPLOAD, {**key._asdict(), "file_id": file_id}) > 0


def give_up(db: Database, key: FileKey, error: str) -> bool:
    """Record that a picture, or (number None) every picture, is not shown, and mark the job as degraded.

    False, and nothing is recorded, if a newer claim holds the job. Inside a transaction.
    """
    if not db.execute(DEGRADE, {"job_id": key.job_id, "token": key.token}):
        return False
    db.execute(GIVE_UP, {"job_id": key.job_id, "number": key.number, "error": error})
    return True


def forget_shared(db: Database, job_id: int, part: int) -> None:
    """Forget the id of a file that was not shared: Slack drops such a file, so it is uploaded again.

    Inside a transaction.
    """
    db.execute(FORGET_SHARED, {"job_id": job_id, "part": part})


def list_ended_paths(db: Database) -> list[str]:
    """Return the paths of files whose jobs have ended for good."""
    return db.texts(ENDED)


def record_removed(db: Database, paths: str) -> None:
    """Record that files were removed from this machine. `paths`: a JSON list. Inside a transaction."""
    db.execute(REMOVED, {"paths": paths})


def list_paths(db: Database) -> list[str]:
    """Return the paths of the files that are still needed."""
    return db.texts(PATHS)
