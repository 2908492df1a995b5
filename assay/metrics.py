"""Figures and health of a process on a port of its own, which is closed unless asked for."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.measures import RUNNING, WAITED
from api.identity import now
from api.services import Services
from contracts.scan import ScanStatus
from store import scans

_STUCK_AFTER_S = 15.0
_ANSWER_WITHIN_S = 3.0


@contextlib.asynccontextmanager
async def figures(host: str, port: int, registry: CollectorRegistry) -> AsyncIterator[int]:
    """Serves `/metrics` and `/healthz` while the body runs; with port 0 nothing.

    It answers from a thread of its own: `/healthz` says 503 when the event loop stands still.
    """
    if not port:
        yield 0
        return
    pulse = _Pulse()
    beating = asyncio.create_task(pulse.keep())
    with contextlib.suppress(ValueError):  # a second time in one process
        ProcessCollector(registry=registry)
    server = make_server(host, port, _app(registry, pulse), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        beating.cancel()
        await asyncio.to_thread(server.shutdown)
        server.server_close()


class _Pulse:
    def __init__(self) -> None:
        self._last = time.monotonic()

    async def keep(self) -> None:
        while True:
            self._last = time.monotonic()
            await asyncio.sleep(1)

    @property
    def is_there(self) -> bool:
        return time.monotonic() - self._last < _STUCK_AFTER_S


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every few seconds: not into the log."""


def _app(registry: CollectorRegistry, pulse: _Pulse) -> Callable[..., Iterable[bytes]]:
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                answer: Iterable[bytes] = metrics(environ, start_response)
                return answer
            case "/healthz":
                status = "200 OK" if pulse.is_there else "503 Service Unavailable"
            case _:
                status = "404 Not Found"
        start_response(status, [("Content-Type", "text/plain")])
        return [status.encode()]

    return app


class Meter(Interceptor):
    """How long activities lay in their queues, and how many are under way."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _MeteredActivity(next)


class _MeteredActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        waited = info.started_time - info.current_attempt_scheduled_time
        WAITED.labels(info.activity_type).observe(max(waited.total_seconds(), 0.0))
        with RUNNING.labels(info.activity_type, info.task_queue).track_inprogress():
            return await super().execute_activity(input)


class ApiFigures(Collector):
    """Asked for at each scrape; what cannot be answered in time is left out, never old."""

    def __init__(self, services: Services, loop: asyncio.AbstractEventLoop) -> None:
        self._services = services
        self._loop = loop

    def collect(self) -> Iterator[GaugeMetricFamily]:
        live = self._services.live
        yield GaugeMetricFamily("assay_live_readers", "Sockets that follow scans.", live.readers)
        yield GaugeMetricFamily(
            "assay_live_connected", "1 while news flow from NATS.", float(live.connected)
        )
        asked = asyncio.run_coroutine_threadsafe(self._open_scans(), self._loop)
        try:
            found = asked.result(_ANSWER_WITHIN_S)
        except (TimeoutError, SQLAlchemyError):
            return
        family = GaugeMetricFamily("assay_open_scans", "Scans that go on.", labels=["status"])
        for status, count in found.items():
            family.add_metric([status], count)
        yield family

    async def _open_scans(self) -> dict[str, int]:
        async with self._services.database.read() as session:
            found = await scans.list_unfinished(session, touched_before=now())
        statuses = [scan.status for scan in found]
        return {
            status.value: statuses.count(status) for status in ScanStatus if not status.is_terminal
        }
