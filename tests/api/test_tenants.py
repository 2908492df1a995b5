"""Registering tenants, live and recorded, and their parameters."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from api.app import create_app
from api.services import ApiSettings, Services
from contracts.parameters import TenantParameters
from contracts.results import RecordedTenant
from tests.api.conftest import ORIGIN, House, browser, now

TENANTS = "/api/v1/tenants"
RECORDED = "/api/v1/tenants/recorded"
ADATUM = {"microsoft_id": str(uuid4()), "name": "Adatum", "domain": "Adatum.example"}


async def test_a_tenant_is_registered_once(client: httpx2.AsyncClient) -> None:
    first = await client.post(TENANTS, json=ADATUM)
    again = await client.post(TENANTS, json=ADATUM | {"name": "Adatum again"})

    assert first.status_code == 201
    assert first.json()["domain"] == "adatum.example"
    assert (await client.get(first.headers["location"])).json()["name"] == "Adatum"
    assert again.status_code == 409
    assert again.json()["type"] == "/api/docs#tenant-exists"


@pytest.mark.parametrize(
    "change",
    [
        {"microsoft_id": "*"},
        {"domain": "no domain"},
        {"domain": "-.example"},
        {"name": "<b>\u0000</b>"},
        {"name": "x" * 201},
        {"organisation_id": str(uuid4())},
        {"connection": "recorded"},
    ],
)
async def test_a_tenant_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, change: dict[str, str]
) -> None:
    answer = await client.post(TENANTS, json=ADATUM | change)

    assert answer.status_code == 422
    assert len((await client.get(TENANTS)).json()["items"]) == 1


async def test_parameters_are_replaced(client: httpx2.AsyncClient) -> None:
    new = {"exclusion_allowance": 2, "emergency_access_accounts": ["break@glass.example"]}
    answer = await client.put(f"{TENANTS}/Contoso/parameters", json=new)

    kept = (await client.get(f"{TENANTS}/Contoso/parameters")).json()
    assert answer.status_code == 200
    assert kept["exclusion_allowance"] == 2
    assert kept["emergency_access_accounts"] == ["break@glass.example"]


@pytest.mark.parametrize(
    "body",
    [{"exclusion_alowance": 2}, {"exclusion_allowance": -1}, {"exclusion_allowance": "many"}],
)
async def test_a_parameter_that_would_do_nothing_is_refused(
    client: httpx2.AsyncClient, body: dict[str, object]
) -> None:
    answer = await client.put(f"{TENANTS}/Contoso/parameters", json=body)

    assert answer.status_code == 422
    kept = (await client.get(f"{TENANTS}/Contoso/parameters")).json()
    assert kept["exclusion_allowance"] == 5


async def test_a_recorded_tenant_is_registered_from_its_pack(
    services: Services, ours: House
) -> None:
    given: list[bytes] = []

    def keep(path: Path) -> RecordedTenant:
        given.append(path.read_bytes())
        return RecordedTenant(
            folder="kept/northwind",
            microsoft_id=str(uuid4()),
            name="Northwind",
            domain="northwind.example",
            captured_at=now(),
            parameters=TenantParameters(exclusion_allowance=1),
            warnings=["graph.users is partial"],
        )

    async with browser(create_app(replace(services, import_pack=keep)), ours.username) as client:
        answer = await client.post(
            RECORDED, files={"pack": ("pack.zip", b"PK")}, data={"name": "Northwind, May"}
        )
        tenant = (await client.get(answer.headers["location"])).json()

    assert answer.status_code == 201, answer.text
    assert given == [b"PK"]
    assert answer.json()["warnings"] == ["graph.users is partial"]
    assert (tenant["name"], tenant["connection"]) == ("Northwind, May", "recorded")
    assert tenant["pack"] == "kept/northwind"
    assert tenant["parameters"]["exclusion_allowance"] == 1


async def test_a_pack_that_is_not_valid_leaves_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.post(RECORDED, files={"pack": ("pack.zip", b"nonsense")})

    problem = answer.json()
    assert answer.status_code == 422
    assert problem["type"] == "/api/docs#pack-invalid"
    assert problem["file"] == "pack.json"
    assert problem["detail"] == "pack.json: is missing"
    assert len((await client.get(TENANTS)).json()["items"]) == 1


async def test_a_pack_beyond_the_limit_is_refused(services: Services, ours: House) -> None:
    small = replace(services, settings=ApiSettings(public_url=ORIGIN, max_upload_mb=2))
    async with browser(create_app(small), ours.username) as client:
        too_large = await client.post(RECORDED, files={"pack": ("pack.zip", b"x" * 2_200_000)})
        fits = await client.post(RECORDED, files={"pack": ("pack.zip", b"x" * 1_500_000)})

    assert too_large.status_code == 413
    assert fits.status_code == 422
