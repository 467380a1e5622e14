"""Reports that harm the reports beside them in a renderer, and what becomes of those."""

from typing import Any

import pytest

from tests.support.app import App
from tests.support.reports.live_project import configure, write_module

pytestmark = pytest.mark.slow
MODULE = """
@live
def surrogate(context):
    return skip("no file caf\\udce9")

def blocks_the_loop(context):
    async def render():
        time.sleep(0 if context.is_preview else 60)
        return "late"
    return render()

def waits_in_the_loop(context):
    async def render():
        await asyncio.sleep(0.5)
        return "good"
    return render()

@live
def ends_later(context):
    threading.Thread(target=lambda: (time.sleep(0.6), os._exit(7)), daemon=True).start()
    return "good"

def slow(context):
    time.sleep(0 if context.is_preview else 1.5)
    return "good"
"""
HANGS = "import os, time\nif os.path.exists('hang'):\n    time.sleep(60)\ndef report(context):\n    return 'late'\n"


def prepare(app: App, **reports: str) -> None:
    """Configure the reports, and add a schedule for each that is due now, in the order of their names."""
    write_module(app.folder, MODULE)
    (app.folder / "hangs.py").write_text(HANGS)
    configure(
        app, "".join(f'[reports.{name}]\npython = "{place}"\ntimeout = "3s"\n' for name, place in reports.items())
    )
    app.add_due_schedules({name: {"report": name} for name in reports})


def outcomes(app: App) -> dict[str, tuple[str, Any]]:
    """Run a pool with one renderer. Return state and reason of the job of each report."""
    assert app.work(SCHEDBOT_RENDERERS="1").returncode in (0, 1)
    return {job["schedule"]: (job["state"], job["why"]) for job in app.audit()}


def test_import_that_hangs_harms_only_its_own_module(app: App) -> None:
    prepare(app, a_hanging="hangs:report", b_good="acme:slow")
    (app.folder / "hang").write_text("")
    ended = outcomes(app)
    assert ended["a_hanging"][0] == "failed"
    assert ended["b_good"] == ("succeeded", None)


def test_blocked_loop_harms_only_its_own_report(app: App) -> None:
    prepare(app, a_blocking="acme:blocks_the_loop", b_waiting="acme:waits_in_the_loop")
    ended = outcomes(app)
    assert ended["a_blocking"][0] == "failed"
    assert "more than 3 s" in ended["a_blocking"][1]
    assert ended["b_waiting"] == ("succeeded", None)


def test_report_is_not_blamed_for_what_another_left_behind(app: App) -> None:
    prepare(app, a_ending="acme:ends_later", b_slow="acme:slow", c_slow="acme:slow")
    assert {state for state, _ in outcomes(app).values()} == {"succeeded"}


def test_reason_with_half_a_surrogate_is_stored(app: App) -> None:
    prepare(app, odd="acme:surrogate")
    assert outcomes(app) == {"odd": ("skipped", "nothing_to_report: no file caf\ufffd")}
