"""Job of `run-now` for a paused schedule: it is tried again like any other, until a later pause cancels it."""

from tests.support.app import App, until


def lose_first_attempt(app: App) -> None:
    """Queue an extra job of a paused schedule; Slack never answers its first request."""
    app.add_schedule("acme", cron="0 9 1 1 *")
    assert app.run("pause", "acme").returncode == 0
    app.slack.order("drop_before")
    assert app.run("run-now", "acme").returncode == 0


def test_extra_job_of_paused_schedule_is_tried_again(app: App) -> None:
    lose_first_attempt(app)
    app.work()
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["acme"])


def test_later_pause_cancels_extra_job(app: App) -> None:
    lose_first_attempt(app)
    app.start("work")
    until(lambda: app.states() == {"unknown": 1})
    app.run("pause", "acme", "--reason", "not now")
    until(lambda: app.states() == {"cancelled": 1}, within=30)
    assert app.slack.texts() == []
