"""Access rights of files: which files are trusted, and whose they are."""

import os
from pathlib import Path

import pytest

from schedbot.file_access import explain_mistrust, make_folder, open_regular_file, owner_name, private_opener, user_name


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        pytest.param(0o600, "", id="private"),
        pytest.param(0o644, "", id="readable by others"),
        pytest.param(0o664, "can be written by others (mode 0664)", id="writable by its group"),
        pytest.param(0o646, "can be written by others (mode 0646)", id="writable by all"),
    ],
)
def test_file_that_others_write_is_not_trusted(tmp_path: Path, mode: int, reason: str) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    assert explain_mistrust(file.stat()) == reason


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
def test_file_of_another_user_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(0o600)
    os.chown(file, 65534, 65534)
    assert explain_mistrust(file.stat()) == f"belongs to {user_name(65534)}, not to root"


def test_private_file_is_private_under_any_umask(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        with open(tmp_path / "file", "w", opener=private_opener):
            pass
    finally:
        os.umask(previous)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_new_folders_are_written_by_their_owner_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(previous)
    assert [folder.stat().st_mode & 0o777 for folder in (tmp_path / "a", tmp_path / "a" / "b")] == [0o755, 0o755]


def test_owner_of_a_missing_file_is_nobody_known(tmp_path: Path) -> None:
    assert owner_name(tmp_path / "missing") == "nobody known"
    assert user_name(4_000_000_000) == "4000000000"


def test_link_and_pipe_are_not_opened_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing"):
        with pytest.raises(OSError, match=name):
            open_regular_file(tmp_path / name)
    os.close(open_regular_file(tmp_path / "secret"))
