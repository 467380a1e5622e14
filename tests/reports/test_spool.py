"""Spool of files: private, complete, and never written through a link."""

import os
from pathlib import Path

import pytest

from schedbot.reports import spool


def test_spool_file_is_complete_and_private(tmp_path: Path) -> None:
    folder = spool.find_folder(tmp_path / "schedbot.db")
    umask = os.umask(0)
    try:
        path = spool.write(folder, b"a,b\n1,2\n")
    finally:
        os.umask(umask)
    assert path.read_bytes() == b"a,b\n1,2\n"
    assert folder.name == "schedbot.db-files"
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)


def test_two_files_of_one_content_are_two_files(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    assert spool.write(folder, b"x") != spool.write(folder, b"x")


def test_link_in_the_place_of_the_spool_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (tmp_path / "files").symlink_to(target)
    with pytest.raises(spool.SpoolUnusable, match="cannot be written"):
        spool.write(tmp_path / "files", b"x")
    assert list(target.iterdir()) == []


def test_only_older_files_are_listed(tmp_path: Path) -> None:
    old, new = spool.write(tmp_path / "files", b"old"), spool.write(tmp_path / "files", b"new")
    os.utime(old, (1_000, 1_000))
    assert spool.list_older(tmp_path / "files", 2_000_000) == [old]
    spool.remove(old)
    spool.remove(old)
    assert list((tmp_path / "files").iterdir()) == [new]
    assert spool.list_older(tmp_path / "nowhere", 2_000_000) == []


def test_only_files_of_the_spool_are_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    path = spool.write(folder, b"x")
    assert spool.locate(folder, str(path)) == path
    assert spool.locate(tmp_path / "moved", str(path)) == tmp_path / "moved" / path.name
    for other in ("/etc/passwd", str(folder / "x.part"), str(folder / ".."), ""):
        assert spool.locate(folder, other) is None
