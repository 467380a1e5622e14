"""Blocks that Slack would refuse, at `add`, at the post and in the notes of `preview`."""

from pathlib import Path

from tests.support.app import App
from tests.support.sql import read_rows

DATA = Path(__file__).parent.parent / "data"
RULE = ("--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0123456789")


def test_add_refuses_an_empty_value_with_its_place(app: App) -> None:
    params = ("--param", "customer=Acme", "--param", "owner=Li", "--param", "note=")
    result = app.run("add", "acme", *RULE, "--report", str(DATA / "empty-value.json.j2"), *params)
    assert result.returncode == 2
    assert "Block 1 (section): /blocks/0/fields/1/text is empty" in result.stderr


def test_value_that_became_empty_fails_the_render(app: App) -> None:
    file = app.folder / "note.json.j2"
    file.write_text('[{"type": "section", "text": {"type": "mrkdwn", "text": "{{ note }}"}}]')
    app.add_due_jobs(1, text="", report=str(file), params='{"note": "a"}')
    file.write_text(file.read_text().replace("{{ note }}", ""))
    app.work()
    assert read_rows(app.db, "SELECT error FROM attempts") == [("render_failed",)]
    assert "/blocks/0/text/text is empty" in app.run("why", "report-0", COLUMNS="400").stdout


def test_unknown_property_gets_a_note(app: App) -> None:
    file = app.folder / "new.json.j2"
    file.write_text('{"text": "a", "blocks": [{"type": "divider", "colour": "red"}]}')
    note = "Note: Block 1 (divider): /blocks/0/colour is a property that schedbot does not know."
    assert note in app.run("add", "acme", *RULE, "--report", str(file), COLUMNS="400").stderr
    assert note in app.run("preview", "acme", COLUMNS="400").stderr
