// Renders the parts of a message beside its text: blocks, attachments and files.

function textObject(object) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text) : element("div", "text", plainText(object));
}

// Files of the sandbox are shown and saved from here. Pictures of other hosts stay a link: the page loads nothing.
const FILES = "/sandbox/files/";

function shownFile(id, alt) {
  const image = element("img");
  image.src = FILES + encodeURIComponent(id);
  image.alt = alt || "";
  const link = element("a", "", image);
  link.href = image.src;
  link.target = "_blank";
  return link;
}

function picture(block) {
  const title = block.title ? plainText(block.title) : "";
  const fileId = block.slack_file && String(block.slack_file.id || block.slack_file.url || "").split("/").pop();
  if (fileId) return element("figure", "", title && element("figcaption", "", title), shownFile(fileId, block.alt_text));
  return element("div", "picture", "🖼 ", title && title + ": ", linked(block.image_url, block.alt_text || ""));
}

function control(block) {
  if (block.type === "image") return picture(block);
  const label = block.text || block.placeholder;
  return element("span", block.style || "", label && label.text ? plainText(label) : block.type);
}

const STYLES = { bold: "b", italic: "i", strike: "s", code: "code", underline: "u" };
const styled = (node, inner) => Object.keys(STYLES).filter((name) => node.style?.[name])
  .reduce((content, name) => element(STYLES[name], "", content), inner);

function richList(node) {
  const list = element(node.style === "ordered" ? "ol" : "ul", "", ...(node.elements || []).map((line) => element("li", "", richText(line))));
  if (node.offset) list.start = node.offset + 1;
  if (node.indent) list.style.marginLeft = `${Math.min(Number(node.indent) || 0, 8) * 1.5}rem`;
  return list;
}

const RICH_PARTS = {
  text: (node) => styled(node, String(node.text)),
  link: (node) => styled(node, linked(node.url, node.text || node.url)),
  emoji: (node) => emoji(`:${node.name}:`),
  user: (node) => mention("@" + node.user_id),
  usergroup: (node) => mention("@" + node.usergroup_id),
  channel: (node) => mention("#" + node.channel_id),
  broadcast: (node) => mention("@" + node.range),
  date: (node) => slackDate(`!date^${node.timestamp}^${node.format}${node.url ? "^" + node.url : ""}`, node.fallback),
  color: (node) => element("code", "", String(node.value)),
  rich_text_list: richList,
};

function richText(node) {
  if (Object.hasOwn(RICH_PARTS, node.type)) return RICH_PARTS[node.type](node);
  const inside = (node.elements || []).map(richText);
  if (node.type === "rich_text_preformatted") return element("pre", "", ...inside);
  if (node.type === "rich_text_quote") return element("blockquote", "", ...inside);
  return inside.length ? element("div", "text", ...inside) : `:${node.name || node.type}:`;
}

// Tables: the first row is the header. A wide table scrolls by itself.
function table(block) {
  const settings = block.column_settings || [];
  const cell = (value, column, tag) => {
    const content = value.type === "rich_text" ? richText(value) : emoji(String(value.text ?? value.value ?? ""));
    const node = element(tag, settings[column]?.is_wrapped ? "wrapped" : "", content);
    if (settings[column]?.align) node.style.textAlign = settings[column].align;
    return node;
  };
  const rows = block.rows.map((row, place) => element("tr", "", ...row.map((value, column) => cell(value, column, place ? "td" : "th"))));
  return element("div", "scroll", element("table", "", block.caption && element("caption", "", String(block.caption)), ...rows));
}

// Markdown is parsed by the sandbox; the trees are loaded before the messages are rendered.
const markdownTrees = new Map();
const MARKDOWN_TAGS = {
  strong: "b", em: "i", s: "s", blockquote: "blockquote", hr: "hr", bullet_list: "ul", ordered_list: "ol", list_item: "li",
  thead: "thead", tbody: "tbody", tr: "tr", th: "th", td: "td", softbreak: "br", hardbreak: "br",
};

const markdownText = (text = "") => text.replace(/^\[([ xX])\] /, (typed, mark) => (mark === " " ? "☐ " : "☑ "))
  .split(/(<[@#!][^<>\n]+>)/).filter(Boolean).map((part) => (/^<[@#!]/.test(part) ? angle(part.slice(1, -1)) : emoji(part)));

function markdownNode(node) {
  const inside = (node.children || []).map(markdownNode);
  switch (node.type) {
    case "text": return element("span", "", ...markdownText(node.text));
    case "code_inline": return element("code", "", node.text || "");
    case "fence": case "code_block": return element("pre", "", (node.text || "").replace(/\n$/, ""));
    case "heading": return element("div", `header level${node.level}`, ...inside);
    case "link": return linked(node.href, ...inside);
    case "image": return linked(node.href, node.text || "🖼");
    case "table": return element("div", "scroll", element("table", "", ...inside));
    default: break;
  }
  const shown = element(MARKDOWN_TAGS[node.type] || "div", node.type === "paragraph" ? "paragraph" : "", ...inside);
  if (node.start > 1) shown.start = node.start;
  if (node.align) shown.style.textAlign = node.align;
  return shown;
}

function markdownBlock(block) {
  const tree = markdownTrees.get(block.text);
  return tree ? element("div", "markdown", ...tree.map(markdownNode)) : element("div", "text", block.text);
}

const BLOCKS = {
  header: (block) => element("div", "header", plainText(block.text)),
  divider: () => element("hr"),
  section: (block) => element("div", "section", textObject(block.text),
    block.fields && element("div", "fields", ...block.fields.map(textObject)),
    block.accessory && element("div", "buttons", control(block.accessory))),
  context: (block) => element("div", "context", ...block.elements.map((part) => (part.type === "image" ? picture(part) : textObject(part)))),
  image: picture,
  actions: (block) => element("div", "buttons", ...block.elements.map(control)),
  markdown: markdownBlock,
  rich_text: richText,
  table,
  data_table: table,
};

function renderBlock(block) {
  try {
    if (Object.hasOwn(BLOCKS, block.type)) return BLOCKS[block.type](block);
  } catch { /* A valid block that the page cannot render is shown as JSON. */ }
  return element("pre", "raw", JSON.stringify(block, null, 1));
}

// Attachments: a coloured bar beside blocks or legacy fields.
const COLORS = { good: "#2eb886", warning: "#daa038", danger: "#a30200" };

function renderAttachment(attachment) {
  const part = (name, className) => attachment[name] && element("div", className, mrkdwn(attachment[name]));
  const titled = (name, address, className) => attachment[name]
    && element("div", className, linked(attachment[address], element("b", "", unescapeEntities(String(attachment[name])))));
  const fields = (attachment.fields || []).map((field) => element("div", "",
    element("b", "", unescapeEntities(String(field.title ?? ""))), mrkdwn(field.value ?? "")));
  const pictures = ["image_url", "thumb_url"].filter((name) => attachment[name])
    .map((name) => element("div", "picture", "🖼 ", linked(String(attachment[name]), String(attachment[name]))));
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

// Files that a message shares: a picture is shown, any other file is saved.
const fileSize = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`);
const FILE_MARKS = { csv: "📊", xlsx: "📊", xls: "📊", pdf: "📕", zip: "🗜", txt: "📄", json: "📄" };

function renderFile(file) {
  const title = String(file.title || file.name);
  if (/^image\/(png|jpeg|gif)$/.test(file.mimetype)) {
    return element("figure", "", element("figcaption", "", title), shownFile(file.id, file.alt_txt || title));
  }
  const link = element("a", "file", element("span", "mark", FILE_MARKS[file.filetype] || "📎"),
    element("span", "", element("b", "", title), element("small", "", `${file.name} · ${fileSize(file.size)}`)));
  link.href = FILES + encodeURIComponent(file.id);
  link.download = String(file.name);
  return link;
}

// A line with the date stands before the first message of each day.
const dayOf = (ts) => new Date(Number(ts) * 1000).toLocaleDateString(undefined, { dateStyle: "full" });

const dayLine = (day, previousDay) => (day === previousDay ? [] : [element("li", "day", day)]);
