"""Take changed reports without a stop: their code, their tables, their databases, `python_path` and `renderers`.

All other settings need a restart. Renderers finish what they have with the old code. Where the configuration cannot be
read, the pool goes on with the old tables and takes the new code.
"""

from schedbot import log, settings
from schedbot.errors import SchedbotError
from schedbot.reports import definitions
from schedbot.settings import Flags, Settings
from schedbot.worker.steps.prepare import Preparer


def reload_reports(current: Settings, preparer: Preparer) -> None:
    """Read the configuration again, and have new renderers load the code of reports. Logs a table that is wrong."""
    live_pool = preparer.live_pool
    try:
        loaded = settings.load(Flags(str(current.config) if current.config else None, str(current.database)))
        changed = definitions.load(loaded)
        live_pool.processes = loaded.renderers
    except (SchedbotError, OSError) as error:
        hint = getattr(error, "hint", "") or None
        log.event("reload_failed", "error", why=error, remedy=hint)
        changed = live_pool.definitions
    else:
        log.event("reloaded", reports=len(changed.reports), wrong=len(changed.problems))
    for name, problem in changed.problems.items():
        log.event("report_table_wrong", "warning", table=name, why=problem, remedy=problem.hint or None)
    preparer.forget_all()
    live_pool.reload(changed)
