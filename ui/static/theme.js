// System, light, dark. The server reads the cookie, so that a page is never drawn in the wrong one.
const ORDER = ["system", "light", "dark"];
const YEAR_S = 31536000;

document.querySelector("[data-theme-switch]")?.addEventListener("click", (event) => {
  const root = document.documentElement;
  const now = root.dataset.theme ?? "system";
  const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  document.cookie = `assay_theme=${next}; path=/; max-age=${YEAR_S}; samesite=lax`;
  event.currentTarget.setAttribute("aria-label", `Colour theme: ${next}`);
  event.currentTarget.title = `Colour theme: ${next}`;
});
