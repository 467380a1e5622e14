"""Rendering of messages on the page: its own script, run with Node.js. Message content stays text."""

import json
import shutil
import subprocess
import time
from typing import Any

import pytest

from schedbot.sandbox.markdown_tree import parse_markdown
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
        ("<!subteam^S1|@team> <!here>", "div(span([@team])[ ]span([@here]))"),
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
        (
            {"type": "image", "alt_text": "a chart", "slack_file": {"id": "F1/../x"}},
            "figure(a@/sandbox/files/x(img()))",
        ),
        (
            {"type": "table", "rows": [[{"text": "a"}], [{"type": "raw_number", "value": 7}]]},
            "div(table(tr(th([a]))tr(td([7]))))",
        ),
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
        (
            {"image_url": "https://x.example/a.png"},
            "div(div(div([🖼 ]a@https://x.example/a.png([https://x.example/a.png]))))",
        ),
    ],
)
def test_attachment_is_rendered(attachment: dict[str, Any], html: str) -> None:
    assert render("renderAttachment", attachment) == html


@pytest.mark.parametrize(
    ("element", "html"),
    [
        ({"type": "text", "text": "<b>", "style": {"bold": True, "italic": True}}, "i(b([<b>]))"),
        ({"type": "link", "url": "javascript:alert(1)", "text": "x"}, "x"),
        ({"type": "user", "user_id": "U1"}, "span([@U1])"),
        (
            {"type": "rich_text_list", "style": "ordered", "elements": [{"type": "text", "text": "one"}]},
            "ol(li([one]))",
        ),
    ],
)
def test_rich_text_is_rendered(element: dict[str, Any], html: str) -> None:
    assert render("richText", element) == html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# Sales :tada:", "div(span([Sales 🎉]))"),
        ("a **b** ~~c~~ `d`", "div(span([a ])b(span([b]))span([ ])s(span([c]))span([ ])code([d]))"),
        ("- [x] done", "ul(li(div(span([☑ done]))))"),
        ("|a|\n|-|\n|1|", "div(table(thead(tr(th(span([a]))))tbody(tr(td(span([1]))))))"),
        ("<b>x</b> <@U1>", "div(span([<b>x</b> ]span([@U1])))"),
        ("[x](javascript:alert(1))", "div(span([[x](javascript:alert(1))]))"),
        ("[x](https://x.example)", "div(a@https://x.example(span([x])))"),
        ("```\n*a*\n```", "pre([*a*])"),
    ],
)
def test_markdown_is_rendered(markdown: str, html: str) -> None:
    call = "((tree) => tree.map((node) => String(markdownNode(node))).join(''))"
    assert render(call, parse_markdown(markdown)) == html


def test_file_is_a_link_and_a_picture_is_shown() -> None:
    table = {"id": "F1", "name": "a.csv", "title": "<b>", "filetype": "csv", "mimetype": "text/csv", "size": 2048}
    picture = {"id": "F2", "name": "a.png", "mimetype": "image/png", "size": 1}
    assert render("renderFile", table) == "a@/sandbox/files/F1(span([📊])span(b([<b>])small([a.csv · 2 kB])))"
    assert render("renderFile", picture) == "figure(figcaption([a.png])a@/sandbox/files/F2(img()))"


def test_date_is_rendered_without_a_mention() -> None:
    assert render("mrkdwn", "<!date^0^{nosuch}|1 Jan>") == "div([1 Jan])"
    assert render("mrkdwn", "at <!date^0^{time_secs}|midnight>").startswith("div([at ]span([")
    assert render("mrkdwn", "<!date^0^{date_num}^https://x.example|then>").startswith(
        "div(a@https://x.example(span([19"
    )


def test_date_of_today_has_a_name() -> None:
    assert render("mrkdwn", f"<!date^{int(time.time())}^{{date_short_pretty}}|now>") == "div(span([Today]))"
    assert render("mrkdwn", f"<!date^{int(time.time()) - 7_300}^{{ago}}|now>") == "div(span([2 hours ago]))"


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
