"""Configuration of nats-server: JetStream, and one user a role with an allow list each."""

from pathlib import Path

from contracts.subjects import ALL_SCANS, STREAM

_STREAM_API = [
    f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("INFO", "CREATE", "UPDATE", "MSG.GET")
]
_CONSUMER_API = [
    f"$JS.API.CONSUMER.CREATE.{STREAM}",
    f"$JS.API.CONSUMER.CREATE.{STREAM}.>",
    f"$JS.API.CONSUMER.INFO.{STREAM}.>",
    f"$JS.API.CONSUMER.DELETE.{STREAM}.>",
    f"$JS.API.DIRECT.GET.{STREAM}.>",
    f"$JS.FC.{STREAM}.>",
]
WORKER_MAY_PUBLISH = [ALL_SCANS]
API_MAY_PUBLISH = [ALL_SCANS, *_STREAM_API, *_CONSUMER_API]


def nats_config(
    *, host: str, port: int, store: Path, passwords: dict[str, str], monitor: str = ""
) -> str:
    """`passwords` by role, `worker` and `api`: no anonymous access, and a worker can neither read
    events nor touch the stream. A value that begins with `$` is read from the environment."""
    users = [
        _user("worker", passwords["worker"], WORKER_MAY_PUBLISH),
        _user("api", passwords["api"], API_MAY_PUBLISH),
    ]
    lines = [
        f"listen: {_quoted(f'{host}:{port}')}",
        *([f"http: {_quoted(monitor)}"] if monitor else []),
        "max_payload: 1MB",
        "logtime: false",
        f"jetstream {{ store_dir: {_quoted(str(store))}, max_file_store: 4GB }}",
        "authorization {",
        "  users: [",
        *users,
        "  ]",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _user(name: str, password: str, may_publish: list[str]) -> str:
    publish = ", ".join(_quoted(subject) for subject in may_publish)
    secret = password if password.startswith("$") else _quoted(password)
    return (
        f"    {{ user: {name}, password: {secret}, permissions: "
        f'{{ publish: [{publish}], subscribe: ["_INBOX.>"] }} }}'
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
