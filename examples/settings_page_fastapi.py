"""A product's settings page with FastAPI: when should your report be posted?

    pip install schedbot fastapi uvicorn
    SCHEDBOT_DATABASE=/var/lib/schedbot/schedbot.db uvicorn settings_page_fastapi:app

Your own sign-in replaces `current_account`. A function without `async` runs in a thread, and the handle may be used
there; each worker process opens its own handle when it starts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import schedbot
from schedbot.errors import NotFound, SchedbotError, ScheduleChanged


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open a handle in this process, and close it when the process ends."""
    with schedbot.open(actor="settings page") as app.state.bot:
        yield


app = FastAPI(lifespan=lifespan)


class Settings(BaseModel):
    """The form. `version` is that of the schedule which the customer was shown; none for the first time."""

    when: str  # "monday at 9:00"
    zone: str  # "America/New_York"
    channel: str  # "C0123456789"
    version: int | None = None


def current_account(x_account: Annotated[str, Header()]) -> str:
    """Return the account of the customer who is signed in."""
    return x_account


def handle(request: Request) -> schedbot.Schedbot:
    """Return the handle of this process."""
    bot: schedbot.Schedbot = request.app.state.bot
    return bot


Account = Annotated[str, Depends(current_account)]
Bot = Annotated[schedbot.Schedbot, Depends(handle)]


def page(schedule: schedbot.Schedule) -> dict[str, object]:
    """Return what the page shows."""
    return {
        "meaning": schedule.meaning,
        "zone": schedule.zone,
        "channel": schedule.channel,
        "next": schedule.next_due_at,
        "state": schedule.state,
        "version": schedule.version,
    }


@app.get("/settings")
def read_settings(account: Account, bot: Bot) -> dict[str, object]:
    """Return the customer's schedule."""
    return page(bot.show(f"{account}-weekly"))


@app.put("/settings")
def save_settings(form: Settings, account: Account, bot: Bot) -> dict[str, object]:
    """Add the customer's schedule, or change it if nobody else did since the page was shown."""
    name = f"{account}-weekly"
    if form.version is None:
        schedule = bot.add(
            name, every=form.when, tz=form.zone, channel=form.channel, text="Your weekly report", account=account
        )
    else:
        schedule = bot.edit(name, version=form.version, every=form.when, tz=form.zone, channel=form.channel)
    return page(schedule)


@app.exception_handler(SchedbotError)
def show_error(_: Request, error: SchedbotError) -> JSONResponse:
    """Show a wrong value beside its field; everything else is not the customer's to mend."""
    if isinstance(error, NotFound):
        return JSONResponse({"message": "No report is set up yet."}, status_code=404)
    if isinstance(error, ScheduleChanged):
        return JSONResponse({"message": "Somebody else changed this. Reload the page."}, status_code=409)
    if error.exit_code == 2 and error.column:
        body = {"field": error.column, "message": error.message, "hint": error.hint}
        return JSONResponse(body, status_code=422)
    raise HTTPException(503, "The settings cannot be saved now.") from error
