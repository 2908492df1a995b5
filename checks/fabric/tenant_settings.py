"""What Microsoft Fabric opens to guests, the web, other tenants and apps."""

from collections.abc import Callable

from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.fabric import TenantSetting
from evidence.licences import POWER_BI

_API_ACCESS = ("ServicePrincipalAccessPermissionAPIs", "ServicePrincipalAccess")
_API_ACCESS_GLOBAL = ("ServicePrincipalAccessGlobalAPIs",)  # split off in mid-2025


@check(TenantSetting, licence=POWER_BI)
def fabric_guest_access_restricted(evidence: Evidence) -> Verdict:
    """Passes when guests reach Fabric not at all, or in named groups only."""
    return _judged(evidence, _is_restricted, "AllowGuestUserToAccessSharedContent")


@check(TenantSetting, licence=POWER_BI)
def fabric_guest_invitations_restricted(evidence: Evidence) -> Verdict:
    """Passes when sharing invites new guests not at all, or by named groups only."""
    return _judged(evidence, _is_restricted, "ExternalSharingV2")


@check(TenantSetting, licence=POWER_BI)
def fabric_guest_browsing_restricted(evidence: Evidence) -> Verdict:
    """Passes when guests browse content not at all, or in named groups only."""
    return _judged(evidence, _is_restricted, "ElevatedGuestsTenant")


@check(TenantSetting, licence=POWER_BI)
def fabric_publish_to_web_restricted(evidence: Evidence) -> Verdict:
    """Passes when publishing is off, or named groups may use existing embed codes only."""
    return _judged(evidence, _uses_existing_codes_only, "PublishToWeb")


@check(TenantSetting, licence=POWER_BI)
def fabric_r_python_visuals_off(evidence: Evidence) -> Verdict:
    """Passes when R and Python visuals are off: no group can limit them."""
    return _judged(evidence, _is_off, "RScriptVisual")


@check(TenantSetting, licence=POWER_BI)
def fabric_sensitivity_labels_on(evidence: Evidence) -> Verdict:
    """Passes when labels can be applied, by everybody or by groups: on is good here."""
    return _judged(evidence, _is_on, "EimInformationProtectionEdit")


@check(TenantSetting, licence=POWER_BI)
def fabric_org_wide_links_restricted(evidence: Evidence) -> Verdict:
    """Passes when links for all staff are off, or made by named groups only."""
    return _judged(evidence, _is_restricted, "ShareLinkToEntireOrg")


@check(TenantSetting, licence=POWER_BI)
def fabric_external_data_sharing_restricted(evidence: Evidence) -> Verdict:
    """Passes when datasets are shared in place not at all, or by named groups only."""
    return _judged(evidence, _is_restricted, "EnableDatasetInPlaceSharing")


@check(TenantSetting, licence=POWER_BI)
def fabric_resourcekey_auth_blocked(evidence: Evidence) -> Verdict:
    """Passes when the block on resource keys is on: on is good here."""
    return _judged(evidence, _is_on, "BlockResourceKeyAuthentication")


@check(TenantSetting, licence=POWER_BI)
def fabric_api_access_restricted(evidence: Evidence) -> Verdict:
    """Passes when apps call the APIs not at all, or in named groups only.

    One setting became two halves: every one that is there has to be restricted.
    """
    return _judged(evidence, _is_restricted, *_API_ACCESS, also=_API_ACCESS_GLOBAL)


@check(TenantSetting, licence=POWER_BI)
def fabric_service_principal_profiles_restricted(evidence: Evidence) -> Verdict:
    """Passes when apps use profiles not at all, or in named groups only."""
    return _judged(evidence, _is_restricted, "AllowServicePrincipalsCreateAndUseProfiles")


def _judged(
    evidence: Evidence,
    is_met: Callable[[TenantSetting], bool],
    *required: str,
    also: tuple[str, ...] = (),
) -> Verdict:
    """Every named setting has to meet the demand, and one of `required` has to be there."""
    names = {*required, *also}

    def counterexample(setting: TenantSetting) -> Affected | None:
        if setting.setting_name not in names or is_met(setting):
            return None
        return Affected(
            resource=setting.setting_name, setting="enabled", actual=_described(setting)
        )

    affected = evidence.affected(TenantSetting, counterexample)
    if affected:
        states = {f"{item.resource} is {item.actual}" for item in affected}
        return failed(" and ".join(sorted(states)), affected)
    found = [row for row in evidence.each(TenantSetting) if row.setting_name in names]
    if not {setting.setting_name for setting in found}.intersection(required):
        kind = "unreadable" if evidence.count(TenantSetting) else "empty"
        missing = " or ".join(required)
        raise EvidenceMissing(TenantSetting.key, f"{missing} is not in the answer", kind=kind)
    states = {f"{setting.setting_name} is {_described(setting)}" for setting in found}
    delegated = {setting.setting_name for setting in found if setting.is_delegated}
    return passed(
        " and ".join(sorted(states)),
        notes=[f"{name} is delegated: others may set it otherwise" for name in sorted(delegated)],
    )


def _is_restricted(setting: TenantSetting) -> bool:
    return setting.is_restricted


def _is_on(setting: TenantSetting) -> bool:
    return setting.enabled


def _is_off(setting: TenantSetting) -> bool:
    return not setting.enabled


def _uses_existing_codes_only(setting: TenantSetting) -> bool:
    """CreateP2w is the right to make new codes; absent is not met."""
    if not setting.enabled:
        return True
    return setting.is_restricted and set(setting.values("CreateP2w")) == {"false"}


def _described(setting: TenantSetting) -> str:
    if setting.setting_name != "PublishToWeb" or not setting.enabled:
        return setting.audience
    creates = ", ".join(sorted(set(setting.values("CreateP2w")))) or "absent"
    return f"{setting.audience}, CreateP2w {creates}"
