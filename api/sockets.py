"""Serving one socket: a writer that never blocks for long, a reader that notices who left."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import IntEnum

from starlette.websockets import WebSocket, WebSocketDisconnect

SEND_WITHIN_S = 5.0
CHECK_RIGHT_EVERY_S = 60.0


class CloseCode(IntEnum):
    """A browser does not come back after NORMAL and SIGNED_OUT; it does after OVERLOADED."""

    NORMAL = 1000
    OVERLOADED = 1013
    SIGNED_OUT = 4401


async def serve(
    socket: WebSocket,
    texts: AsyncIterator[str],
    *,
    still_allowed: Callable[[], Awaitable[bool]],
    check_every_s: float | None = None,
) -> None:
    """Accepts, sends every text, closes. Whoever calls has checked origin, login and right."""
    await socket.accept()
    tasks = {
        asyncio.create_task(_write(socket, texts)),
        asyncio.create_task(_read(socket)),
        asyncio.create_task(_watch(still_allowed, check_every_s or CHECK_RIGHT_EVERY_S)),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    codes = [task.result() for task in done]
    if None not in codes:
        await _close(socket, max(code for code in codes if code is not None))


async def _write(socket: WebSocket, texts: AsyncIterator[str]) -> CloseCode | None:
    async for text in texts:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await socket.send_text(text)
        except TimeoutError:
            return CloseCode.OVERLOADED
        except (WebSocketDisconnect, RuntimeError):  # it has gone
            return None
    return CloseCode.NORMAL


async def _read(socket: WebSocket) -> None:
    """What a client says is not for us; that it has gone is."""
    with contextlib.suppress(WebSocketDisconnect):
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass


async def _watch(still_allowed: Callable[[], Awaitable[bool]], every_s: float) -> CloseCode:
    while True:
        await asyncio.sleep(every_s)
        if not await still_allowed():
            return CloseCode.SIGNED_OUT


async def _close(socket: WebSocket, code: CloseCode) -> None:
    """A client that does not read may not answer the close either."""
    with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(SEND_WITHIN_S):
            await socket.close(code)
