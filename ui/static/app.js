// What htmx cannot do, one small module each.
import "./started.js";
import "./copy.js";
import "./dialogs.js";
import "./drawer.js";
import "./filters.js";
import "./keyboard.js";
import "./live.js";
import "./theme.js";
import "./times.js";
