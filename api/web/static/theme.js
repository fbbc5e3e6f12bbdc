// Appearance "as the system" before the first paint, and menus that close by Escape or a click elsewhere.
(() => {
  const root = document.documentElement;
  if (root.dataset.themeChoice === "auto") {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const apply = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    dark.addEventListener("change", apply);
    apply();
  }

  const close = (menu, { focus }) => {
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  };
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) close(menu, { focus: false });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) close(menu, { focus: true });
  });
})();
