// On wide screens a verdict opens beside the list. It has its own address all the same: one entry
// in the history while the drawer is open, gone when it closes.
import { load } from "./htmx-events.js";

const drawer = document.getElementById("drawer");
const wide = window.matchMedia("(min-width: 64rem)");
let hasEntry = false;

function isPlainClick(event) {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

async function open(address) {
  await load(address, "#drawer-body");
  if (hasEntry) history.replaceState({}, "", address);
  else history.pushState({}, "", address);
  hasEntry = true;
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
}

if (drawer) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-drawer]");
    if (!link || !isPlainClick(event) || !(wide.matches || drawer.open)) return;
    event.preventDefault();
    open(link.getAttribute("href"));
  });
  drawer.addEventListener("close", () => {
    if (hasEntry) history.back();
  });
  window.addEventListener("popstate", () => {
    if (!hasEntry) location.reload();
    hasEntry = false;
    if (drawer.open) drawer.close();
  });
}
