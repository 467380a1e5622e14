"""A message is drawn as Slack draws it, and what it says stays text. The page's own script, run where Node.js is."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from schedbot.sandbox.page import source

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not here to run the page's script")

# As much of a document as the script needs; text is shown in brackets, so that it can't be taken for an element.
DOCUMENT = """
class Element {
  constructor(tag) { this.tag = tag; this.children = []; }
  append(...more) { this.children.push(...more); }
  toString() {
    const inner = this.children.map((child) => (typeof child === "string" ? `[${child}]` : String(child))).join("");
    return `${this.tag}${this.href ? "@" + this.href : ""}(${inner})`;
  }
}
const document = { createElement: (tag) => new Element(tag) };
"""


def drawn(call: str, argument: Any) -> str:
    script = DOCUMENT + source("mrkdwn.js") + f"\nconsole.log(String({call}({json.dumps(argument)})));"
    ran = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=30)
    return ran.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "shown"),
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
def test_mrkdwn_is_drawn(text: str, shown: str) -> None:
    assert drawn("mrkdwn", text) == shown


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "header", "text": {"text": "<img>"}}, "div([<img>])"),
        ({"type": "divider"}, "hr()"),
        ({"type": "image", "alt_text": "a chart"}, "div([🖼 ][a chart])"),
        ({"type": "constructor"}, 'pre([{\n "type": "constructor"\n}])'),
        ({"type": "header"}, 'pre([{\n "type": "header"\n}])'),
    ],
)
def test_a_block_is_drawn(block: dict[str, Any], shown: str) -> None:
    assert drawn("blockShown", block) == shown
