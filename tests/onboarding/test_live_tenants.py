"""Registering a live tenant; its secret goes in and never comes out."""

import base64
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from sqlalchemy import update

from activities.credentials import Credentials, NoCredential
from api.app import create_app
from api.certificates import KeyPair
from api.discovery import Discovery
from api.services import Services
from assay.key_file import KeyFile
from contracts.errors import TenantIdUnknown
from store.tables import Credential, Tenant
from tests.api.conftest import House, browser
from tests.onboarding.conftest import live_body
from tests.onboarding.ids import CLIENT_ID, FOUND_ID

PASSWORD = "canary-52c1f0-password"
LIVE = "/api/v1/tenants/live"


def uploads(pair: KeyPair) -> dict[str, dict[str, str]]:
    """The same certificate in both shapes, each locked with the password."""
    key, certificate, _ = pkcs12.load_key_and_certificates(pair.pfx, None)
    assert key is not None
    lock = BestAvailableEncryption(PASSWORD.encode())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()
    pfx = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, lock)  # type: ignore[arg-type]
    return {
        "pfx": {"pfx": base64.b64encode(pfx).decode(), "password": PASSWORD},
        "pem": {"pem": pair.facts.pem + private, "password": PASSWORD},
    }


def secrets_of(pair: KeyPair) -> list[str]:
    """Pieces of the key in every spelling it could leak in."""
    key, _, _ = pkcs12.load_key_and_certificates(pair.pfx, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return [
        pem.splitlines()[5],
        base64.b64encode(pair.pfx).decode()[200:260],
        f"{key.private_numbers().p:x}"[20:60],
        PASSWORD,
    ]


async def add(client: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(LIVE, json=live_body(**changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_tenant_gets_a_certificate_of_its_own(client: httpx2.AsyncClient) -> None:
    found = await add(client)

    live = found["live"]
    assert found["connection"] == "powershell"
    assert found["microsoft_id"] == FOUND_ID
    assert found["domain"] == "contoso.onmicrosoft.com"
    assert (live["client_id"], live["cloud"], live["remote"]) == (CLIENT_ID, "worldwide", False)
    assert live["credential"]["subject"] == "CN=Assay for contoso.onmicrosoft.com"
    assert live["credential"]["expires_in_days"] in (729, 730)
    assert live["credential"]["warning"] is None
    assert live["credential"]["created_by"] == "admin"


async def test_by_id_nobody_is_asked_and_the_domain_may_follow(client: httpx2.AsyncClient) -> None:
    found = await add(client, tenant="AAAAAAAA-0000-4000-8000-000000000001", name=None)

    assert found["microsoft_id"] == "aaaaaaaa-0000-4000-8000-000000000001"
    assert (found["domain"], found["name"]) == ("", found["microsoft_id"])


@pytest.mark.parametrize("shape", ["pfx", "pem"])
async def test_an_uploaded_certificate_is_kept_and_only_its_public_part_is_shown(
    client: httpx2.AsyncClient, services: Services, ours: House, pair: KeyPair, shape: str
) -> None:
    found = await add(client, certificate=uploads(pair)[shape])

    assert found["live"]["credential"]["thumbprint"] == pair.facts.thumbprint
    opened = await Credentials(services.database, services.keys).open(
        organisation_id=ours.organisation_id, tenant_id=found["tenant_id"]
    )
    assert pkcs12.load_key_and_certificates(opened.pfx, None)[1] is not None


async def test_no_answer_no_log_and_no_byte_of_the_database_holds_the_secret(
    client: httpx2.AsyncClient,
    services: Services,
    pair: KeyPair,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    found = await add(client, certificate=uploads(pair)["pfx"])
    tenant = found["tenant_id"]
    answers = [json.dumps(found)]
    for path in ("", "/certificate", "/permissions", "/application", "/connection-test"):
        answers.append((await client.get(f"/api/v1/tenants/{tenant}{path}")).text)
    answers.append((await client.get(f"/msp/onboarding/{tenant}")).text)
    answers.append((await client.get("/api/v1/tenants")).text)
    files = b"".join(file.read_bytes() for file in tmp_path.glob("*.db*"))

    for secret in secrets_of(pair):
        assert not [text for text in answers if secret in text]
        assert secret not in caplog.text
        assert secret.encode() not in files
    assert pair.pfx[100:160] not in files
    assert pair.facts.thumbprint.encode() in files


async def test_a_refusal_does_not_repeat_what_was_sent(client: httpx2.AsyncClient) -> None:
    canary = "canary-9be0-secret"
    wrong = [
        live_body(certificate={"pem": canary, "password": canary}),
        live_body(certificate={"pfx": base64.b64encode(canary.encode()).decode()}),
        live_body(certificate={"pfx": "***not base64***" + canary}),
        live_body(certificate={"pem": canary, "pfx": base64.b64encode(b"x" * 20).decode()}),
        live_body(certificate={"secret": canary}),
    ]

    for body in wrong:
        answer = await client.post(LIVE, json=body)
        assert answer.status_code == 422, answer.text
        assert canary not in answer.text
        assert base64.b64encode(canary.encode()).decode() not in answer.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tenant": "elsewhere.example"}, "elsewhere.example could not be found"),
        ({"cloud": "china"}, "could not be found"),
        ({"tenant": "not a domain"}, "neither a tenant id nor a domain"),
        ({"client_id": "x"}, "not valid"),
        ({"cloud": "moon"}, "not valid"),
        ({"parameters": {"unheard_of": 1}}, "no parameter unheard_of"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_kept(
    client: httpx2.AsyncClient, changes: dict[str, Any], says: str
) -> None:
    answer = await client.post(LIVE, json=live_body(**changes))

    assert answer.status_code == 422
    assert says in answer.text
    listed = (await client.get("/api/v1/tenants")).json()["items"]
    assert [line["name"] for line in listed] == ["Contoso"]


async def test_a_tenant_is_registered_once(client: httpx2.AsyncClient) -> None:
    await add(client)

    assert (await client.post(LIVE, json=live_body(name="again"))).status_code == 409


async def test_without_a_key_ring_nothing_is_kept(
    services_without_keys: Services, ours: House
) -> None:
    async with browser(create_app(services_without_keys), ours.username) as client:
        answer = await client.post(LIVE, json=live_body(tenant=FOUND_ID))
        listed = (await client.get("/api/v1/tenants")).json()["items"]

    assert answer.status_code == 503
    assert "key ring" in answer.text
    assert len(listed) == 1


async def test_a_form_cannot_register_a_tenant_by_the_api(client: httpx2.AsyncClient) -> None:
    assert (await client.post(LIVE, data={"tenant": "x"})).status_code == 415


async def test_a_rotation_changes_the_thumbprint_and_the_public_part(
    client: httpx2.AsyncClient,
) -> None:
    found = await add(client)
    address = f"/api/v1/tenants/{found['tenant_id']}"
    changed = (await client.put(f"{address}/credential", json={})).json()
    cer = await client.get(f"{address}/certificate")

    thumbprint = changed["live"]["credential"]["thumbprint"]
    assert thumbprint != found["live"]["credential"]["thumbprint"]
    assert cer.headers["content-type"] == "application/pkix-cert"
    assert thumbprint in cer.headers["content-disposition"]
    assert x509.load_der_x509_certificate(cer.content).subject.rfc4514_string().startswith("CN=")


async def test_a_deleted_certificate_is_gone_and_nobody_signs_in(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    tenant = (await add(client))["tenant_id"]
    address = f"/api/v1/tenants/{tenant}"

    assert (await client.delete(f"{address}/credential")).status_code == 204
    assert (await client.delete(f"{address}/credential")).status_code == 404
    assert (await client.get(f"{address}/certificate")).status_code == 404
    assert (await client.get(address)).json()["live"]["credential"] is None
    with pytest.raises(NoCredential):
        await Credentials(services.database, services.keys).open(
            organisation_id=ours.organisation_id, tenant_id=tenant
        )


async def test_a_recorded_tenant_takes_no_certificate(
    client: httpx2.AsyncClient, ours: House
) -> None:
    address = f"/api/v1/tenants/{ours.tenant.id}"

    assert (await client.put(f"{address}/credential", json={})).status_code == 409
    assert (await client.put(f"{address}/connection", json={})).status_code == 409
    assert (await client.get(address)).json()["live"] is None


async def test_a_stranger_neither_sees_nor_changes_it(
    client: httpx2.AsyncClient, services: Services, theirs: House
) -> None:
    tenant = (await add(client))["tenant_id"]
    address = f"/api/v1/tenants/{tenant}"
    async with browser(create_app(services), theirs.username) as stranger:
        answers = [
            await stranger.get(f"{address}/certificate"),
            await stranger.put(f"{address}/credential", json={}),
            await stranger.delete(f"{address}/credential"),
            await stranger.put(f"{address}/connection", json={"remote": True}),
            await stranger.get(f"{address}/application"),
        ]

    assert {answer.status_code for answer in answers} == {404}


async def test_how_it_is_read_can_be_changed_and_the_rest_stays(
    client: httpx2.AsyncClient,
) -> None:
    tenant = (await add(client))["tenant_id"]
    answer = await client.put(f"/api/v1/tenants/{tenant}/connection", json={"remote": True})

    live = answer.json()["live"]
    assert (live["remote"], live["client_id"], live["cloud"]) == (True, CLIENT_ID, "worldwide")


@pytest.mark.parametrize(
    ("left", "warning"),
    [(20, "30-days"), (10, "14-days"), (3, "7-days"), (-1, "expired")],
)
async def test_the_tenant_says_when_its_certificate_expires(
    client: httpx2.AsyncClient, services: Services, left: int, warning: str
) -> None:
    tenant = (await add(client))["tenant_id"]
    async with services.database.begin() as session:
        expires = datetime.now(UTC) + timedelta(days=left, hours=1)
        await session.execute(update(Credential).values(expires_at=expires))

    credential = (await client.get(f"/api/v1/tenants/{tenant}")).json()["live"]["credential"]
    page = (await client.get(f"/msp/onboarding/{tenant}")).text
    assert credential["warning"] == warning
    assert credential["message"]
    assert credential["message"] in page


async def test_discovery_reads_the_tenant_id_of_the_right_cloud() -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        issuer = f"https://login.partner.microsoftonline.cn/{FOUND_ID}/v2.0"
        return httpx2.Response(200, json={"issuer": issuer})

    found = await Discovery(httpx2.MockTransport(answer))("contoso.cn", "china")

    assert found == FOUND_ID
    assert asked == [
        "https://login.chinacloudapi.cn/contoso.cn/v2.0/.well-known/openid-configuration"
    ]


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(400, json={"error": "invalid_tenant"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json={"issuer": "https://login/{tenantid}/v2.0"}),
        httpx2.Response(200, json=["issuer"]),
        httpx2.Response(302, headers={"location": "https://elsewhere.example/"}),
    ],
)
async def test_discovery_takes_no_other_answer_for_a_tenant(answer: httpx2.Response) -> None:
    with pytest.raises(TenantIdUnknown):
        await Discovery(httpx2.MockTransport(lambda _request: answer))("x.example", "worldwide")


async def test_discovery_says_so_when_nobody_answers() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    with pytest.raises(TenantIdUnknown):
        await Discovery(httpx2.MockTransport(fail))("x.example", "worldwide")


async def test_the_form_connects_a_tenant_and_leads_to_its_page(
    client: httpx2.AsyncClient, pair: KeyPair
) -> None:
    pem = uploads(pair)["pem"]["pem"].encode()
    answer = await client.post(
        "/msp/onboarding",
        data={
            "tenant": "contoso.onmicrosoft.com",
            "name": "Contoso live",
            "client_id": CLIENT_ID,
            "password": PASSWORD,
        },
        files={"certificate": ("c.pem", pem, "application/x-pem-file")},
    )

    assert answer.status_code == 303, answer.text
    shown = (await client.get(answer.headers["location"])).text
    assert pair.facts.thumbprint in shown
    assert "Admin consent" in shown
    assert PASSWORD not in shown


async def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(
        "/msp/onboarding",
        data={"tenant": "contoso.onmicrosoft.com", "client_id": "nope", "password": PASSWORD},
    )

    assert answer.status_code == 422
    assert "The client id is not valid." in answer.text
    assert 'value="contoso.onmicrosoft.com"' in answer.text
    assert PASSWORD not in answer.text


async def test_the_page_takes_a_new_certificate(client: httpx2.AsyncClient, pair: KeyPair) -> None:
    tenant = (await add(client))["tenant_id"]
    upload = {"certificate": ("c.pfx", pair.pfx, "application/x-pkcs12")}
    answer = await client.post(f"/msp/onboarding/{tenant}/certificate", files=upload)
    refused = await client.post(
        f"/msp/onboarding/{tenant}/certificate", files={"certificate": ("c.pfx", b"no", "x/y")}
    )

    assert answer.status_code == 303
    assert pair.facts.thumbprint in (await client.get(answer.headers["location"])).text
    assert refused.status_code == 422
    assert "cannot be read" in refused.text


async def test_a_hostile_name_is_shown_as_text(client: httpx2.AsyncClient) -> None:
    tenant = (await add(client, name="<script>alert(1)</script>"))["tenant_id"]

    assert "<script>alert" not in (await client.get(f"/msp/onboarding/{tenant}")).text


async def test_a_key_that_is_gone_leaves_the_pages_alive(
    services: Services, ours: House, key_file: KeyFile
) -> None:
    async with browser(create_app(services), ours.username) as client:
        tenant = (await add(client))["tenant_id"]
    key_file.path.unlink()
    away = replace(services, keys=KeyFile(key_file.path))
    async with browser(create_app(away), ours.username) as client:
        assert (await client.get(f"/api/v1/tenants/{tenant}")).status_code == 200
        answer = await client.put(f"/api/v1/tenants/{tenant}/credential", json={})

    assert answer.status_code == 503


async def test_the_secret_is_not_in_the_tenants_row(
    client: httpx2.AsyncClient, services: Services, pair: KeyPair
) -> None:
    tenant = (await add(client, certificate=uploads(pair)["pfx"]))["tenant_id"]
    async with services.database.read() as session:
        row = await session.get_one(Tenant, tenant)

    assert row.settings == {"client_id": CLIENT_ID, "cloud": "worldwide", "remote": False}
