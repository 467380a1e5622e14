"""`init --example`: a small project of reports in a new folder, with a database of invented sales.

Rule: all or nothing. What was written is removed if something fails.
"""

import os
import runpy
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from schedbot import __version__, example
from schedbot.admin.operations import init
from schedbot.errors import BadInput, SchedbotError
from schedbot.example import ExampleFile
from schedbot.file_access import make_folder
from schedbot.settings import Flags

SALES = "make_sales.py"
OVERRIDES = ("SCHEDBOT_CONFIG", "SCHEDBOT_DATABASE")  # would lead commands in the folder to other files


def create_project(folder: Path, now: int) -> list[str]:
    """Write the project and its databases into a folder that is new or empty. Return the names in it.

    Raises BadInput for another folder, and SchedbotError if the files cannot be written.
    """
    folder = folder.absolute()
    refuse_used(folder)
    created = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        make_folder(folder)
        for file in example.FILES:
            write_file(folder, file)
        make_sales = runpy.run_path(str(folder / SALES))["make_sales"]
        make_sales(folder / "sales.db", datetime.fromtimestamp(now / 1000, UTC).date())
        init.initialize(folder, Flags(str(folder / "schedbot.toml"), str(folder / "schedbot.db")), now)
    except BaseException as error:  # Ctrl-C too
        remove(created[-1:] or folder.iterdir())
        if isinstance(error, OSError | sqlite3.Error):
            raise cannot_write(folder, error) from None
        raise
    return sorted(
        f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir() if "-lock" not in path.name
    )


def refuse_used(folder: Path) -> None:
    """Raise BadInput unless the folder is new or empty."""
    try:
        if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
            reason = "is not empty" if folder.is_dir() else "is not a folder"
            raise BadInput(f"'{folder}' {reason}.", "Name a new folder: schedbot init --example sales-reports")
    except OSError as error:
        raise cannot_write(folder, error) from None


def write_file(folder: Path, file: ExampleFile) -> None:
    """Write a file of the project, with its access rights whatever the umask is."""
    path = folder / file.path
    make_folder(path.parent)
    path.write_text(file.read().replace(example.VERSION, __version__), encoding="utf-8")
    path.chmod(file.mode)


def remove(paths: Iterable[Path]) -> None:
    """Remove files and folders, as far as possible."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def cannot_write(folder: Path, error: OSError | sqlite3.Error) -> SchedbotError:
    """Return the error for a folder that cannot be written."""
    reason = (error.strerror or "no access") if isinstance(error, OSError) else str(error)
    return SchedbotError(f"'{folder}' cannot be written: {reason.lower()}.", "Use another folder.")


def list_overrides(folder: Path) -> list[str]:
    """Return a warning for each variable that leads commands in the folder to other files than the project's."""
    own = {str(folder.absolute() / name) for name in ("schedbot.toml", "schedbot.db")}
    return [
        f"Warning  {name} is set to '{os.environ[name]}': unset it before you use the example"
        for name in OVERRIDES
        if os.environ.get(name) and str(Path(os.environ[name]).absolute()) not in own
    ]
