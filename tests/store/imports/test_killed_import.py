"""An import that is killed leaves no rows of customers in the folder for temporary files."""

import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from schedbot.store.imports.staging_process import CODE

ORIGIN = (1, 0, "root@vm", "vm", "import")
TERMS = {0: ("w", '"workspace": "w"', '"cron": "* * * * *"', '"tz": "UTC"')}
ROW = (2, "acme", "acme", "C0000000001", "text", "Hi", "{}", 0)


@pytest.mark.parametrize("sent", [b"", marshal.dumps(ORIGIN), marshal.dumps(ORIGIN) + marshal.dumps((TERMS, [ROW]))])
def test_killed_import_leaves_no_file(tmp_path: Path, sent: bytes) -> None:
    folder = tmp_path / "schedbot-1"
    folder.mkdir()
    command = [sys.executable, "-c", CODE, str(folder / "staged.db"), *sys.path]
    child = subprocess.run(command, input=sent, stdout=subprocess.PIPE, timeout=60, check=True)
    assert child.stdout == b""
    assert not folder.exists()
