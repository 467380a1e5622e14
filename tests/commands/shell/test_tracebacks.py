"""The traceback of a defect: it shows no value of a variable, whatever the version of typer is."""

import subprocess
import sys

DEFECT = """
import sys, types
from schedbot import command_line, command_table

def run():
    '''Fail.'''
    token = "xoxb-" + "1234567890"
    raise ZeroDivisionError(len(token))

module = types.ModuleType("defect")
module.run = run
sys.modules["schedbot.commands.operations.defect"] = module
command_table.COMMANDS["Operations"]["defect"] = "Fail."
sys.argv = ["schedbot", "defect"]
command_line.main()
"""


def test_traceback_of_a_defect_shows_no_token() -> None:
    done = subprocess.run([sys.executable, "-c", DEFECT], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "xoxb-1234567890" not in done.stderr + done.stdout
    assert "locals" not in done.stderr
