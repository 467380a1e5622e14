"""Draw pictures of reports: a figure or an SVG becomes a PNG, because Slack shows PNG, JPEG and GIF alone.

Figures are drawn by the library that made them, SVG by resvg-py, whose wheels need no library of the system (CairoSVG
needs libcairo). Both are in the extra `charts`, and are loaded where they are used.
"""

import io
import re
import threading
from typing import Any

MAX_PIXELS = 16_000_000
MAX_REASON = 200
SIGNATURES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))
SVG = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg[\s>]", re.DOTALL)
ROOT = re.compile(r"<svg\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
LENGTH = r"\s*([0-9]*\.?[0-9]+)(pt|pc|in|cm|mm|em)?"
DPI = 96  # CSS pixels of an inch; resvg knows no other unit than the pixel without it
UNITS = {"pt": DPI / 72, "pc": DPI / 6, "in": DPI, "cm": DPI / 2.54, "mm": DPI / 25.4, "em": 16}
# Another file or address in an SVG: resvg would read a picture of this machine.
OUTSIDE = re.compile(
    r"<!ENTITY|<(?:\w+:)?(?:image|feImage)\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*?href\s*=\s*[\"'](?!\s*data:|#)",
    re.IGNORECASE,
)
_drawing = threading.Lock()  # matplotlib draws one figure at a time


class NotDrawn(Exception):
    """The picture cannot be drawn: the reason, in a sentence without a stop."""


def is_figure(value: object) -> bool:
    """Is the value a figure of matplotlib or plotly, or matplotlib's axes of one?"""
    return type(value).__name__ == "Figure" or callable(getattr(value, "savefig", None)) or is_axes(value)


def is_axes(value: object) -> bool:
    """Are these the axes that `DataFrame.plot()` returns?"""
    return callable(getattr(value, "get_figure", None)) and callable(getattr(value, "get_title", None))


def find_title(figure: Any) -> str:
    """Return the title of a figure, or an empty text."""
    try:
        if is_axes(figure):
            return str(figure.get_title())
        if hasattr(figure, "to_image"):
            return str(figure.layout.title.text or "")
        titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
        return next((title for title in titles if isinstance(title, str) and title), "")
    except Exception:  # another version, or another library
        return ""


def sniff(content: bytes) -> str:
    """Return the kind of picture that a file holds: `png`, `jpg`, `gif`, `svg`, or an empty text."""
    kind = next((kind for signature, kind in SIGNATURES if content.startswith(signature)), "")
    return kind or ("svg" if SVG.match(content[:4_096]) else "")


def draw(content: Any) -> bytes:
    """Return a figure or an SVG as PNG, and the bytes of another picture as they are. Raises NotDrawn."""
    if not isinstance(content, bytes):
        return draw_figure(content)
    kind = sniff(content)
    if not kind:
        raise NotDrawn("its content is no PNG, JPEG, GIF or SVG")
    return draw_svg(content) if kind == "svg" else content


def draw_figure(figure: Any) -> bytes:
    """Return a figure as PNG. Raises NotDrawn with the reason of its library."""
    try:
        with _drawing:
            if is_axes(figure):
                figure = figure.get_figure()
            if hasattr(figure, "to_image"):  # plotly, by kaleido
                content = figure.to_image(format="png", scale=2)
            else:
                buffer = io.BytesIO()
                figure.savefig(buffer, format="png", bbox_inches="tight")
                content = buffer.getvalue()
    except MemoryError:
        raise
    except Exception as error:
        raise NotDrawn(describe(error)) from None
    if not isinstance(content, bytes) or not content:
        raise NotDrawn("its library drew nothing")
    return content


def draw_svg(content: bytes) -> bytes:
    """Return an SVG as PNG. Raises NotDrawn."""
    text = content.decode("utf-8", "replace")
    if OUTSIDE.search(text):
        raise NotDrawn("the SVG refers to another file or address")
    check_size(text)
    try:
        import resvg_py
    except ImportError:
        raise NotDrawn("SVG needs schedbot[charts] to be installed") from None
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, background="white", dpi=DPI))
    except Exception as error:
        raise NotDrawn(describe(error)) from None


def check_size(text: str) -> None:
    """Raise NotDrawn for an SVG of too many pixels: they would fill the memory."""
    root = ROOT.search(text)
    attributes = root[1] if root else ""
    sizes = [re.search(rf"\b{name}\s*=\s*[\"']{LENGTH}", attributes) for name in ("width", "height")]
    box = re.search(r"\bviewBox\s*=\s*[\"']\s*[-0-9.]+[\s,]+[-0-9.]+[\s,]+([0-9.]+)[\s,]+([0-9.]+)", attributes)
    width, height = (
        float(size[1]) * UNITS.get(size[2], 1) if size else float(box[side]) if box else 100.0
        for side, size in enumerate(sizes, 1)
    )
    if width * height > MAX_PIXELS:
        raise NotDrawn(f"the SVG has {width:,.0f} x {height:,.0f} pixels; at most {MAX_PIXELS:,} are drawn")


def describe(error: Exception) -> str:
    """Return an error of a library in one line."""
    message = " ".join(str(error).split())[:MAX_REASON].rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
