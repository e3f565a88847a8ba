// What every page does beyond links and forms. Everything works without it except closing a notice and dialogs.

// The navigation on narrow screens
for (const toggle of document.querySelectorAll("[data-toggle-nav]")) {
  toggle.addEventListener("click", () => {
    const body = document.getElementById(toggle.getAttribute("aria-controls"));
    const open = body.classList.toggle("is-open");
    toggle.setAttribute("aria-expanded", String(open));
  });
}

// Menus (<details class="menu">) close on Escape and on a click elsewhere
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Notices: closed by hand; good news leaves by itself unless it is being read
document.addEventListener("click", (event) => {
  event.target.closest("[data-close-notice]")?.closest(".notice").remove();
});
const leaveLater = (notice) => {
  setTimeout(() => (notice.matches(":hover, :focus-within") ? leaveLater(notice) : notice.remove()), 8000);
};
document.querySelectorAll(".notice-green, .notice-blue").forEach(leaveLater);

// Dialogs: <button data-open-dialog="id">, closed by Escape or [data-close-dialog]
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) {
    document.getElementById(opener.dataset.openDialog).showModal();
  }
  event.target.closest("[data-close-dialog]")?.closest("dialog").close();
});

// A form is sent once: a second click while it travels does nothing
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post" && !form.hasAttribute("hx-post")) {
    if (form.dataset.sent) {
      event.preventDefault();
    }
    form.dataset.sent = "1";
  }
});
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Lists of choices that narrow a list apply at once
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.filters:not([hx-get])");
  if (form && event.target.matches("select, input[type=date], input[type=checkbox]")) {
    form.requestSubmit();
  }
});

// A table that does not fit can be scrolled by keyboard too
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth;
    for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", target.dataset.caption]]) {
      if (scrolls) {
        target.setAttribute(name, value);
      } else {
        target.removeAttribute(name);
      }
    }
  }
});
const watchBoxes = (root) => root.querySelectorAll(".table-box").forEach((box) => boxes.observe(box));
watchBoxes(document);
document.addEventListener("htmx:load", (event) => watchBoxes(event.target));

// An error summary takes the focus so that it is read first
document.querySelector("[data-error-summary]")?.focus();

// Uploads show how far they are
document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  const bar = target.querySelector?.("progress[data-upload]");
  if (bar && detail.lengthComputable) {
    bar.hidden = false;
    bar.value = (100 * detail.loaded) / detail.total;
  }
});
