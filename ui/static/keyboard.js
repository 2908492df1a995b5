// `/` goes to the search field, Esc empties and leaves it. Off while something is being typed.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  if (!search || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !isTyping(event.target) && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "Escape" && event.target === search) {
    search.value = "";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    search.blur();
  }
});

function isTyping(element) {
  return element.matches?.("input, select, textarea, [contenteditable]");
}
