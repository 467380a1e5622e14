// The page: channels at the left, the chosen one's messages, faults at the right; told of changes as they happen.

const NEWEST = 200;
const $ = (id) => document.getElementById(id);
const chosen = { workspace: "", channel: "" };
const unread = new Set();
let kinds = {};

async function ask(verb, what, body) {
  const answer = await fetch("/sandbox/" + what, {
    method: verb,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const told = await answer.json();
  if (!told.ok) throw new Error(told.error + " " + (told.hint || ""));
  return told;
}

async function showChannels() {
  const { workspaces } = await ask("GET", "workspaces");
  if (!chosen.channel && workspaces.length) {
    const busy = workspaces.flatMap((w) => w.channels.map((c) => [w, c])).sort((a, b) => b[1].messages - a[1].messages)[0];
    if (busy) { chosen.workspace = busy[0].name; chosen.channel = busy[1].id; }
  }
  $("channels").replaceChildren(...workspaces.flatMap((workspace) => [
    element("h2", "", workspace.name),
    ...workspace.channels.map((channel) => channelButton(workspace, channel)),
  ]));
}

function channelButton(workspace, channel) {
  const mark = channel.is_archived ? "▤" : channel.is_private ? "🔒" : "#";
  const button = element("button", "", element("span", "", mark), element("span", "", channel.name),
    element("span", "", channel.messages ? String(channel.messages) : ""));
  const isChosen = workspace.name === chosen.workspace && channel.id === chosen.channel;
  const key = workspace.name + " " + channel.id;
  if (isChosen) {
    unread.delete(key);
    button.setAttribute("aria-current", "true");
    $("title").textContent = `${mark} ${channel.name}`;
    const state = channel.is_archived ? " · archived" : channel.is_member ? "" : " · the bot is not in it";
    $("about").textContent = `${channel.id} · ${workspace.name} · ${workspace.token}${state}`;
  }
  button.classList.toggle("new", unread.has(key));
  button.classList.toggle("shut", channel.is_archived || !channel.is_member);
  button.title = channel.id;
  button.onclick = () => { Object.assign(chosen, { workspace: workspace.name, channel: channel.id }); showAll(); };
  return button;
}

function messageShown(message) {
  const when = new Date(Number(message.ts) * 1000);
  const time = element("time", "", when.toLocaleTimeString());
  time.title = `${when.toLocaleString()} · ts ${message.ts}`;
  const who = element("div", "who", element("b", "", message.username || "schedbot"), element("span", "app", "APP"), time,
    message.edited ? element("span", "edited", "(edited)") : null);
  const body = element("div", "message", who);
  if (message.blocks) body.append(...message.blocks.map(blockShown));
  else body.append(mrkdwn(message.text));
  if (message.metadata) {
    body.append(element("details", "", element("summary", "", message.metadata.event_type),
      element("pre", "", JSON.stringify(message.metadata.event_payload, null, 1))));
  }
  const line = element("li", "", element("span", "face", (message.username || "s")[0].toUpperCase()), body);
  line.dataset.ts = message.ts;
  return line;
}

async function showMessages() {
  const asked = new URLSearchParams({ ...chosen, newest: NEWEST });
  const { messages } = await ask("GET", "messages?" + asked);
  const shown = messages.map(messageShown);
  $("messages").replaceChildren(...(shown.length ? shown : [element("li", "empty", "Nothing was posted here yet.")]));
  $("messages").scrollTop = $("messages").scrollHeight;
}

function addMessage(event) {
  const list = $("messages");
  const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
  const line = messageShown(event.message);
  const before = [...list.children].find((other) => other.dataset.ts === event.message.ts);
  if (before) { before.replaceWith(line); return; }
  list.querySelector(".empty")?.remove();
  list.append(line);
  while (list.children.length > NEWEST) list.firstChild.remove();
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

async function showFaults() {
  const told = await ask("GET", "faults");
  if (!Object.keys(kinds).length) {
    kinds = told.kinds;
    $("order").kind.replaceChildren(...Object.keys(kinds).map((kind) => new Option(kind)));
    showOptions();
  }
  const lines = told.faults.map((fault) => {
    const where = [fault.workspace, fault.channel, fault.contains && `“${fault.contains}”`].filter(Boolean).join(" ");
    const options = Object.keys(kinds[fault.kind]).filter((name) => fault[name]).map((name) => `${name}=${fault[name]}`).join(" ");
    const count = fault.times === "forever" ? `${fault.met} so far` : `${fault.met} of ${fault.times}`;
    const text = `${fault.method === "*" ? "any method" : fault.method}: ${fault.kind} ${options} ${where} · ${count}`;
    const away = element("button", "", "✕");
    away.type = "button";
    away.title = "Take it back";
    away.onclick = () => ask("DELETE", "faults?id=" + fault.id);
    return element("li", "", text, away);
  });
  $("faults").replaceChildren(...(lines.length ? lines : [element("li", "empty", "None.")]));
}

function showOptions() {
  const fields = Object.entries(kinds[$("order").kind.value]).map(([name, value]) => {
    const input = element("input");
    input.name = name;
    if (typeof value === "boolean") { input.type = "checkbox"; input.value = "true"; } else input.value = value;
    return element("label", "", typeof value === "boolean" ? "Store the message all the same " : name, input);
  });
  $("options").replaceChildren(...fields);
}

$("order").kind.onchange = showOptions;
$("order").onsubmit = async (event) => {
  event.preventDefault();
  const wanted = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
  $("refused").textContent = "";
  await ask("POST", "faults", wanted).catch((error) => { $("refused").textContent = error.message; });
};
$("clear").onclick = () => ask("DELETE", "faults");
$("release").onclick = () => ask("POST", "release", {});

// Many posts in a moment redraw the list of channels once.
let redraw = 0;
function soon() {
  if (!redraw) redraw = setTimeout(() => { redraw = 0; showChannels(); showFaults(); }, 150);
}

async function showAll() { await showChannels(); await Promise.all([showMessages(), showFaults()]); }

function hear(event) {
  if (event.what === "reload") { showAll(); return; }
  if (event.what === "faults") { showFaults(); return; }
  const isHere = event.workspace === chosen.workspace && event.channel === chosen.channel;
  if (isHere) addMessage(event);
  else unread.add(event.workspace + " " + event.channel);
  soon();
}

const live = new EventSource("/sandbox/events");
live.onopen = () => { $("live").textContent = "live"; $("live").classList.add("on"); showAll(); };
live.onerror = () => { $("live").textContent = "not connected"; $("live").classList.remove("on"); };
live.onmessage = (event) => hear(JSON.parse(event.data));
