// Which rows of a scan are shown and in which order, also while new verdicts arrive.
// The form is the truth; the address follows it, and the server reads the same names.
import { SWAPPED } from "./htmx-events.js";

const form = document.getElementById("filters");
const ROW_KEYS = ["verdict", "section", "level", "service"];
const RANKS = { verdict: "verdictRank", severity: "severityRank" };
let position = new Map();

if (form) {
  remember();
  form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
  form.addEventListener("input", changed);
  document.addEventListener("click", followLink);
  document.addEventListener(SWAPPED, arrange);
  arrange();
}

function body() {
  return document.getElementById("result-rows");
}

// The order of the benchmark is the order of the numbers, part by part.
function remember() {
  const rows = [...body().rows];
  const key = (row) => row.cells[0].textContent.trim().split(".").map(Number);
  rows.sort((one, other) => compare(key(one), key(other)));
  position = new Map(rows.map((row, index) => [row.id, index]));
}

function compare(one, other) {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? -1) - (other[index] ?? -1);
    if (difference) return difference;
  }
  return 0;
}

function chosen() {
  return Object.fromEntries(new FormData(form));
}

function fits(row, wanted) {
  const text = wanted.text.trim().toLowerCase();
  return ROW_KEYS.every((key) => !wanted[key] || row.dataset[key] === wanted[key]) &&
    (!text || `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase().includes(text));
}

function arrange() {
  const wanted = chosen();
  const rows = [...body().rows];
  let shown = 0;
  for (const row of rows) {
    row.hidden = !fits(row, wanted);
    shown += row.hidden ? 0 : 1;
  }
  order(rows, wanted.sort);
  report(shown, rows.length, wanted);
}

function order(rows, sort) {
  const rank = RANKS[sort];
  const sorted = [...rows].sort((one, other) =>
    (rank ? one.dataset[rank] - other.dataset[rank] : 0) || position.get(one.id) - position.get(other.id));
  sorted.forEach((row, index) => {
    const there = body().rows[index];
    if (there !== row) move(row, there);
  });
}

// Moving keeps the focus where the browser can do that.
function move(row, before) {
  if (body().moveBefore) body().moveBefore(row, before);
  else body().insertBefore(row, before);
}

function report(shown, total, wanted) {
  const text = `${shown} of ${total} shown`;
  const line = document.getElementById("shown");
  if (line.textContent !== text) line.textContent = text;
  document.getElementById("nothing-shown").hidden = shown > 0;
  form.querySelector("[data-filter-reset]").hidden = ![...ROW_KEYS, "text"].some((key) => wanted[key]);
  for (const column of document.querySelectorAll("[data-sort-column]")) {
    column.ariaSort = column.dataset.sortColumn === wanted.sort ? "ascending" : "none";
  }
  mark("[data-facet]", "facet", wanted.verdict);
  mark("[data-service-filter]", "serviceFilter", wanted.service);
}

function mark(selector, name, value) {
  for (const link of document.querySelectorAll(selector)) {
    if (value && link.dataset[name] === value) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function changed() {
  arrange();
  const kept = Object.entries(chosen()).filter(([name, value]) => value && !(name === "sort" && value === "number"));
  const query = new URLSearchParams(kept).toString();
  history.replaceState(history.state, "", query ? `${location.pathname}?${query}` : location.pathname);
}

function followLink(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest?.("[data-facet], [data-service-filter], [data-sort], [data-filter-reset]");
  if (!link) return;
  event.preventDefault();
  const { facet, serviceFilter, sort } = link.dataset;
  if (facet) toggle("verdict", facet);
  else if (serviceFilter) toggle("service", serviceFilter);
  else if (sort) form.elements.sort.value = sort;
  else for (const name of [...ROW_KEYS, "text"]) form.elements[name].value = "";
  changed();
}

function toggle(name, value) {
  const field = form.elements[name];
  field.value = field.value === value ? "" : value;
}
