"""Lines of a collector that runs elsewhere: the same protocol objects, by HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.bodies import StrictRoute, json_only
from api.dependencies import Operator, ScanId, Wired
from api.errors import UnusableInput, problems
from api.remote_contact import tell_who_waits
from api.remote_tokens import WEBHOOK, RemoteGrant, RemoteTokenRefused, issue
from api.services import Services
from checks.permissions import reads_of, service_of
from contracts.collector import COLLECTOR_LINE, MAX_LINE_BYTES
from contracts.errors import NotARemoteTenant
from contracts.names import SERVICES
from store import remote, results, scans, tenants

LIFE = timedelta(hours=12)
_MOST_LINES = 1000
_KNOWN = frozenset(
    {
        "hello",
        "connected",
        "connect-failed",
        "dataset-started",
        "rows",
        "dataset-finished",
        "dataset-failed",
        "log",
        "bye",
    }
)

router = APIRouter(tags=["Remote collectors"], route_class=StrictRoute)
tokens = APIRouter(tags=["Remote collectors"])


class RemoteToken(BaseModel):
    """`token` is shown once. `datasets` is what the batch of the service asks for."""

    token: str
    scan_id: str
    service: str
    expires_at: datetime
    url: str
    datasets: list[str]


class RemoteTokens(BaseModel):
    items: list[RemoteToken]


class Post(BaseModel):
    """`sequence` counts 1, 2, 3 … by token. A post that got no answer is sent again as it was."""

    model_config = ConfigDict(extra="forbid")

    sequence: int = Field(ge=1, le=10_000_000, strict=True)
    lines: list[dict[str, Any]] = Field(min_length=1, max_length=_MOST_LINES)

    @model_validator(mode="after")
    def _lines_fit(self) -> "Post":
        for number, line in enumerate(self.lines):
            _check_line(number, line)
        return self


class Taken(BaseModel):
    """`taken` is false for a repeat. `next` is the sequence of the next post."""

    taken: bool
    next: int


@tokens.post(
    "/scans/{scan_id}/remote-token",
    operation_id="make_remote_token",
    summary="Tokens for a collector elsewhere",
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def post_remote_token(
    scan_id: ScanId,
    who: Operator,
    services: Wired,
    service: Annotated[str | None, Query(max_length=20)] = None,
) -> RemoteTokens:
    """One for each service of the scan, or for the named one. A new token ends the run of the one
    before it, so that a collector that broke off can begin again."""
    found = await make_tokens(
        services, organisation_id=who.organisation_id, scan_id=str(scan_id), service=service
    )
    return RemoteTokens(items=found)


@router.post(
    WEBHOOK + "{scan_id}",
    operation_id="post_progress",
    summary="Protocol lines of a collector elsewhere",
    dependencies=[Depends(json_only)],
    responses=problems(401, 409, 413, 415, 422, 503),
)
async def post_progress(scan_id: ScanId, body: Post, request: Request, services: Wired) -> Taken:
    """In order and once: a gap is refused with the sequence that is expected, a repeat of the
    last post is answered and changes nothing."""
    grant: RemoteGrant = request.state.grant  # the gate has opened the token
    if grant.scan_id != str(scan_id):
        raise RemoteTokenRefused
    async with services.database.begin() as session:
        taken = await remote.add_lines(
            session,
            organisation_id=grant.organisation_id,
            scan_id=grant.scan_id,
            service=grant.service,
            generation=grant.generation,
            sequence=body.sequence,
            lines=[line for line in body.lines if line["type"] in _KNOWN],
            at=datetime.now(UTC),
        )
    await tell_who_waits(services, grant, body.sequence)
    return Taken(taken=taken, next=body.sequence + 1)


async def make_tokens(
    services: Services, *, organisation_id: str, scan_id: str, service: str | None = None
) -> list[RemoteToken]:
    """Raises ScanNotFound, ScanAlreadyFinished, NotARemoteTenant, NoKeyRing."""
    async with services.database.read() as session:
        scan = await scans.get_scan(session, organisation_id=organisation_id, scan_id=scan_id)
        tenant = await tenants.get_tenant(
            session, organisation_id=organisation_id, tenant=scan.tenant_id
        )
        lines = await results.list_results(
            session, organisation_id=organisation_id, scan_id=scan_id
        )
    if not tenants.is_read_elsewhere(tenant):
        raise NotARemoteTenant(tenant.name)
    wanted = sorted({name for line in lines for name in reads_of(line.check)})
    read = [item for item in SERVICES if item != "dns" and item in map(service_of, wanted)]
    if service is not None and service not in read:
        raise UnusableInput(f"This scan reads no service {service[:20]} elsewhere.")
    ring = services.keys()
    expires_at = datetime.now(UTC).replace(microsecond=0) + LIFE
    made = []
    async with services.database.begin() as session:
        for name in [service] if service else read:
            generation = await remote.begin_run(
                session, organisation_id=organisation_id, scan_id=scan_id, service=name
            )
            grant = RemoteGrant(organisation_id, scan_id, name, generation, expires_at)
            made.append(
                RemoteToken(
                    token=issue(ring, grant),
                    scan_id=scan_id,
                    service=name,
                    expires_at=expires_at,
                    url=f"{services.settings.public_url}{WEBHOOK}{scan_id}",
                    datasets=[dataset for dataset in wanted if service_of(dataset) == name],
                )
            )
    return made


def _check_line(number: int, line: dict[str, Any]) -> None:
    """An unknown type is passed over, as a local collector's would be."""
    kind = line.get("type")
    if not isinstance(kind, str):
        raise ValueError(f"line {number} has no type")
    if kind not in _KNOWN:
        return
    try:
        found = COLLECTOR_LINE.validate_python(line)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ValueError(f"line {number} does not fit: {where}") from None
    if len(found.model_dump_json()) > MAX_LINE_BYTES:
        raise ValueError(f"line {number} is longer than 256 KiB")
