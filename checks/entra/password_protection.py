"""Passwords that nobody may choose, in the cloud and on-premises."""

from checks.entra.licence_gate import unlicensed, unread
from checks.registry import check
from checks.synchronisation import stale_sync
from contracts.verdict import Affected, Verdict, failed, not_applicable, passed
from evidence.authentication import GroupSetting
from evidence.dataset import EvidenceMissing
from evidence.entra import Organization
from evidence.evidence import Evidence
from evidence.licences import ENTRA_P1, lacks

FEW_WORDS = 5
RESOURCE = "Password Rule Settings"


@check(GroupSetting, licence=ENTRA_P1)
def custom_banned_passwords_enforced(evidence: Evidence) -> Verdict:
    """Passes when the list of banned words is enforced and holds at least one.

    Without a settings object the defaults apply, and those do not enforce any list. The words
    themselves help an attacker: only their number is shown.
    """
    settings = _password_settings(evidence)
    if isinstance(settings, Verdict):
        return settings
    for rules in settings:
        if rules.checks_own_words and rules.own_words:
            few = rules.own_words < FEW_WORDS
            notes = [f"Review: the list holds only {rules.own_words} words"] if few else []
            return passed(f"{rules.own_words} words are banned", notes=notes)
    affected = [
        Affected(
            resource=RESOURCE,
            setting="EnableBannedPasswordCheck, BannedPasswordList",
            actual=f"{rules.text('EnableBannedPasswordCheck') or 'none'}, {rules.own_words} words",
        )
        for rules in settings
    ]
    return failed("No list of banned words is enforced", affected or [_unset("not configured")])


@check(GroupSetting, Organization, licence=ENTRA_P1)
def onprem_password_protection_enforced(evidence: Evidence) -> Verdict:
    """Passes when a hybrid tenant enforces password protection on its domain controllers."""
    try:
        organization = evidence.one(Organization)
    except EvidenceMissing as gap:
        return unread(gap)
    if not organization.is_synchronised:
        return not_applicable("The directory is not synchronised from on-premises")
    settings = _password_settings(evidence)
    if isinstance(settings, Verdict):
        return settings
    notes = stale_sync(evidence, organization)
    if any(rules.enforces_on_premises for rules in settings):
        agents = "Whether an agent runs on every domain controller cannot be read: review it"
        return passed("Domain controllers refuse banned passwords", notes=[agents, *notes])
    affected = [
        Affected(resource=RESOURCE, setting=name, actual=rules.text(name) or "none")
        for rules in settings
        for name in ("EnableBannedPasswordCheckOnPremises", "BannedPasswordCheckOnPremisesMode")
    ]
    return failed(
        "Domain controllers do not refuse banned passwords",
        affected or [_unset("not configured (default: Audit)")],
        notes=notes,
    )


def _password_settings(evidence: Evidence) -> list[GroupSetting] | Verdict:
    """The object exists only once somebody has changed a setting. Without it and without the
    licence the check does not apply; a failed read is an error whatever the licence."""
    try:
        settings = [item for item in evidence.all(GroupSetting) if item.is_about_passwords]
    except EvidenceMissing as gap:
        return unread(gap)
    if not settings and lacks(evidence, ENTRA_P1):
        return unlicensed(ENTRA_P1)
    return settings


def _unset(actual: str) -> Affected:
    return Affected(resource=RESOURCE, setting="settings object", actual=actual)
