"""Logging of every process: text for a terminal, JSON lines for a collector of logs."""

import logging
import sys
from typing import Any, Literal

import structlog

_NOISY = ("nats", "httpx2", "httpcore2", "temporalio.activity", "uvicorn", "alembic")
_MAX_TEXT = 2000


def configure(form: Literal["text", "json"], level: str) -> None:
    """Messages are constant texts with fields; fields are cut and stripped of control characters,
    so that nothing a tenant sends can forge a line."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _harmless,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            # Never the values of local variables: they may be evidence or secrets.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info
                if form == "json"
                else structlog.stdlib.PositionalArgumentsFormatter(),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel("WARNING")


def _harmless(_logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if isinstance(value, str) and name != "exception":
            fields[name] = "".join(c if c.isprintable() else " " for c in value[:_MAX_TEXT])
    return fields
