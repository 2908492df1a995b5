"""Who and what may open SharePoint: legacy apps, guests, infected files, sync and page scripts."""

from checks.registry import check
from checks.synchronisation import stale_sync
from contracts.collector import DatasetStatus
from contracts.verdict import Affected, Verdict, errored, failed, manual, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.entra import Organization
from evidence.evidence import Evidence
from evidence.licences import SHAREPOINT
from evidence.sharepoint import PersonalSite, SharePointTenant, Site


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_legacy_auth_blocked(evidence: Evidence) -> Verdict:
    """Passes when protocols that carry a password without MFA are refused.

    LegacyBrowserAuthProtocolsEnabled is another switch: shown, not judged.
    """
    tenant = evidence.one(SharePointTenant)
    browsers = tenant.legacy_browser_auth_protocols_enabled
    notes = [f"LegacyBrowserAuthProtocolsEnabled is {browsers}"] if browsers else []
    if tenant.legacy_auth_protocols_enabled:
        return failed(
            "Apps without modern authentication can sign in to SharePoint",
            [_setting("LegacyAuthProtocolsEnabled", "True")],
            notes=notes,
        )
    return passed("Apps without modern authentication are refused", notes=notes)


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_entra_b2b_integration_on(evidence: Evidence) -> Verdict:
    """Passes when everyone who is shared with becomes a guest in the directory."""
    if evidence.one(SharePointTenant).enable_azure_ad_b2b_integration:
        return passed("Outside recipients become guests in Entra ID")
    return failed(
        "Outside recipients get in with a SharePoint passcode and no directory account",
        [_setting("EnableAzureADB2BIntegration", "False")],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_infected_downloads_blocked(evidence: Evidence) -> Verdict:
    """Passes when a file that was flagged as infected cannot be downloaded."""
    if evidence.one(SharePointTenant).disallow_infected_file_download:
        return passed("Infected files cannot be downloaded")
    return failed(
        "Files flagged as infected can still be downloaded",
        [_setting("DisallowInfectedFileDownload", "False")],
    )


@check(SharePointTenant, fallback=(Organization,), licence=SHAREPOINT)
def onedrive_sync_limited_to_domains(evidence: Evidence) -> Verdict:
    """Passes when only computers of listed Active Directory domains may sync.

    The switch and the list are both needed. A cloud-only tenant cannot use the switch: not
    applicable while it is off.
    """
    tenant = evidence.one(SharePointTenant)
    is_on, domains = tenant.is_unmanaged_sync_client_for_tenant_restricted, tenant.sync_domains
    trusted = {guid.lower() for guid in evidence.parameter("trusted_ad_domain_guids")}
    unknown = [guid for guid in domains if trusted and guid not in trusted]
    if is_on and domains and not unknown:
        return passed(f"Sync is limited to computers of {len(domains)} listed domain(s)")
    affected = [
        _setting("IsUnmanagedSyncClientForTenantRestricted", str(is_on)),
        _setting("AllowedDomainListForSyncClient", ", ".join(domains) or "empty"),
    ]
    notes = [f"BlockMacSync is {tenant.block_mac_sync}"] if tenant.block_mac_sync else []
    if not is_on:
        return _sync_unrestricted(evidence, affected, notes)
    if not domains:
        return failed(
            "Sync is restricted to a list of domains that is empty", affected, notes=notes
        )
    affected.append(
        _setting("AllowedDomainListForSyncClient", f"not trusted: {', '.join(unknown)}")
    )
    return failed("Sync is allowed from domains that you do not trust", affected, notes=notes)


def _sync_unrestricted(evidence: Evidence, affected: list[Affected], notes: list[str]) -> Verdict:
    if not evidence.is_complete(Organization):
        return errored(
            "The restriction is off, and graph.organization, which says whether the tenant has"
            " an Active Directory, was not read"
        )
    organization = evidence.one(Organization)
    if not organization.is_synchronised:
        return not_applicable(
            "The tenant is cloud-only, and the restriction works for Active Directory domains only"
        )
    notes += stale_sync(evidence, organization)
    return failed("Any computer can sync OneDrive and SharePoint libraries", affected, notes=notes)


@check(SharePointTenant, PersonalSite, licence=SHAREPOINT)
def onedrive_custom_script_blocked(evidence: Evidence) -> Verdict:
    """Passes when no personal site allows script and nothing delays Microsoft's enforcement.

    The list of personal sites is opt-in: where nobody collected it, a person has to attest.
    """
    was_collected = evidence.status(PersonalSite) is not DatasetStatus.OTHER
    affected = evidence.affected(SharePointTenant, _enforcement_delayed)
    if was_collected:
        affected += evidence.affected(PersonalSite, _script_allowed)
    if affected:
        return failed("Custom script can run on personal sites", affected)
    evidence.one(SharePointTenant)
    if not was_collected:
        return manual(
            "Personal sites were not read: confirm that the classic settings page offers no"
            " custom script, or prevents it",
            [_setting("DelayDenyAddAndCustomizePagesEnforcement", "False")],
        )
    count = evidence.count(PersonalSite)
    return passed(f"Custom script is denied on every personal site ({count} read)")


@check(Site, licence=SHAREPOINT)
def sharepoint_site_custom_script_blocked(evidence: Evidence) -> Verdict:
    """Passes when script is denied on every site but the host of personal sites."""
    affected = evidence.affected(Site, _site_script_allowed)
    if affected:
        return failed(f"Custom script can run on {len(affected)} site(s)", affected)
    if all(site.is_my_site_host for site in evidence.each(Site)):
        raise EvidenceMissing(Site.key, "no site to judge in the answer", kind="empty")
    return passed("Custom script is denied on every site")


def _setting(name: str, actual: str) -> Affected:
    return Affected(resource="SharePoint tenant", setting=name, actual=actual)


def _enforcement_delayed(tenant: SharePointTenant) -> Affected | None:
    if not tenant.delay_deny_add_and_customize_pages_enforcement:
        return None
    return _setting("DelayDenyAddAndCustomizePagesEnforcement", "True")


def _script_allowed(site: PersonalSite) -> Affected | None:
    if not site.allows_script:
        return None
    return Affected(resource=site.url, setting="DenyAddAndCustomizePages", actual="Disabled")


def _site_script_allowed(site: Site) -> Affected | None:
    if site.is_my_site_host or not site.allows_script:
        return None
    described = ", ".join(part for part in (site.title, site.template, site.lock_state) if part)
    return Affected(
        resource=site.url,
        setting="DenyAddAndCustomizePages",
        actual=f"Disabled ({described})" if described else "Disabled",
    )
