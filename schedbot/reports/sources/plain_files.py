"""Loader of templates: plain files of one folder, by their real paths, and no file that holds a token.

A link in the folder could otherwise post any file that schedbot may read, `/proc/self/environ` among them.
"""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.loaders import split_template_path

from schedbot.errors import TOKEN, ReportFailed

ONE_WORD = re.compile(r"[A-Za-z0-9._~+/=-]{16,2000}")
MAX_BYTES = 1_000_000
SYSTEM_FOLDERS = ("/proc", "/sys")  # their files look plain, and show secrets of processes


class PlainFileLoader(BaseLoader):
    """Finds the templates of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the text, the path, and a function that tells whether the file is unchanged. Raises ReportFailed."""
        path = self.folder.joinpath(*split_template_path(template))
        if not path.exists() or path.is_dir():
            raise TemplateNotFound(template)
        real = path.resolve()
        if not real.is_relative_to(self.folder):
            raise ReportFailed(
                f"'{path}' leads out of the template's folder, to '{real}'.",
                hint="Copy the file into the folder: templates are plain files of one folder.",
            )
        if any(map(real.is_relative_to, SYSTEM_FOLDERS)):
            raise ReportFailed(f"'{path}' is a file of the system, not a template.", hint="Name a template's path.")
        text, status = read_plain_file(real)
        return text, str(path), lambda: is_unchanged(path, status)


def read_plain_file(path: Path) -> tuple[str, os.stat_result]:
    """Return the text and the status of the same open file. Raises ReportFailed, OSError, UnicodeDecodeError."""
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), encoding="utf-8-sig") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ReportFailed(f"'{path}' is not a plain file.", hint="Templates are plain files.")
        if status.st_size > MAX_BYTES:
            hint = f"A template has at most {MAX_BYTES:,} bytes."
            raise ReportFailed(f"The template file '{path}' has {status.st_size:,} bytes.", hint=hint)
        text = file.read(MAX_BYTES)
    if TOKEN.search(text) or looks_like_token_file(text, status):
        raise ReportFailed(
            f"The file '{path}' holds a token, so it is not used as a template.",
            hint="Keep tokens outside of the folder of templates.",
        )
    return text, status


def looks_like_token_file(text: str, status: os.stat_result) -> bool:
    """Is it one long word that its owner alone may read, as the token file of a workspace must be?"""
    return not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) and ONE_WORD.fullmatch(text.strip()) is not None


def is_unchanged(path: Path, status: os.stat_result) -> bool:
    """Is it still the same file, with the same time of its last change?"""
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_dev, now.st_ino, now.st_mtime_ns) == (status.st_dev, status.st_ino, status.st_mtime_ns)
