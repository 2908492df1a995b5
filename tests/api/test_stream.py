"""The stream and its consumer."""

import asyncio
import contextlib

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from api.hub import LiveHub
from api.stream import EventStream, ensure_stream
from contracts.subjects import (
    ALL_SCANS,
    DUPLICATE_WINDOW_S,
    MAX_AGE_S,
    MAX_BYTES,
    MAX_MSG_SIZE,
    STREAM,
)
from tests.api.live_tools import until
from tests.servers import NatsServer, free_port


@pytest.mark.parametrize("known", [False, True])
async def test_the_stream_has_limits_also_when_it_was_made_without(
    nats_server: NatsServer, known: bool
) -> None:
    client = Client()
    await client.connect(nats_server.url)
    jetstream = client.jetstream()
    if known:
        await jetstream.add_stream(StreamConfig(name=STREAM, subjects=[ALL_SCANS]))
    await ensure_stream(jetstream)
    await ensure_stream(jetstream)

    config = (await jetstream.stream_info(STREAM)).config
    await client.close()
    assert config.max_age == MAX_AGE_S
    assert config.max_bytes == MAX_BYTES
    assert config.max_msg_size == MAX_MSG_SIZE
    assert config.duplicate_window == DUPLICATE_WINDOW_S


async def test_a_hub_that_never_found_nats_stops_at_once() -> None:
    hub = LiveHub(f"nats://127.0.0.1:{free_port()}")
    await hub.start()
    await asyncio.sleep(0.2)
    begun = asyncio.get_running_loop().time()
    await hub.stop()

    assert asyncio.get_running_loop().time() - begun < 1
    assert not hub.connected


async def test_a_consumer_leaves_nothing_behind(nats_server: NatsServer) -> None:
    changes: list[str] = []
    stream = EventStream(
        nats_server.url,
        on_message=lambda *_: None,
        on_change=lambda: changes.append("changed"),
    )
    await stream.start()
    await until(lambda: stream.flows)
    await stream.stop()

    client = Client()
    await client.connect(nats_server.url)
    async with asyncio.timeout(10):
        while await client.jetstream().consumers_info(STREAM):
            await asyncio.sleep(0.1)
    await client.close()
    assert changes == ["changed", "changed"]
    assert not stream.flows


async def test_nothing_is_sent_while_the_link_is_down(nats_server: NatsServer) -> None:
    stream = EventStream(nats_server.url, on_message=lambda *_: None, on_change=lambda: None)
    await stream.start()
    await until(lambda: stream.flows)
    nats_server.kill()
    await until(lambda: not stream.flows)
    with pytest.raises(ConnectionError):
        await stream.publish("assay.v1.scan.x.events", b"{}", "x:1")
    await stream.stop()


async def test_started_twice_it_is_one_and_stops_whole(nats_server: NatsServer) -> None:
    hub = LiveHub(nats_server.url)
    await hub.start()
    await hub.start()
    await until(lambda: hub.connected)
    await hub.stop()

    assert [t for t in asyncio.all_tasks() if t.get_name() == "event stream"] == []


async def test_a_client_that_swallows_a_cancellation_does_not_hold_up_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connecting = asyncio.Event()

    async def connect(_client: Client, *_servers: str, **_options: object) -> None:
        connecting.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def close(_client: Client) -> None:
        return

    monkeypatch.setattr(Client, "connect", connect)
    monkeypatch.setattr(Client, "close", close)
    hub = LiveHub(f"nats://127.0.0.1:{free_port()}")
    await hub.start()
    await connecting.wait()
    async with asyncio.timeout(20):
        await hub.stop()

    assert [t for t in asyncio.all_tasks() if t.get_name() == "event stream"] == []
