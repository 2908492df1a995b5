"""Safe Links, Safe Attachments, files at rest, and Teams messages."""

from checks.exchange.applied_policies import (
    SAFE_ATTACHMENTS,
    SAFE_LINKS,
    Family,
    Policy,
    Wanted,
    is_off,
    is_on,
    require_policies,
    says,
    wrong_settings,
)
from checks.exchange.effective_policy import (
    Governance,
    govern,
    population,
    read_shares,
    refuse_unread_groups,
)
from checks.registry import check
from contracts.verdict import Affected, ReasonCode, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import DEFENDER, DEFENDER_PLAN_2, SAFE_DOCUMENTS, lacks
from evidence.mail_protection import (
    FileProtectionPolicy,
    SafeAttachmentPolicy,
    SafeLinksPolicy,
    TeamsProtectionPolicy,
)
from evidence.mail_rules import (
    BuiltInProtectionRule,
    DefenderPresetRule,
    SafeAttachmentRule,
    SafeLinksRule,
    ScopeGroup,
    TeamsProtectionRule,
)
from evidence.recipients import AcceptedDomain, Mailbox

_ANYBODY = 5  # names shown in a note

_LINKS: Wanted = {
    "enable_safe_links_for_email": is_on,
    "enable_safe_links_for_teams": is_on,
    "enable_safe_links_for_office": is_on,
    "track_clicks": is_on,
    "scan_urls": is_on,
    "enable_for_internal_senders": is_on,
    "deliver_message_after_scan": is_on,
    "allow_click_through": is_off,
    "disable_url_rewrite": is_off,
}
_ATTACHMENTS: Wanted = {
    "enable": is_on,
    "action": says("Block"),
    "quarantine_tag": says("AdminOnlyAccessPolicy"),
}


@check(
    SafeLinksPolicy,
    SafeLinksRule,
    DefenderPresetRule,
    BuiltInProtectionRule,
    ScopeGroup,
    fallback=(Mailbox, AcceptedDomain),
    licence=DEFENDER,
)
def safe_links_cover_everyone(evidence: Evidence) -> Verdict:
    """Passes when every policy that governs or may govern a mailbox has the nine settings and
    nobody is without one. Without the mailboxes, the accepted domains stand for them."""
    return _covers_everyone(evidence, SAFE_LINKS, _LINKS, "Safe Links")


@check(
    SafeAttachmentPolicy,
    SafeAttachmentRule,
    DefenderPresetRule,
    BuiltInProtectionRule,
    ScopeGroup,
    fallback=(Mailbox, AcceptedDomain),
    licence=DEFENDER,
)
def safe_attachments_cover_everyone(evidence: Evidence) -> Verdict:
    """Passes when every policy that governs or may govern a mailbox blocks and lets only admins
    release, and nobody is without one. Without the mailboxes, the accepted domains stand for
    them."""
    return _covers_everyone(evidence, SAFE_ATTACHMENTS, _ATTACHMENTS, "Safe Attachments")


def _covers_everyone(
    evidence: Evidence, family: Family[Policy], wanted: Wanted, feature: str
) -> Verdict:
    require_policies(evidence, family.policies)
    applied, shares = read_shares(evidence, family)
    governance = govern(shares, population(evidence, [share.scope for share in shares]))
    certain, doubtful = _wrong_policies(evidence, governance, wanted)
    policies = {item.resource for item in [*certain, *doubtful]}
    if applied.fallback:
        certain += [_unguarded(address, feature, "none") for address in governance.uncaught]
        doubtful += [
            _unguarded(address, feature, "perhaps none") for address in governance.maybe_uncaught
        ]
    elif governance.uncaught or governance.maybe_uncaught:
        evidence.gaps.append(EvidenceMissing(family.policies.key, "no built-in policy came back"))
    if doubtful and not certain:
        refuse_unread_groups(evidence)
    notes = [*governance.notes, *_left_to_fallback(governance, family)]
    affected = [*certain, *doubtful]
    if affected:
        unguarded = {item.resource for item in affected} - policies
        return failed(_shortcomings(feature, len(policies), len(unguarded)), affected, notes=notes)
    return passed(f"Every {feature} policy in force is as recommended", notes=notes)


def _shortcomings(feature: str, policies: int, people: int) -> str:
    parts = []
    if policies:
        parts.append(f"{policies} {feature} policies in force are not as recommended")
    if people:
        parts.append(f"{people} mailboxes are under no {feature} policy")
    return " and ".join(parts)


def _wrong_policies(
    evidence: Evidence, governance: Governance[Policy], wanted: Wanted
) -> tuple[list[Affected], list[Affected]]:
    """Of policies that surely govern somebody, and of those that only may."""
    certain: list[Affected] = []
    doubtful: list[Affected] = []
    for share in governance.shares:
        if share.applied.policy is None:
            continue
        try:
            wrong = wrong_settings(share.applied.policy, wanted)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        (certain if share.certain else doubtful).extend(wrong)
    return certain, doubtful


def _unguarded(address: str, feature: str, actual: str) -> Affected:
    return Affected(resource=address, setting=f"{feature} policy", actual=actual)


def _left_to_fallback(governance: Governance[Policy], family: Family[Policy]) -> list[str]:
    for share in governance.shares:
        if share.applied.kind == family.fallback:
            domains = sorted(share.domains)
            shown = ", ".join(domains[:_ANYBODY]) + (" …" if len(domains) > _ANYBODY else "")
            return [f"No preset or custom policy covers {share.certain} of them, in {shown}"]
    return []


@check(FileProtectionPolicy, licence=DEFENDER)
def safe_attachments_for_files_on(evidence: Evidence) -> Verdict:
    """Passes when files are scanned, Safe Documents is on and nobody can click through it.
    Where only Safe Documents is wanting and the tenant does not own it, not applicable."""
    if evidence.is_complete(FileProtectionPolicy) and not evidence.count(FileProtectionPolicy):
        raise EvidenceMissing(FileProtectionPolicy.key, "no policy was returned", kind="empty")
    files = evidence.affected(FileProtectionPolicy, _unscanned_files)
    documents = evidence.affected(FileProtectionPolicy, _unsafe_documents)
    if files:
        return failed(
            "Files in SharePoint, OneDrive and Teams are not scanned", [*files, *documents]
        )
    if documents and lacks(evidence, SAFE_DOCUMENTS):
        return not_applicable(
            "Files are scanned, and the tenant has no Safe Documents", ReasonCode.UNLICENSED
        )
    if documents:
        return failed("Safe Documents is off or can be bypassed", documents)
    return passed("Files are scanned and Safe Documents cannot be bypassed")


def _unscanned_files(policy: FileProtectionPolicy) -> Affected | None:
    if policy.scans_files:
        return None
    return Affected(resource=policy.name, setting="EnableATPForSPOTeamsODB", actual="false")


def _unsafe_documents(policy: FileProtectionPolicy) -> list[Affected]:
    found = []
    if not policy.enable_safe_docs:
        found.append(Affected(resource=policy.name, setting="EnableSafeDocs", actual="false"))
    if policy.allow_safe_docs_open:
        found.append(Affected(resource=policy.name, setting="AllowSafeDocsOpen", actual="true"))
    return found


@check(TeamsProtectionPolicy, TeamsProtectionRule, licence=DEFENDER_PLAN_2)
def teams_zero_hour_purge_on(evidence: Evidence) -> Verdict:
    """Passes when the purge is on and every exception from it is approved. The policy is created
    on first use: none at all is not known to mean on."""
    if evidence.is_complete(TeamsProtectionPolicy) and not evidence.count(TeamsProtectionPolicy):
        raise EvidenceMissing(TeamsProtectionPolicy.key, "no policy was returned", kind="empty")
    approved = evidence.approved("teams_zero_hour_purge_on")
    switched_off = evidence.affected(TeamsProtectionPolicy, _purge_off)
    exceptions = evidence.affected(TeamsProtectionRule, _exceptions)
    exempt = [item for item in exceptions if item.actual.lower() not in approved]
    used = len({*exceptions} - {*exempt})
    notes = [f"{used} approved exceptions were used"] if used else []
    if switched_off:
        return failed("The purge of Teams messages is off", [*switched_off, *exempt], notes=notes)
    if exempt:
        return failed(
            f"{len(set(exempt))} exceptions from the purge are not approved", exempt, notes=notes
        )
    return passed("The purge of Teams messages is on", notes=notes)


def _purge_off(policy: TeamsProtectionPolicy) -> Affected | None:
    if policy.zap_enabled:
        return None
    return Affected(resource=policy.name, setting="ZapEnabled", actual="false")


def _exceptions(rule: TeamsProtectionRule) -> list[Affected]:
    return [
        Affected(resource=rule.identity, setting=name, actual=value)
        for name, value in rule.exceptions
    ]
