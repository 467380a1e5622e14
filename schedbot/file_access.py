"""Access rights of files: private when they are made, and believed only where nobody else can write them."""

import os
import pwd
import stat
from pathlib import Path

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def private_opener(path: str, flags: int) -> int:
    """Opener for `open`: a file that it makes is readable by its owner alone, whatever the umask is."""
    return os.open(path, flags, 0o600)


def user_name(uid: int) -> str:
    """Return the name of a user, or the number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_name(path: Path) -> str:
    """Return the name of a file's owner; of a link, the link's own. `nobody known` where it cannot be read."""
    try:
        return user_name(path.lstat().st_uid)
    except OSError:
        return "nobody known"


def explain_mistrust(status: os.stat_result) -> str:
    """Return why a file that was found is not believed, or '': its owner or its mode lets others write it."""
    if status.st_uid not in (os.geteuid(), 0):
        own = " or ".join(dict.fromkeys((user_name(os.geteuid()), "root")))
        return f"belongs to {user_name(status.st_uid)}, not to {own}"
    return explain_writers(status)


def explain_writers(status: os.stat_result) -> str:
    """Return `can be written by others (mode 0666)`, or '' for a file that only its owner may write."""
    mode = stat.S_IMODE(status.st_mode)
    return f"can be written by others (mode {mode:04o})" if mode & OTHERS_WRITE else ""
