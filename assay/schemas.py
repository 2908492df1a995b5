"""What crosses processes, written down: JSON Schema, AsyncAPI and OpenAPI, made from the types."""

from enum import Enum
from importlib import metadata
from types import ModuleType
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter
from temporalio.client import Client

from api.app import create_app
from api.hub import LiveHub
from api.services import ApiSettings, Services
from contracts import (
    collector,
    doctor,
    events,
    fleet,
    names,
    onboarding,
    parameters,
    results,
    scan,
    subjects,
    verdict,
)
from evidence.pack_upload import import_pack
from store.database import Database

Json = dict[str, Any]

_MODULES = (collector, doctor, events, fleet, onboarding, parameters, results, scan, verdict)
_UNIONS: dict[str, dict[str, TypeAdapter[Any]]] = {
    events.__name__: {"Event": events.EVENT},
    collector.__name__: {"CollectorLine": collector.COLLECTOR_LINE},
}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SOCKET = "scan_socket"
_SUBJECT = "scan_subject"
_SCAN_ID = "{scan_id}"
_SAID_OF = {
    "snapshot": "The whole state of the scan. First on a socket, and again after a gap.",
    "status": "Where the scan stands; with `check` when a check was judged.",
    "batch": "What one service's collector is doing.",
    "results-inserted": "Verdicts can be read: look again.",
    "powershell-finished": "A collector process has ended.",
}


def contracts() -> dict[str, Json]:
    """File name to what a reader of another version relies on."""
    found = {module.__name__.rpartition(".")[2]: _types_of(module) for module in _MODULES}
    return found | {"names": _spelled_once()}


def event_schema() -> Json:
    schema = events.EVENT.json_schema(mode="serialization")
    return {"$schema": _DIALECT, "title": "Events of a scan, version 1", **schema}


def asyncapi() -> Json:
    schemas, messages = _messages()
    emitted = [name for name in messages if name != "snapshot"]  # a snapshot is the socket's own
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Assay: events of a scan",
            "version": metadata.version("assay"),
            "description": (
                "`seq` counts 1, 2, 3 … within a scan. Events carry absolute state, so a repeat"
                " does no harm. A reader passes over names and fields that it does not know."
            ),
        },
        "defaultContentType": "application/json",
        "servers": {
            "api": {"host": "127.0.0.1:8000", "protocol": "ws"},
            "nats": {"host": "127.0.0.1:4222", "protocol": "nats"},
        },
        "channels": {
            _SOCKET: _socket_channel(list(messages)),
            _SUBJECT: _subject_channel(emitted),
        },
        "operations": {
            "follow_scan": _sending(_SOCKET, list(messages)),
            "publish_scan": _sending(_SUBJECT, emitted),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


async def openapi() -> Json:
    """Of an application whose servers are named and never asked."""
    database = Database("sqlite+aiosqlite:///never-opened.db")
    app: FastAPI = create_app(
        Services(
            database=database,
            temporal=await Client.connect("127.0.0.1:7233", lazy=True),
            live=LiveHub("nats://127.0.0.1:4222"),
            settings=ApiSettings(version=metadata.version("assay")),
            import_pack=lambda file: import_pack(file, file.parent),
        )
    )
    await database.close()
    return app.openapi()


def _types_of(module: ModuleType) -> Json:
    """What has no default is required: removing one, or asking for one more, breaks a reader."""
    adapters: dict[str, TypeAdapter[Any]] = {
        name: TypeAdapter(kind)
        for name, kind in sorted(vars(module).items())
        if isinstance(kind, type)
        and issubclass(kind, BaseModel | Enum)
        and kind.__module__ == module.__name__
        and not name.startswith("_")
    }
    adapters |= _UNIONS.get(module.__name__, {})
    mode: Literal["validation"] = "validation"
    entries, schema = TypeAdapter.json_schemas(
        [(name, mode, adapter) for name, adapter in adapters.items()]
    )
    types = {name: entry for (name, _), entry in entries.items()}
    return {"types": types, "$defs": schema["$defs"]}


def _spelled_once() -> Json:
    """Names that another process, or a workflow that is still running, already uses."""
    scan_id = "00000000-0000-0000-0000-000000000000"
    return {
        "protocol": collector.PROTOCOL,
        "marker": collector.MARKER.decode(),
        "max_line_bytes": collector.MAX_LINE_BYTES,
        "max_rows_per_line": collector.MAX_ROWS_PER_LINE,
        "event_version": events.VERSION,
        "event_names": list(events.EVENT_NAMES),
        "stream": subjects.STREAM,
        "all_scans": subjects.ALL_SCANS,
        "scan_events": subjects.scan_events(scan_id).replace(scan_id, _SCAN_ID),
        "message_id": subjects.message_id(_SCAN_ID, 0).removesuffix("0") + "{seq}",
        "task_queue": names.SCANS,
        "collect_queues": [names.collect_queue(service) for service in names.SERVICES],
        "scan_workflow_id": names.scan_workflow_id("{tenant_id}"),
        "connection_test_workflow_id": names.connection_test_workflow_id("{tenant_id}"),
        "schedule_workflow_id": names.schedule_workflow_id("{schedule_id}"),
        "campaign_workflow_id": names.campaign_workflow_id("{campaign_id}"),
    }


def _messages() -> tuple[Json, Json]:
    """Schemas by type, and one message an event, by event name."""
    place = "#/components/schemas/{model}"
    union = events.EVENT.json_schema(mode="serialization", ref_template=place)
    messages = {
        name: {
            "name": name,
            "summary": _SAID_OF[name],
            "payload": {"$ref": union["discriminator"]["mapping"][name]},
        }
        for name in events.EVENT_NAMES
    }
    return union["$defs"], messages


def _socket_channel(carried: list[str]) -> Json:
    return {
        "address": f"/msp/cspm/scans/ws/{_SCAN_ID}",
        "description": (
            "Sign in first: with the browser's session and an allowed Origin, or with a bearer"
            " token; a scan that is not yours is refused with 403. Closes with 1000 after the"
            " scan's end, 1013 to a reader that is too slow, 4401 when the session has ended."
        ),
        "servers": [{"$ref": "#/servers/api"}],
        "parameters": {"scan_id": {"description": "The UUID of the scan."}},
        "messages": _references("#/components", carried),
        "bindings": {
            "ws": {
                "query": {
                    "type": "object",
                    "properties": {
                        "after": {
                            "type": "integer",
                            "minimum": 0,
                            "description": "The last seq that was seen: goes on behind it.",
                        }
                    },
                },
                "bindingVersion": "0.1.0",
            }
        },
    }


def _subject_channel(carried: list[str]) -> Json:
    address = _spelled_once()["scan_events"]
    return {
        "address": address,
        "description": (
            f"In the JetStream stream {subjects.STREAM}; the header Nats-Msg-Id is"
            f" `{_SCAN_ID}:{{seq}}`. A copy: the database is the record, and holes are filled"
            " from it."
        ),
        "servers": [{"$ref": "#/servers/nats"}],
        "parameters": {"scan_id": {"description": "The UUID of the scan."}},
        "messages": _references("#/components", carried),
    }


def _sending(channel: str, carried: list[str]) -> Json:
    place = f"#/channels/{channel}"
    return {
        "action": "send",
        "channel": {"$ref": place},
        "messages": list(_references(place, carried).values()),
    }


def _references(place: str, carried: list[str]) -> dict[str, Json]:
    return {name: {"$ref": f"{place}/messages/{name}"} for name in carried}
