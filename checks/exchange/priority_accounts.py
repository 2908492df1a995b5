"""Priority accounts: whether they are tagged, watched and under the Strict preset."""

from collections.abc import Callable, Iterable

from checks.exchange.effective_policy import (
    Groups,
    Match,
    Scope,
    population,
    read_groups,
    refuse_unread_groups,
)
from checks.exchange.plan_gate import unlicensed
from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import DEFENDER, DEFENDER_PLAN_2
from evidence.mail_protection import EmailTenantSettings, PriorityUser, ProtectionAlert
from evidence.mail_rules import DefenderPresetRule, ExchangePresetRule, PresetRule, ScopeGroup
from evidence.recipients import AcceptedDomain, Mailbox

THREATS = ("Phish", "Malware")


@check(EmailTenantSettings, PriorityUser, ProtectionAlert, licence=DEFENDER_PLAN_2)
def priority_account_protection_on(evidence: Evidence) -> Verdict:
    """Passes when the protection is on, the accounts that are expected (at least one) carry the
    tag, and an alert each for phishing and malware reaches somebody."""
    if refusal := unlicensed(evidence, DEFENDER_PLAN_2, proof=PriorityUser):
        return refusal
    affected = [
        *_collect(evidence, _switch),
        *_collect(evidence, _untagged),
        *_collect(evidence, _missing_alerts),
    ]
    notes = _who_is_told(evidence)
    if affected:
        parts = sorted({item.setting for item in affected})
        return failed(f"Priority accounts lack: {', '.join(parts)}", affected, notes=notes)
    return passed("Priority accounts are tagged, protected and watched", notes=notes)


def _collect(evidence: Evidence, part: Callable[[Evidence], list[Affected]]) -> list[Affected]:
    """One part that cannot be judged does not hide what another proves."""
    try:
        return part(evidence)
    except EvidenceMissing as gap:
        evidence.gaps.append(gap)
        return []


def _switch(evidence: Evidence) -> list[Affected]:
    settings = evidence.one(EmailTenantSettings)
    if settings.enable_priority_account_protection:
        return []
    return [
        Affected(
            resource=settings.identity, setting="EnablePriorityAccountProtection", actual="false"
        )
    ]


def _untagged(evidence: Evidence) -> list[Affected]:
    expected = evidence.parameter("expected_priority_accounts")
    tagged = {name for user in evidence.each(PriorityUser) for name in user.ids}
    if not tagged:
        return [Affected(resource="Priority account", setting="tagged accounts", actual="none")]
    return [
        Affected(resource=name, setting="tagged accounts", actual="expected, not tagged")
        for name in expected
        if name.strip().lower() not in tagged
    ]


def _missing_alerts(evidence: Evidence) -> list[Affected]:
    alerts = evidence.all(ProtectionAlert)
    return [item for threat in THREATS for item in _missing_alert(alerts, threat)]


def _missing_alert(alerts: list[ProtectionAlert], threat: str) -> list[Affected]:
    candidates = [a for a in alerts if a.is_threat(threat) and a.is_about_priority_accounts]
    faults = [_alert_faults(alert) for alert in candidates]
    if any(not found for found in faults):
        return []
    setting = f"{threat} alert"
    if not candidates:
        return [Affected(resource="Priority account", setting=setting, actual="none")]
    return [
        Affected(resource=alert.shown_name, setting=setting, actual=", ".join(found))
        for alert, found in zip(candidates, faults, strict=True)
    ]


def _alert_faults(alert: ProtectionAlert) -> list[str]:
    faults = {
        f"severity {alert.severity}": (alert.severity or "").lower() != "high",
        "disabled": alert.disabled is not False,
        "notification off": alert.notification_enabled is not True,
        "nobody notified": not any(name.strip() for name in alert.notify_user),
        "not about inbound mail": not alert.is_about_inbound_mail,
    }
    return [fault for fault, is_so in faults.items() if is_so]


def _who_is_told(evidence: Evidence) -> list[str]:
    """Administrators without a mailbox, as they should be, never read this mail."""
    try:
        names = sorted(
            alert.shown_name
            for alert in evidence.shown(ProtectionAlert)
            if alert.is_about_priority_accounts
            and any(name.lower() == "tenantadmins" for name in alert.notify_user)
        )
    except EvidenceMissing:
        return []
    return [f"'{name}' notifies TenantAdmins: see that one has a mailbox" for name in names]


@check(
    ExchangePresetRule,
    DefenderPresetRule,
    PriorityUser,
    ScopeGroup,
    fallback=(Mailbox, AcceptedDomain),
    licence=DEFENDER,
)
def priority_accounts_under_strict_preset(evidence: Evidence) -> Verdict:
    """Passes when the Strict rule of both halves is enabled and matches every priority account;
    with nobody tagged, when each matches somebody at all."""
    if refusal := unlicensed(evidence, DEFENDER, proof=DefenderPresetRule):
        return refusal
    groups = read_groups(evidence)
    missing: list[Affected] = []
    scopes: dict[str, Scope] = {}
    for half, dataset in (("Exchange", ExchangePresetRule), ("Defender", DefenderPresetRule)):
        try:
            _add_half(evidence, dataset, half, groups, scopes, missing)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    if missing:
        return failed("The Strict preset is not on in both halves", missing)
    users = evidence.all(PriorityUser)
    if not users:
        return _covers_somebody(evidence, scopes)
    return _covers_users(evidence, scopes, users)


def _add_half(
    evidence: Evidence,
    dataset: type[PresetRule],
    half: str,
    groups: Groups,
    scopes: dict[str, Scope],
    missing: list[Affected],
) -> None:
    rules: list[PresetRule] = []
    for rule in evidence.each(dataset):
        if rule.is_strict and rule not in rules:
            rules.append(rule)
    enabled = [rule for rule in rules if rule.is_enabled]
    if len(enabled) == 1:
        scopes[half] = Scope(enabled[0], groups)
        return
    actual = f"{len(enabled)} enabled rules" if enabled else "disabled" if rules else "absent"
    missing.append(Affected(resource="Strict preset", setting=f"{half} half", actual=actual))


def _covers_somebody(evidence: Evidence, scopes: dict[str, Scope]) -> Verdict:
    people = population(evidence, scopes.values())
    idle = {
        half: scope
        for half, scope in scopes.items()
        if not any(scope.matches(address) is Match.YES for address in people.addresses)
    }
    notes = ["No priority account is tagged"]
    if not idle:
        return passed("The Strict preset is on in both halves and covers somebody", notes=notes)
    if any(
        scope.matches(address) is Match.MAYBE
        for scope in idle.values()
        for address in people.addresses
    ):
        refuse_unread_groups(evidence)
    return failed(
        "The Strict preset is enabled but covers nobody",
        [
            Affected(resource="Strict preset", setting=f"{half} half", actual="matches nobody")
            for half in idle
        ],
        notes=notes,
    )


def _covers_users(
    evidence: Evidence, scopes: dict[str, Scope], users: list[PriorityUser]
) -> Verdict:
    addresses = _addresses(evidence, users)
    affected: list[Affected] = []
    only_doubts = True
    for user, address in addresses.items():
        for half, scope in scopes.items():
            match = scope.matches(address)
            if match is Match.YES:
                continue
            only_doubts = only_doubts and match is Match.MAYBE
            affected.append(
                Affected(
                    resource=user,
                    setting=f"Strict preset, {half} half",
                    actual=_why(scope, address),
                )
            )
    if affected and only_doubts:
        refuse_unread_groups(evidence)
    if affected:
        names = {item.resource for item in affected}
        return failed(f"{len(names)} priority accounts are outside the Strict preset", affected)
    return passed(f"The Strict preset covers all {len(addresses)} priority accounts")


def _why(scope: Scope, address: str) -> str:
    if scope.includes(address) is Match.NO:
        return "outside its scope"
    if scope.excepts(address) is Match.YES:
        return "excepted"
    return "membership of a group is not known"


def _addresses(evidence: Evidence, users: Iterable[PriorityUser]) -> dict[str, str]:
    """User and primary address: of the mailbox if there is one, else what the user object says."""
    wanted = {name: user.user_principal_name for user in users for name in user.ids}
    primary: dict[str, str] = {}
    for mailbox in evidence.seen(Mailbox):
        for key in (mailbox.external_directory_object_id, mailbox.user_principal_name):
            if key and key.strip().lower() in wanted:
                primary[wanted[key.strip().lower()]] = mailbox.primary_smtp_address.lower()
    return {
        user.user_principal_name: primary.get(
            user.user_principal_name,
            (user.windows_email_address or user.user_principal_name).strip().lower(),
        )
        for user in users
    }
