"""`schedbot service`: units of systemd, checked by systemd itself."""

import shutil
import subprocess
from pathlib import Path

import pytest

from schedbot.admin.operations import service_units
from schedbot.admin.operations.installed_program import InstalledProgram
from schedbot.admin.operations.service_units import TICK, TIMER, UNITS, WORK, UnitPlace
from schedbot.errors import BadInput, SchedbotError
from tests.support.app import App

NEEDS_SYSTEMD = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="apt-get install systemd")
PROGRAM = InstalledProgram(("/bin/true", "$a"), {"SCHEDBOT_CONFIG": '/etc/100% "a" $b/schedbot.toml'})


def test_special_characters_are_escaped() -> None:
    units = service_units.build_units(PROGRAM, UnitPlace(Path("/x"), is_system=True), "schedbot")
    assert 'Environment="SCHEDBOT_CONFIG=/etc/100%% \\"a\\" $b/schedbot.toml"\n' in units[WORK]
    assert "ExecStart=/bin/true $$a work\n" in units[WORK]
    assert "User=schedbot\n" in units[WORK]
    assert "ExecReload=/bin/kill -USR2 $MAINPID\n" in units[WORK]


@NEEDS_SYSTEMD
@pytest.mark.parametrize("is_system", [True, False])
def test_systemd_accepts_the_units(is_system: bool, tmp_path: Path) -> None:
    units = service_units.build_units(PROGRAM, UnitPlace(tmp_path, is_system), "root")
    service_units.verify(units)
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in UNITS]
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    assert [line for line in result.stderr.splitlines() if str(tmp_path) in line] == []


@NEEDS_SYSTEMD
def test_path_of_the_program_may_have_special_characters(tmp_path: Path) -> None:
    program = tmp_path / "a $b ${c} 100%" / "schedbot"
    program.parent.mkdir()
    program.symlink_to("/bin/true")
    place = UnitPlace(tmp_path, is_system=False)  # systemd itself refuses quotes there
    service_units.verify(service_units.build_units(InstalledProgram((str(program),), {}), place, "root"))


@NEEDS_SYSTEMD
def test_unit_that_systemd_refuses_is_not_written() -> None:
    with pytest.raises(SchedbotError, match="systemd refuses the unit"):
        service_units.verify({WORK: "[Service]\nExecStart=relative/path\n"})


def test_install_show_and_remove_of_user_units(app: App, tmp_path: Path) -> None:
    home = str(tmp_path)
    folder = tmp_path / "systemd" / "user"
    assert app.run("service", "install", "--user", "--dry-run", XDG_CONFIG_HOME=home).returncode == 0
    assert not folder.exists()
    installed = app.run("service", "install", "--user", XDG_CONFIG_HOME=home)
    assert installed.returncode == 0, installed.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted(UNITS)
    assert f"Environment=SCHEDBOT_CONFIG={app.config}\n" in (folder / WORK).read_text()
    assert str(folder / TIMER) in app.run("service", "show", "--user", XDG_CONFIG_HOME=home).stdout
    assert app.run("service", "remove", "--user", XDG_CONFIG_HOME=home).returncode == 0
    assert list(folder.iterdir()) == []


def test_unit_of_another_is_left_alone(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / WORK).write_text("[Service]\nExecStart=/bin/true\n")
    refused = app.run("service", "install", "--user", XDG_CONFIG_HOME=str(tmp_path))
    assert refused.returncode == 1
    assert "was not written by 'schedbot service install'" in refused.stderr
    assert [path.name for path in folder.iterdir()] == [WORK]


def write_program(folder: Path, name: str, script: str) -> None:
    """Write a program that stands for one of systemd: none runs where tests run."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_remove_disables_only_the_units_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path, "systemctl", f'echo "$*" >> {tmp_path}/calls')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    place = UnitPlace(tmp_path, is_system=True)
    service_units.disable(place, [tmp_path / TIMER, tmp_path / TICK])
    service_units.disable(place, [tmp_path / TICK])
    assert (tmp_path / "calls").read_text() == f"disable --now {TIMER}\n"


def test_refusal_of_systemctl_advises_for_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path, "systemctl", "echo access denied >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    place = UnitPlace(tmp_path, is_system=True)
    with pytest.raises(SchedbotError, match=r"'systemctl disable --now .*' failed: access denied") as refused:
        service_units.disable(place, [tmp_path / WORK])
    assert "No unit was deleted" in refused.value.hint


def test_systemd_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("systemctl", "systemd-analyze"):
        write_program(tmp_path, name, "exec sleep 20")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(service_units, "RUN_S", 0.1)
    with pytest.raises(SchedbotError, match=r"'systemctl disable .*' did not end within 0.1 s"):
        service_units.disable(UnitPlace(tmp_path, is_system=True), [tmp_path / WORK])
    with pytest.raises(SchedbotError, match=r"'systemd-analyze verify' did not end within 0.1 s"):
        service_units.verify({WORK: "[Service]\nExecStart=/bin/true\n"})


def test_everybody_may_see_the_units_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    place = service_units.find_place(is_user=False, is_system=True)
    assert place.is_system
    with pytest.raises(BadInput, match="Only root may change units of the system"):
        service_units.refuse_other_user(place)


def test_user_and_system_exclude_each_other() -> None:
    with pytest.raises(BadInput, match="only one of --user, --system"):
        service_units.find_place(is_user=True, is_system=True)
