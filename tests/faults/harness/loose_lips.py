"""Stands in for `pwsh`: a collector that says its credential wherever it can.

Started as a live tenant's collector is; it answers from the pack named in FAULTS_PACK's place,
the file `pack` beside this program.
"""

import json
import sys
from pathlib import Path

from evidence.faults import Output
from evidence.replay import MARKER, Replayer, Request

HERE = Path(sys.argv[0]).parent


def main() -> int:
    request = json.loads(sys.stdin.buffer.readline())
    secret = request["credential"]["certificate"]
    request["credential"] = json.loads((HERE / "credential.json").read_text("utf-8"))
    out = Output(MARKER)
    sys.stderr.write(f"trace: {secret}\n" + "x" * 70_000 + "\n" + f"again: {secret}\n")
    out.raw(f"VERBOSE: {secret}\n".encode())
    out.raw(b"y" * 1990 + secret.encode() + b"y" * 300_000 + b"\n")
    out.line({"type": "log", "level": "info", "message": f"signing in with {secret}"})
    if request["service"] == "teams":
        error = {"kind": "other", "message": f"sign-in with {secret} failed"}
        out.line({"type": "hello", "protocol": 1, "collector": "loose", "versions": {}})
        out.line({"type": "connect-failed", "service": "teams", "error": error})
        return 1
    Replayer(Request.read(json.dumps(request).encode()), out).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
