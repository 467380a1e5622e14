// The page: channels on the left, messages of the selected channel, faults on the right. Server-Sent Events update it.

const MAX_MESSAGES = 200;
const $ = (id) => document.getElementById(id);
const selected = { workspace: "", channel: "" };
const unread = new Set();
let kinds = {};

async function send(verb, path, body) {
  const response = await fetch("/sandbox/" + path, {
    method: verb,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const fields = await response.json();
  if (!fields.ok) throw new Error(fields.error + " " + (fields.hint || ""));
  return fields;
}

async function renderChannels() {
  const { workspaces } = await send("GET", "workspaces");
  if (!selected.channel && workspaces.length) {
    const busiest = workspaces.flatMap((w) => w.channels.map((c) => [w, c])).sort((a, b) => b[1].messages - a[1].messages)[0];
    if (busiest) { selected.workspace = busiest[0].name; selected.channel = busiest[1].id; }
  }
  $("channels").replaceChildren(...workspaces.flatMap((workspace) => [
    element("h2", "", workspace.name),
    ...workspace.channels.map((channel) => channelButton(workspace, channel)),
  ]));
}

function channelButton(workspace, channel) {
  const mark = channel.is_archived ? "▤" : channel.user ? "@" : channel.is_private ? "🔒" : "#";
  const button = element("button", "", element("span", "", mark), element("span", "", channel.name),
    element("span", "", channel.messages ? String(channel.messages) : ""));
  const isSelected = workspace.name === selected.workspace && channel.id === selected.channel;
  const key = workspace.name + " " + channel.id;
  if (isSelected) {
    unread.delete(key);
    button.setAttribute("aria-current", "true");
    $("title").textContent = `${mark} ${channel.name}`;
    const state = channel.is_archived ? " · archived" : channel.is_member ? "" : " · the bot is not a member";
    $("about").textContent = `${channel.id} · ${workspace.name} · ${workspace.token}${state}`;
  }
  button.classList.toggle("new", unread.has(key));
  button.classList.toggle("shut", channel.is_archived || !channel.is_member);
  button.title = channel.id;
  button.onclick = () => { Object.assign(selected, { workspace: workspace.name, channel: channel.id }); renderAll(); };
  return button;
}

// Names of schedules by their ids, as far as the sandbox can look them up. A message carries only the id.
const scheduleNames = new Map();
const scheduleId = (message) => String(message.metadata?.event_payload?.occurrence ?? "").split(":")[0];

async function loadScheduleNames(messages) {
  const ids = [...new Set(messages.map(scheduleId))].filter((id) => id && !scheduleNames.has(id));
  if (!ids.length) return;
  const { names } = await send("POST", "schedule-names", { ids });
  for (const id of ids) scheduleNames.set(id, names[id] || "");
}

// Trees of the Markdown in messages, by their text.
function* markdownTexts(value) {
  if (Array.isArray(value)) for (const part of value) yield* markdownTexts(part);
  else if (value && typeof value === "object") {
    if (value.type === "markdown" && typeof value.text === "string") yield value.text;
    for (const part of Object.values(value)) yield* markdownTexts(part);
  }
}

async function loadMarkdown(messages) {
  const found = messages.flatMap((message) => [...markdownTexts(message.blocks), ...markdownTexts(message.attachments)]);
  const texts = [...new Set(found)].filter((text) => !markdownTrees.has(text));
  if (!texts.length) return;
  const { trees } = await send("POST", "markdown", { texts });
  texts.forEach((text, place) => markdownTrees.set(text, trees[place]));
}

const loadParts = (messages) => Promise.all([loadScheduleNames(messages), loadMarkdown(messages)]);

function renderAuthor(message) {
  const name = String(message.username || (message.bot_id ? "schedbot" : message.user || ""));
  const icon = emoji(String(message.icon_emoji || ""));
  const hasIcon = icon && icon !== message.icon_emoji;
  const face = element("span", hasIcon ? "face icon" : "face", hasIcon ? icon : (name[0] || "?").toUpperCase());
  if (message.icon_url) face.title = String(message.icon_url);
  return [face, element("b", "", name), message.bot_id ? element("span", "app", "APP") : null];
}

function renderMessage(message) {
  const posted = new Date(Number(message.ts) * 1000);
  const time = element("time", "", posted.toLocaleTimeString());
  time.title = `${posted.toLocaleString()} · ts ${message.ts}`;
  const [face, ...author] = renderAuthor(message);
  const name = scheduleNames.get(scheduleId(message));
  const edited = message.edited ? element("span", "edited", "(edited)") : null;
  if (edited) edited.title = new Date(Number(message.edited.ts) * 1000).toLocaleString();
  const head = element("div", "who", ...author, name ? element("span", "schedule", name) : null, time, edited);
  const body = element("div", "message", head);
  if (message.subtype === "tombstone") body.append(element("div", "deleted", String(message.text)));
  else if (message.blocks) body.append(...message.blocks.map(renderBlock));
  else if (message.text) body.append(mrkdwn(message.text));
  body.append(...(message.attachments || []).map(renderAttachment), ...(message.files || []).map(renderFile));
  if (message.metadata) {
    body.append(element("details", "", element("summary", "", message.metadata.event_type),
      element("pre", "", JSON.stringify(message.metadata.event_payload, null, 1))));
  }
  const line = element("li", "", face, body);
  line.dataset.ts = message.ts;
  line.dataset.day = dayOf(message.ts);
  return line;
}

// A thread stands under the message that opened it. A reply without that message stands alone.
const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;
const findLine = (ts) => [...document.querySelectorAll("#messages [data-ts]")].find((line) => line.dataset.ts === ts);

function addReply(parent, line) {
  const body = parent.querySelector(".message");
  let thread = body.querySelector(":scope > .thread");
  if (!thread) {
    thread = element("details", "thread", element("summary"), element("ol"));
    thread.open = true;
    body.append(thread);
  }
  thread.querySelector("ol").append(line);
  const count = thread.querySelectorAll("li").length;
  thread.querySelector("summary").textContent = count === 1 ? "1 reply" : `${count} replies`;
}

function markLoneReply(line) {
  line.querySelector(".who").append(element("span", "lone", "reply in a thread"));
  return line;
}

// The list follows its end, also when a picture arrives, until the reader scrolls up.
let followsEnd = true;
function scrollToEnd() { if (followsEnd) $("messages").scrollTop = $("messages").scrollHeight; }
$("messages").onscroll = ({ target }) => { followsEnd = target.scrollTop + target.clientHeight >= target.scrollHeight - 40; };
$("messages").addEventListener("load", scrollToEnd, true);

async function renderMessages() {
  const query = new URLSearchParams({ ...selected, newest: MAX_MESSAGES });
  const { messages } = await send("GET", "messages?" + query);
  await loadParts(messages);
  const byTs = new Map();
  const lines = [];
  for (const message of messages) {
    const line = renderMessage(message);
    byTs.set(message.ts, line);
    const parent = isReply(message) && byTs.get(message.thread_ts);
    if (parent) addReply(parent, line);
    else lines.push(isReply(message) ? markLoneReply(line) : line);
  }
  const items = lines.flatMap((line, place) => [...dayLine(line.dataset.day, lines[place - 1]?.dataset.day), line]);
  $("messages").replaceChildren(...(items.length ? items : [element("li", "empty", "No messages yet.")]));
  followsEnd = true;
  scrollToEnd();
}

const isSelected = (event) => event.workspace === selected.workspace && event.channel === selected.channel;
// Messages are added one after another, in the order in which they were posted.
let added = Promise.resolve();

function replaceLine(previous, line) {
  const thread = previous.querySelector(":scope > .message > .thread");
  if (thread) line.querySelector(".message").append(thread);
  previous.replaceWith(line);
}

async function addMessage(event) {
  await loadParts([event.message]);
  if (!isSelected(event)) return;
  const list = $("messages");
  const line = renderMessage(event.message);
  const previous = findLine(event.message.ts);
  const parent = isReply(event.message) && findLine(event.message.thread_ts);
  if (previous) { replaceLine(previous, line); return; }
  list.querySelector(".empty")?.remove();
  if (parent) addReply(parent, line);
  else list.append(...dayLine(line.dataset.day, list.lastElementChild?.dataset.day), isReply(event.message) ? markLoneReply(line) : line);
  while (list.children.length > MAX_MESSAGES) list.firstChild.remove();
  scrollToEnd();
}

async function renderFaults() {
  const fields = await send("GET", "faults");
  if (!Object.keys(kinds).length) {
    kinds = fields.kinds;
    $("order").kind.replaceChildren(...Object.keys(kinds).map((kind) => new Option(kind)));
    renderOptions();
  }
  const lines = fields.faults.map((fault) => {
    const conditions = [fault.workspace, fault.channel, fault.contains && `“${fault.contains}”`].filter(Boolean).join(" ");
    const options = Object.keys(kinds[fault.kind]).filter((name) => fault[name]).map((name) => `${name}=${fault[name]}`).join(" ");
    const count = fault.times === "forever" ? `${fault.met} so far` : `${fault.met} of ${fault.times}`;
    const text = `${fault.method === "*" ? "any method" : fault.method}: ${fault.kind} ${options} ${conditions} · ${count}`;
    const button = element("button", "", "✕");
    button.type = "button";
    button.title = "Clear this fault";
    button.onclick = () => send("DELETE", "faults?id=" + fault.id);
    return element("li", "", text, button);
  });
  $("fault-count").textContent = lines.length ? `(${lines.length} active)` : "";
  $("faults").replaceChildren(...(lines.length ? lines : [element("li", "empty", "None.")]));
}

const FLAGS = { stored: "Store the message anyway ", lost: "Lose the response " };

function renderOptions() {
  const fields = Object.entries(kinds[$("order").kind.value]).map(([name, value]) => {
    const input = element("input");
    input.name = name;
    if (typeof value === "boolean") { input.type = "checkbox"; input.value = "true"; } else input.value = value;
    return element("label", "", FLAGS[name] || name, input);
  });
  $("options").replaceChildren(...fields);
}

// The panel of faults is open where it has a column of its own.
const isWide = matchMedia("(min-width: 60.01rem)");
const setPanel = () => { $("panel").open = isWide.matches; };
isWide.onchange = setPanel;
setPanel();

$("order").kind.onchange = renderOptions;
$("order").onsubmit = async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
  $("order-error").textContent = "";
  await send("POST", "faults", fields).catch((error) => { $("order-error").textContent = error.message; });
};
$("clear").onclick = () => send("DELETE", "faults");
$("release").onclick = () => send("POST", "release", {});

// Many posts at once redraw the list of channels once.
let redrawTimer = 0;
function scheduleRedraw() {
  if (!redrawTimer) redrawTimer = setTimeout(() => { redrawTimer = 0; renderChannels(); renderFaults(); }, 150);
}

async function renderAll() { await renderChannels(); await Promise.all([renderMessages(), renderFaults()]); }

function handleEvent(event) {
  if (event.what === "reload") scheduleNames.clear();
  if (event.what === "reload" || event.what === "deleted") { renderAll(); return; }
  if (event.what === "faults") { renderFaults(); return; }
  if (isSelected(event)) added = added.then(() => addMessage(event)).catch(() => {});
  else unread.add(event.workspace + " " + event.channel);
  scheduleRedraw();
}

const live = new EventSource("/sandbox/events");
live.onopen = () => { $("live").textContent = "live"; $("live").classList.add("on"); renderAll(); };
live.onerror = () => { $("live").textContent = "not connected"; $("live").classList.remove("on"); };
live.onmessage = (event) => handleEvent(JSON.parse(event.data));
