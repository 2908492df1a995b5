"""The web application: gate, routes, problems, and the description of all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import (
    attempts,
    benchmarks,
    campaigns,
    comparing,
    connection_tests,
    datasets,
    doctor,
    errors,
    health,
    live_tenants,
    login,
    pages,
    permissions,
    results,
    scan_plan,
    scan_socket,
    scans,
    schedules,
    steering,
    tenants,
    timeline,
    webhook,
)
from api.gate import Gate
from api.headers import SecurityHeaders
from api.outages import keep_watch
from api.reconcile import keep_right
from api.security import BodyLimit
from api.services import Services
from api.throttle import Throttle
from checks.catalogue import benchmark, words

API = "/api/v1"
# How this application must be served: one open socket would make a stop hang for ever, and
# addresses of callers come from the connection, never from a header.
SERVER_OPTIONS: dict[str, Any] = {
    "timeout_graceful_shutdown": 10,
    "ws_max_size": 64 * 1024,
    "ws_per_message_deflate": False,
    "ws_ping_interval": 20,
    "ws_ping_timeout": 20,
    "proxy_headers": False,
    "server_header": False,
}


def create_app(services: Services) -> FastAPI:
    """Its lifespan starts and stops the live hub; everything else is the caller's to close."""
    app = FastAPI(
        title="Assay",
        version=services.settings.version,
        description="Measures Microsoft 365 tenants against a security benchmark.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.services = services
    app.state.throttle = Throttle()
    app.state.error_page = None
    benchmark(), words()  # read once, before the first request would have to wait for it
    errors.install(app)
    for module in (login, scans, steering, attempts, comparing, results, datasets, tenants):
        app.include_router(module.router, prefix=API)
    for module in (benchmarks, live_tenants, connection_tests, permissions, scan_plan):
        app.include_router(module.router, prefix=API)
    for module in (schedules, campaigns, timeline, doctor):
        app.include_router(module.router, prefix=API)
    app.include_router(webhook.tokens, prefix=API)
    app.include_router(webhook.router)
    app.include_router(health.router)
    app.include_router(scan_socket.router)
    pages.install(app)
    _add_middleware(app, services)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await services.live.start()
    keepers = [asyncio.create_task(keep(services)) for keep in (keep_right, keep_watch)]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await services.live.stop()


def _add_middleware(app: FastAPI, services: Services) -> None:
    """Added last is met first."""
    upload = services.settings.max_upload_bytes
    larger = {tenants.UPLOAD_PATH: upload, pages.UPLOAD_PATH: upload}
    app.add_middleware(BodyLimit, larger=larger)
    app.add_middleware(Gate, services=services)
    app.add_middleware(SecurityHeaders, https=services.settings.cookie_secure)


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        cookie = app.state.services.settings.cookie_name
        schema["components"]["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": cookie},
            "token": {"type": "http", "scheme": "bearer"},
        }
        schema["security"] = [{"session": []}, {"token": []}]
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _as_problems(operation)
                if path in ("/healthz", "/readyz") or operation["operationId"] == "sign_in":
                    operation["security"] = []
        app.openapi_schema = schema
    return app.openapi_schema


def _as_problems(operation: dict[str, Any]) -> None:
    """FastAPI describes every body as what the route sends; refusals are problem documents."""
    for response in operation["responses"].values():
        bodies = response.get("content", {})
        for body in list(bodies.values()):
            if body.get("schema", {}).get("$ref", "").endswith("/Problem"):
                response["content"] = {errors.PROBLEM_JSON: body}
