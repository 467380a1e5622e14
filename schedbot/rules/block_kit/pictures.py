"""Pictures of a report in its message: `slack_file` with a name becomes one with Slack's id, or a text. Pure.

A report shows its picture by `{"type": "image", "slack_file": {"name": "chart.png"}, "alt_text": "..."}`, as a block,
as an element of a context block, or as the accessory of a section. Slack knows a picture by its id alone, once it was
uploaded. A picture that cannot be shown becomes a line of text, and the rest of the message stays.
Source: https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from schedbot.model import Message

Block = Mapping[str, Any]
LONGEST_TEXT = 2_000


def list_names(message: Message) -> list[str]:
    """Return the names of the pictures that the message's blocks show, each once, in their order."""
    return list(dict.fromkeys(name for block in iterate_blocks(message) for _, name in pictures_in(block)))


def find_alt(message: Message, name: str) -> str:
    """Return the alternative text with which the blocks show a picture; nothing if they do not show it."""
    for block in iterate_blocks(message):
        for picture, file_name in pictures_in(block):
            if file_name == name:
                return str(picture.get("alt_text") or "")
    return ""


def show_pictures(message: Message, ids: Mapping[str, str]) -> Message:
    """Return the message with Slack's id in the place of each name in `ids`."""
    return map_blocks(message, lambda block: [with_ids(block, ids)])


def rename_pictures(message: Message, names: Mapping[str, str]) -> Message:
    """Return the message with another name in the place of each name in `names`."""
    return map_blocks(message, lambda block: [with_ids(block, names, "name")])


def replace_pictures(message: Message, notes: Mapping[str, str]) -> Message:
    """Return the message with a line of text in the place of each picture that is named in `notes`.

    The text is the picture's alternative text and the note, such as `The picture cannot be shown: ...`.
    """
    return map_blocks(message, lambda block: without_pictures(block, notes))


def map_blocks(message: Message, change: Callable[[Block], list[Block]]) -> Message:
    """Return the message with other blocks in the place of each block, also of those of its attachments.

    What is no block stays: the check of the blocks names it.
    """

    def change_all(blocks: Iterable[Any]) -> list[Any]:
        return [new for old in blocks for new in (change(old) if isinstance(old, Mapping) else [old])]

    attachments = tuple(
        {**attachment, "blocks": change_all(attachment["blocks"])}
        if isinstance(attachment, Mapping) and isinstance(attachment.get("blocks"), list | tuple)
        else attachment
        for attachment in message.attachments
    )
    return replace(message, blocks=tuple(change_all(message.blocks)), attachments=attachments)


def iterate_blocks(message: Message) -> Iterator[Block]:
    """Yield the blocks of a message and of its attachments."""
    parts = [attachment.get("blocks") for attachment in message.attachments if isinstance(attachment, Mapping)]
    for blocks in (message.blocks, *parts):
        yield from (
            block for block in (blocks if isinstance(blocks, list | tuple) else ()) if isinstance(block, Mapping)
        )


def find_name(picture: object) -> str | None:
    """Return the file name of a picture of the report; None for a picture with an id or a URL, and for other things."""
    if not isinstance(picture, Mapping) or picture.get("type") != "image":
        return None
    file = picture.get("slack_file")
    name = file.get("name") if isinstance(file, Mapping) else None
    return name if isinstance(name, str) else None


def pictures_in(block: Block) -> Iterator[tuple[Block, str]]:
    """Yield the pictures of the report in a block, each with its name."""
    for picture in (block, block.get("accessory"), *elements_of(block)):
        if (name := find_name(picture)) is not None:
            yield picture, name


def elements_of(block: Block) -> list[Any]:
    """Return the elements of a context block; none of another block."""
    elements = block.get("elements")
    return list(elements) if block.get("type") == "context" and isinstance(elements, list | tuple) else []


def with_ids(block: Block, ids: Mapping[str, str], key: str = "id") -> Block:
    """Return a block with Slack's ids in the place of names. With the key `name` they are other names."""

    def identify(picture: Any) -> Any:
        name = find_name(picture)
        return picture if name is None or name not in ids else {**picture, "slack_file": {key: ids[name]}}

    if elements := elements_of(block):
        return {**block, "elements": [identify(element) for element in elements]}
    if "accessory" in block:
        return {**block, "accessory": identify(block["accessory"])}
    shown: Block = identify(block)
    return shown


def without_pictures(block: Block, notes: Mapping[str, str]) -> list[Block]:
    """Return the blocks that take the place of a block: its pictures in `notes` are texts."""
    if elements := elements_of(block):
        return [{**block, "elements": [describe(element, notes) for element in elements]}]
    if find_name(block) in notes:
        return [as_context(block, notes)]
    if find_name(block.get("accessory")) not in notes:
        return [block]
    section = {key: value for key, value in block.items() if key != "accessory"}
    note = as_context(block["accessory"], notes)
    return [section, note] if section.get("text") or section.get("fields") else [note]


def as_context(picture: Block, notes: Mapping[str, str]) -> Block:
    """Return a block of small text for a picture."""
    return {"type": "context", "elements": [describe(picture, notes)]}


def describe(element: Any, notes: Mapping[str, str]) -> Any:
    """Return an element, or the text in the place of a picture in `notes`."""
    name = find_name(element)
    if name is None or name not in notes:
        return element
    alt_text = element.get("alt_text")
    lines = [line for line in (alt_text if isinstance(alt_text, str) else "", notes[name]) if line]
    # Plain, because the alternative text is written by the report and may have any character.
    return {"type": "plain_text", "text": "\n".join(lines)[:LONGEST_TEXT], "emoji": False}


def explain_missing(error: str) -> str:
    """Return the note in the place of a picture. It is read in Slack, by people who do not run schedbot."""
    return f"The picture cannot be shown here ({error})."
