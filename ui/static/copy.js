// Copies the text of the element that the button names, and says so on the button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  const label = button.querySelector("[data-copy-text]");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    label.textContent = "Copied";
  } catch {
    window.getSelection().selectAllChildren(source);
    label.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => { label.textContent = before; }, 2500);
});
