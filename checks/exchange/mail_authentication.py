"""SPF, DKIM and DMARC of the accepted mail domains."""

from collections.abc import Iterator, Mapping, Sequence

from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.dns import TxtRecords, resolve_spf
from evidence.evidence import Evidence
from evidence.exchange import DkimSigningConfig
from evidence.licences import EXCHANGE
from evidence.mail_records import DMARC_LABEL, MAX_SPF_LOOKUPS, DmarcRecord, host_name
from evidence.recipients import AcceptedDomain

_SENDS_NOTHING = "v=spf1 -all"
_WORLDWIDE_HOST = "spf.protection.outlook.com"
_HOSTS = {  # by the suffix of the tenant's first domain
    ".onmicrosoft.us": "spf.protection.office365.us",
    ".partner.onmschina.cn": "spf.protection.partner.outlook.cn",
}
_ENFORCING = ("quarantine", "reject")
Rows = Mapping[str, TxtRecords]


@check(AcceptedDomain, TxtRecords, licence=EXCHANGE)
def spf_records_published(evidence: Evidence) -> Verdict:
    """Passes when each custom domain has one sound SPF record: Exchange Online in it and a
    closing -all or ~all, or just -all. Only Microsoft-owned domains: nothing to judge.

    Approved domains need no Exchange Online in it; other domains that must not send need -all.
    """
    rows, host = _txt_rows(evidence), _protection_host(evidence)
    approved = evidence.approved("spf_records_published")
    judged: set[str] = set()

    def judge(domain: AcceptedDomain) -> Affected | None:
        if not domain.is_custom:
            return None
        name = host_name(domain.domain_name)
        judged.add(name)
        texts = _answer(rows, name).spf_records
        if name in approved:
            faults = _spf_faults(name, texts, rows, needs=host, waived=True)
        elif domain.is_parked:
            faults = _parked_faults(texts)
        else:
            faults = _spf_faults(name, texts, rows, needs=host)
        return _published(name, "SPF", texts, faults)

    return _summed(evidence, "SPF", evidence.affected(AcceptedDomain, judge), judged, approved)


def _protection_host(evidence: Evidence) -> str:
    """Exchange Online's SPF host in this tenant's cloud."""
    for domain in _readable(evidence):
        for suffix, host in _HOSTS.items():
            if domain.domain_name.lower().endswith(suffix):
                return host
    return _WORLDWIDE_HOST


def _sends_nothing(text: str) -> bool:
    return " ".join(text.lower().split()) == _SENDS_NOTHING


def _parked_faults(texts: Sequence[str]) -> list[str]:
    if len(texts) == 1 and _sends_nothing(texts[0]):
        return []
    return _count_faults(texts) or [f"must not send, but the record is not {_SENDS_NOTHING}"]


def _count_faults(texts: Sequence[object]) -> list[str]:
    if not texts:
        return ["no record"]
    return [f"{len(texts)} records, of which receivers use none"] if len(texts) > 1 else []


def _spf_faults(
    name: str, texts: Sequence[str], rows: Rows, *, needs: str, waived: bool = False
) -> list[str]:
    """What was not read may hold the missing host or the closing `all`, but cures no fault."""
    if faults := _count_faults(texts):
        return faults
    if _sends_nothing(texts[0]):
        return []
    found = resolve_spf(name, texts[0], rows, known={needs})
    faults = list(found.faults)
    if found.lookups > MAX_SPF_LOOKUPS:
        return [*faults, f"more than {MAX_SPF_LOOKUPS} DNS look-ups"]
    if found.all_qualifier in ("+", "?"):
        faults.append(f"ends with {found.all_qualifier}all")
    if found.unread and not faults:
        raise EvidenceMissing(
            TxtRecords.key, f"{name} includes {', '.join(found.unread)}, which was not answered"
        )
    if not (found.unread or waived or needs in found.authorises):
        faults.append(f"{needs} is not included")
    if not (found.unread or found.all_qualifier):
        faults.append("no closing all")
    return faults


@check(AcceptedDomain, DkimSigningConfig, licence=EXCHANGE)
def dkim_signing_enabled(evidence: Evidence) -> Verdict:
    """Passes when each custom domain that may send has an enabled and valid configuration.

    A domain without a configuration is not signed. Approved domains are passed over.
    """
    configs = _signing_configs(evidence)
    approved = evidence.approved("dkim_signing_enabled")
    judged: set[str] = set()

    def judge(domain: AcceptedDomain) -> Affected | None:
        if not domain.is_custom or domain.is_parked:
            return None
        name = host_name(domain.domain_name)
        judged.add(name)
        found = configs.get(name, [])
        if name in approved or any(config.signs for config in found):
            return None
        if not found and not evidence.is_complete(DkimSigningConfig):
            return None
        return Affected(resource=name, setting="DKIM", actual=_unsigned(found))

    return _summed(evidence, "DKIM", evidence.affected(AcceptedDomain, judge), judged, approved)


def _signing_configs(evidence: Evidence) -> dict[str, list[DkimSigningConfig]]:
    configs: dict[str, list[DkimSigningConfig]] = {}
    for config in evidence.seen(DkimSigningConfig):
        names = {host_name(name) for name in (config.domain, config.name) if name}
        if not names:
            evidence.gaps.append(EvidenceMissing(DkimSigningConfig.key, "a row names no domain"))
        for name in names:
            configs.setdefault(name, []).append(config)
    return configs


def _unsigned(configs: Sequence[DkimSigningConfig]) -> str:
    if not configs:
        return "no DKIM configuration"
    config = configs[0]
    hosts = [host for host in (config.selector1_cname, config.selector2_cname) if host]
    publish = f", selectors point to {' and '.join(hosts)}" if hosts else ""
    return f"Enabled {config.enabled}, Status {config.status}{publish}"


@check(AcceptedDomain, TxtRecords, licence=EXCHANGE)
def dmarc_records_published(evidence: Evidence) -> Verdict:
    """Passes when each mail domain, Microsoft's first one included, enforces DMARC for all mail
    and asks for both kinds of reports. A domain that must not send has to reject, no more.

    Approved domains are passed over. A tenant without any mail domain cannot be judged.
    """
    rows = _txt_rows(evidence)
    names = {
        host_name(domain.domain_name)
        for domain in _readable(evidence)
        if not domain.is_coexistence_domain
    }
    approved = evidence.approved("dmarc_records_published")

    def judge(domain: AcceptedDomain) -> Affected | None:
        name = host_name(domain.domain_name)
        if domain.is_coexistence_domain or name in approved:
            return None
        own = _dmarc(rows, name)
        if len(own) > 1:
            return _published(name, "DMARC", [item.text for item in own], _count_faults(own))
        return _dmarc_judged(domain, name, own, rows, names)

    affected = evidence.affected(AcceptedDomain, judge)
    if not names and evidence.is_complete(AcceptedDomain):
        raise EvidenceMissing(AcceptedDomain.key, "no mail domain was returned", kind="empty")
    return _summed(evidence, "DMARC", affected, names, approved)


def _dmarc(rows: Rows, name: str) -> list[DmarcRecord]:
    return _answer(rows, f"{DMARC_LABEL}.{name}").dmarc_records


def _dmarc_judged(
    domain: AcceptedDomain, name: str, own: Sequence[DmarcRecord], rows: Rows, names: set[str]
) -> Affected | None:
    """A domain without a policy of its own takes a parent's whole record, not single tags."""
    if own and own[0].policy:
        faults = _dmarc_faults(own[0], own[0].policy, is_parked=domain.is_parked)
        return _published(name, "DMARC", [own[0].text], faults)
    for parent in _parents(name, names):
        found = _dmarc(rows, parent)
        if len(found) == 1 and found[0].policy:
            policy = found[0].subdomain_policy
            faults = _dmarc_faults(found[0], policy, is_parked=domain.is_parked)
            return _published(name, f"DMARC inherited from {parent}", [found[0].text], faults)
    return _published(
        name,
        "DMARC",
        [record.text for record in own],
        ["a record without p"] if own else ["no record"],
    )


def _parents(name: str, names: set[str]) -> Iterator[str]:
    """The tenant's own domains above a domain, the shortest first."""
    labels = name.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels) - 1, 0, -1))
    return (parent for parent in above if parent in names)


def _dmarc_faults(record: DmarcRecord, policy: str | None, *, is_parked: bool) -> list[str]:
    faults = [f"{tag} is given twice" for tag in sorted(set(record.repeated))]
    if is_parked:
        return faults if policy == "reject" else [*faults, f"must not send, but policy {policy}"]
    if policy not in _ENFORCING:
        faults.append(f"policy {policy}")
    if not record.is_for_all_mail:
        faults.append(f"pct={record.tags['pct']}")
    faults.extend(f"no {tag} address" for tag in ("rua", "ruf") if not record.reports_to(tag))
    return faults


def _readable(evidence: Evidence) -> Iterator[AcceptedDomain]:
    """The rows that tell name and kind; each other one leaves a gap."""
    for domain in evidence.seen(AcceptedDomain):
        try:
            _ = domain.domain_name, domain.is_coexistence_domain
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        yield domain


def _txt_rows(evidence: Evidence) -> dict[str, TxtRecords]:
    """By name; a name with two different answers has none."""
    rows: dict[str, TxtRecords] = {}
    disputed: set[str] = set()
    for row in evidence.seen(TxtRecords):
        try:
            name = host_name(row.name)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        if rows.setdefault(name, row) != row:
            disputed.add(name)
    for name in sorted(disputed):
        evidence.gaps.append(EvidenceMissing(TxtRecords.key, f"two different answers for {name}"))
        del rows[name]
    return rows


def _answer(rows: Rows, name: str) -> TxtRecords:
    row = rows.get(name)
    if row is None:
        raise EvidenceMissing(TxtRecords.key, f"{name} was not looked up")
    if not row.is_answered:
        raise EvidenceMissing(TxtRecords.key, f"the look-up of {name} ended with {row.status}")
    return row


def _published(
    name: str, kind: str, texts: Sequence[str], faults: Sequence[str]
) -> Affected | None:
    if not faults:
        return None
    record = f" (published: {' | '.join(texts)})" if texts else ""
    return Affected(resource=name, setting=kind, actual=f"{'; '.join(faults)}{record}")


def _summed(
    evidence: Evidence,
    kind: str,
    affected: Sequence[Affected],
    judged: set[str],
    approved: frozenset[str],
) -> Verdict:
    used = sorted(judged & approved)
    notes = [f"{len(used)} approved exceptions: {', '.join(used)}"] if used else []
    if affected:
        count = len({item.resource for item in affected})
        reason = f"{kind} falls short for {count} of {len(judged)} mail domains"
        return failed(reason, affected, notes=notes)
    if evidence.is_complete(AcceptedDomain) and not evidence.count(AcceptedDomain):
        raise EvidenceMissing(AcceptedDomain.key, "the read returned nothing", kind="empty")
    if not judged:
        return not_applicable("The tenant's only mail domains belong to Microsoft or do not send")
    return passed(f"{kind} is in order for all {len(judged)} mail domains", notes=notes)
