"""Description of the blocks that a message may have, and of the limits of all blocks together.

Sources: https://docs.slack.dev/reference/block-kit/blocks and the pages of the blocks, https://docs.slack.dev/blocks.json
(which block is for messages), https://github.com/vellum-ai/vellum-assistant/pull/36219 (cells of tables together)
"""

from schedbot.rules.block_kit.elements import (
    ANY,
    CONTEXT_ACTIONS,
    INTERACTIVE,
    RICH_TEXT_ELEMENTS,
    RICH_TEXT_PARTS,
    TEXT_OBJECTS,
)
from schedbot.rules.block_kit.specs import (
    TEXT_TYPES,
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

MAX_BLOCKS = 50
# Slack refuses about 13,200 (`msg_blocks_too_long`); the limit is not documented.
MAX_ALL_TEXT = 13_000
MAX_MARKDOWN = 12_000
# Blocks of the type `table`, of a message: https://github.com/slackapi/slack-skills-plugin ("Only one table fits in a
# message"). Slack refuses a second one with `invalid_attachments`, `only_one_table_allowed`.
MAX_TABLES = 1
# Type of table: most characters in the cells of all such tables of a message.
MAX_CELL_TEXT = {"table": 10_000, "data_table": 20_000}

IMAGE = Typed(("image",))
RICH_TEXT = Typed(("rich_text",))
CELL = Typed(("raw_text", "raw_number", "rich_text"))

_BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {},
        {
            "text": text(),
            "fields": ListOf(text(2_000), 10, 1, may_be_empty=True),
            "accessory": Typed((*INTERACTIVE, *CONTEXT_ACTIONS, "image")),
            "expand": ANY,
        },
        one_of=("text", "fields"),
    ),
    "header": Shape({"text": plain(150)}),
    "divider": Shape(),
    "context": Shape({"elements": ListOf(Typed((*TEXT_TYPES, "image")), 10, 1)}),
    "actions": Shape({"elements": ListOf(Typed((*INTERACTIVE, *CONTEXT_ACTIONS)), 25, 1)}, unique_ids="elements"),
    "context_actions": Shape({"elements": ListOf(Typed(tuple(CONTEXT_ACTIONS)), 5, 1)}, unique_ids="elements"),
    "image": Shape(
        {"alt_text": words(2_000)},
        {"image_url": url(), "slack_file": Untyped("slack_file"), "title": plain(2_000)},
        one_of=("image_url", "slack_file"),
    ),
    "markdown": Shape({"text": words(MAX_MARKDOWN)}),
    "rich_text": Shape({"elements": ListOf(Typed(tuple(RICH_TEXT_ELEMENTS)), 0, 1, may_be_empty=True)}),
    "table": Shape({"rows": ListOf(ListOf(CELL, 20), 100, 1)}, {"column_settings": ListOf(ANY, 20)}),
    "data_table": Shape(
        {"rows": ListOf(ListOf(CELL, 20), 201, 2), "caption": words()},
        {"page_size": ANY, "row_header_column_index": ANY},
    ),
    "data_visualization": Shape({"title": words(50), "chart": ANY}),
    "video": Shape(
        {"alt_text": String(2_000), "title": plain(199), "thumbnail_url": url(), "video_url": url()},
        {
            "description": plain(200),
            "author_name": String(50),
            "provider_name": String(50),
            "provider_icon_url": url(),
            "title_url": url(),
        },
    ),
    "file": Shape({"external_id": words(), "source": words()}, {"file_id": ANY, "file": ANY}),
    "call": Shape({"call_id": words()}, {"call": ANY, "api_decoration_available": ANY}),
    "input": Shape(
        {"label": plain(2_000), "element": Typed(tuple(INTERACTIVE))},
        {"hint": plain(2_000), "optional": ANY, "dispatch_action": ANY},
    ),
    "card": Shape(
        {},
        {
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "subtext": text(200),
            "hero_image": IMAGE,
            "icon": IMAGE,
            "slack_icon": ANY,
            "actions": ListOf(Typed(tuple(INTERACTIVE)), 3),
        },
        one_of=("title", "body", "hero_image", "actions"),
    ),
    "carousel": Shape({"elements": ListOf(Typed(("card",)), 10, 1)}),
    "task_card": Shape(
        {"task_id": words(), "title": words()},
        {"status": ANY, "details": RICH_TEXT, "output": RICH_TEXT, "sources": ANY},
    ),
    "plan": Shape({"title": words()}, {"tasks": ListOf(ANY, 50)}),
}
_CHILDREN = Typed(tuple(_BLOCKS))
_BLOCKS["container"] = Shape(
    {"child_blocks": ListOf(_CHILDREN, 10, 1)},
    {
        "title": plain(150),
        "rich_text_title": RICH_TEXT,
        "subtitle": text(150),
        "icon": IMAGE,
        "width": ANY,
        "is_collapsible": ANY,
        "default_collapsed": ANY,
        "has_header_divider": ANY,
    },
    one_of=("title", "rich_text_title"),
)
MESSAGE_BLOCK = Typed(tuple(_BLOCKS))
_BLOCK_PARTS: dict[str, Spec] = {"block_id": String(255)}
# Shapes of all objects with a `type`. `alert` is a block of modals.
SHAPES: dict[str, Shape] = {
    **TEXT_OBJECTS,
    **INTERACTIVE,
    **CONTEXT_ACTIONS,
    **RICH_TEXT_PARTS,
    **RICH_TEXT_ELEMENTS,
    **{
        kind: Shape(shape.required, {**shape.optional, **_BLOCK_PARTS}, shape.one_of, shape.forbidden, shape.unique_ids)
        for kind, shape in _BLOCKS.items()
    },
    "alert": Shape({"text": text(200)}, {"level": ANY}),
}
