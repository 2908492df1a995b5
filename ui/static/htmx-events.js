// The only module that spells htmx's event names (htmx 4.0.1, hx-ws 4.0.1).
export const SWAPPED = "htmx:after:swap";
export const REQUEST_DONE = "htmx:finally:request";
export const SOCKET_CONNECTING = "htmx:ws:before:connection";
export const SOCKET_OPEN = "htmx:ws:after:connection";
export const SOCKET_MESSAGE = "htmx:ws:after:message:incoming";
export const SOCKET_CLOSED = "htmx:ws:close";

// htmx 4 leaves the response header HX-Trigger-After-Settle to the page.
export function triggersAfterSettle(event) {
  const header = event.detail.ctx?.hx?.triggeraftersettle;
  return header ? JSON.parse(header) : {};
}

export function load(address, target) {
  return window.htmx.ajax("GET", address, { target, swap: "innerHTML" });
}
