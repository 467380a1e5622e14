"""`schedbot service`: units of systemd for `schedbot work` and for a tick each minute."""

from typing import Annotated

import typer

from schedbot import settings
from schedbot.admin.operations import installed_program, service_units
from schedbot.admin.operations.service_units import TIMER, WORK, UnitPlace
from schedbot.commands.command_class import GroupApp
from schedbot.presentation import output

User = Annotated[bool, typer.Option("--user", help="Units of your user; they run while you are logged in or linger.")]
System = Annotated[bool, typer.Option("--system", help="Units of the system (root). [default for root]")]

app = GroupApp()


@app.callback()
def service() -> None:
    """Manage units of systemd: 'schedbot work' as a service, and a timer for 'schedbot tick' instead of cron.

    Example:  schedbot service install --dry-run
    """


@app.command()
def install(
    user: User = False,
    system: System = False,
    run_as: Annotated[
        str, typer.Option("--run-as", metavar="USER", help="User of the service. [default: the database's owner]")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the units and show them; change nothing.")] = False,
) -> None:
    """Check the units with systemd-analyze, write them, and start the service and the timer.

    A token in an environment variable does not reach a service: use token_file or token_command in schedbot.toml.

    Example:  schedbot service install --dry-run
    """
    place = service_units.find_place(user, system)
    if not dry_run:
        service_units.refuse_other_user(place)
    program = installed_program.find_program(settings.flags)
    units = service_units.build_units(program, place, run_as or installed_program.find_owner(settings.flags))
    service_units.verify(units)
    if dry_run:
        for name, text in units.items():
            output.print_line(f"# {place.folder / name}")
            output.print_line(text)
        return
    for path in service_units.write(units, place):
        output.print_line(f"Written  {path}")
    start(place)


def start(place: UnitPlace) -> None:
    """Start the units, or say how."""
    enable = f"{' '.join(place.systemctl)} enable --now {WORK} {TIMER}"
    if not service_units.is_systemd_running():
        output.note(f"systemd does not run this machine. There, start them with: {enable}")
        return
    service_units.start(place)
    output.print_line("Started. 'schedbot health' shows the pool and the tick.")


@app.command()
def show(user: User = False, system: System = False) -> None:
    """Show the units that are installed.

    Example:  schedbot service show
    """
    paths = service_units.list_installed(service_units.find_place(user, system))
    for path in paths:
        output.print_line(f"# {path}")
        output.print_line(service_units.read_unit(path))
    if not paths:
        output.note("No unit is installed. 'schedbot service install' writes them.")


@app.command()
def remove(user: User = False, system: System = False) -> None:
    """Stop the service and the timer, and delete their units.

    Example:  schedbot service remove
    """
    place = service_units.find_place(user, system)
    service_units.refuse_other_user(place)
    paths = service_units.list_installed(place)
    if not paths:
        output.note("No unit is installed.")
        return
    if service_units.is_systemd_running():
        service_units.disable(place, paths)
    service_units.delete(paths)
    if service_units.is_systemd_running():
        service_units.forget(place)
    for path in paths:
        output.print_line(f"Removed  {path}")
