import { SessionClient, SessionEnded } from "/client.js";

const at = (id) => document.getElementById(id);
const KEY = "tokens of this tab";

/* Kept in this tab alone, so that each tab is a device. Real pages are better off with cookies. */
const tokens = {
  load: () => JSON.parse(sessionStorage.getItem(KEY)),
  save: (pair) => pair === null ? sessionStorage.removeItem(KEY)
    : sessionStorage.setItem(KEY, JSON.stringify(pair)),
};
const session = new SessionClient({ base: "/auth", tokens, locks: null });

function line(list, text, alarm) {
  const item = document.createElement("li");
  item.textContent = text;
  item.classList.toggle("alarm", Boolean(alarm));
  list.prepend(item);
  while (list.children.length > 100) list.lastChild.remove();
}

async function say(what, answer) {
  const body = await answer.clone().json().catch(() => ({}));
  const seen = body.code ?? (body.session_id ? `session …${body.session_id.slice(-6)}` : "");
  const line_ = `${what}: ${answer.status} ${seen} (worker ${answer.headers.get("x-worker")})`;
  line(at("answers"), line_, !answer.ok);
  return body;
}

const post = (path, body) => fetch(path, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const time = (secs) => new Date(secs * 1000).toLocaleTimeString();

function cell(row, text, name) {
  const made = row.insertCell();
  made.textContent = text;
  made.title = text;
  if (name) made.className = name;
  return made;
}

async function showDevices() {
  const rows = at("devices");
  if (tokens.load() === null) return rows.replaceChildren(message("Sign in to see them."));
  const answer = await session.fetch("/auth/sessions");
  if (!answer.ok) return rows.replaceChildren(message("They cannot be told just now."));
  const list = await answer.json();
  rows.replaceChildren(...list.map((each) => {
    const row = document.createElement("tr");
    cell(row, (each.meta.device ?? "a device") + (each.current ? " (this one)" : ""));
    cell(row, time(each.created_at));
    cell(row, each.rotated_at === each.created_at ? "never" : time(each.rotated_at));
    cell(row, `${each.meta.ip_address ?? ""} ${each.meta.user_agent ?? ""}`, "from");
    const button = document.createElement("button");
    button.textContent = "End";
    button.onclick = act(async () => {
      await say("end a device", await session.fetch(`/auth/sessions/${each.id}`, { method: "DELETE" }));
    });
    row.insertCell().append(button);
    return row;
  }));
}

function message(text) {
  const row = document.createElement("tr");
  cell(row, text).colSpan = 5;
  return row;
}

async function showEvents() {
  const events = await (await fetch("/events?limit=40")).json();
  at("events").replaceChildren();
  for (const each of events) {
    const alarm = ["refresh_reused", "refresh_forged"].includes(each.name);
    const whose = `${each.user_id ?? "somebody"} …${(each.session_id ?? "all").slice(-6)}`;
    line(at("events"), `${time(each.at)} ${each.name} ${whose} (worker ${each.worker})`, alarm);
  }
}

async function show() {
  const signedIn = tokens.load() !== null;
  at("sign-in").hidden = signedIn;
  at("signed-in").hidden = !signedIn;
  if (!signedIn) at("who").textContent = "";
  await Promise.all([showDevices(), showEvents()]);
}

function failed(error) {
  const ended = error instanceof SessionEnded;
  if (ended) tokens.save(null);
  line(at("answers"), ended ? `the session has ended: ${error.message}` : String(error), true);
}

/* Does something, then shows how things stand, whatever came of it. */
const act = (work) => async (event) => {
  event?.preventDefault();
  const buttons = [...document.querySelectorAll("button")];
  buttons.forEach((each) => { each.disabled = true; });
  await work(event).catch(failed);
  buttons.forEach((each) => { each.disabled = false; });
  // Showing the devices may itself find that the session has ended.
  await show().catch((error) => { failed(error); return show(); }).catch(failed);
};

at("sign-in").onsubmit = act(async (event) => {
  const form = Object.fromEntries(new FormData(event.target));
  const answer = await post("/sign-in", form);
  const pair = await say("sign in", answer);
  if (!answer.ok) return;
  session.signedIn(pair);
  sessionStorage.setItem("first", pair.refresh_token);
  at("who").textContent = `${form.user} on ${form.device}, session …${pair.session_id.slice(-6)}`;
});

at("ask").onclick = act(async () => {
  const me = await say("who am I", await session.fetch("/me"));
  if (me.user) {
    at("who").textContent = `${me.name}, session …${me.session_id.slice(-6)}, `
      + `generation ${me.generation}, until ${new Date(me.expires_at * 1000).toLocaleString()}`;
  }
});

at("refresh").onclick = act(async () => {
  const before = tokens.load();
  await session.refresh(before);
  const same = tokens.load().refresh === before.refresh;
  line(at("answers"), same
    ? "refreshed: a new access token; the line moves once per grace, so the refresh token stays"
    : "refreshed: a new access token and the next refresh token");
});

at("refresh-eight").onclick = act(async () => {
  const { refresh } = tokens.load();
  const asked = Array.from({ length: 8 }, () => post("/auth/refresh", { refresh_token: refresh }));
  const answers = await Promise.all(asked);
  const pairs = await Promise.all(answers.map((each) => say("refresh", each)));
  const good = pairs.filter((each) => each.refresh_token);
  if (good.length === 0) throw new SessionEnded(pairs[0].code);
  session.signedIn(good[0]);
  const next = new Set(good.map((each) => each.refresh_token)).size;
  const workers = new Set(answers.map((each) => each.headers.get("x-worker"))).size;
  line(at("answers"), `${good.length} of 8 answered, ${next} next refresh token, ${workers} workers`);
});

at("thief").onclick = act(async () => {
  const stolen = sessionStorage.getItem("first");
  if (stolen === tokens.load().refresh) {
    line(at("answers"), "refresh once first: the first token is still the current one", true);
    return;
  }
  const body = await say("the thief refreshes", await post("/auth/refresh", { refresh_token: stolen }));
  if (body.refresh_token) line(at("answers"), "within the grace this looks like a retry; wait half a minute");
});

at("sign-out").onclick = act(async () => {
  await session.signOut();
  line(at("answers"), "signed out");
});

at("sign-out-others").onclick = act(async () => {
  const answer = await session.fetch("/auth/sessions?keep=current", { method: "DELETE" });
  const body = await say("sign out everywhere else", answer);
  if (answer.ok) line(at("answers"), `${body.ended} other devices signed out`);
});

setInterval(() => showEvents().catch(() => {}), 3000);
show().catch(failed);
