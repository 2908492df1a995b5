"""One scan of a world: started as an operator starts it, watched, steered."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

import checks  # noqa: F401  (fills the registry)
from activities.offline import judge_pack
from checks.catalogue import selected
from checks.registry import CHECKS
from contracts.scan import Profile
from evidence.packs import Pack
from tests.faults.harness.tenant import PACK, Tenant
from tests.faults.harness.world import END_S, OPEN, POLL_S, World

ALL = "E5-L2"
State = dict[str, Any]
_BRIEF = ("status", "attempt", "completed", "progress_percentage", "error_message", "batches")


@dataclass(frozen=True)
class Run:
    world: World
    tenant: Tenant
    scan_id: str
    api: str = "api"

    @classmethod
    def start(cls, world: World, tenant: Tenant, profile: str = ALL, api: str = "api") -> "Run":
        with world.client(api) as client:
            answer = client.post("/api/v1/scans", json={"tenant": tenant.id, "profile": profile})
        assert answer.status_code == 202, answer.text
        return cls(world, tenant, answer.json()["scan_id"], api)

    def state(self) -> State:
        with self.world.client(self.api) as client:
            found = client.get(f"/api/v1/scans/{self.scan_id}").raise_for_status()
        state: State = found.json()
        return state

    def wait(self, condition: Callable[[State], Any], within_s: float = END_S) -> State:
        """Whatever the API does meanwhile: it is one of the parts that die."""
        deadline = time.monotonic() + within_s
        state: State = {}
        while time.monotonic() < deadline:
            try:
                state = self.state()
            except httpx2.HTTPError:
                time.sleep(POLL_S)
                continue
            if condition(state):
                return state
            time.sleep(POLL_S)
        brief = {name: state.get(name) for name in _BRIEF}
        raise AssertionError(f"not within {within_s:.0f} s: {brief}\n{self.world.logs()}")

    def judged(self, count: int, within_s: float = END_S) -> State:
        return self.wait(lambda state: state["completed"] >= count, within_s)

    def end(self, within_s: float = END_S) -> State:
        return self.wait(lambda state: state["status"] not in OPEN, within_s)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        with self.world.client(self.api) as client:
            return client.post(
                f"/api/v1/scans/{self.scan_id}/{path}", json=body or {}, headers=headers
            )

    def events(self) -> list[dict[str, Any]]:
        """From the database: the journal is the record."""
        import json

        rows = self.world.rows(
            "select body from event where scan_id = :scan order by seq", scan=self.scan_id
        )
        bodies = [row["body"] for row in rows]
        return [json.loads(body) if isinstance(body, str) else body for body in bodies]

    def batch_messages(self, service: str) -> list[str]:
        return [
            event["message"]
            for event in self.events()
            if event["event"] == "batch" and event["service"] == service and event["message"]
        ]

    def verdicts(self) -> dict[str, str]:
        return {
            line["recommendation"]: line["verdict"]
            for line in self.state()["checks"]
            if line["verdict"]
        }

    def reasons(self) -> dict[str, str]:
        return {line["recommendation"]: line["reason"] for line in self.state()["checks"]}

    def page(self, part: str = "") -> str:
        with self.world.client(self.api) as client:
            address = f"/msp/cspm/scans/{self.scan_id}{part}"
            return client.get(address, headers={"Accept": "text/html"}).text


@cache
def faultless(profile: str = ALL, pack: Path = PACK) -> dict[str, str]:
    """What the pack comes to when nothing goes wrong, judged without a service."""
    return {
        line["recommendation"]: line["verdict"]
        for line in judge_pack(Pack.open(pack), Profile.parse(profile))
    }


def reading(*datasets: str, profile: str = ALL) -> set[str]:
    """Recommendations whose verdict rests on one of these datasets."""
    return {
        item.id
        for item in selected(Profile.parse(profile))
        if {dataset.key for dataset in CHECKS[item.check].datasets} & set(datasets)
    }


def of_service(service: str, profile: str = ALL) -> set[str]:
    """Recommendations that read anything of a service."""
    return {
        item.id
        for item in selected(Profile.parse(profile))
        if service in CHECKS[item.check].services
    }
