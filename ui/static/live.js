// The state of the connection, and what a page does with each kind of event. The server has
// rendered the content already; here is only what lies outside of it.
import { SOCKET_CLOSED, SOCKET_CONNECTING, SOCKET_MESSAGE, SOCKET_OPEN } from "./htmx-events.js";

const badge = document.getElementById("connection");
const title = document.title;
const FINISHED = 1000;
const REFUSED = 1008;
let attempts = 0;

function show(state, text) {
  if (!badge) return;
  badge.dataset.connection = state;
  badge.querySelector("[data-connection-text]").textContent = text;
}

document.addEventListener(SOCKET_CONNECTING, (event) => {
  attempts = event.detail.connection.attempt;
  show(attempts ? "reconnecting" : "connecting", attempts ? `Reconnecting (${attempts})` : "Connecting");
});

document.addEventListener(SOCKET_OPEN, () => show("live", "Live"));

document.addEventListener(SOCKET_CLOSED, (event) => {
  const { code, reason } = event.detail;
  if (reason !== "closed") return;
  if (code === FINISHED) show("ended", "Ended");
  else if (code === REFUSED || code >= 4000) show("lost", "Signed out: reload the page");
  else if (document.hidden) show("paused", "Paused");
  else show("reconnecting", "Reconnecting");
});

document.addEventListener(SOCKET_MESSAGE, async (event) => {
  const message = await event.detail.message.json();
  switch (message.event) {
    case "snapshot":
    case "status":
      if (message.title) document.title = `${message.title} ${title}`;
      else document.title = title;
      break;
    case "batch":
    case "results-inserted":
    case "powershell-finished":
    case "outages":
      break;
    default:
      show("live", `Live, with an event of a newer version: ${message.event}`);
  }
});
