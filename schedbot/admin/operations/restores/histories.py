"""Read the histories that a restore needs, with the token of each workspace."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby

from schedbot.admin.operations.restores.search_plan import PlaceSearch, PostPlace, SearchPlan
from schedbot.admin.workspaces import check
from schedbot.errors import TokenUnavailable
from schedbot.session import Session
from schedbot.slack import channel_ids
from schedbot.slack.history.posted_occurrences import ChannelSearch
from schedbot.slack.history.posted_parts import ChannelPosts
from schedbot.store.open_database import get_installation_id
from schedbot.store.operations import restored_state
from schedbot.store.schedules import workspaces

TOKEN_UNAVAILABLE = "token_unavailable"


def read(session: Session, search_plan: SearchPlan, now: int, within_ms: int) -> dict[PostPlace, ChannelPosts]:
    """Return the posts that the history of each place shows."""
    from schedbot.slack import one_shot

    searches: dict[PostPlace, ChannelSearch] = {}
    for workspace_id, group in groupby(sorted(search_plan.searches), key=lambda place: place.workspace_id):
        places = set(group)
        with suppress(TokenUnavailable):
            token = check.find_token(session.settings, workspaces.by_id(session.db, workspace_id))
            own = [(place, search) for place, search in search_plan.searches.items() if place in places]
            searches |= build_searches(session, workspace_id, token, own)
    settings = session.settings
    ordered = [place for place in search_plan.searches if place in searches]
    posts = one_shot.fetch_posted(
        settings.api_url, [searches[place] for place in ordered], now, settings.timeout_ms, within_ms
    )
    unread = {place: ChannelPosts(error=TOKEN_UNAVAILABLE) for place in search_plan.searches}
    return unread | dict(zip(ordered, posts, strict=True))


def build_searches(
    session: Session, workspace_id: str, token: str, places: Iterable[tuple[PostPlace, PlaceSearch]]
) -> dict[PostPlace, ChannelSearch]:
    """Return the searches of a workspace. A person is searched in the conversation with that person.

    Where Slack opens no conversation, the search has the user's id, which Slack refuses.
    """
    from schedbot.slack import one_shot

    installation, settings = get_installation_id(session.db), session.settings
    conversations = restored_state.list_conversations(session.db, workspace_id)
    searches = {}
    for place, search in places:
        channel = conversations.get(place.channel, place.channel)
        if channel_ids.is_person(channel):
            opened = one_shot.open_conversation(settings.api_url, token, channel, settings.timeout_ms)
            channel = opened if isinstance(opened, str) else channel
        searches[place] = ChannelSearch(
            channel, search.since, installation, token, search.threads, tuple(search.updated)
        )
    return searches
