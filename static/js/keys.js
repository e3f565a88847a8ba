// Keys for whoever works through a queue. Rows: [data-rows] > [data-row] with a link [data-open]; a review's form:
// [data-decide] with buttons [data-intent]; anything else that a key presses: [data-key]. Nothing needs them.

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
let current = "";

const mark = (row) => {
  rows().forEach((other) => other.classList.toggle("is-current", other === row));
  current = row?.dataset.row ?? "";
};
const here = () => rows().find((row) => row.dataset.row === current);
const move = (step) => {
  const all = rows();
  const place = all.indexOf(here());
  const row = all[Math.min(all.length - 1, Math.max(0, place < 0 ? 0 : place + step))];
  if (row) {
    mark(row);
    row.querySelector("[data-open]").focus();
    row.scrollIntoView({ block: "nearest" });
  }
};
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-rows] [data-row]");
  if (row) {
    mark(row);
  }
});

// A decision: the key says which, the reason is typed, Ctrl and Enter sends it
const form = document.querySelector("[data-decide]");
const intend = (intent) => {
  const button = form.querySelector(`[data-intent="${intent}"]`);
  if (button) {
    form.querySelectorAll("[data-intent]").forEach((other) => other.classList.toggle("is-intended", other === button));
    form.querySelector("textarea").focus();
    form.scrollIntoView({ block: "nearest" });
  }
};
form?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.querySelector("[data-intent].is-intended")?.click();
  }
});
if (form && ["#a", "#r"].includes(location.hash)) {
  intend(location.hash[1]);
}

const decide = (intent) => {
  const link = here()?.querySelector("[data-open]");
  if (form) {
    intend(intent);
  } else if (link) {
    location.assign(`${link.href}#${intent}`);
  }
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => here()?.querySelector("[data-open]").click(),
  x: () => here()?.querySelector("[name=selected]")?.click(),
  a: () => decide("a"),
  r: () => decide("r"),
  "/": () => document.querySelector("input[type=search]")?.focus(),
};
document.addEventListener("keydown", (event) => {
  const open = document.querySelector("dialog[open]");
  if (event.ctrlKey || event.metaKey || event.altKey || open || typing(event.target)) {
    return;
  }
  const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (pressed || keys[event.key]) {
    event.preventDefault();
    (pressed ? () => pressed.click() : keys[event.key])();
  }
});

// Several at once: how many are selected; the list does not change under somebody's hands
const selected = () => document.querySelectorAll("[data-rows] [name=selected]:checked");
const count = document.querySelector("[data-many-count]");
const recount = () => {
  if (count) {
    count.value = String(selected().length);
    count.hidden = selected().length === 0;
  }
};
document.addEventListener("change", recount);
document.addEventListener("htmx:beforeRequest", (event) => {
  const isRefresh = event.target.matches("[data-rows]");
  if (isRefresh && (selected().length > 0 || document.querySelector("dialog[open]"))) {
    event.preventDefault();
  }
});
document.addEventListener("htmx:load", () => {
  const row = here();
  if (row) {
    mark(row);
  }
  recount();
});
