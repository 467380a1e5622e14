"""Description of Block Kit's elements and composition objects: parts, bounds, and types that may be in each place.

Only rules that Slack documents, or that its answers in public threads show, refuse a payload. A part or type that is
not here gets a warning, because Slack adds some every year.
Sources: https://docs.slack.dev/reference/block-kit/block-elements, https://docs.slack.dev/reference/block-kit/composition-objects,
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block (autumn 2026)
"""

from schedbot.rules.block_kit.specs import (
    Anything,
    Choice,
    ListOf,
    Shape,
    Spec,
    String,
    Typed,
    Untyped,
    plain,
    text,
    url,
    words,
)

ANY = Anything()
ID = String(255)
STYLE = Choice(("primary", "danger"), tolerated=("default", ""))
CONFIRM = Untyped("confirm")

TEXT_OBJECTS: dict[str, Shape] = {
    # https://github.com/slack-go/slack/issues/1414: `emoji` on mrkdwn is "invalid additional property"
    "mrkdwn": Shape({"text": words()}, {"verbatim": ANY}, forbidden=("emoji",)),
    "plain_text": Shape({"text": words()}, {"emoji": ANY}),
    "raw_text": Shape({"text": words()}),  # https://github.com/vercel/chat/pull/373: an empty cell is refused
    "raw_number": Shape({"value": ANY}, {"text": words()}),
}

# Objects without `type`, by a name of ours.
UNTYPED: dict[str, Shape] = {
    "confirm": Shape(
        {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": STYLE}
    ),
    # Select and overflow menus allow plain_text alone; checkboxes and radio buttons allow mrkdwn, too.
    "option": Shape({"text": text(75), "value": String(150)}, {"description": text(75), "url": url()}),
    "plain option": Shape({"text": plain(75), "value": String(150)}, {"description": plain(75), "url": url()}),
    "option group": Shape({"label": plain(75), "options": ListOf(Untyped("plain option"), 100, 1)}),
    "attachment field": Shape({}, {"title": String(), "value": String(), "short": ANY}),
    "slack_file": Shape({}, {"id": words(), "url": url()}, one_of=("id", "url")),
}


def _input(optional: dict[str, Spec], one_of: tuple[str, ...] = ()) -> Shape:
    """Return the shape of an interactive element with the parts that all of them share."""
    shared: dict[str, Spec] = {"action_id": ID, "confirm": CONFIRM, "placeholder": plain(150), "focus_on_load": ANY}
    return Shape({}, shared | optional, one_of)


def _select(name: str, **more: Spec) -> dict[str, Shape]:
    """Return the shapes of a select menu and its multi-select menu."""
    single: dict[str, Spec] = {"initial_option": ANY, "response_url_enabled": ANY, "initial_" + name: ANY}
    multi: dict[str, Spec] = {"initial_options": ANY, "max_selected_items": ANY, f"initial_{name}s": ANY}
    kind = {"static": "static", "external": "external"}.get(name, name + "s")
    one_of = ("options", "option_groups") if name == "static" else ()
    return {
        f"{kind}_select": _input(more | single, one_of=one_of),
        f"multi_{kind}_select": _input(more | multi, one_of=one_of),
    }


FILTERS: dict[str, Spec] = {"filter": ANY, "default_to_current_conversation": ANY}
OPTIONS: dict[str, Spec] = {
    "options": ListOf(Untyped("plain option"), 100, 1),
    "option_groups": ListOf(Untyped("option group"), 100, 1),
}
DISPATCH: dict[str, Spec] = {"initial_value": ANY, "dispatch_action_config": ANY}

INTERACTIVE: dict[str, Shape] = {
    "button": Shape(
        {"text": plain(75)},
        {
            "action_id": ID,
            "url": url(),
            "value": String(2_000),
            "style": STYLE,
            "confirm": CONFIRM,
            "accessibility_label": String(75),
            "agent_prompt": ANY,
            "agent_prompt_display": ANY,
            "visible_to_user_ids": ANY,
        },
    ),
    "workflow_button": Shape(
        {"text": plain(75), "workflow": ANY}, {"action_id": ID, "style": STYLE, "accessibility_label": String(75)}
    ),
    "checkboxes": _input({"options": ListOf(Untyped("option"), 10, 1), "initial_options": ANY}, one_of=("options",)),
    "radio_buttons": _input({"options": ListOf(Untyped("option"), 10, 1), "initial_option": ANY}, one_of=("options",)),
    "overflow": _input({"options": ListOf(Untyped("plain option"), 5, 1)}, one_of=("options",)),
    "datepicker": _input({"initial_date": ANY}),
    "timepicker": _input({"initial_time": ANY, "timezone": ANY}),
    "datetimepicker": _input({"initial_date_time": ANY}),
    **_select("static", **OPTIONS),
    **_select("external", min_query_length=ANY),
    **_select("user"),
    **_select("conversation", **FILTERS),
    **_select("channel"),
    "plain_text_input": _input({"multiline": ANY, "min_length": ANY, "max_length": ANY, **DISPATCH}),
    "rich_text_input": _input({"min_lines": ANY, "max_lines": ANY, **DISPATCH}),
    "email_text_input": _input(DISPATCH),
    "url_text_input": _input(DISPATCH),
    "number_input": _input({"is_decimal_allowed": ANY, "min_value": ANY, "max_value": ANY, **DISPATCH}),
    "file_input": _input({"filetypes": ANY, "max_files": ANY}),
}
CONTEXT_ACTIONS: dict[str, Shape] = {
    "feedback_buttons": Shape({"positive_button": ANY, "negative_button": ANY}, {"action_id": ID}),
    "icon_button": Shape(
        {"icon": ANY},
        {
            "text": plain(),
            "action_id": ID,
            "value": String(2_000),
            "confirm": CONFIRM,
            "accessibility_label": String(75),
            "visible_to_user_ids": ANY,
        },
    ),
}

# An empty text is refused (https://github.com/slack-go/slack/pull/1412); an empty list of elements is not, in some
# places (https://github.com/slackapi/python-slack-sdk/pull/1576).
RICH_TEXT_PARTS: dict[str, Shape] = {
    "text": Shape({"text": words()}, {"style": ANY}),
    "link": Shape({"url": words()}, {"text": words(), "unsafe": ANY, "style": ANY}),
    "emoji": Shape({"name": words()}, {"skin_tone": ANY, "unicode": ANY, "style": ANY}),
    "user": Shape({"user_id": words()}, {"style": ANY}),
    "usergroup": Shape({"usergroup_id": words()}, {"style": ANY}),
    "channel": Shape({"channel_id": words()}, {"style": ANY}),
    "team": Shape({"team_id": words()}, {"style": ANY}),
    "broadcast": Shape({"range": Choice(("here", "channel", "everyone"))}, {"style": ANY}),
    "date": Shape({"timestamp": ANY, "format": words()}, {"url": ANY, "fallback": ANY, "style": ANY}),
    "color": Shape({"value": words()}, {"style": ANY}),
}
_INLINE = ListOf(Typed(tuple(RICH_TEXT_PARTS)), 0, 1, may_be_empty=True)
RICH_TEXT_ELEMENTS: dict[str, Shape] = {
    "rich_text_section": Shape({"elements": _INLINE}),
    "rich_text_preformatted": Shape({"elements": _INLINE}, {"border": ANY, "language": ANY}),
    "rich_text_quote": Shape({"elements": _INLINE}, {"border": ANY}),
    "rich_text_list": Shape(
        {"elements": ListOf(Typed(("rich_text_section",)), 0, 1, may_be_empty=True)},
        {"style": Choice(("bullet", "ordered")), "indent": ANY, "offset": ANY, "border": ANY},
    ),
}
