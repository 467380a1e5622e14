"use strict";
// Renders Slack's mrkdwn as elements. Message content is inserted as text, never as HTML.

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
    const name = (label || target.slice(1).replace(/^subteam\^/, "")).replace(/^[@#]/, "");
    return mention((target[0] === "#" ? "#" : "@") + unescapeEntities(name));
  }
  // Only these become links: a javascript: address stays text.
  if (!LINK.test(target)) return `<${unescapeEntities(inner)}>`;
  return linked(unescapeEntities(target), label ? emoji(unescapeEntities(label)) : unescapeEntities(target.replace(/^(mailto|tel):/, "")));
}

const LINK = /^(https?:\/\/|mailto:|tel:)/i;
const mention = (name) => element("span", "mention", name);

function linked(address, ...nodes) {
  if (!LINK.test(address || "")) return nodes.length === 1 ? nodes[0] : element("span", "", ...nodes);
  const link = element("a", "", ...nodes);
  link.href = address;
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  return link;
}

// A date in the reader's own zone. Formats with other parts than these are shown as the sender wrote the fallback.
const isoDay = (at) => [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
const inStyle = (options) => (at) => new Intl.DateTimeFormat(undefined, options).format(at);
const near = (options) => (at) => {
  const days = Math.round((new Date(isoDay(at)) - new Date(isoDay(new Date()))) / 86_400_000);
  const name = { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days];
  return name || inStyle(options)(at);
};
const ago = (at) => {
  const seconds = (at - Date.now()) / 1000;
  const units = { year: 31_556_952, month: 2_629_746, day: 86_400, hour: 3_600, minute: 60, second: 1 };
  const [unit, size] = Object.entries(units).find(([, length]) => Math.abs(seconds) >= length) || ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
};
const DATE_PARTS = {
  date_num: isoDay, date_slash: inStyle({ dateStyle: "short" }), date: inStyle({ dateStyle: "long" }),
  date_short: inStyle({ dateStyle: "medium" }), date_long: inStyle({ dateStyle: "full" }),
  date_pretty: near({ dateStyle: "long" }), date_short_pretty: near({ dateStyle: "medium" }),
  date_long_pretty: near({ dateStyle: "full" }), date_long_full: inStyle({ dateStyle: "full" }),
  day_divider_pretty: near({ dateStyle: "full" }),
  time: inStyle({ timeStyle: "short" }), time_secs: inStyle({ timeStyle: "medium" }), ago,
};

function slackDate(target, label) {
  const [, seconds, format = "", address] = target.split("^");
  const names = [...format.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const at = new Date(Number(seconds) * 1000);
  const fallback = unescapeEntities(label || target);
  if (!names.length || Number.isNaN(at.getTime()) || !names.every((name) => Object.hasOwn(DATE_PARTS, name))) return fallback;
  const node = element("span", "date", unescapeEntities(format.replace(/\{(\w+)\}/g, (part, name) => DATE_PARTS[name](at))));
  node.title = fallback;
  return linked(address && unescapeEntities(address), node);
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

