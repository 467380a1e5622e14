"""Rendering of messages on the page: its own script, run with Node.js. Message content stays text."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from schedbot.sandbox.page import read_source

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is missing")

# The part of the DOM that the script uses. Text is in brackets, to differ from elements.
DOCUMENT = """
class Element {
  constructor(tag) { this.tag = tag; this.children = []; this.style = {}; }
  append(...more) { this.children.push(...more); }
  toString() {
    const inner = this.children.map((child) => (typeof child === "string" ? `[${child}]` : String(child))).join("");
    return `${this.tag}${this.href ? "@" + this.href : ""}(${inner})`;
  }
}
const document = { createElement: (tag) => new Element(tag) };
"""


def render(call: str, argument: Any) -> str:
    script = DOCUMENT + read_source("mrkdwn.js") + f"\nconsole.log(String({call}({json.dumps(argument)})));"
    completed = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=30)
    return completed.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~no~", "div(b([bold])[ ]i([it])[ ]s([no]))"),
        ("*a _b_ c*", "div(b([a ]i([b])[ c]))"),
        ("2*3*4 and snake_case_name", "div([2*3*4 and snake_case_name])"),
        ("`*as it is*`", "div(code([*as it is*]))"),
        ("```\n*a*\nb```", "div(pre([*a*\nb]))"),
        ("<https://x.example/?a=1&amp;b=2|the page>", "div(a@https://x.example/?a=1&b=2([the page]))"),
        ("<@U1> <#C1|ops> <!channel>", "div(span([@U1])[ ]span([#ops])[ ]span([@channel]))"),
        ("a\n&gt; b\n> c\nd", "div([a]blockquote([b])blockquote([c])[d])"),
        ("&lt;b&gt; &amp;amp;", "div([<b> &amp;])"),
        ("<script>alert(1)</script>", "div([<script>][alert(1)][</script>])"),
        ("<javascript:alert(1)|click>", "div([<javascript:alert(1)|click>])"),
    ],
)
def test_mrkdwn_is_rendered(text: str, html: str) -> None:
    assert render("mrkdwn", text) == html


@pytest.mark.parametrize(
    ("block", "html"),
    [
        ({"type": "header", "text": {"text": "<img>"}}, "div([<img>])"),
        ({"type": "divider"}, "hr()"),
        ({"type": "image", "alt_text": "a chart"}, "div([🖼 ][a chart])"),
        ({"type": "constructor"}, 'pre([{\n "type": "constructor"\n}])'),
        ({"type": "header"}, 'pre([{\n "type": "header"\n}])'),
    ],
)
def test_block_is_rendered(block: dict[str, Any], html: str) -> None:
    assert render("renderBlock", block) == html


@pytest.mark.parametrize(
    ("attachment", "html"),
    [
        ({"color": "good", "text": "*up*"}, "div(div(div(div(b([up])))))"),
        (
            {"pretext": "See", "title": "<b>", "title_link": "https://x.example"},
            "div(div(div([See]))div(div(a@https://x.example(b([<b>])))))",
        ),
        ({"title": "a", "title_link": "javascript:alert(1)"}, "div(div(div(b([a]))))"),
        (
            {"fields": [{"title": "Open", "value": "<!here>"}]},
            "div(div(div(div(b([Open])div(span([@here]))))))",
        ),
        ({"blocks": [{"type": "divider"}]}, "div(div(hr()))"),
        ({"fallback": "only this"}, "div(div(div([only this])))"),
        ({"image_url": "https://x.example/a.png"}, "div(div(div([🖼 ][https://x.example/a.png])))"),
    ],
)
def test_attachment_is_rendered(attachment: dict[str, Any], html: str) -> None:
    assert render("renderAttachment", attachment) == html


def test_date_is_rendered_without_a_mention() -> None:
    assert render("mrkdwn", "<!date^0^{nosuch}|1 Jan>") == "div([1 Jan])"
    assert render("mrkdwn", "at <!date^0^{time_secs}|midnight>").startswith("div([at ]span([")
