"""Attach the files of a report to its message: pictures are drawn and shown, and all content goes to the spool.

A picture is shown where an image block names it, else after the other blocks. One that cannot be drawn becomes its
alternative text and the reason; the report goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePath

from schedbot.model import Message
from schedbot.posts import File, RenderedFile
from schedbot.reports import spool
from schedbot.reports.escaping import clean, escape_text
from schedbot.reports.files.draw_pictures import NotDrawn, draw, is_figure, sniff
from schedbot.reports.limits import make_sections
from schedbot.reports.long_content.split_text import shorten
from schedbot.rules.block_kit.pictures import find_alt, list_names, rename_pictures, replace_pictures

MAX_ALT = 2_000
PICTURE_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".svg")
NOT_DRAWN = "picture_not_drawn"
NOT_STORED = "picture_not_stored"


@dataclass(frozen=True, slots=True)
class DrawnFile(File):
    """A file whose content is bytes as Slack takes them. `failure`: the sentence of a picture that is not drawn."""

    is_picture: bool = False
    failure: str = ""


def attach_files(message: Message) -> Message:
    """Return the message with blocks for its pictures, and with drawn files. Raises ReportFailed."""
    if not message.files:
        return message
    sources = [with_alt(file, message) for file in message.files if isinstance(file, File)]
    files = name_apart(sources, [draw_file(file) for file in sources])
    pictures = {file.name: file for file in files if file.is_picture}
    message = rename_pictures(message, {source.name: file.name for source, file in zip(sources, files, strict=True)})
    names = list_names(message)
    shown = [make_block(file) for name, file in pictures.items() if name not in names]
    # Slack shows the text of a message with blocks in notifications alone.
    above = tuple(make_sections(message.text)) if shown and not message.blocks else message.blocks
    message = replace(message, blocks=(*above, *shown), files=files)
    if notes := {name: file.failure for name, file in pictures.items() if file.failure}:
        message = replace_pictures(message, notes)
    if message.text.strip() or message.blocks or message.attachments:
        return message
    return replace(message, text=escape_text(", ".join(file.title or file.name for file in files)))


def with_alt(file: File, message: Message) -> File:
    """Return a file with an alternative text: its own, else that of the block which shows it."""
    return file if file.alt else replace(file, alt=clean(find_alt(message, file.name)))


def draw_file(file: File) -> DrawnFile:
    """Return a file with its content as bytes, and a picture in a form that Slack shows."""
    is_picture = is_figure(file.content) or bool(sniff(file.content)) or is_picture_name(file.name)
    if not is_picture:
        return DrawnFile(file.name, file.content, file.title, file.alt)
    name, alt = png_name(file), shorten(file.alt or file.title or file.name, MAX_ALT)
    try:
        return DrawnFile(name, draw(file.content), file.title, alt, is_picture=True)
    except NotDrawn as error:
        return DrawnFile(name, b"", file.title, alt, is_picture=True, failure=describe_failure(file, error))


def is_picture_name(name: str) -> bool:
    """Does a name end like that of a picture?"""
    return PurePath(name).suffix.lower() in PICTURE_NAMES


def png_name(file: File) -> str:
    """Return the name of a picture: a figure and an SVG become a PNG."""
    is_drawn = is_figure(file.content) or sniff(file.content) == "svg"
    return f"{PurePath(file.name).stem}.png" if is_drawn else file.name


def name_apart(sources: Sequence[File], files: Sequence[DrawnFile]) -> tuple[DrawnFile, ...]:
    """Return the files, each with a name of its own: that of an SVG beside a PNG becomes `chart-2.png`."""
    taken = {source.name for source in sources}
    apart = list[DrawnFile]()
    for source, file in zip(sources, files, strict=True):
        path = PurePath(file.name)
        names = (f"{path.stem}-{number}{path.suffix}" for number in count(2))
        is_free = file.name == source.name or file.name not in taken
        name = file.name if is_free else next(name for name in names if name not in taken)
        taken.add(name)
        apart.append(replace(file, name=name))
    return tuple(apart)


def make_block(file: File) -> dict[str, object]:
    """Return the block that shows a picture."""
    return {"type": "image", "slack_file": {"name": file.name}, "alt_text": file.alt}


def describe_failure(file: File, reason: NotDrawn) -> str:
    """Return the line in the place of a picture that is not drawn, with the name that the report gave it."""
    return f"The picture '{file.name}' cannot be drawn: {reason}."


def write_files(message: Message, folder: str) -> Message:
    """Return the message with its files in the spool `folder`; without a folder no content is kept.

    Raises SpoolUnusable for a file that is no picture.
    """
    files = tuple(write_file(file, folder) for file in message.files if isinstance(file, DrawnFile))
    return replace(message, files=files) if files else message


def write_file(file: DrawnFile, folder: str) -> RenderedFile:
    """Return a file, written to the spool. A picture that cannot be written is not shown; the report goes on."""
    path, error = "", NOT_DRAWN if file.failure else ""
    try:
        if folder and file.content:
            path = str(spool.write(Path(folder), file.content))
    except spool.SpoolUnusable:
        if not file.is_picture:
            raise
        error = NOT_STORED
    return RenderedFile(path, file.name, len(file.content), file.title, file.alt, file.is_picture, error)
