"use strict";
// Slack's mrkdwn and Block Kit as elements. Everything a message says goes in as text: nothing here makes HTML of it.

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter(Boolean));
  return made;
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const unescaped = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

// In the order in which they are tried at each place: code keeps what is in it as it is.
const SPANS = [
  { pattern: /^```\n?([\s\S]+?)```/, make: (inner) => element("pre", "", unescaped(inner)) },
  { pattern: /^`([^`\n]+)`/, make: (inner) => element("code", "", unescaped(inner)) },
  { pattern: /^<([^<>\n]+)>/, make: (inner) => angle(inner) },
  { pattern: /^\*(?!\s)([^*\n]+?)(?<!\s)\*(?!\w)/, make: (inner) => element("b", "", ...spans(inner)), atWord: true },
  { pattern: /^_(?!\s)([^_\n]+?)(?<!\s)_(?!\w)/, make: (inner) => element("i", "", ...spans(inner)), atWord: true },
  { pattern: /^~(?!\s)([^~\n]+?)(?<!\s)~(?!\w)/, make: (inner) => element("s", "", ...spans(inner)), atWord: true },
];

function angle(inner) {
  const [target, label] = inner.split(/\|(.*)/s);
  if (/^[@#!]/.test(target)) {
    const shown = label || target.slice(1).replace(/^(subteam\^|date\^)/, "");
    return element("span", "mention", (target[0] === "#" ? "#" : "@") + unescaped(shown));
  }
  // Only these may be followed: a javascript: address stays text.
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(target)) return `<${unescaped(inner)}>`;
  const link = element("a", "", unescaped(label || target.replace(/^(mailto|tel):/, "")));
  link.href = unescaped(target);
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  return link;
}

function spans(text) {
  const made = [];
  let plain = "";
  const flush = () => { if (plain) made.push(unescaped(plain)); plain = ""; };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const startsWord = at === 0 || !/\w/.test(text[at - 1]);
    const span = "`<*_~".includes(text[at])
      && SPANS.find((candidate) => (startsWord || !candidate.atWord) && candidate.pattern.test(rest));
    if (!span) { plain += text[at]; at += 1; continue; }
    const [whole, inner] = rest.match(span.pattern);
    flush();
    made.push(span.make(inner));
    at += whole.length;
  }
  flush();
  return made;
}

function mrkdwn(text) {
  const made = element("div", "text");
  // A quote is a block: the line ends beside it are its own.
  let afterQuote = false;
  for (const part of String(text).split(/(```[\s\S]+?```|(?:^|\n)(?:&gt;|>)[^\n]*)/).filter(Boolean)) {
    const isQuote = /^\n?(&gt;|>)/.test(part);
    if (isQuote) made.append(element("blockquote", "", ...spans(part.trim().replace(/^(&gt;|>)\s?/, ""))));
    else made.append(...spans(afterQuote ? part.replace(/^\n/, "") : part));
    afterQuote = isQuote;
  }
  return made;
}

function textObject(object) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text) : element("div", "text", unescaped(String(object.text)));
}

const picture = (block) => element("div", "picture", "🖼 ", block.title ? block.title.text + ": " : "", block.alt_text || "");

function control(block) {
  if (block.type === "image") return picture(block);
  const label = block.text || block.placeholder;
  return element("span", block.style || "", label && label.text ? label.text : block.type);
}

function richText(node) {
  if (node.type === "text") return node.text;
  if (node.type === "link") return angle(node.text ? `${node.url}|${node.text}` : node.url);
  const inside = (node.elements || []).map(richText);
  if (node.type === "rich_text_preformatted") return element("pre", "", ...inside);
  if (node.type === "rich_text_quote") return element("blockquote", "", ...inside);
  if (node.type === "rich_text_list") return element("ul", "", ...inside.map((line) => element("li", "", line)));
  return inside.length ? element("div", "", ...inside) : `:${node.name || node.user_id || node.type}:`;
}

const cell = (value) => element("td", "", value.type === "rich_text" ? richText(value) : String(value.text ?? ""));

const BLOCKS = {
  header: (block) => element("div", "header", unescaped(block.text.text)),
  divider: () => element("hr"),
  section: (block) => element("div", "section", textObject(block.text),
    block.fields && element("div", "fields", ...block.fields.map(textObject)),
    block.accessory && element("div", "buttons", control(block.accessory))),
  context: (block) => element("div", "context", ...block.elements.map((part) => (part.type === "image" ? picture(part) : textObject(part)))),
  image: picture,
  actions: (block) => element("div", "buttons", ...block.elements.map(control)),
  markdown: (block) => element("div", "text", block.text),
  rich_text: richText,
  table: (block) => element("table", "", ...block.rows.map((row) => element("tr", "", ...row.map(cell)))),
};

function blockShown(block) {
  try {
    if (Object.hasOwn(BLOCKS, block.type)) return BLOCKS[block.type](block);
  } catch { /* a block that Slack would take and this page can't draw is shown as it came */ }
  return element("pre", "raw", JSON.stringify(block, null, 1));
}
