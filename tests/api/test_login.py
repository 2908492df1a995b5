"""Signing in, staying signed in, and being slowed down."""

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select, update

from api.app import create_app
from api.errors import TooManyTries
from api.identity import digest
from api.services import ApiSettings, Services
from api.throttle import Throttle
from store import accounts
from store.tables import ApiToken, LoginSession
from tests.api.conftest import ORIGIN, PASSWORD, House, browser, now

SESSION = "/api/v1/session"


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(
    anonymous: httpx2.AsyncClient, ours: House
) -> None:
    answer = await anonymous.post(SESSION, json={"username": "admin", "password": PASSWORD})

    cookie = answer.headers["set-cookie"].lower()
    assert answer.json()["username"] == "admin"
    assert cookie.startswith("assay-session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie


async def test_over_https_the_cookie_is_bound_to_the_host(services: Services, ours: House) -> None:
    settings = ApiSettings(public_url="https://assay.example")
    app = create_app(replace(services, settings=settings))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport,
        base_url="https://assay.example",
        headers={"Origin": "https://assay.example"},
    ) as client:
        answer = await client.post(SESSION, json={"username": "admin", "password": PASSWORD})
        me = await client.get("/api/v1/me")

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-assay-session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert me.json()["username"] == "admin"


async def test_a_form_signs_in_too(anonymous: httpx2.AsyncClient, ours: House) -> None:
    answer = await anonymous.post(SESSION, data={"username": "admin", "password": PASSWORD})

    assert answer.status_code == 200
    assert (await anonymous.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize("username", ["admin", "nobody"])
async def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(
    anonymous: httpx2.AsyncClient, ours: House, username: str
) -> None:
    answer = await anonymous.post(SESSION, json={"username": username, "password": "wrong"})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "User name or password is wrong."
    assert "set-cookie" not in answer.headers


async def test_only_a_digest_of_the_session_is_stored(
    client: httpx2.AsyncClient, services: Services
) -> None:
    secret = client.cookies["assay-session"]
    async with services.database.read() as session:
        stored = list(await session.scalars(select(LoginSession.token_hash)))

    assert stored == [digest(secret)]
    assert secret not in stored


async def test_each_sign_in_has_a_new_id_and_ends_the_one_before(
    client: httpx2.AsyncClient, services: Services
) -> None:
    before = client.cookies["assay-session"]
    await client.post(SESSION, json={"username": "admin", "password": PASSWORD})

    assert client.cookies["assay-session"] != before
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(LoginSession)) == 1


async def test_a_session_that_was_planted_before_the_sign_in_is_worthless(
    anonymous: httpx2.AsyncClient, ours: House
) -> None:
    anonymous.cookies.set("assay-session", "planted")
    answer = await anonymous.post(SESSION, json={"username": "admin", "password": PASSWORD})
    anonymous.cookies.clear()
    reused = await anonymous.get("/api/v1/me", headers={"Cookie": "assay-session=planted"})

    assert answer.status_code == 200
    assert reused.status_code == 401


async def test_signing_out_ends_the_session_at_once(client: httpx2.AsyncClient) -> None:
    secret = client.cookies["assay-session"]
    answer = await client.delete(SESSION)
    client.cookies.clear()
    reused = await client.get("/api/v1/me", headers={"Cookie": f"assay-session={secret}"})

    assert answer.status_code == 204
    assert reused.status_code == 401


@pytest.mark.parametrize(
    ("column", "age"),
    [("last_seen_at", timedelta(hours=2, seconds=1)), ("expires_at", timedelta(seconds=1))],
)
async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(
    client: httpx2.AsyncClient, services: Services, column: str, age: timedelta
) -> None:
    async with services.database.begin() as session:
        await session.execute(update(LoginSession).values({column: now() - age}))

    assert (await client.get("/api/v1/me")).status_code == 401


async def test_using_a_session_keeps_it_alive(
    client: httpx2.AsyncClient, services: Services
) -> None:
    async with services.database.begin() as session:
        await session.execute(update(LoginSession).values(last_seen_at=now() - timedelta(hours=1)))
    await client.get("/api/v1/me")

    async with services.database.read() as session:
        seen = await session.scalar(select(LoginSession.last_seen_at))
    assert seen is not None
    assert now() - seen < timedelta(minutes=1)


async def test_a_new_password_ends_sessions_and_tokens(
    client: httpx2.AsyncClient, services: Services, ours: House
) -> None:
    token = (await client.post("/api/v1/tokens", json={"name": "laptop"})).json()["token"]
    async with services.database.begin() as session:
        await accounts.put_user(
            session,
            organisation_id=ours.organisation_id,
            username="admin",
            password_hash="new",
            at=now(),
        )

    assert (await client.get("/api/v1/me")).status_code == 401
    client.cookies.clear()
    answer = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_guessing_is_slowed_down_for_the_guesser_only(
    services: Services, ours: House
) -> None:
    app = create_app(services)
    here = httpx2.ASGITransport(app=app, client=("192.0.2.1", 1))
    there = httpx2.ASGITransport(app=app, client=("192.0.2.2", 1))
    headers = {"Origin": ORIGIN}
    async with (
        httpx2.AsyncClient(transport=here, base_url=ORIGIN, headers=headers) as guesser,
        httpx2.AsyncClient(transport=there, base_url=ORIGIN, headers=headers) as victim,
    ):
        guesses = [
            await guesser.post(SESSION, json={"username": "admin", "password": f"guess {number}"})
            for number in range(7)
        ]
        right = await guesser.post(SESSION, json={"username": "admin", "password": PASSWORD})
        elsewhere = await victim.post(SESSION, json={"username": "admin", "password": PASSWORD})

    assert [answer.status_code for answer in guesses] == [401] * 5 + [429] * 2
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert right.status_code == 429
    assert elsewhere.status_code == 200


def test_the_delay_grows_with_each_failure_and_a_success_forgets_them() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    waits = []
    for _ in range(9):
        try:
            throttle.admit("Admin", "here")
        except TooManyTries as refusal:
            waits.append(int(refusal.headers["Retry-After"]))
            clock[0] += waits[-1]
            throttle.admit("admin", "here")
    throttle.forget("ADMIN", "here")
    throttle.admit("admin", "here")

    assert waits == [1, 2, 4, 8]


async def test_a_token_signs_the_command_line_in_without_cookie_or_origin(
    client: httpx2.AsyncClient, services: Services
) -> None:
    shown = (await client.post("/api/v1/tokens", json={"name": "laptop"})).json()
    transport = httpx2.ASGITransport(app=create_app(services))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as cli:
        headers = {"Authorization": f"Bearer {shown['token']}"}
        me = await cli.get("/api/v1/me", headers=headers)
        added = await cli.post(
            "/api/v1/tenants",
            headers=headers,
            json={
                "microsoft_id": "11111111-2222-3333-4444-555555555555",
                "name": "Adatum",
                "domain": "adatum.example",
            },
        )

    assert me.json()["username"] == "admin"
    assert added.status_code == 201
    async with services.database.read() as session:
        stored = list(await session.scalars(select(ApiToken.token_hash)))
    assert stored == [digest(shown["token"])]
    assert shown["token"].startswith("assay_")
    assert shown["token"] not in (await client.get("/api/v1/tokens")).text


async def test_a_token_that_was_ended_or_has_expired_opens_nothing(
    client: httpx2.AsyncClient, services: Services
) -> None:
    ended = (await client.post("/api/v1/tokens", json={"name": "a"})).json()
    expired = (await client.post("/api/v1/tokens", json={"name": "b"})).json()
    answer = await client.delete(f"/api/v1/tokens/{ended['id']}")
    async with services.database.begin() as session:
        await session.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))

    assert answer.status_code == 204
    for token in (ended["token"], expired["token"], "assay_guess", "guess", ""):
        used = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert used.status_code == 401, token


async def test_a_token_cannot_make_another_token(client: httpx2.AsyncClient) -> None:
    token = (await client.post("/api/v1/tokens", json={"name": "laptop"})).json()["token"]
    client.cookies.clear()

    answer = await client.post(
        "/api/v1/tokens", json={"name": "more"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 403


async def test_nobody_ends_the_token_of_somebody_else(
    client: httpx2.AsyncClient, services: Services, theirs: House
) -> None:
    async with browser(create_app(services), theirs.username) as stranger:
        token = (await stranger.post("/api/v1/tokens", json={"name": "theirs"})).json()
        answer = await client.delete(f"/api/v1/tokens/{token['id']}")
        alive = await stranger.get("/api/v1/tokens")

    assert answer.status_code == 404
    assert [line["name"] for line in alive.json()] == ["theirs"]
