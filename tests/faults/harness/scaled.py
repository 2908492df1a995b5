"""Starts `assay` as it is started everywhere, with waits that no setting names made shorter.

`FAULTS_SCALE` is a JSON object of seconds: worker_wait, reconcile_every, reconcile_patience,
look_every (of live readers while news flow). What it leaves out stays as it is. With
`FAULTS_CHANGED` batches run one after the other: code with which no scan can go on that began
them side by side.
"""

import json
import os
import sys
from datetime import timedelta


def scale(seconds: dict[str, float]) -> None:
    from workflows import policies

    if "worker_wait" in seconds:
        wait = timedelta(seconds=seconds["worker_wait"])
        policies.WORKER_WAIT = wait
        policies.BATCH["schedule_to_start_timeout"] = wait
    if sys.argv[1] != "api":
        return
    from api import live, reconcile

    defaults = reconcile.reconcile.__kwdefaults__ or {}
    reconcile.EVERY_S = seconds.get("reconcile_every", reconcile.EVERY_S)
    if "reconcile_patience" in seconds:
        patience = timedelta(seconds=seconds["reconcile_patience"])
        defaults["patience"] = patience
    live.LOOK_EVERY_S = seconds.get("look_every", live.LOOK_EVERY_S)


def change_the_workflow() -> None:
    from workflows import policies

    policies.PARALLEL_BATCHES = 1


def main() -> None:
    sys.stderr.write(f'{{"pid": {os.getpid()}}}\n')
    scale(json.loads(os.environ.get("FAULTS_SCALE", "{}")))
    if os.environ.get("FAULTS_CHANGED"):
        change_the_workflow()
    from assay.__main__ import main as assay

    assay()


if __name__ == "__main__":
    main()
