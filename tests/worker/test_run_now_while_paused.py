"""What `run-now` sends of a paused schedule is tried again like any post; a pause that comes after it ends that."""

from tests.support.app import App, until


def lost_on_the_way(app: App) -> None:
    """An extra job of a paused schedule, whose first request Slack never answers."""
    app.add_schedule("acme", cron="0 9 1 1 *")
    assert app.run("pause", "acme").returncode == 0
    app.slack.order("drop_before")
    assert app.run("run-now", "acme").returncode == 0


def test_it_is_tried_again(app: App) -> None:
    lost_on_the_way(app)
    app.work()
    assert (app.states(), app.slack.texts()) == ({"succeeded": 1}, ["acme"])


def test_a_pause_afterwards_ends_that(app: App) -> None:
    lost_on_the_way(app)
    app.start("work")
    until(lambda: app.states() == {"unknown": 1})
    app.run("pause", "acme", "--reason", "not now")
    until(lambda: app.states() == {"cancelled": 1}, within=30)
    assert app.slack.texts() == []
