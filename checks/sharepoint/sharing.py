"""How far SharePoint and OneDrive let documents travel outside the organisation."""

from collections.abc import Sequence

from checks.registry import check
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.evidence import Evidence
from evidence.licences import SHAREPOINT
from evidence.sharepoint import SHARING, DefaultLink, SharePointTenant

_NAMED_OR_INTERNAL = ("SpecificPeople", "Organization", "Direct", "Internal")
_VIEW_OR_LESS = ("view", "restrictedview")


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_external_sharing_restricted(evidence: Evidence) -> Verdict:
    """Passes when no document can be shared with a link that needs no sign-in."""
    tenant = evidence.one(SharePointTenant)
    if tenant.sharing_capability != "ExternalUserAndGuestSharing":
        return passed(f"SharePoint sharing goes as far as {_level(tenant.sharing_capability)}")
    core = tenant.core_sharing_capability
    return failed(
        "SharePoint allows links that anyone can open without signing in",
        [_setting("SharingCapability", _level(tenant.sharing_capability))],
        notes=[f"CoreSharingCapability is {core}"] if core else [],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def onedrive_external_sharing_off(evidence: Evidence) -> Verdict:
    """Passes when OneDrive, or SharePoint above it, shares with nobody outside."""
    tenant = evidence.one(SharePointTenant)
    if not tenant.shares_outside:
        return passed("SharePoint shares with nobody outside, and OneDrive cannot go further")
    if tenant.one_drive_sharing == "Disabled":
        return passed("OneDrive shares with nobody outside")
    return failed(
        "OneDrive content can be shared outside the organisation",
        [
            _setting("ODBSharingCapability", _level(tenant.one_drive_sharing)),
            _setting("SharingCapability", _level(tenant.sharing_capability)),
        ],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_guest_resharing_blocked(evidence: Evidence) -> Verdict:
    """Passes when guests cannot pass on what they do not own."""
    if evidence.one(SharePointTenant).prevent_external_users_from_resharing:
        return passed("Guests cannot share what they do not own")
    return failed(
        "Guests may share documents that they do not own",
        [_setting("PreventExternalUsersFromResharing", "False")],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_sharing_domains_allowlisted(evidence: Evidence) -> Verdict:
    """Passes when sharing is off, or limited to an allow list that names a domain.

    A block list is not enough, and a list left behind while the mode is None means nothing.
    """
    tenant = evidence.one(SharePointTenant)
    if not tenant.shares_outside:
        return passed("SharePoint shares with nobody outside")
    mode = tenant.sharing_domain_restriction_mode
    if mode == "AllowList" and tenant.allowed_domains:
        return passed(
            f"Sharing is limited to {len(tenant.allowed_domains)} listed domain(s)",
            notes=[f"Allowed domains: {', '.join(sorted(tenant.allowed_domains))}"],
        )
    affected = [_setting("SharingDomainRestrictionMode", mode)]
    if tenant.sharing_allowed_domain_list is not None:
        affected.append(_setting("SharingAllowedDomainList", _list(tenant.allowed_domains)))
    if mode == "AllowList":
        return failed("The allow list of partner domains is empty", affected)
    return failed("Documents can be shared with any domain that is not blocked", affected)


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_default_link_not_anyone(evidence: Evidence) -> Verdict:
    """Passes when new links are for named people or colleagues, in SharePoint and in OneDrive.

    Each has an override that replaces the tenant's default when it is set.
    """
    open_links = [
        link
        for link in evidence.one(SharePointTenant).default_scopes
        if link.value not in _NAMED_OR_INTERNAL
    ]
    if open_links:
        return failed("New sharing links are open to anyone by default", _links(open_links))
    return passed("New sharing links are for named people or colleagues")


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_sharing_limited_to_groups(evidence: Evidence) -> Verdict:
    """Passes when sharing is off, or a group alone may share with guests.

    A group that limits anyone links only does not count.
    """
    tenant = evidence.one(SharePointTenant)
    if not tenant.shares_outside:
        return passed("SharePoint shares with nobody outside")
    if tenant.sharing_groups:
        return passed(
            f"Only members of {len(tenant.sharing_groups)} group(s) may share outside",
            notes=[f"Group ids to review: {', '.join(tenant.sharing_groups)}"],
        )
    return failed(
        "No security group limits who may share outside",
        [
            _setting("GuestSharingGroupAllowListInTenant", "empty"),
            _setting("SharingCapability", _level(tenant.sharing_capability)),
            _setting("WhoCanShareAllowListInTenant", tenant.anyone_link_groups or "empty"),
        ],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_guest_access_expires(evidence: Evidence) -> Verdict:
    """Passes when guests lose access by themselves, soon enough."""
    tenant = evidence.one(SharePointTenant)
    longest = evidence.parameter("sharepoint_guest_expiry_max_days")
    is_required, days = (
        tenant.external_user_expiration_required,
        tenant.external_user_expire_in_days,
    )
    if is_required and 1 <= days <= longest:
        return passed(f"Guest access expires after {days} days")
    return failed(
        f"Guest access does not expire within {longest} days",
        [
            _setting("ExternalUserExpirationRequired", str(is_required)),
            _setting("ExternalUserExpireInDays", str(days)),
        ],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_guest_codes_reverified(evidence: Evidence) -> Verdict:
    """Passes when guests who sign in with a code get a new one, soon enough."""
    tenant = evidence.one(SharePointTenant)
    longest = evidence.parameter("sharepoint_otp_reauth_max_days")
    is_required, days = tenant.email_attestation_required, tenant.email_attestation_re_auth_days
    if is_required and 1 <= days <= longest:
        return passed(f"Guests with a code verify again after {days} days")
    return failed(
        f"Guests with a verification code need not prove themselves again within {longest} days",
        [
            _setting("EmailAttestationRequired", str(is_required)),
            _setting("EmailAttestationReAuthDays", str(days)),
        ],
    )


@check(SharePointTenant, licence=SHAREPOINT)
def sharepoint_default_link_view_only(evidence: Evidence) -> Verdict:
    """Passes when new links let people view only, in SharePoint and in OneDrive.

    Never set (None) behaves as Edit.
    """
    loose_links = [
        link
        for link in evidence.one(SharePointTenant).default_roles
        if link.value.lower() not in _VIEW_OR_LESS
    ]
    if loose_links:
        return failed("New sharing links let people edit by default", _links(loose_links))
    return passed("New sharing links let people view only")


def _setting(name: str, actual: str) -> Affected:
    return Affected(resource="SharePoint tenant", setting=name, actual=actual)


def _links(links: Sequence[DefaultLink]) -> list[Affected]:
    return [_setting(link.setting, link.value) for link in links]


def _level(name: str) -> str:
    numbers = {known: number for number, known in SHARING.items()}
    return f"{name} ({numbers[name]})"


def _list(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "empty"
