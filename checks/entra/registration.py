"""What users have registered, and what they may do with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from checks.entra.exclusions import registered_users
from checks.entra.licence_gate import unlicensed, unread
from checks.registry import check
from checks.wording import some_of
from contracts.collector import DatasetStatus
from contracts.verdict import Affected, Verdict, errored, failed, manual, passed
from evidence.authentication import UserRegistrationDetail
from evidence.dataset import EvidenceMissing
from evidence.entra import User
from evidence.evidence import Evidence
from evidence.licences import ENTRA_P1, lacks
from evidence.privileged_roles import DirectoryRoleAssignment

REPORT_DELAY = timedelta(hours=24)
REFUSALS = (DatasetStatus.DENIED, DatasetStatus.UNLICENSED)
PORTAL = "Password reset > Properties > Self service password reset enabled"


class Registered(NamedTuple):
    """One line of the report; None where it cannot be read."""

    is_mfa_capable: bool | None
    is_admin: bool | None
    is_sspr_enabled: bool | None


@dataclass
class _Members:
    counted: int = 0  # without those who are too new for the report
    admins: int = 0  # of those who are not capable
    affected: list[Affected] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@check(UserRegistrationDetail, User, DirectoryRoleAssignment, licence=ENTRA_P1)
def members_mfa_capable(evidence: Evidence) -> Verdict:
    """Passes when every active member is MFA-capable by the report.

    The directory says who counts, for the report leaves people out. Guests, disabled accounts,
    synchronisation accounts and registered exceptions do not count, and nobody is missed from
    the report on the first day.
    """
    if evidence.status(UserRegistrationDetail) is DatasetStatus.UNLICENSED:
        return unlicensed(ENTRA_P1)
    try:
        members = _count_members(evidence, _sync_accounts(evidence))
        if not members.affected:
            evidence.each(UserRegistrationDetail)
            evidence.each(User)
    except EvidenceMissing as gap:
        return unread(gap)
    if not evidence.count(UserRegistrationDetail) and lacks(evidence, ENTRA_P1):
        return unlicensed(ENTRA_P1)
    if not members.counted:
        return errored("Not one active member that the report can tell of was read")
    notes = [f"Too new for the report: {some_of(members.new)}"] if members.new else []
    if members.affected:
        reason = (
            f"{len(members.affected)} of {members.counted} active members cannot do MFA,"
            f" {members.admins} of them administrators"
        )
        return failed(reason, members.affected, notes=notes)
    return passed(f"All {members.counted} active members can do MFA", notes=notes)


def _count_members(evidence: Evidence, sync_accounts: frozenset[str]) -> _Members:
    exempt = registered_users(evidence, "members_mfa_capable")
    report, complete = _report(evidence), evidence.is_complete(UserRegistrationDetail)
    members = _Members()
    for user in _active_members(evidence, sync_accounts):
        if user.id in exempt:
            continue
        line = report.get(user.id)
        if line is None and _is_new(evidence, user):
            members.new.append(_name(user))
            continue
        members.counted += 1
        if line is None and complete:
            members.affected.append(_incapable(user, "not in report"))
        elif line and line.is_mfa_capable is None:
            why = f"isMfaCapable of {_name(user)} cannot be read"
            evidence.gaps.append(EvidenceMissing(UserRegistrationDetail.key, why))
        elif line and not line.is_mfa_capable:
            members.admins += line.is_admin is True
            actual = "not capable, administrator" if line.is_admin else "not capable"
            members.affected.append(_incapable(user, actual))
    return members


def _incapable(user: User, actual: str) -> Affected:
    return Affected(resource=_name(user), setting="isMfaCapable", actual=actual)


def _is_new(evidence: Evidence, user: User) -> bool:
    try:
        created = user.created_date_time
    except EvidenceMissing as gap:
        evidence.gaps.append(gap)
        return True
    return created is not None and evidence.captured_at - created < REPORT_DELAY


@check(UserRegistrationDetail, User, DirectoryRoleAssignment)
def sspr_enabled_for_all(evidence: Evidence) -> Verdict:
    """Passes when every active member without a role is enabled for password reset.

    The portal's setting has no API, so its effect is measured. Administrators have a policy of
    their own. Where the effect cannot be seen, a person has to look.
    """
    for dataset in (UserRegistrationDetail, User, DirectoryRoleAssignment):
        if evidence.status(dataset) in REFUSALS:
            return manual(f"Microsoft refused to tell the effect: look at {PORTAL}")
    report, enabled, unknown = _report(evidence), 0, 0
    affected = []
    for user in _active_members(evidence, _sync_accounts(evidence)):
        line = report.get(user.id)
        if line is None or line.is_admin:
            continue
        if line.is_admin is None or line.is_sspr_enabled is None:
            unknown += 1
        elif line.is_sspr_enabled:
            enabled += 1
        else:
            affected.append(Affected(resource=_name(user), setting="isSsprEnabled", actual="false"))
    if affected:
        total = enabled + unknown + len(affected)
        return failed(f"{len(affected)} of {total} members cannot reset a password", affected)
    if unknown or not enabled:
        return manual(f"The report does not tell the effect: look at {PORTAL}")
    effect = "The effect was measured, not the value in the portal"
    return passed(f"All {enabled} members can reset their password", notes=[effect])


def _sync_accounts(evidence: Evidence) -> frozenset[str]:
    """Without the role assignments nobody can say who is exempt."""
    return frozenset(
        row.principal_id for row in evidence.each(DirectoryRoleAssignment) if row.exempts_from_mfa
    )


def _report(evidence: Evidence) -> dict[str, Registered]:
    found = {}
    for row in evidence.seen(UserRegistrationDetail):
        try:
            found[row.id] = Registered(
                _told(row, "is_mfa_capable"),
                _told(row, "is_admin"),
                _told(row, "is_sspr_enabled"),
            )
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _told(row: UserRegistrationDetail, name: str) -> bool | None:
    try:
        return bool(getattr(row, name))
    except EvidenceMissing:
        return None


def _active_members(evidence: Evidence, sync_accounts: frozenset[str]) -> Iterator[User]:
    """Each once, although a list that is read in pages may repeat a user."""
    met: set[str] = set()
    for user in evidence.seen(User):
        try:
            counts = user.account_enabled and not user.is_guest
            if counts and user.id not in met and user.id not in sync_accounts:
                met.add(user.id)
                yield user
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)


def _name(user: User) -> str:
    try:
        return user.user_principal_name or user.id
    except EvidenceMissing:
        return user.id
