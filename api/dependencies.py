"""What an endpoint may ask for: the services, and who is asking."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Path, Query
from starlette.requests import HTTPConnection

from api.identity import Who
from api.services import Services


def services_of(connection: HTTPConnection) -> Services:
    return cast(Services, connection.app.state.services)


def who_asks(connection: HTTPConnection) -> Who:
    """The gate (api/gate.py) has signed the caller in before any route is reached."""
    return cast(Who, connection.state.who)


Wired = Annotated[Services, Depends(services_of)]
Operator = Annotated[Who, Depends(who_asks)]
ScanId = Annotated[UUID, Path(description="The id of a scan.")]
AttemptNumber = Annotated[int | None, Query(ge=1, le=10_000, description="As it stood after it.")]
