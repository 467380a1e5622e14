"""Files and pictures that a report gives back: checked, drawn, shown in the message, and written to the spool."""

import io
from pathlib import Path
from typing import Any

import pytest

from schedbot.errors import ReportFailed
from schedbot.model import Message
from schedbot.posts import File, RenderedFile
from schedbot.reports import csv_file
from schedbot.reports.files.attach import attach_files, write_files
from schedbot.reports.limits import enforce
from schedbot.reports.results import parse_result

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="9" height="9"/>%s</svg>'


class Figure:
    """A figure, as matplotlib has them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.axes: list[Any] = []

    def get_suptitle(self) -> str:
        return "Revenue by week"

    def savefig(self, buffer: io.BytesIO, **options: Any) -> None:
        if self.error:
            raise self.error
        buffer.write(PNG)


def render(value: Any) -> Message:
    message = parse_result(value, "acme:report")
    assert isinstance(message, Message)
    return enforce(attach_files(message))


def test_figure_becomes_a_picture_with_its_title(tmp_path: Path) -> None:
    message = write_files(render(Figure()), str(tmp_path / "spool"))
    assert message.blocks == ({"type": "image", "slack_file": {"name": "chart.png"}, "alt_text": "Revenue by week"},)
    (file,) = message.files
    assert isinstance(file, RenderedFile)
    assert (file.name, file.size, file.is_picture, file.alt) == ("chart.png", len(PNG), True, "Revenue by week")
    assert Path(file.path).read_bytes() == PNG
    assert message.text == "Revenue by week"


@pytest.mark.parametrize("value", [PNG, {"files": [PNG]}, Message(files=[PNG]), Message(files=[File("a.png", PNG)])])  # type: ignore[list-item]
def test_bytes_of_a_picture_are_shown(value: Any) -> None:
    assert [block["type"] for block in render(value).blocks] == ["image"]


def test_text_is_shown_above_a_picture() -> None:
    """Slack shows the text of a message with blocks in notifications alone."""
    lines = [f"line {number}" for number in range(2_000)]
    message = render(Message("\n".join(lines), files=[File("a.png", PNG)]))
    blocks = [block for part in (message, *message.continuation) for block in part.blocks]
    assert blocks[-1]["type"] == "image"
    assert "\n".join(block["text"]["text"] for block in blocks[:-1]).split("\n") == lines


def test_picture_is_shown_where_a_block_names_it() -> None:
    picture = {"type": "image", "slack_file": {"name": "a.png"}, "alt_text": "A"}
    message = render(Message("s", [picture, {"type": "divider"}], files=[File("a.png", PNG), File("b.png", PNG)]))
    shown = [block.get("slack_file", {}).get("name") for block in message.blocks]
    assert shown == ["a.png", None, "b.png"]


def test_picture_in_markdown_is_shown_in_its_place() -> None:
    message = render(Message(markdown="# Week\n\n![Revenue](a.png)\n\nmore", files=[File("a.png", PNG)]))
    assert [block["type"] for block in message.blocks] == ["markdown", "image", "markdown"]
    assert message.blocks[1]["alt_text"] == message.files[0].alt == "Revenue"


def test_other_file_is_no_block_and_gives_a_text() -> None:
    message = render(Message(files=[File("sales.csv", "day,orders\n", title="Sales <2026>")]))
    assert (message.text, message.blocks, message.files[0].name) == ("Sales &lt;2026&gt;", (), "sales.csv")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Figure(ValueError("no data")), "ValueError: no data"),
        (b"not a picture", "its content is no PNG, JPEG, GIF or SVG"),
        (SVG % b'<image a=">" href="/etc/passwd"/>', "the SVG refers to another file or address"),
        (b'<svg width="50in" height="60in"/>', "the SVG has 4,800 x 5,760 pixels; at most 16,000,000 are drawn"),
        (b'<svg viewBox="0 0 100000 100000"/>', "the SVG has 100,000 x 100,000 pixels; at most 16,000,000 are drawn"),
    ],
)
def test_picture_that_cannot_be_drawn_leaves_the_report(content: Any, reason: str, tmp_path: Path) -> None:
    message = write_files(render(Message("s", files=[File("a.png", content, alt="Revenue")])), str(tmp_path))
    text, note = message.blocks
    assert text["text"]["text"] == "s"
    assert note["elements"][0]["text"].startswith(f"Revenue\nThe picture 'a.png' cannot be drawn: {reason}")
    (file,) = message.files
    assert isinstance(file, RenderedFile)
    assert (file.path, file.error) == ("", "picture_not_drawn")


def test_svg_is_drawn_as_png() -> None:
    pytest.importorskip("resvg_py")
    message = render(Message("s", files=[File("a.svg", SVG % b"", alt="A")]))
    (file,) = message.files
    assert isinstance(file, File)
    assert (file.name, file.content[:4]) == ("a.png", PNG[:4])
    assert message.blocks[1]["slack_file"] == {"name": "a.png"}


def test_pictures_of_one_name_are_all_shown() -> None:
    picture = {"type": "image", "slack_file": {"name": "a.svg"}, "alt_text": "B"}
    names = [("a.svg", SVG % b""), ("a.png", PNG), ("a-2.png", PNG)]
    message = render(Message("s", [picture], files=[File(name, content) for name, content in names]))
    assert [block["slack_file"]["name"] for block in message.blocks] == ["a-3.png", "a.png", "a-2.png"]
    assert [file.name for file in message.files] == ["a-3.png", "a.png", "a-2.png"]


def test_alternative_text_of_a_block_is_cleaned() -> None:
    picture = {"type": "image", "slack_file": {"name": "a.png"}, "alt_text": "A\udcff\x00"}
    message = render(Message("s", [picture], files=[File("a.png", PNG)]))
    assert message.files[0].alt == message.blocks[0]["alt_text"] == "A\ufffd"


@pytest.mark.parametrize("unit", ["", "px", "pt", "pc", "in", "cm", "mm", "em"])
def test_svg_with_a_unit_of_length_is_drawn(unit: str) -> None:
    pytest.importorskip("resvg_py")
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="3{unit}" height="2{unit}"/>'
    (file,) = render(Message("s", files=[File("a.svg", svg, alt="A")])).files
    assert isinstance(file, File)
    assert file.content[:4] == PNG[:4]


def test_picture_that_is_not_drawn_has_the_name_of_its_file() -> None:
    message = render(Message("s", files=[File("a.svg", b'<svg viewBox="0 0 100000 100000"/>')]))
    assert "The picture 'a.svg' cannot be drawn" in str(message.blocks[1])


@pytest.mark.slow  # matplotlib takes more than a second to load
def test_figure_of_matplotlib_is_drawn() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots()
    axes.plot([1, 2])
    axes.set_title("Orders")
    for value in (figure, axes):
        message = render(value)
        assert isinstance(message.files[0], File)
        assert message.files[0].content.startswith(PNG[:8])
        assert message.text == "Orders"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ("a.csv", "acme:report returned 'files' that are not a list."),
        ([1], "acme:report returned files[0] that is no file."),
        ([b"text"], "acme:report returned files[0] that is no file."),
        ([File("", b"a")], "acme:report returned files[0] without a name."),
        ([File("/", b"a")], "acme:report returned files[0] without a name."),
        ([File(1, b"a")], "acme:report returned files[0] with a 'name' that is not a text."),  # type: ignore[arg-type]
        ([File("a.csv", b"")], "acme:report returned the file 'a.csv' without content."),
        ([File("a.csv", 1)], "acme:report returned the file 'a.csv' with a content of type int."),
        ([File("a.csv", b"a")] * 2, "acme:report returned two files named 'a.csv'."),
        ([File("a.csv", b"a")] * 21, "acme:report returned 21 files; a message may have 20."),
    ],
)
def test_wrong_file_is_refused_with_its_place(files: Any, problem: str) -> None:
    with pytest.raises(ReportFailed) as refused:
        render(Message("s", files=files))
    assert str(refused.value) == problem


def test_title_of_a_file_is_a_short_line() -> None:
    lines, long = render(Message("s", files=[File("a.csv", b"a", "b\n c"), File("b.csv", b"b", "t" * 5_000)])).files
    assert lines.title == "b c"
    assert 200 < len(long.title) <= 255


def test_block_with_an_unknown_picture_is_refused() -> None:
    block = {"type": "image", "slack_file": {"name": "b.png"}, "alt_text": "B"}
    with pytest.raises(ReportFailed, match=r"picture 'b\.png', and the report has no file of that name"):
        render(Message("s", [block], files=[File("a.png", PNG)]))


def test_block_with_a_file_that_is_no_picture_is_refused() -> None:
    block = {"type": "image", "slack_file": {"name": "a.csv"}, "alt_text": "A"}
    with pytest.raises(ReportFailed, match=r"A block shows the file 'a\.csv' as a picture, and it is none\."):
        render(Message("s", [block], files=[File("a.csv", b"a,b")]))


def test_csv_file_has_rows_and_no_formulas() -> None:
    objects = [{"day": "Monday", "orders": -12}, {"day": "=1+1", "orders": 3}]
    file = csv_file("sales.csv", objects, title="Sales")
    assert file.content.decode("utf-8-sig").splitlines() == ["day,orders", "Monday,-12", "'=1+1,3"]
    assert (file.name, file.title) == ("sales.csv", "Sales")
    assert csv_file("a.csv", [["a", "b"], [1, None]]).content == b"\xef\xbb\xbfa,b\r\n1,\r\n"
    with pytest.raises(ReportFailed, match="row 1 is a int"):
        csv_file("a.csv", [["a"], 2])
