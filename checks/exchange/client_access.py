"""What clients may do: sign-in, sharing, add-ins, storage, MailTips and support access."""

from collections import Counter
from collections.abc import Iterable

from checks.registry import check
from contracts.verdict import Affected, ReasonCode, Verdict, failed, not_applicable, passed
from evidence.dataset import Dataset, EvidenceMissing
from evidence.entra import User
from evidence.evidence import Evidence
from evidence.exchange import (
    OrganizationConfig,
    OwaMailboxPolicy,
    RoleAssignmentPolicy,
    SharingPolicy,
    TransportConfig,
)
from evidence.licences import EXCHANGE, LOCKBOX, lacks
from evidence.recipients import Mailbox

_DEFAULT_SHARING_POLICY = "default sharing policy"


@check(Mailbox, User, licence=EXCHANGE)
def shared_mailbox_sign_in_blocked(evidence: Evidence) -> Verdict:
    """Passes when the account behind every shared mailbox is disabled, also when there is none.

    A shared mailbox without a readable account proves nothing, unless another one fails.
    """
    shared = _shared_mailboxes(evidence)
    met: set[str] = set()

    def judge(user: User) -> Affected | None:
        label = shared.get(user.id.lower())
        if label is None:
            return None
        met.add(user.id.lower())
        return _sign_in_allowed(label, user)

    affected = evidence.affected(User, judge)
    evidence.gaps.extend(
        EvidenceMissing(User.key, f"no account was read for {label}")
        for account, label in shared.items()
        if account not in met
    )
    if affected:
        return failed(
            f"{len(affected)} of {len(shared)} shared mailboxes have an account that can sign in",
            affected,
        )
    if evidence.is_complete(User) and not evidence.count(User):
        raise EvidenceMissing(User.key, "the read returned nothing", kind="empty")
    if not shared:
        _refuse_nothing_at_all(evidence, Mailbox)
        return passed("The tenant has no shared mailbox")
    return passed(f"Sign-in is blocked for all {len(shared)} shared mailboxes")


def _shared_mailboxes(evidence: Evidence) -> dict[str, str]:
    """What to call each shared mailbox, by lower-case object id of its account."""
    shared: dict[str, str] = {}
    for mailbox in evidence.seen(Mailbox):
        try:
            if mailbox.is_shared_mailbox:
                shared[_account_of(mailbox)] = _label(mailbox)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return shared


def _account_of(mailbox: Mailbox) -> str:
    account = (mailbox.external_directory_object_id or "").strip().lower()
    if not account:
        raise EvidenceMissing(Mailbox.key, f"{_label(mailbox)} names no directory object")
    return account


def _label(mailbox: Mailbox) -> str:
    name = mailbox.user_principal_name
    return f"{mailbox.display_name} ({name})" if mailbox.display_name else name


def _sign_in_allowed(label: str, user: User) -> Affected | None:
    if not user.account_enabled:
        return None
    licensed = "licensed" if user.assigned_licenses else "no licence assigned"
    return Affected(resource=label, setting="accountEnabled", actual=f"true, {licensed}")


def _refuse_nothing_at_all(evidence: Evidence, dataset: type[Dataset]) -> None:
    """A tenant without the licence answers with nothing, which is not a compliant answer."""
    if not evidence.count(dataset) and lacks(evidence, EXCHANGE):
        raise EvidenceMissing(dataset.key, "the read returned nothing", kind="empty")


@check(SharingPolicy, licence=EXCHANGE)
def external_calendar_sharing_off(evidence: Evidence) -> Verdict:
    """Passes when the default sharing policy is disabled; other policies are shown only."""
    policies = list(evidence.seen(SharingPolicy)) or evidence.all(SharingPolicy)
    if not policies:
        raise EvidenceMissing(SharingPolicy.key, "the read returned nothing", kind="empty")
    defaults = [policy for policy in policies if policy.default]
    if not defaults:
        defaults = [row for row in policies if row.name.lower() == _DEFAULT_SHARING_POLICY]
    if not defaults:
        evidence.all(SharingPolicy)  # raises when the default one may stand in the unread part
        raise EvidenceMissing(SharingPolicy.key, "no default sharing policy was returned")
    notes = _other_sharing(policies, defaults)
    enabled = [policy for policy in defaults if policy.enabled]
    if enabled:
        return failed(
            "The default sharing policy lets users share their calendars",
            [_sharing(policy) for policy in enabled],
            notes=notes,
        )
    return passed("The default sharing policy is disabled", notes=notes)


def _sharing(policy: SharingPolicy) -> Affected:
    entries = ", ".join(sorted(policy.domains, key=str.lower)) or "no entry"
    return Affected(resource=policy.name, setting="Enabled", actual=f"True, Domains: {entries}")


def _other_sharing(policies: list[SharingPolicy], defaults: list[SharingPolicy]) -> list[str]:
    """Policies assigned to mailboxes keep working when the default one is off."""
    others = {
        policy.name
        for policy in policies
        if policy not in defaults and policy.enabled and policy.shares_calendars
    }
    return [f"The sharing policy {name} is enabled and shares calendars" for name in sorted(others)]


@check(OrganizationConfig, licence=LOCKBOX)
def customer_lockbox_enabled(evidence: Evidence) -> Verdict:
    """Passes when Customer Lockbox is on, whatever the licence inventory says."""
    config = evidence.one(OrganizationConfig)
    if config.customer_lockbox_enabled:
        return passed("Customer Lockbox is on")
    if lacks(evidence, LOCKBOX):
        return not_applicable("The tenant has no Customer Lockbox plan", ReasonCode.UNLICENSED)
    return failed(
        "Microsoft engineers need no approval before they open tenant content",
        [Affected(resource=config.label, setting="CustomerLockboxEnabled", actual="False")],
    )


@check(RoleAssignmentPolicy, Mailbox, licence=EXCHANGE)
def exchange_user_addins_blocked(evidence: Evidence) -> Verdict:
    """Passes when neither the default policy nor one that a mailbox uses lets users add add-ins."""
    used = _assigned_policies(evidence)
    known: set[str] = set()
    defaults: set[str] = set()

    def judge(policy: RoleAssignmentPolicy) -> Affected | None:
        name = policy.name.lower()
        known.add(name)
        if not (used[name] or policy.is_default):
            return None
        if policy.is_default:
            defaults.add(name)
        return _grants_add_ins(policy)

    affected = evidence.affected(RoleAssignmentPolicy, judge)
    if affected:
        notes = [
            f"{used[name.lower()]} mailboxes use {name}"
            for name in sorted({item.resource for item in affected})
        ]
        return failed("Policies in use let users install add-ins", affected, notes=notes)
    if evidence.is_complete(Mailbox) and not evidence.count(Mailbox):
        raise EvidenceMissing(Mailbox.key, "the read returned nothing", kind="empty")
    evidence.gaps.extend(_unresolved(used, known, defaults))
    return passed("No policy in use lets users install add-ins")


def _assigned_policies(evidence: Evidence) -> Counter[str]:
    """Mailboxes by lower-case name of their policy."""
    used: Counter[str] = Counter()
    for mailbox in evidence.seen(Mailbox):
        try:
            policy = mailbox.role_assignment_policy
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        if policy:
            used[policy.rpartition("\\")[2].lower()] += 1
    return used


def _grants_add_ins(policy: RoleAssignmentPolicy) -> Affected | None:
    if not policy.add_in_roles:
        return None
    default = " (the default policy)" if policy.is_default else ""
    return Affected(
        resource=policy.name,
        setting="AssignedRoles",
        actual=f"{', '.join(policy.add_in_roles)}{default}",
    )


def _unresolved(
    used: Iterable[str], known: set[str], defaults: set[str]
) -> Iterable[EvidenceMissing]:
    missing = sorted(set(used) - known)
    if missing:
        yield EvidenceMissing(
            RoleAssignmentPolicy.key, f"mailboxes use {', '.join(missing)}, which was not returned"
        )
    if not known:
        yield EvidenceMissing(RoleAssignmentPolicy.key, "the read returned nothing", kind="empty")
    elif not defaults:
        yield EvidenceMissing(RoleAssignmentPolicy.key, "no default policy was returned")


@check(OrganizationConfig, licence=EXCHANGE)
def exchange_modern_authentication_on(evidence: Evidence) -> Verdict:
    """Passes when the organisation offers OAuth 2.0 to Outlook."""
    config = evidence.one(OrganizationConfig)
    if config.o_auth2_client_profile_enabled:
        return passed("Exchange Online offers modern authentication")
    return failed(
        "Outlook clients are not offered modern authentication",
        [Affected(resource=config.label, setting="OAuth2ClientProfileEnabled", actual="False")],
    )


@check(OrganizationConfig, licence=EXCHANGE)
def exchange_mailtips_on(evidence: Evidence) -> Verdict:
    """Passes when the three tips are on and the audience threshold is at most the tenant's."""
    config = evidence.one(OrganizationConfig)
    most = evidence.parameter("mailtips_large_audience_max")
    threshold = config.mail_tips_large_audience_threshold
    switches = {
        "MailTipsAllTipsEnabled": config.mail_tips_all_tips_enabled,
        "MailTipsExternalRecipientsTipsEnabled": config.mail_tips_external_recipients_tips_enabled,
        "MailTipsGroupMetricsEnabled": config.mail_tips_group_metrics_enabled,
    }
    affected = [
        Affected(resource=config.label, setting=name, actual="False, expected True")
        for name, is_on in switches.items()
        if not is_on
    ]
    if not 0 <= threshold <= most:
        affected.append(
            Affected(
                resource=config.label,
                setting="MailTipsLargeAudienceThreshold",
                actual=f"{threshold}, expected 0 to {most}",
            )
        )
    if affected:
        return failed(f"{len(affected)} of 4 MailTips settings miss their target", affected)
    return passed(f"MailTips are on and warn from {threshold} recipients")


@check(OwaMailboxPolicy, licence=EXCHANGE)
def exchange_owa_storage_providers_off(evidence: Evidence) -> Verdict:
    """Passes when no Outlook on the web policy, used or not, offers outside storage."""
    affected = evidence.affected(OwaMailboxPolicy, _offers_storage)
    if affected:
        return failed(f"{len(affected)} policies offer third-party cloud storage", affected)
    if evidence.is_complete(OwaMailboxPolicy) and not evidence.count(OwaMailboxPolicy):
        raise EvidenceMissing(OwaMailboxPolicy.key, "the read returned nothing", kind="empty")
    return passed("No Outlook on the web policy offers third-party cloud storage")


def _offers_storage(policy: OwaMailboxPolicy) -> Affected | None:
    if not policy.additional_storage_providers_available:
        return None
    default = " (the default)" if policy.is_default else ""
    return Affected(
        resource=f"{policy.name}{default}",
        setting="AdditionalStorageProvidersAvailable",
        actual="True",
    )


@check(TransportConfig, licence=EXCHANGE)
def exchange_smtp_auth_disabled(evidence: Evidence) -> Verdict:
    """Passes when authenticated SMTP submission is off; mailboxes may still override it."""
    if evidence.one(TransportConfig).smtp_client_authentication_disabled:
        return passed("Authenticated SMTP submission is off for the organisation")
    return failed(
        "Authenticated SMTP submission is on for the organisation",
        [
            Affected(
                resource="Transport settings",
                setting="SmtpClientAuthenticationDisabled",
                actual="False",
            )
        ],
    )
