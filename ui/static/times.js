// Relative times, absolute on hover; durations tick only while a scan runs.
import { SWAPPED } from "./htmx-events.js";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function ago(seconds) {
  if (seconds < 45) return "just now";
  const [unit, length] = STEPS.find(([, size]) => seconds >= size) ?? ["minute", 60];
  return relative.format(-Math.max(1, Math.round(seconds / length)), unit);
}

export function lasted(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

// The same words as `remaining` of api/time_left.py.
function remaining(seconds) {
  if (seconds <= 0) return "longer than usual";
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `about ${minutes} min left`;
  return `about ${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min left`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tell() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const moment = new Date(element.dateTime);
    const seconds = (Date.now() - moment) / 1000;
    write(element, seconds < 7 * 86400 ? ago(seconds) : day.format(moment));
    element.title = `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC, ${local.format(moment)} here`;
  }
}

function tick() {
  for (const element of document.querySelectorAll("time[data-since]")) {
    write(element, lasted((Date.now() - new Date(element.dateTime)) / 1000));
  }
  for (const element of document.querySelectorAll("time[data-until]")) {
    write(element, remaining((new Date(element.dateTime) - Date.now()) / 1000));
  }
}

document.addEventListener(SWAPPED, () => { tell(); tick(); });
setInterval(tick, 1000);
setInterval(tell, 30000);
tell();
tick();
