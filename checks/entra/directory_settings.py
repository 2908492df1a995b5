"""What every user may do in the directory, and how identities reach it from on-premises."""

from checks.entra.authorization import judge_authorization, shortfall_of
from checks.registry import check
from checks.synchronisation import stale_sync
from contracts.collector import DatasetStatus
from contracts.verdict import Affected, Verdict, failed, manual, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.directory_policies import EntraUxSetting, OnPremisesSynchronization
from evidence.entra import AuthorizationPolicy, Domain, Organization
from evidence.evidence import Evidence

REFUSALS = (DatasetStatus.DENIED, DatasetStatus.UNLICENSED, DatasetStatus.MISSING_CMDLET)


@check(AuthorizationPolicy)
def users_cannot_register_apps(evidence: Evidence) -> Verdict:
    """Passes when only roles made for it may register applications."""
    return judge_authorization(
        evidence,
        lambda policy: (
            shortfall_of(policy, "defaultUserRolePermissions.allowedToCreateApps", "true")
            if policy.default_user_role_permissions.allowed_to_create_apps
            else None
        ),
        good="Ordinary users cannot register applications",
        bad="Every user can register applications",
    )


@check(AuthorizationPolicy)
def users_cannot_create_tenants(evidence: Evidence) -> Verdict:
    """Passes when only roles made for it may create tenants; the portal shows the reverse."""
    return judge_authorization(
        evidence,
        lambda policy: (
            shortfall_of(policy, "defaultUserRolePermissions.allowedToCreateTenants", "true")
            if policy.default_user_role_permissions.allowed_to_create_tenants
            else None
        ),
        good="Ordinary users cannot create tenants",
        bad="Every user can create tenants",
    )


@check(EntraUxSetting)
def entra_admin_center_restricted(evidence: Evidence) -> Verdict:
    """Passes when the admin center is closed to users without a role.

    Microsoft refuses this read nearly everywhere; then a person has to look.
    """
    if not evidence.is_complete(EntraUxSetting) and not evidence.count(EntraUxSetting):
        return manual(
            "Microsoft does not let an application read this setting: look at Users > User "
            "settings > Restrict access to Microsoft Entra admin center"
        )
    if evidence.one(EntraUxSetting).restrict_non_admin_access:
        return passed("Users without a role are kept out of the Entra admin center")
    return failed(
        "Every user can open the Entra admin center",
        [Affected(resource="uxSetting", setting="restrictNonAdminAccess", actual="false")],
    )


@check()
def keep_me_signed_in_hidden(evidence: Evidence) -> Verdict:
    """No API answers; an undocumented one of the portal is not for unattended reading."""
    return manual(
        "No API shows this setting: look whether Users > User settings > Show keep user signed in "
        "is set to No"
    )


@check()
def linkedin_connections_disabled(evidence: Evidence) -> Verdict:
    """No API answers; LinkedIn in Outlook on the web is another switch."""
    return manual(
        "No API shows this setting: look whether Users > User settings > LinkedIn account "
        "connections is set to No for everyone, not to a selected group"
    )


@check(Organization, OnPremisesSynchronization, Domain)
def password_hash_sync_enabled(evidence: Evidence) -> Verdict:
    """Passes when a hybrid tenant synchronises password hashes.

    That the directory is synchronised says nothing about hashes. Not applicable to a cloud-only
    tenant, nor where people sign in through federation only. A refused read, or an answer
    without the property, leaves it to a person.
    """
    organization = evidence.one(Organization)
    if not organization.is_synchronised:
        return not_applicable("The directory is not synchronised from on-premises")
    if _is_federated_only(evidence):
        return not_applicable("Every verified custom domain is federated")
    notes = stale_sync(evidence, organization)
    if evidence.status(OnPremisesSynchronization) in REFUSALS:
        return _look_at_connect("Microsoft refused to say whether", notes)
    found = {item.syncs_password_hashes for item in evidence.seen(OnPremisesSynchronization)}
    if True in found:
        return passed("Password hashes are synchronised", notes=notes)
    if found != {False}:
        return _look_at_connect("Microsoft did not say whether", notes)
    return failed(
        "The directory is synchronised, but password hashes are not",
        [
            Affected(
                resource="onPremisesSynchronization",
                setting="features.passwordSyncEnabled",
                actual=f"false, last synchronised {organization.on_premises_last_sync_date_time}",
            )
        ],
        notes=[*notes, "This setting may not show what Entra Cloud Sync does: look there as well"],
    )


def _look_at_connect(opening: str, notes: list[str]) -> Verdict:
    return manual(
        f"{opening} password hashes are synchronised: look at Entra Connect > Connect Sync",
        notes=notes,
    )


def _is_federated_only(evidence: Evidence) -> bool:
    """Of verified domains other than Microsoft's own, at least one, and each federated.

    Without any, people sign in under the managed initial domain.
    """
    if evidence.is_complete(Domain) and not evidence.count(Domain):
        raise EvidenceMissing(Domain.key, "the read returned nothing", kind="empty")
    kinds = {
        domain.is_federated
        for domain in evidence.seen(Domain)
        if domain.is_verified and not domain.id.lower().endswith(".onmicrosoft.com")
    }
    if False not in kinds:
        evidence.all(Domain)  # the managed one may be in the part that was not read
    return kinds == {True}
