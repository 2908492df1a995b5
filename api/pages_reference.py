"""The reference of the JSON API, rendered from its own description: no script, no other host."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from api.dependencies import Operator
from api.rendering import page

router = APIRouter(include_in_schema=False)

_TONES = {"get": "running", "post": "pass", "put": "error", "patch": "error", "delete": "fail"}


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    tag: str
    tone: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    bodies: list[tuple[str, str, Any]]  # media type, type, example
    responses: list[tuple[str, str, str]]  # status, description, type


@router.get("/api/docs")
async def reference_page(request: Request, who: Operator) -> Response:
    description = request.app.openapi()
    groups: dict[str, list[Operation]] = {}
    for operation in operations(description):
        groups.setdefault(operation.tag, []).append(operation)
    return page(
        request,
        "reference.html",
        who=who.username,
        info=description["info"],
        groups=groups,
        schemas=sorted(description.get("components", {}).get("schemas", {}).items()),
        type_of=type_of,
        document=request.app.openapi_url,
    )


def operations(description: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in description["paths"].items():
        for method, item in methods.items():
            if method in _TONES:
                yield _operation(path, method, item)


def _operation(path: str, method: str, item: dict[str, Any]) -> Operation:
    content = item.get("requestBody", {}).get("content", {})
    return Operation(
        id=item.get("operationId", f"{method}-{path}"),
        method=method.upper(),
        path=path,
        tag=(item.get("tags") or ["Other"])[0],
        tone=_TONES[method],
        summary=item.get("summary", ""),
        description=item.get("description", ""),
        parameters=item.get("parameters", []),
        bodies=[
            (media, type_of(body.get("schema", {})), _example(body))
            for media, body in content.items()
        ],
        responses=[
            (status, answer.get("description", ""), _answer_type(answer))
            for status, answer in item.get("responses", {}).items()
        ],
    )


def type_of(schema: dict[str, Any]) -> str:
    """A schema in one line: `ScanState`, `list of CheckLine`, `string (uuid)`, `a | b`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " | ".join(dict.fromkeys(type_of(option) for option in schema[word]))
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    kind = str(schema.get("type", "any"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _answer_type(answer: dict[str, Any]) -> str:
    types = [type_of(body.get("schema", {})) for body in answer.get("content", {}).values()]
    return ", ".join(dict.fromkeys(types))


def _example(body: dict[str, Any]) -> Any:
    examples = body.get("schema", {}).get("examples") or []
    return body.get("example") or (examples[0] if examples else None)
