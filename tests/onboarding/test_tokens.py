"""What Microsoft says was granted, and every way in which it says no."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.credentials import OpenCertificate
from activities.tokens import MsalTokens, Token, TokenRefused, read_token, scope_of
from api.certificates import KeyPair
from contracts.clouds import CLOUDS
from contracts.collector import TenantRef
from tests.onboarding.authority import GLOBAL_READER, Authority, refusal, token
from tests.onboarding.ids import CLIENT_ID
from tests.onboarding.powershell import MICROSOFT_ID

TENANT = TenantRef(tenant_id=MICROSOFT_ID, domain="contoso.onmicrosoft.com")


async def ask(
    authority: Authority, pair: KeyPair, service: str = "graph", tenant: TenantRef = TENANT
) -> Token:
    return await MsalTokens(authority.transport).token(
        service=service,
        tenant=tenant,
        client_id=CLIENT_ID,
        certificate=OpenCertificate(pair.pfx, datetime.now(UTC)),
    )


async def test_roles_and_directory_roles_are_read_from_the_token(pair: KeyPair) -> None:
    authority = Authority(
        {"roles": ["User.Read.All", "Policy.Read.All"], "wids": [GLOBAL_READER, "other"]}
    )

    found = await ask(authority, pair)

    assert found.roles == {"User.Read.All", "Policy.Read.All"}
    assert found.directory_roles == {"Global Reader"}


async def test_the_certificate_signs_and_its_key_stays_here(
    pair: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority = Authority({"roles": []})
    await ask(authority, pair)

    (form,) = authority.forms
    assert form["client_id"] == [CLIENT_ID]
    assert form["grant_type"] == ["client_credentials"]
    assert "client_secret" not in form
    assert authority.assertion()["alg"] == "PS256"
    assert form["client_assertion_type"][0].endswith("jwt-bearer")
    assert "PRIVATE KEY" not in str(authority.forms)
    assert "PRIVATE KEY" not in caplog.text
    assert form["client_assertion"][0] not in caplog.text


@pytest.mark.parametrize(
    ("service", "scope"),
    [
        ("graph", "00000003-0000-0000-c000-000000000000/.default"),
        ("exchange", "00000002-0000-0ff1-ce00-000000000000/.default"),
        ("purview", "00000002-0000-0ff1-ce00-000000000000/.default"),
        ("sharepoint", "00000003-0000-0ff1-ce00-000000000000/.default"),
        ("teams", "00000003-0000-0000-c000-000000000000/.default"),
        ("fabric", "https://api.fabric.microsoft.com/.default"),
    ],
)
async def test_each_service_asks_for_its_resource(pair: KeyPair, service: str, scope: str) -> None:
    authority = Authority({"roles": []})
    await ask(authority, pair, service)

    assert scope in authority.forms[0]["scope"][0].split()


@pytest.mark.parametrize("cloud", CLOUDS)
async def test_each_cloud_is_asked_at_its_own_address(pair: KeyPair, cloud: str) -> None:
    authority = Authority({"roles": []})
    await ask(authority, pair, "fabric", TENANT.model_copy(update={"cloud": cloud}))

    facts = CLOUDS[cloud]  # type: ignore[index]
    assert set(authority.hosts) == {facts.login}
    assert facts.fabric_scope in authority.forms[0]["scope"][0].split()


@pytest.mark.parametrize(
    ("code", "says", "remedy"),
    [
        (700016, "not known in this tenant", "client id"),
        (7000229, "no service principal", "admin-consent"),
        (700027, "not registered", ".cer"),
        (90002, "no such tenant", "cloud"),
        (500011, "not there", "licence"),
        (53003, "Conditional Access", "Exclude"),
        (12345, "AADSTS12345", "sign-in log"),
    ],
)
async def test_a_refusal_has_our_sentence_and_a_remedy(
    pair: KeyPair, code: int, says: str, remedy: str
) -> None:
    with pytest.raises(TokenRefused, match=says) as refused:
        await ask(Authority(refusal=refusal(code)), pair)

    assert remedy in refused.value.remedy
    assert "canary" not in str(refused.value)


async def test_a_refusal_without_a_code_is_one_too(pair: KeyPair) -> None:
    with pytest.raises(TokenRefused, match="was refused"):
        await ask(Authority(refusal={"error": "strange"}), pair)


async def test_a_tenant_that_the_authority_does_not_know_is_named_as_that(pair: KeyPair) -> None:
    with pytest.raises(TokenRefused, match="does not know this tenant") as refused:
        await ask(Authority(knows_tenant=False), pair)

    assert "canary" not in str(refused.value)


async def test_an_authority_that_is_away_is_named_as_that(pair: KeyPair) -> None:
    with pytest.raises(TokenRefused, match="does not answer"):
        await ask(Authority(is_away=True), pair)


async def test_a_token_for_another_tenant_is_refused(pair: KeyPair) -> None:
    other = {"tid": "aaaaaaaa-0000-4000-8000-00000000000b", "roles": ["User.Read.All"]}

    with pytest.raises(TokenRefused, match="another tenant"):
        await ask(Authority(other), pair)


async def test_a_certificate_that_is_damaged_is_refused() -> None:
    with pytest.raises(TokenRefused):
        await MsalTokens(Authority().transport).token(
            service="graph",
            tenant=TENANT,
            client_id=CLIENT_ID,
            certificate=OpenCertificate(b"damaged", datetime.now(UTC)),
        )


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.W10.c", token()[:20]])
def test_a_token_that_cannot_be_read_grants_nothing(text: str) -> None:
    with pytest.raises(TokenRefused):
        read_token(text)


@pytest.mark.parametrize("claims", [{}, {"roles": []}])
def test_a_token_without_roles_grants_nothing(claims: dict[str, Any]) -> None:
    assert read_token(token(**claims)).roles == frozenset()


def test_an_unknown_cloud_is_the_worldwide_one() -> None:
    tenant = TENANT.model_copy(update={"cloud": "moon"})

    assert scope_of("fabric", tenant) == CLOUDS["worldwide"].fabric_scope
