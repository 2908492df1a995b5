"""Settings of the Microsoft 365 admin center that hold for the whole organisation."""

from collections.abc import Callable
from datetime import UTC, datetime

from checks.microsoft365.idle_sessions import enforcement_faults, timeout_faults
from checks.registry import check
from checks.wording import some_of
from contracts.verdict import (
    Affected,
    ReasonCode,
    Verdict,
    errored,
    failed,
    manual,
    not_applicable,
    passed,
)
from evidence.conditional_access import ConditionalAccessPolicy
from evidence.dataset import EvidenceMissing
from evidence.entra import Domain, Group, Organization
from evidence.evidence import Evidence
from evidence.idle_sessions import ActivityBasedTimeoutPolicy
from evidence.licences import CLOUD_APPS, FORMS, SWAY, Licence, lacks
from evidence.microsoft365 import (
    AppsAndServicesSettings,
    FormsSettings,
    WebStorageServicePrincipal,
)

NOT_PUBLIC = ("private", "hiddenmembership")
NEVER = 2147483647  # days: how Entra writes that passwords never expire
NO_EXPIRY_BY_DEFAULT_SINCE = datetime(2021, 10, 1, tzinfo=UTC)

OWN_APPS: tuple[tuple[str, Callable[[AppsAndServicesSettings], bool]], ...] = (
    ("isOfficeStoreEnabled", lambda settings: settings.is_office_store_enabled),
    ("isAppAndServicesTrialEnabled", lambda settings: settings.is_app_and_services_trial_enabled),
)


@check(Group)
def m365_groups_not_public(evidence: Evidence) -> Verdict:
    """Passes when every Microsoft 365 group is private, hidden or approved; none at all passes.

    Other kinds of group may carry a visibility too, without any meaning.
    """
    approved = evidence.approved("m365_groups_not_public")
    excused: set[str] = set()

    def judge(group: Group) -> Affected | None:
        if not group.is_microsoft_365 or (group.visibility or "").lower() in NOT_PUBLIC:
            return None
        if group.id in approved:
            excused.add(group.id)
            return None
        return _public(group)

    affected = evidence.affected(Group, judge)
    notes = [f"{len(excused)} public groups are approved exceptions"] if excused else []
    if affected:
        reason = f"{len(set(affected))} Microsoft 365 groups can be joined by everybody"
        return failed(reason, affected, notes=notes)
    return passed("No Microsoft 365 group is public without approval", notes=notes)


@check(Domain, fallback=(Organization,))
def passwords_never_expire(evidence: Evidence) -> Verdict:
    """Passes when passwords never expire on every verified, managed root domain.

    Subdomains inherit from their root, federated domains are ruled elsewhere. Where nothing was
    ever set, the age of the tenant decides: Microsoft's default was 90 days until October 2021.
    """
    if evidence.is_complete(Domain) and not evidence.count(Domain):
        return errored("Entra returned no domain, although every tenant has one")
    judged: list[str] = []
    federated: list[str] = []
    unverified: list[str] = []

    def judge(domain: Domain) -> Affected | None:
        if not domain.is_verified:
            unverified.append(domain.id)
        elif domain.is_root and domain.is_federated:
            federated.append(domain.id)
        elif domain.is_root:
            judged.append(domain.id)
            return _expiry(evidence, domain)
        return None

    affected = evidence.affected(Domain, judge)
    notes = [
        f"Not assessed, {why}: {some_of(names)}"
        for why, names in (("federated", federated), ("unverified", unverified))
        if names
    ]
    if affected:
        return failed("Passwords have to be changed at fixed times", affected, notes=notes)
    if judged:
        return passed(f"Passwords never expire on {some_of(judged)}", notes=notes)
    if federated:
        return not_applicable("Every verified root domain is federated", notes=notes)
    return errored("Entra returned no verified root domain, although every tenant has one")


@check(ActivityBasedTimeoutPolicy, ConditionalAccessPolicy)
def idle_sessions_end_within_three_hours(evidence: Evidence) -> Verdict:
    """Passes when idle web sessions end within three hours, and a policy enforces that for
    everyone in browsers. Without a policy of either kind nothing ends them."""
    affected: list[Affected] = []
    for faults_of in (timeout_faults, enforcement_faults):
        try:
            affected += faults_of(evidence)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    if affected:
        return failed("Idle web sessions do not end within three hours for everyone", affected)
    return passed("Idle web sessions end within three hours, for everyone in browsers")


@check(AppsAndServicesSettings)
def user_owned_apps_restricted(evidence: Evidence) -> Verdict:
    """Passes when people can neither open the Office Store nor start trials; both must be told."""
    evidence.one(AppsAndServicesSettings)
    affected = [
        item
        for setting, is_on in OWN_APPS
        for item in evidence.affected(AppsAndServicesSettings, _switch(setting, is_on))
    ]
    if affected:
        return failed("People can bring apps or trials into the organisation", affected)
    return passed("The Office Store and self-started trials are off")


@check(FormsSettings, licence=FORMS)
def forms_phishing_protection_on(evidence: Evidence) -> Verdict:
    """Passes when forms are scanned for phishing.

    The read answers with defaults in tenants without Forms, so the licence is asked first.
    """
    if lacks(evidence, FORMS):
        return _unlicensed(FORMS)
    if evidence.one(FormsSettings).is_in_org_forms_phishing_scan_enabled:
        return passed("Microsoft Forms scans internal forms for phishing")
    return failed(
        "Microsoft Forms does not scan internal forms for phishing",
        [
            Affected(
                resource="Microsoft Forms",
                setting="isInOrgFormsPhishingScanEnabled",
                actual="false",
            )
        ],
    )


@check(WebStorageServicePrincipal)
def third_party_storage_in_web_off(evidence: Evidence) -> Verdict:
    """Passes when the service principal exists and is disabled: without it the feature is on."""
    present: list[str] = []

    def judge(principal: WebStorageServicePrincipal) -> Affected | None:
        if principal.account_enabled:
            return _storage(principal.id or "service principal", "accountEnabled", "true")
        if principal.is_web_storage:
            present.append(principal.id)
        return None

    affected = evidence.affected(WebStorageServicePrincipal, judge)
    if not affected and not present:
        if evidence.gaps:
            raise evidence.gaps[0]
        affected = [_storage("Microsoft 365 on the web", "service principal", "absent")]
    if affected:
        return failed("Office on the web opens files from outside storage services", affected)
    return passed("Office on the web opens no files from outside storage services")


@check(licence=SWAY)
def sway_external_sharing_off(evidence: Evidence) -> Verdict:
    """No API answers; only the admin center's private endpoint would."""
    if lacks(evidence, SWAY):
        return _unlicensed(SWAY)
    return manual(
        "No API shows this setting: look whether Org settings > Services > Sway has external "
        "sharing cleared"
    )


@check(licence=CLOUD_APPS)
def defender_cloud_apps_configured(evidence: Evidence) -> Verdict:
    """No API shows connectors or file monitoring, so a person has to confirm all four points."""
    if lacks(evidence, CLOUD_APPS):
        return _unlicensed(CLOUD_APPS)
    return manual(
        "No API shows these settings: look in the Defender portal whether Microsoft 365 and Azure "
        "are connected, the Endpoint integration is on and files are monitored"
    )


def _public(group: Group) -> Affected:
    name = group.display_name or group.id
    team = ", with a team" if group.is_team else ""
    return Affected(
        resource=f"{name} <{group.mail}>" if group.mail else f"{name} ({group.id})",
        setting="visibility",
        actual=f"{group.visibility or 'unset'}{team}",
    )


def _expiry(evidence: Evidence, domain: Domain) -> Affected | None:
    days = domain.password_validity_period_in_days
    if days == NEVER:
        return None
    if days is None and _has_no_expiry_by_default(evidence.one(Organization)):
        return None
    actual = "not set, the old default of 90 days holds" if days is None else f"{days} days"
    return Affected(resource=domain.id, setting="passwordValidityPeriodInDays", actual=actual)


def _has_no_expiry_by_default(organization: Organization) -> bool:
    created = organization.created_date_time
    if created is None:
        raise EvidenceMissing(Organization.key, "createdDateTime is absent, which decides here")
    return created >= NO_EXPIRY_BY_DEFAULT_SINCE


def _switch(
    setting: str, is_on: Callable[[AppsAndServicesSettings], bool]
) -> Callable[[AppsAndServicesSettings], Affected | None]:
    def judge(settings: AppsAndServicesSettings) -> Affected | None:
        if not is_on(settings):
            return None
        return Affected(resource="User owned apps and services", setting=setting, actual="true")

    return judge


def _storage(resource: str, setting: str, actual: str) -> Affected:
    return Affected(resource=resource, setting=setting, actual=actual)


def _unlicensed(licence: Licence) -> Verdict:
    return not_applicable(f"The tenant has no {licence.name}", ReasonCode.UNLICENSED)
