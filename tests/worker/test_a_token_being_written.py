"""A token file is written anew while a post looks into it: nobody has to resume a workspace for that."""

from tests.support.app import TOKEN, App, until
from tests.support.sql import read_value

WITHIN = 40  # s: a pool starts


def test_a_token_file_that_is_being_written_pauses_nothing(app: App) -> None:
    token = app.folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    app.run("workspace", "add", "initech", "--token-file", str(token))
    app.add_schedule("tps", cron="0 0 1 1 *", workspace="initech")
    app.start("work", "--processes", "1")
    app.run("run-now", "tps")
    until(lambda: app.states() == {"succeeded": 1}, within=WITHIN)
    token.write_text("")  # as the shell's `> token` does, before the program that writes has said anything
    app.run("run-now", "tps")
    until(lambda: read_value(app.db, "SELECT count(*) = 2 FROM attempts"), within=WITHIN)
    token.write_text(TOKEN)
    until(lambda: app.states() == {"succeeded": 2}, within=WITHIN)
    assert read_value(app.db, "SELECT count(*) FROM changes WHERE command = 'work'") == 0
