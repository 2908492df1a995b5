"""F53 to F56 and F27: viewers sleep, do not read, come back all at once; the API lags behind."""

import socket
import time

from tests.faults.harness.crowd import Crowd
from tests.faults.harness.invariants import check_all
from tests.faults.harness.scans import Run, faultless
from tests.faults.harness.world import World, until

PACE_MS = 120


def test_f27_an_api_that_falls_behind_shows_the_right_end(world: World, seed: int) -> None:
    """It stands still three times while events pour in."""
    run = Run.start(world, world.add_tenant())
    crowd = Crowd(run, 20)
    until(lambda: all(viewer.seq for viewer in crowd.viewers), 20)
    for _ in range(3):
        world.api.freeze()
        time.sleep(2)
        world.api.thaw()
        time.sleep(0.3)
    run.end()

    crowd.check()
    check_all(run, expected=faultless())


def test_f53_a_viewer_that_slept_sees_the_right_state_when_it_wakes(
    world: World, seed: int
) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    sleeper = Crowd(run, 1)
    run.judged(20)
    seen = sleeper.viewers[0].seq
    sleeper.leave()
    run.end()

    woken = Crowd(run, 1)
    woken.viewers[0].seq = seen
    began = time.monotonic()
    woken.all_closed(5)

    assert time.monotonic() - began <= 2.5
    woken.check()
    check_all(run, expected=faultless())


def test_f54_a_client_that_never_reads_slows_nobody(world: World, seed: int) -> None:
    run = Run.start(world, world.add_tenant(pace_ms=PACE_MS))
    deaf = [_deaf(run) for _ in range(5)]
    crowd = Crowd(run, 5)
    run.judged(60)
    here = run.state()["seq"]
    lag = crowd.all_at(here, 3)
    run.end()
    for client in deaf:
        client.close()

    assert lag <= 3
    crowd.check()
    check_all(run, expected=faultless())


def _deaf(run: Run) -> socket.socket:
    """Shakes hands with a tiny buffer and then reads nothing more."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.connect(("127.0.0.1", run.world.ports["api"]))
    client.sendall(
        f"GET /msp/cspm/scans/ws/{run.scan_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {run.world.token}\r\n\r\n".encode()
    )
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


def test_f55_two_hundred_viewers_that_come_back_at_once_are_all_served(
    world: World, seed: int
) -> None:
    link = world.api_link()
    run = Run.start(world, world.add_tenant(pace_ms=1500))
    crowd = Crowd(run, 200, port=link.port)
    until(lambda: all(viewer.seq for viewer in crowd.viewers), 90)
    before = [viewer.came_back for viewer in crowd.viewers]
    link.drop()

    took = crowd.all_back(before, 90)
    world.record("F55 200 viewers back after", took)
    run.end()

    crowd.check()
    check_all(run, expected=faultless())


def test_f56_a_proxy_that_drops_idle_sockets_is_no_trouble(world: World, seed: int) -> None:
    """The proxy's 60 s are 25 s here: longer than the 20 s between two pings."""
    link = world.api_link()
    link.rules.idle_s = 25
    run = Run.start(world, world.add_tenant({"kind": "hang", "dataset": "teams.tenant"}))
    crowd = Crowd(run, 3, port=link.port)
    until(lambda: all(viewer.seq for viewer in crowd.viewers), 20)
    time.sleep(45)
    came_back = [viewer.came_back for viewer in crowd.viewers]
    run.post("cancel")
    run.end()

    assert came_back == [1, 1, 1]
    crowd.check("cancelled")
    check_all(run, status="cancelled")
