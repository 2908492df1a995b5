"""One short run of a collector: does it sign in, and can it read something small?"""

import asyncio
from dataclasses import replace

from activities.collector import CollectorCommand, CollectorFailed, CollectorProcess
from activities.collectors import Source
from activities.reading import ReadDataset, Reading, SignInFailed, WrongTenant
from activities.scratch import scratch_folder, with_scratch
from checks.registry import datasets
from contracts.collector import CollectorRequest, DatasetRequest, DatasetStatus, TenantRef

_SCAN_ID = "connection-test"
CHEAP_READS: dict[str, tuple[str, ...]] = {
    "graph": ("graph.subscribed_skus", "graph.domains"),
    "exchange": ("exchange.admin_audit_log_config",),
    "purview": ("purview.dlp_policies",),
    "sharepoint": ("sharepoint.tenant",),
    "teams": ("teams.tenant",),
    "fabric": ("fabric.tenant_settings",),
    "dns": ("dns.txt_records",),
}


class ProbeFailed(Exception):
    """`name` is what failed: the session, or the collector itself."""

    def __init__(self, name: str, status: DatasetStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name
        self.status = status


async def probe(
    source: Source, tenant: TenantRef, service: str, allowed_s: float
) -> list[ReadDataset]:
    """Raises ProbeFailed."""
    assert isinstance(source.command, CollectorCommand)  # noqa: S101  (the caller has asked)
    request = CollectorRequest(
        scan_id=_SCAN_ID,
        service=service,
        tenant=tenant,
        credential=source.credential,
        datasets=[_dataset(name, tenant) for name in CHEAP_READS[service]],
    )
    async with scratch_folder() as folder:
        command = replace(
            source.command, environment=with_scratch(source.command.environment, folder)
        )
        process = await CollectorProcess.start(command, request)
        try:
            async with asyncio.timeout(allowed_s):
                return await _read_all(process, Reading(request))
        except TimeoutError:
            raise ProbeFailed(
                "session", DatasetStatus.TIMEOUT, f"not finished within {allowed_s:.0f} s"
            ) from None
        finally:
            await process.stop()


async def _read_all(process: CollectorProcess, reading: Reading) -> list[ReadDataset]:
    found: list[ReadDataset] = []
    try:
        async for line in process.lines():
            if (done := reading.take(line)) is not None:
                found.append(done)
            if reading.ended:
                return found
    except CollectorFailed as failure:
        raise ProbeFailed("collector", DatasetStatus.OTHER, str(failure)) from None
    except SignInFailed as failure:
        error = failure.error
        raise ProbeFailed(
            "session", DatasetStatus(error.kind), error.message or "the sign-in failed"
        ) from None
    except WrongTenant:
        raise ProbeFailed(
            "session", DatasetStatus.OTHER, "the collector signed in to another tenant"
        ) from None
    raise ProbeFailed(
        "collector", DatasetStatus.OTHER, "the collector ended in the middle of its work"
    )


def _dataset(name: str, tenant: TenantRef) -> DatasetRequest:
    """Mail domains are not known here: the tenant's own stands for them."""
    dataset = datasets()[name]
    parameters = {"domains": [tenant.domain] if tenant.domain else []}
    return DatasetRequest(
        name=name,
        select=dataset.select(),
        parameters=parameters if dataset.service() == "dns" else {},
        depends_on=list(dataset.depends_on),
    )
