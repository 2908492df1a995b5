"""Teams clients and apps, and what becomes of the messages that people report."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from checks.registry import check
from contracts.collector import DatasetStatus
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
from evidence.dataset import Dataset, EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import TEAMS, lacks
from evidence.mail_reporting import ReportSubmissionPolicy, ReportSubmissionRule
from evidence.teams import (
    AppPermissionPolicy,
    ClientConfiguration,
    CustomAppSettings,
    MessagingPolicy,
    Tenant,
    UnifiedTenantSetting,
    global_policies,
)

Row = TypeVar("Row", bound=Dataset)
STORAGE_PROVIDERS: tuple[tuple[str, Callable[[ClientConfiguration], bool]], ...] = (
    ("AllowBox", lambda settings: settings.allow_box),
    ("AllowDropBox", lambda settings: settings.allow_drop_box),
    ("AllowEgnyte", lambda settings: settings.allow_egnyte),
    ("AllowGoogleDrive", lambda settings: settings.allow_google_drive),
    ("AllowShareFile", lambda settings: settings.allow_share_file),
)
CATALOGUES = {"globalapp": "Third-party apps", "privateapp": "Custom apps"}
REQUESTED_SETTINGS = ("defaultapp", *CATALOGUES)
NOTES = 10
REPORT_SETTINGS: tuple[tuple[str, bool, Callable[[ReportSubmissionPolicy], bool | None]], ...] = (
    ("EnableReportToMicrosoft", False, lambda policy: policy.enable_report_to_microsoft),
    (
        "ReportJunkToCustomizedAddress",
        True,
        lambda policy: policy.report_junk_to_customized_address,
    ),
    (
        "ReportNotJunkToCustomizedAddress",
        True,
        lambda policy: policy.report_not_junk_to_customized_address,
    ),
    (
        "ReportPhishToCustomizedAddress",
        True,
        lambda policy: policy.report_phish_to_customized_address,
    ),
    ("ReportChatMessageEnabled", False, lambda policy: policy.report_chat_message_enabled),
    (
        "ReportChatMessageToCustomizedAddressEnabled",
        True,
        lambda policy: policy.report_chat_message_to_customized_address_enabled,
    ),
)
REPORT_ADDRESSES: tuple[tuple[str, Callable[[ReportSubmissionPolicy], list[str]]], ...] = (
    ("ReportJunkAddresses", lambda policy: policy.report_junk_addresses),
    ("ReportNotJunkAddresses", lambda policy: policy.report_not_junk_addresses),
    ("ReportPhishAddresses", lambda policy: policy.report_phish_addresses),
)
REFUSALS = (DatasetStatus.DENIED, DatasetStatus.UNLICENSED, DatasetStatus.MISSING_CMDLET)


@check(ClientConfiguration, licence=TEAMS)
def teams_third_party_storage_approved(evidence: Evidence) -> Verdict:
    """Passes when every provider is off that the operator has not approved."""
    approved = {name.lower() for name in evidence.parameter("teams_approved_storage_providers")}
    affected = [
        Affected(resource="Global", setting=setting, actual="True")
        for settings in global_policies(evidence, ClientConfiguration)
        for setting in _providers_in_use(evidence, settings)
        if setting.lower() not in approved
    ]
    if affected:
        return failed("Files can be kept with storage providers that are not approved", affected)
    return passed("Teams offers no storage provider that is not approved")


@check(ClientConfiguration, fallback=(Tenant,), licence=TEAMS)
def teams_channel_email_disabled(evidence: Evidence) -> Verdict:
    """Passes when channels have no address; a list of senders only narrows who may write.

    A government cloud does not offer the setting, so its absence there is not applicable.
    """
    settings = global_policies(evidence, ClientConfiguration)
    answers = [item.allow_email_into_channel for item in settings]
    if True in answers:
        return failed(
            "Mail can be sent into channels",
            [Affected(resource="Global", setting="AllowEmailIntoChannel", actual="True")],
            notes=_legible(
                settings,
                lambda item: f"Senders allowed: {', '.join(item.restricted_sender_list) or 'all'}",
            ),
        )
    if None not in answers:
        return passed("Channels accept no mail")
    if evidence.is_complete(Tenant) and evidence.one(Tenant).is_government:
        return not_applicable("A government cloud does not offer mail into channels")
    return errored("AllowEmailIntoChannel is absent from the Global client configuration")


@check(CustomAppSettings, UnifiedTenantSetting, display=(AppPermissionPolicy,), licence=TEAMS)
def teams_app_installation_restricted(evidence: Evidence) -> Verdict:
    """Passes when third-party apps, custom apps and apps in preview are off for everybody.

    App-only sign-in is refused the organisation's switches: then a person has to attest, unless
    what was read fails already. Legacy permission policies are shown and decide nothing.
    """
    notes = _legacy_policies(evidence)
    affected = [*_open_catalogues(evidence), *_open_preview(evidence)]
    if affected:
        return failed("People can add Teams apps that nobody reviewed", affected, notes=notes)
    if _refused(evidence, CustomAppSettings) and lacks(evidence, TEAMS):
        return not_applicable(f"The tenant has no {TEAMS.name}", ReasonCode.UNLICENSED)
    if evidence.is_complete(CustomAppSettings) and evidence.is_complete(UnifiedTenantSetting):
        return passed("Third-party apps, custom apps and apps in preview are off", notes=notes)
    return manual(
        "The org-wide app settings can only be seen by a signed-in administrator: look whether "
        "third-party apps, custom apps and custom apps in preview are off",
        notes=notes,
    )


@check(MessagingPolicy, ReportSubmissionPolicy, display=(ReportSubmissionRule,), licence=TEAMS)
def teams_user_reports_kept_internal(evidence: Evidence) -> Verdict:
    """Passes when people can report messages and every report goes to the own mailbox only.

    No report policy at all is the factory state, in which reports go to Microsoft.
    """
    affected = [*_reporting_off(evidence), *_reports_leaving(evidence)]
    notes = _report_targets(evidence)
    if affected:
        reason = "Reports of suspicious messages are off or leave the organisation"
        return failed(reason, affected, notes=notes)
    if evidence.is_complete(MessagingPolicy) and not evidence.is_complete(ReportSubmissionPolicy):
        return errored("Exchange did not say where reports go", ReasonCode.EVIDENCE_MISSING)
    return passed("Reports of suspicious messages stay in the organisation", notes=notes)


def _providers_in_use(evidence: Evidence, settings: ClientConfiguration) -> Iterator[str]:
    """An unreadable provider leaves a gap and the others are still judged."""
    for setting, is_allowed in STORAGE_PROVIDERS:
        try:
            if is_allowed(settings):
                yield setting
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)


def _refused(evidence: Evidence, dataset: type[Dataset]) -> bool:
    return evidence.status(dataset) in REFUSALS


def _open_catalogues(evidence: Evidence) -> list[Affected]:
    unread = (*REFUSALS, DatasetStatus.OTHER)
    if evidence.status(UnifiedTenantSetting) in unread and not evidence.count(UnifiedTenantSetting):
        return []  # app-only sign-in
    answered: set[str] = set()

    def judge(setting: UnifiedTenantSetting) -> Affected | None:
        name = setting.setting_name.lower()
        value = setting.setting_value
        answered.add(name)
        if name not in CATALOGUES or value.strip().lower() == "none":
            return None
        return Affected(resource=CATALOGUES[name], setting=setting.setting_name, actual=value)

    affected = evidence.affected(UnifiedTenantSetting, judge)
    if not answered.issuperset(REQUESTED_SETTINGS):
        why = "not all of the settings asked for were returned"
        evidence.gaps.append(EvidenceMissing(UnifiedTenantSetting.key, why))
    return affected


def _open_preview(evidence: Evidence) -> list[Affected]:
    if _refused(evidence, CustomAppSettings):
        return []
    if not evidence.count(CustomAppSettings):
        why = "the read returned nothing"
        evidence.gaps.append(EvidenceMissing(CustomAppSettings.key, why, kind="empty"))
    return evidence.affected(CustomAppSettings, _preview)


def _preview(settings: CustomAppSettings) -> Affected | None:
    if not settings.is_sideloaded_apps_interaction_enabled:
        return None
    return Affected(
        resource="Custom apps in preview",
        setting="IsSideloadedAppsInteractionEnabled",
        actual="True",
    )


def _legacy_policies(evidence: Evidence) -> list[str]:
    return _legible(
        evidence.shown(AppPermissionPolicy),
        lambda policy: (
            f"Legacy app permission policy {policy.name}, which does not decide: third-party apps "
            f"{policy.global_catalog_apps_type}, custom apps {policy.private_catalog_apps_type}"
        ),
    )[:NOTES]


def _report_targets(evidence: Evidence) -> list[str]:
    """Where the reports go, for a person to compare: policy and rule should agree."""
    addresses = _legible(
        evidence.shown(ReportSubmissionPolicy),
        lambda policy: (
            f"Reports go to {', '.join(policy.report_phish_addresses) or 'no mailbox'} (phish), "
            f"{', '.join(policy.report_junk_addresses) or 'no mailbox'} (junk), "
            f"{', '.join(policy.report_not_junk_addresses) or 'no mailbox'} (not junk)"
        ),
    )
    rules = _legible(
        evidence.shown(ReportSubmissionRule),
        lambda rule: (
            f"Rule {rule.name} ({rule.state}) sends reports to "
            f"{', '.join(rule.sent_to) or 'no mailbox'}"
        ),
    )
    return [*addresses, *rules][:NOTES]


def _legible(rows: Iterable[Row], sentence: Callable[[Row], str]) -> list[str]:
    """What is only shown must not disturb a verdict: an unreadable row is left out."""
    found = []
    for row in rows:
        with suppress(EvidenceMissing):
            found.append(sentence(row))
    return sorted(set(found))


def _reporting_off(evidence: Evidence) -> list[Affected]:
    """A gap here must not hide what Exchange proves."""
    try:
        policies = global_policies(evidence, MessagingPolicy)
        is_on = all(policy.allow_security_end_user_reporting for policy in policies)
    except EvidenceMissing as gap:
        evidence.gaps.append(gap)
        return []
    if is_on:
        return []
    return [
        Affected(
            resource="Global messaging policy",
            setting="AllowSecurityEndUserReporting",
            actual="False (expected True)",
        )
    ]


def _reports_leaving(evidence: Evidence) -> list[Affected]:
    if evidence.is_complete(ReportSubmissionPolicy) and not evidence.count(ReportSubmissionPolicy):
        return [_report_shortfall("Policy", "none, so that reports go to Microsoft")]
    return [
        _report_shortfall(setting, actual)
        for policy in evidence.seen(ReportSubmissionPolicy)
        for setting, actual in _unmet_conditions(evidence, policy)
    ]


def _unmet_conditions(
    evidence: Evidence, policy: ReportSubmissionPolicy
) -> Iterator[tuple[str, str]]:
    """Each property for itself, so that an unreadable one does not hide what another proves."""
    for setting, expected, read in REPORT_SETTINGS:
        try:
            actual = read(policy)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        if actual is not expected:
            yield setting, f"{'not set' if actual is None else actual} (expected {expected})"
    for setting, addresses in REPORT_ADDRESSES:
        try:
            if not any(address.strip() for address in addresses(policy)):
                yield setting, "no address (expected at least one)"
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)


def _report_shortfall(setting: str, actual: str) -> Affected:
    return Affected(resource="Report submission policy", setting=setting, actual=actual)
