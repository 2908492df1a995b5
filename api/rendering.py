"""HTML from the templates of ui/: one environment, autoescaped, that fails on an unknown name."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api import looks
from api.result_query import severity_rank, verdict_rank
from api.scan_view import elapsed
from api.time_left import remaining
from contracts.errors import UnknownProfile
from contracts.scan import Profile

THEME_COOKIE = "assay_theme"
_THEMES = ("light", "dark")


def render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


def page(request: Request, template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A whole page. Never stored by a cache: pages show what a tenant does wrong."""
    shared = {
        "path": request.url.path,
        "theme": theme(request),
        "who": "",
        "now": utc_now(),
        "outages": request.app.state.services.outages.sentences(),
    }
    text = render(template, **(shared | values))
    return HTMLResponse(text, status_code, {"Cache-Control": "no-store", "Vary": "HX-Request"})


def fragment(template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    text = render(template, **values)
    return HTMLResponse(text, status_code, {"Cache-Control": "no-store", "Vary": "HX-Request"})


def wants_fragment(request: Request) -> bool:
    return request.headers.get("HX-Request") == "true"


def theme(request: Request) -> str:
    """What the person chose; empty follows the system."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in _THEMES else ""


def utc_now() -> datetime:
    return datetime.now(UTC)


def moment(value: datetime | None) -> str:
    if value is None:
        return ""
    there = value.astimezone(UTC)
    return f"{there.day} {there:%b %Y, %H:%M} UTC"


def clock(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%H:%M:%S")


def duration(value: timedelta | int | None) -> str:
    """A timedelta, or milliseconds: `420 ms`, `7.3 s`, `4 min 05 s`, `2 h 10 min`."""
    if value is None:
        return ""
    ms = round(value.total_seconds() * 1000) if isinstance(value, timedelta) else value
    if ms < 1000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(ms // 1000, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size(value: int) -> str:
    """Bytes for people: `812 B`, `14 KB`, `2.1 MB`."""
    if value < 1000:
        return f"{value} B"
    return f"{value / 1000:.0f} KB" if value < 1_000_000 else f"{value / 1_000_000:.1f} MB"


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def profile_title(name: str) -> str:
    try:
        return Profile.parse(name).title
    except UnknownProfile:
        return name


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ui", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment,
        "clock": clock,
        "duration": duration,
        "size": size,
        "pretty": pretty,
        "elapsed": elapsed,
        "remaining": remaining,
        "profile_title": profile_title,
        "section_name": looks.section_name,
        "severity_rank": severity_rank,
        "verdict_rank": verdict_rank,
    }
    environment.globals |= {"looks": looks, "named": looks.named}
    return environment
