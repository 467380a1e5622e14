"use strict";
// Renders Slack's mrkdwn and Block Kit as elements. Message content is inserted as text, never as HTML.

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter(Boolean));
  return node;
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const unescapeEntities = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

// Emoji by name, also with a skin tone. EMOJI has a line for each letter with its names. Other names stay text.
const EMOJI_BY_NAME = new Map(EMOJI.trim().split("\n").flatMap((line) => {
  const [letter, ...names] = line.split(" ");
  return names.map((name) => [name, letter]);
}));

const emoji = (text) => text.replace(/(?<![A-Za-z0-9]):([a-z0-9_+'-]+):(?::(skin-tone-[2-6]):)?/g, (typed, name, tone) => {
  const letter = EMOJI_BY_NAME.get(name);
  return letter ? letter + (tone ? EMOJI_BY_NAME.get(tone) : "") : typed;
});

const plainText = (object) => (object.emoji === false ? String(object.text) : emoji(unescapeEntities(String(object.text))));

// Tried in this order at each position. The content of code is not parsed.
const SPANS = [
  { pattern: /^```\n?([\s\S]+?)```/, make: (inner) => element("pre", "", unescapeEntities(inner)) },
  { pattern: /^`([^`\n]+)`/, make: (inner) => element("code", "", unescapeEntities(inner)) },
  { pattern: /^<([^<>\n]+)>/, make: (inner) => angle(inner) },
  { pattern: /^\*(?!\s)([^*\n]+?)(?<!\s)\*(?!\w)/, make: (inner) => element("b", "", ...spans(inner)), atWord: true },
  { pattern: /^_(?!\s)([^_\n]+?)(?<!\s)_(?!\w)/, make: (inner) => element("i", "", ...spans(inner)), atWord: true },
  { pattern: /^~(?!\s)([^~\n]+?)(?<!\s)~(?!\w)/, make: (inner) => element("s", "", ...spans(inner)), atWord: true },
];

function angle(inner) {
  const [target, label] = inner.split(/\|(.*)/s);
  if (target.startsWith("!date^")) return slackDate(target, label);
  if (/^[@#!]/.test(target)) {
    const name = label || target.slice(1).replace(/^(subteam\^|date\^)/, "");
    return element("span", "mention", (target[0] === "#" ? "#" : "@") + unescapeEntities(name));
  }
  // Only these become links: a javascript: address stays text.
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(target)) return `<${unescapeEntities(inner)}>`;
  const link = element("a", "", label ? emoji(unescapeEntities(label)) : unescapeEntities(target.replace(/^(mailto|tel):/, "")));
  link.href = unescapeEntities(target);
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  return link;
}

// A date in the reader's own zone. Formats with other parts than these are shown as the sender wrote the fallback.
const DATE_PARTS = {
  date_num: { dateStyle: "short" }, date_slash: { dateStyle: "short" }, date: { dateStyle: "long" },
  date_short: { dateStyle: "medium" }, date_long: { dateStyle: "full" }, date_pretty: { dateStyle: "long" },
  date_short_pretty: { dateStyle: "medium" }, date_long_pretty: { dateStyle: "full" }, date_long_full: { dateStyle: "long" },
  time: { timeStyle: "short" }, time_secs: { timeStyle: "medium" },
};

function slackDate(target, label) {
  const [, seconds, format = ""] = target.split("^");
  const names = [...format.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const at = new Date(Number(seconds) * 1000);
  const fallback = unescapeEntities(label || target);
  if (!names.length || Number.isNaN(at.getTime()) || !names.every((name) => Object.hasOwn(DATE_PARTS, name))) return fallback;
  const shown = format.replace(/\{(\w+)\}/g, (part, name) => new Intl.DateTimeFormat(undefined, DATE_PARTS[name]).format(at));
  const node = element("span", "date", unescapeEntities(shown));
  node.title = fallback;
  return node;
}

function spans(text) {
  const nodes = [];
  let plain = "";
  const flush = () => { if (plain) nodes.push(emoji(unescapeEntities(plain))); plain = ""; };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const startsWord = at === 0 || !/\w/.test(text[at - 1]);
    const span = "`<*_~".includes(text[at])
      && SPANS.find((candidate) => (startsWord || !candidate.atWord) && candidate.pattern.test(rest));
    if (!span) { plain += text[at]; at += 1; continue; }
    const [whole, inner] = rest.match(span.pattern);
    flush();
    nodes.push(span.make(inner));
    at += whole.length;
  }
  flush();
  return nodes;
}

function mrkdwn(text) {
  const node = element("div", "text");
  // A quote is a block and includes the line breaks around it.
  let afterQuote = false;
  for (const part of String(text).split(/(```[\s\S]+?```|(?:^|\n)(?:&gt;|>)[^\n]*)/).filter(Boolean)) {
    const isQuote = /^\n?(&gt;|>)/.test(part);
    if (isQuote) node.append(element("blockquote", "", ...spans(part.trim().replace(/^(&gt;|>)\s?/, ""))));
    else node.append(...spans(afterQuote ? part.replace(/^\n/, "") : part));
    afterQuote = isQuote;
  }
  return node;
}

function textObject(object) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text) : element("div", "text", plainText(object));
}

const picture = (block) => element("div", "picture", "🖼 ", block.title ? plainText(block.title) + ": " : "", block.alt_text || "");

function control(block) {
  if (block.type === "image") return picture(block);
  const label = block.text || block.placeholder;
  return element("span", block.style || "", label && label.text ? plainText(label) : block.type);
}

function richText(node) {
  if (node.type === "text") return node.text;
  if (node.type === "link") return angle(node.text ? `${node.url}|${node.text}` : node.url);
  const inside = (node.elements || []).map(richText);
  if (node.type === "rich_text_preformatted") return element("pre", "", ...inside);
  if (node.type === "rich_text_quote") return element("blockquote", "", ...inside);
  if (node.type === "rich_text_list") return element("ul", "", ...inside.map((line) => element("li", "", line)));
  if (node.type === "emoji") return emoji(`:${node.name}:`);
  return inside.length ? element("div", "", ...inside) : `:${node.name || node.user_id || node.type}:`;
}

const cell = (value) => element("td", "", value.type === "rich_text" ? richText(value) : String(value.text ?? ""));

const BLOCKS = {
  header: (block) => element("div", "header", plainText(block.text)),
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

function renderBlock(block) {
  try {
    if (Object.hasOwn(BLOCKS, block.type)) return BLOCKS[block.type](block);
  } catch { /* A valid block that the page cannot render is shown as JSON. */ }
  return element("pre", "raw", JSON.stringify(block, null, 1));
}

// Attachments: a coloured bar beside blocks or legacy fields.
const COLORS = { good: "#2eb886", warning: "#daa038", danger: "#a30200" };

function linked(address, node) {
  if (!/^(https?:\/\/|mailto:)/i.test(address || "")) return node;
  const link = element("a", "", node);
  link.href = address;
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  return link;
}

function renderAttachment(attachment) {
  const part = (name, className) => attachment[name] && element("div", className, mrkdwn(attachment[name]));
  const titled = (name, address, className) => attachment[name]
    && element("div", className, linked(attachment[address], element("b", "", unescapeEntities(String(attachment[name])))));
  const fields = (attachment.fields || []).map((field) => element("div", "",
    element("b", "", unescapeEntities(String(field.title ?? ""))), mrkdwn(field.value ?? "")));
  const pictures = ["image_url", "thumb_url"].filter((name) => attachment[name])
    .map((name) => element("div", "picture", "🖼 ", String(attachment[name])));
  const footer = [attachment.footer, attachment.ts && new Date(Number(attachment.ts) * 1000).toLocaleString()].filter(Boolean);
  const inside = [titled("author_name", "author_link", "context"), titled("title", "title_link", "title"), part("text", ""),
    fields.length && element("div", "fields", ...fields), ...(attachment.blocks || []).map(renderBlock), ...pictures,
    footer.length && element("div", "context", footer.join(" · "))].filter(Boolean);
  const isEmpty = !inside.length && !attachment.pretext;
  const bar = element("div", "attachment", ...(isEmpty ? [mrkdwn(attachment.fallback ?? "")] : inside));
  const color = COLORS[attachment.color] || (/^#?[0-9a-f]{6}$/i.test(attachment.color || "") && "#" + attachment.color.replace("#", ""));
  if (color) bar.style.borderLeftColor = color;
  return element("div", "attachments", part("pretext", ""), bar);
}

// A line with the date stands before the first message of each day.
const dayOf = (ts) => new Date(Number(ts) * 1000).toLocaleDateString(undefined, { dateStyle: "full" });

const dayLine = (day, previousDay) => (day === previousDay ? [] : [element("li", "day", day)]);
