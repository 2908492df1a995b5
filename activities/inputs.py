"""What a read needs to know beforehand: rows of another service of the same scan."""

import contextlib
from collections.abc import Callable, Mapping

from activities.judging import load_context
from contracts.scan import ScanRequest
from evidence.dataset import EvidenceMissing
from evidence.dns import TxtRecords
from evidence.evidence import Evidence
from evidence.privileged_identity import EmergencyAccountGroups
from evidence.recipients import AcceptedDomain
from store.database import Database

Inputs = Callable[[Evidence], Mapping[str, list[str]]]


def _mail_domains(evidence: Evidence) -> Mapping[str, list[str]]:
    """Of a list with gaps the domains that can be read; who judges all of them sees the gaps."""
    found = set()
    for row in evidence.shown(AcceptedDomain):
        with contextlib.suppress(EvidenceMissing):
            found.add(row.domain_name)
    return {"domains": sorted(found)}


_INPUTS: dict[str, tuple[str, Inputs]] = {
    TxtRecords.key: (AcceptedDomain.key, _mail_domains),
}


async def inputs_for(database: Database, scan: ScanRequest, name: str) -> Mapping[str, list[str]]:
    """Parameters of a dataset's read, from what this attempt has stored; mostly none."""
    if name == EmergencyAccountGroups.key:
        context = await load_context(database, scan, ())
        return {"emergency_accounts": context.parameters.emergency_accounts}
    if name not in _INPUTS:
        return {}
    source, inputs = _INPUTS[name]
    context = await load_context(database, scan, [source])
    if source not in context.recorded:
        return {}
    evidence = Evidence(context.recorded, context.captured_at_or_now, context.parameters)
    return inputs(evidence)
