// The nurse's desk: keys, focus and the "new" bar. Every page works without this file.
const OFF = "steady.keys.off";
const rows = () => [...document.querySelectorAll("#queue-rows > tr[data-row]")];
const here = () => document.activeElement?.closest?.("tr[data-row]") ?? null;
const keysAreOff = () => window.localStorage.getItem(OFF) === "1";
const say = (words) => {
  const line = document.getElementById("status");
  if (line) line.textContent = words;
};

function move(step) {
  const all = rows().filter((row) => !row.hidden);
  if (all.length === 0) return;
  const at = all.indexOf(here());
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  all[next].querySelector("[data-open]")?.focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function press(name) {
  const scope = here() ?? document.querySelector("[data-alone]") ?? rows()[0];
  const found = scope?.querySelector(`[data-key="${name}"]`) ?? document.querySelector(`.desk-head [data-key="${name}"]`);
  if (!found) return;
  if (found.tagName === "SUMMARY") {
    found.parentElement.open = true;
    found.parentElement.querySelector("input:not([type=hidden]), select, button")?.focus();
  } else {
    found.click();
  }
}

function help() {
  const dialog = document.getElementById("help");
  if (dialog?.showModal && !dialog.open) dialog.showModal();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => press("a"),
  z: () => press("z"),
  o: () => press("o"),
  c: () => press("c"),
  m: () => press("m"),
  u: () => document.querySelector('#undo [data-key="u"]')?.click(),
  "/": () => document.querySelector("[data-find]")?.focus(),
  "?": help,
};

// What was done can be taken back for ten seconds; the server allows a little longer.
const UNDO_MS = 10000;
const undo = document.getElementById("undo");
if (undo) {
  let timer = 0;
  const fade = () => {
    window.clearTimeout(timer);
    if (undo.childElementCount > 0) timer = window.setTimeout(() => undo.replaceChildren(), UNDO_MS);
  };
  new MutationObserver(fade).observe(undo, { childList: true });
  fade();
}

// A second press while the first is on its way is the same press.
const SENT_MS = 2000;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "1";
  window.setTimeout(() => delete form.dataset.sent, SENT_MS);
}, true);

// The live row may overtake a button's answer and take the button away, so a form that stays asks in its place.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const spot = document.getElementById("sent");
  if (!("here" in form.dataset) || !spot || !window.htmx) return;
  event.preventDefault();
  const asks = document.createElement("form");
  asks.setAttribute("hx-post", form.getAttribute("action"));
  asks.setAttribute("hx-swap", "none");
  for (const [name, value] of new FormData(form)) {
    asks.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  spot.append(asks);
  window.htmx.process(asks);
  asks.requestSubmit();
  window.setTimeout(() => asks.remove(), SENT_MS * 30);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keysAreOff()) return;
  if (event.target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-do]");
  if (!button) return;
  if (button.dataset.do === "help") help();
  if (button.dataset.do === "close") button.closest("dialog")?.close();
  if (button.dataset.do === "print") window.print();
  if (button.dataset.do === "top") {
    window.scrollTo({ top: 0 });
    rows()[0]?.querySelector("[data-open]")?.focus();
    document.getElementById("new-bar").hidden = true;
  }
});

const toggle = document.getElementById("keys-on");
if (toggle) {
  toggle.checked = !keysAreOff();
  toggle.addEventListener("change", () => {
    window.localStorage.setItem(OFF, toggle.checked ? "0" : "1");
    say(toggle.checked ? "Single-key shortcuts are on." : "Single-key shortcuts are off.");
  });
}

// Find as you type and two filters, on this page only: names never go into an address. A row that comes in is held against them too,
// but no filter hides an urgent concern that nobody has taken.
const find = document.querySelector("[data-find]");
const filters = [...document.querySelectorAll("[data-filter]")];
const filter = (name) => filters.find((one) => one.dataset.filter === name)?.value ?? "";
function narrow() {
  const wanted = find?.value.trim().toLowerCase() ?? "";
  let shown = 0;
  for (const row of rows()) {
    const isFound = wanted === "" || row.dataset.row.toLowerCase().includes(wanted);
    const isWhose = filter("owner") === "" || row.dataset.owner === filter("owner");
    const isOf = filter("condition") === "" || row.dataset.conditions.split(", ").includes(filter("condition"));
    const isCalling = wanted === "" && row.dataset.calling === "1";
    row.hidden = !(isCalling || (isFound && isWhose && isOf));
    if (!row.hidden) shown += 1;
  }
  const line = document.getElementById("narrowed");
  const words = shown === rows().length ? "" : `${shown} of ${rows().length} people shown.`;
  if (line) line.textContent = words;
  return words;
}
function offer() {
  const spot = filters.find((one) => one.dataset.filter === "condition");
  if (!spot) return;
  const there = new Set([...spot.options].map((one) => one.value));
  for (const name of [...new Set(rows().flatMap((row) => row.dataset.conditions.split(", ")))].sort()) {
    if (name !== "" && !there.has(name)) spot.add(new Option(name, name));
  }
}
find?.addEventListener("input", () => say(narrow()));
for (const one of filters) {
  one.closest("label").hidden = false;
  one.addEventListener("change", () => say(narrow()));
}
offer();
narrow();

// A swapped row keeps the focus, a new row above never moves the row under the pointer.
const body = document.getElementById("queue-rows");
let focused = "";
document.addEventListener("focusin", (event) => {
  focused = event.target.id;
});

// The head counts what the table shows.
function tally() {
  const all = rows();
  for (const spot of document.querySelectorAll("[data-tally]")) {
    const ranks = spot.dataset.tally.split(" ");
    spot.textContent = String(all.filter((row) => ranks.includes(row.dataset.rank)).length);
  }
  const steady = document.querySelector("[data-steady]");
  if (steady) steady.textContent = String(Math.max(Number(steady.dataset.steady) - all.length, 0));
  document.getElementById("queue-empty")?.toggleAttribute("hidden", all.length > 0);
}

// Rows go to their places only while nobody points at or works in the table.
function settle() {
  if (body.matches(":hover") || body.contains(document.activeElement) || body.querySelector("details[open]")) return;
  const wanted = rows().sort((one, other) => (one.dataset.place < other.dataset.place ? -1 : 1));
  wanted.forEach((row, at) => {
    if (body.children[at] !== row) body.insertBefore(row, body.children[at]);
  });
}

function announce(added) {
  const bar = document.getElementById("new-bar");
  const first = rows().find((row) => added.includes(row));
  say(`${first.dataset.name}: new in the queue`);
  if (!bar || window.scrollY === 0) return;
  bar.dataset.count = String(Number(bar.dataset.count ?? 0) * (bar.hidden ? 0 : 1) + added.length);
  bar.querySelector("[data-count-text]").textContent = bar.dataset.count;
  bar.hidden = false;
}

if (body) {
  const known = new Set(rows().map((row) => row.id));
  const watcher = new MutationObserver((changes) => {
    const pointed = body.querySelector("tr:hover");
    const added = [];
    let above = 0;
    const before = new Map(changes.flatMap((change) => [...change.removedNodes]).map((node) => [node.id, node.dataset?.owner]));
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (node.nodeName !== "TR" || !node.isConnected) continue;
      // The live row may overtake the button's own answer, so who has it now is said here.
      const owner = before.get(node.id);
      if (owner && owner !== node.dataset.owner) say(`${node.dataset.name}: ${node.dataset.owner}`);
      if (known.has(node.id)) continue;
      known.add(node.id);
      node.classList.add("desk-row--new");
      added.push(node);
      const isBefore = pointed && node.compareDocumentPosition(pointed) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (isBefore || node.getBoundingClientRect().top < 0) above += node.getBoundingClientRect().height;
    }
    for (const id of known) if (!document.getElementById(id)) known.delete(id);
    if (above > 0) window.scrollBy({ top: above, behavior: "instant" });
    offer();
    narrow();
    settle();
    watcher.takeRecords();
    tally();
    if (added.length > 0) announce(added);
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  });
  watcher.observe(body, { childList: true });
}

// The live line says what is true: connected or not, and since when nothing was heard.
const live = document.getElementById("live");
const liveWords = (words, state) => {
  if (!live) return;
  live.dataset.state = state;
  live.querySelector("[data-live-text]").textContent = words;
};
document.addEventListener("htmx:sse:after:connection", () => liveWords("Live", "on"));
document.addEventListener("htmx:sse:error", (event) => {
  const isOver = event.detail?.status === 401;
  liveWords(isOver ? "Signed out: load the page again" : "Not live: trying again", "off");
});
document.addEventListener("htmx:sse:close", () => liveWords("Not live: load the page again", "off"));

// A slider and the number beside it are one; without scripts there is only the number.
for (const slide of document.querySelectorAll("[data-slide]")) {
  const field = document.getElementById(slide.dataset.slide);
  slide.hidden = false;
  slide.addEventListener("input", () => {
    field.value = slide.value;
  });
  field.addEventListener("input", () => {
    if (field.value !== "") slide.value = field.value;
  });
}
