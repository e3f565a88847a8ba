// Loaded before the page is painted: sets light or dark, as chosen or as the system says.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto";
    }
  };
  const show = () => {
    const theme = chosen();
    const dark = theme === "dark" || (theme === "auto" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
    }
    document.dispatchEvent(new CustomEvent("theme:shown"));
  };
  show();
  system.addEventListener("change", show);
  addEventListener("storage", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme]");
    if (button) {
      try {
        localStorage.setItem("theme", button.dataset.setTheme);
      } catch {
        document.documentElement.dataset.bsTheme = button.dataset.setTheme;
      }
      show();
    }
  });
})();
