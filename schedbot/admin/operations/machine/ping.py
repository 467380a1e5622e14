"""Dead man's switch: a monitor gets a request while posts go out, and raises an alarm when none comes.

The request is sent after a tick, if the whole way works: the tick has written, a pool has written since, no due job
waits, and, if there were posts, Slack has answered.
"""

from schedbot.admin.operations import health
from schedbot.admin.operations.machine import machine_health, web_request
from schedbot.session import Session


def ping(session: Session) -> str:
    """Send the request if posts go out. Return why it was not sent, or not taken; '' if it was."""
    result = machine_health.assess(session.db, session.now(), session.settings.expect_pool)
    blocking = [problem for problem in result.problems if problem.is_standstill]
    blocking += health.outage_problems(result.vitals) + health.due_problems(result.vitals)
    return blocking[0].sentence if blocking else send(session.settings.ping_url)


def send(url: str) -> str:
    """Fetch the URL. Return the error, without the URL, which may hold a secret; '' if it was taken."""
    reason = web_request.send(url)
    return f"The monitor of [health] ping_url {reason}." if reason else ""
