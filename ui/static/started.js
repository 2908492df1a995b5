// A scan was started or cancelled, or a service skipped, from this page: close the dialog and go on
// showing it live.
import { REQUEST_DONE, triggersAfterSettle } from "./htmx-events.js";

document.addEventListener(REQUEST_DONE, (event) => {
  const { scanStarted, scanCancelling, serviceSkipped } = triggersAfterSettle(event);
  if (scanCancelling) document.getElementById("cancel-dialog")?.close();
  if (serviceSkipped) document.getElementById("skip-dialog")?.close();
  if (scanStarted) showStarted(scanStarted.scan_id);
});

// The row is there already, and the page's socket brings what follows. A list that is not live,
// or that shows other scans, hands over to the page of the scan.
function showStarted(scanId) {
  document.getElementById("start-dialog")?.close();
  const row = document.getElementById(`scan-${scanId}`);
  if (row && document.getElementById("live")) row.querySelector("a").focus();
  else location.assign(`/msp/cspm/scans/${encodeURIComponent(scanId)}`);
}
