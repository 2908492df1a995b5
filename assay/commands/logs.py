"""A collector's log followed at the terminal."""

import time

from assay.commands.client import Service
from assay.commands.output import Exit, show_log, stop
from contracts.scan import ScanState

_POLL_S = 1.0


def follow_log(service: Service, scan_id: str, name: str) -> None:
    """Until the scan has ended. Ctrl-C stops following, never the scan."""
    state = _state(service, scan_id)
    known = {line.service for line in state.checks} | {line.service for line in state.batches}
    if name not in known:
        stop(f"This scan has no service {name}; it has {', '.join(sorted(known))}.", Exit.USAGE)
    place = 0
    try:
        while True:
            ended = _state(service, scan_id).status.is_terminal  # before the log: all is in it
            text, place = service.text_after(f"/scans/{scan_id}/batches/{name}/log", place)
            show_log(text)
            if ended:
                return
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        stop("\nNo longer following; the scan goes on.", Exit.INTERRUPTED)


def _state(service: Service, scan_id: str) -> ScanState:
    return ScanState.model_validate(service.get(f"/scans/{scan_id}"))
