"""Rendering of messages on the page: its own script, run with Node.js. Message content stays text."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from schedbot.sandbox.page import read_source, script_source

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
    script = DOCUMENT + script_source() + f"\nconsole.log(String({call}({json.dumps(argument)})));"
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
        (":tada: at 9:00:00, :no_such: a:b:c", "div([🎉 at 9:00:00, :no_such: a:b:c])"),
        ("*:+1::skin-tone-4:* `:tada:` :flag-de:", "div(b([👍🏽])[ ]code([:tada:])[ 🇩🇪])"),
        ("<https://x.example/:tada:|:tada: won>", "div(a@https://x.example/:tada:([🎉 won]))"),
        ("<javascript:alert(1)|click>", "div([<javascript:alert(1)|click>])"),
    ],
)
def test_mrkdwn_is_rendered(text: str, html: str) -> None:
    assert render("mrkdwn", text) == html


@pytest.mark.parametrize(
    ("block", "html"),
    [
        ({"type": "header", "text": {"text": "<img>"}}, "div([<img>])"),
        ({"type": "header", "text": {"type": "plain_text", "text": ":tada: Done"}}, "div([🎉 Done])"),
        ({"type": "section", "text": {"type": "plain_text", "text": ":tada:", "emoji": False}}, "div(div([:tada:]))"),
        (
            {"type": "actions", "elements": [{"type": "button", "text": {"text": ":eyes: Look"}}]},
            "div(span([👀 Look]))",
        ),
        ({"type": "rich_text", "elements": [{"type": "emoji", "name": "tada"}]}, "div([🎉])"),
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


def test_first_message_of_a_day_has_a_line_with_the_date() -> None:
    call = "((ts) => ts.map((at, place) => dayLine(dayOf(at), place ? dayOf(ts[place - 1]) : undefined)))"
    lines = render(call, ["1796043285.4", "1796043286.1", "1796129686.0"])
    assert lines.count("li(") == 2
    assert "2026" in lines


def test_every_emoji_has_names_of_slack() -> None:
    lines = [line.split(" ") for line in read_source("emoji.txt").splitlines()]
    names = [name for _, *names in lines for name in names]
    assert len(names) == len(set(names)) > 1_800
    assert all((len(line) > 1 and not line[0].isascii()) or line[1] in ("hash", "keycap_star") for line in lines)
