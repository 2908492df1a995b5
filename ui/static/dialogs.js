// Opening and closing native dialogs. The browser keeps and returns the focus, and closes on Esc.
import { SWAPPED } from "./htmx-events.js";

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
  const closer = event.target.closest?.("[data-close-dialog]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.matches?.("dialog[open]")) closeOutside(event);
});

document.addEventListener(SWAPPED, openWaiting);
openWaiting();

function openWaiting() {
  for (const dialog of document.querySelectorAll("dialog[data-open-now]:not([open])")) {
    dialog.removeAttribute("data-open-now");
    dialog.showModal();
  }
}

// A click on the backdrop arrives at the dialog itself, but outside its box.
function closeOutside(event) {
  const box = event.target.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right &&
    event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside && event.detail > 0) event.target.close();
}
