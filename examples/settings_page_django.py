"""A product's settings page with Django, in a single file: when should your report be posted?

    pip install schedbot django
    SCHEDBOT_DATABASE=/var/lib/schedbot/schedbot.db python settings_page_django.py runserver

Your own sign-in replaces `current_account`, and your own settings replace `settings.configure`.
"""

import os
from functools import cache

from django.conf import settings

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["localhost", "testserver"],
        ROOT_URLCONF=__name__,
        SECRET_KEY=os.environ.get("SECRET_KEY", "only for this example"),
    )

from django import forms
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

import schedbot
from schedbot.errors import NotFound, SchedbotError, ScheduleChanged

COLUMNS = {"every": "when", "tz": "zone", "channel": "channel"}  # the form's field of a schedule's field


@cache
def handle() -> schedbot.Schedbot:
    """Return the handle of this process. The first request opens it, so never before a fork."""
    return schedbot.open(actor="settings page")


os.register_at_fork(after_in_child=handle.cache_clear)


class SettingsForm(forms.Form):
    """When and where the report is posted. `version` is that of the schedule which the customer was shown."""

    when = forms.CharField(initial="monday at 9:00")
    zone = forms.CharField(initial="America/New_York")
    channel = forms.CharField()
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


def current_account(request: HttpRequest) -> str:
    """Return the account of the customer who is signed in."""
    return str(request.headers["X-Account"])


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> JsonResponse:
    """Show the customer's schedule, or save the form."""
    name = f"{current_account(request)}-weekly"
    if request.method == "GET":
        try:
            return show(handle().show(name))
        except NotFound:
            return JsonResponse({"errors": {}}, status=404)
    form = SettingsForm(request.POST)
    if form.is_valid() and (schedule := save(form, name)):
        return show(schedule)
    return JsonResponse({"errors": form.errors}, status=422)


def save(form: SettingsForm, name: str) -> schedbot.Schedule | None:
    """Add or change the schedule. Puts the error beside its field, and returns None, if that is refused."""
    values = form.cleaned_data
    fields: dict[str, str] = {column: values[field] for column, field in COLUMNS.items()}
    try:
        if values["version"] is None:
            account = name.removesuffix("-weekly")
            return handle().add(name, text="Your weekly report", account=account, **fields)  # type: ignore[arg-type]
        return handle().edit(name, version=values["version"], **fields)  # type: ignore[arg-type]
    except ScheduleChanged:
        form.add_error(None, "Somebody else changed this. Reload the page.")
    except SchedbotError as error:
        if error.exit_code != 2:
            raise  # not the customer's to mend: a page with status 500, and a line in the log
        form.add_error(COLUMNS.get(error.column), f"{error.message} {error.hint}")
    return None


def show(schedule: schedbot.Schedule) -> JsonResponse:
    """Return what the page shows."""
    return JsonResponse(
        {
            "meaning": schedule.meaning,
            "zone": schedule.zone,
            "channel": schedule.channel,
            "next": schedule.next_due_at,
            "version": schedule.version,
        }
    )


urlpatterns = [path("settings", settings_page)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line()
