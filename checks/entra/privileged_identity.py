"""Privileged identity: roles through PIM, with approval, and reviewed like guests are."""

from collections.abc import Sequence
from functools import partial

from checks.entra.access_reviews import (
    Demand,
    Judged,
    common_demands,
    decides,
    judged,
    lacks_of,
)
from checks.entra.approvals import judge_approval
from checks.entra.permanent_roles import judge_permanent_roles
from checks.entra.pim_gate import nothing_to_judge
from checks.entra.role_holders import told
from checks.registry import check
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.access_reviews import AccessReviewDefinition
from evidence.conditional_access import ReferencedGroup
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.licences import ENTRA_GOVERNANCE
from evidence.privileged_identity import RoleManagementPolicyAssignment
from evidence.privileged_roles import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    REVIEWED_ROLES,
    RoleAssignmentInstance,
    RoleEligibilityInstance,
)

ROLE_REVIEW_DAYS = 4  # 14 in later versions of the benchmark


@check(RoleAssignmentInstance, display=(RoleEligibilityInstance,), licence=ENTRA_GOVERNANCE)
def pim_no_permanent_privileged_roles(evidence: Evidence) -> Verdict:
    """Passes when no sensitive role is assigned without an end, in whatever scope.

    Activations are what is wanted, service principals cannot activate, and two registered
    emergency accounts may be permanent Global Administrators. A group counts as itself, whoever
    manages its members. An empty list is an error: somebody administers every tenant.
    """
    if verdict := nothing_to_judge(evidence, RoleAssignmentInstance):
        return verdict
    if evidence.is_complete(RoleAssignmentInstance) and not evidence.count(RoleAssignmentInstance):
        raise EvidenceMissing(
            RoleAssignmentInstance.key, "no role assignment at all was returned", kind="empty"
        )
    return judge_permanent_roles(evidence, "pim_no_permanent_privileged_roles")


@check(AccessReviewDefinition, licence=ENTRA_GOVERNANCE)
def guest_access_reviews_configured(evidence: Evidence) -> Verdict:
    """Passes when one review of guests meets every demand; it need not cover every group."""
    if verdict := nothing_to_judge(evidence, AccessReviewDefinition):
        return verdict
    definitions = evidence.all(AccessReviewDefinition)
    demands = (*common_demands(evidence.today), decides("deny"))
    reviews = judged(definitions, _is_for_guests, demands)
    good = [review for review in reviews if review.qualifies]
    if good:
        names = some_of({review.label for review in good})
        notes = sorted({note for review in good if (note := _reach(review))})
        return passed(f"Guests are reviewed as they should be: {names}", notes=notes)
    _raise_doubts(reviews)
    if not reviews:
        count = len({told(definition, "id") for definition in definitions})
        actual = f"none of {count} is for guests"
        nothing = Affected(resource="Access reviews", setting="scope", actual=actual)
        return failed("No access review is for guests", [nothing])
    affected = [item for review in reviews for item in lacks_of(review, review.label)]
    return failed("No review of guests meets every demand", affected)


def _is_for_guests(review: AccessReviewDefinition) -> bool:
    return review.scope is not None and review.scope.is_for_guests


def _reach(review: Judged) -> str:
    """Whether a review is about all groups is for a person to see."""
    try:
        reached = review.definition.instance_enumeration_scope
        return f"{review.label} goes through {reached.shown}" if reached else ""
    except EvidenceMissing:
        return ""


def _raise_doubts(reviews: Sequence[Judged]) -> None:
    """A review that nothing speaks against but what nobody can tell may be the one."""
    for review in reviews:
        if review.is_undecided:
            raise review.unknown[0]


@check(AccessReviewDefinition, licence=ENTRA_GOVERNANCE)
def privileged_role_access_reviews_configured(evidence: Evidence) -> Verdict:
    """Passes when each of five roles has a review that meets every demand.

    Silence must change nothing here, or an unanswered review would lock out the emergency
    accounts.
    """
    if verdict := nothing_to_judge(evidence, AccessReviewDefinition):
        return verdict
    definitions = evidence.all(AccessReviewDefinition)
    demands = (*common_demands(evidence.today), decides("none"), *_ROLE_DEMANDS)
    affected: list[Affected] = []
    doubts: list[EvidenceMissing] = []
    for role, name in REVIEWED_ROLES.items():
        reviews = judged(definitions, partial(_is_for_role, role), demands)
        if any(review.qualifies for review in reviews):
            continue
        undecided = [review for review in reviews if review.is_undecided]
        doubts += [review.unknown[0] for review in undecided]
        if not undecided:
            affected += _nearest(reviews, name)
    if affected:
        names = some_of({item.resource for item in affected})
        evidence.gaps.extend(doubts)
        return failed(f"Roles without a review that meets every demand: {names}", affected)
    if doubts:
        raise doubts[0]
    return passed(f"All {len(REVIEWED_ROLES)} roles are reviewed as they should be")


def _is_for_role(role: str, review: AccessReviewDefinition) -> bool:
    return review.scope is not None and role in review.scope.roles


def _covers_everyone(review: AccessReviewDefinition) -> bool:
    return review.scope is not None and review.scope.covers_everyone


_ROLE_DEMANDS = (
    Demand(
        "scope.principalScopes",
        _covers_everyone,
        lambda review: review.scope.shown if review.scope else "none",
    ),
    Demand(
        "settings.instanceDurationInDays",
        lambda review: review.duration_in_days <= ROLE_REVIEW_DAYS,
        lambda review: review.duration_in_days,
    ),
)


def _nearest(reviews: Sequence[Judged], role: str) -> list[Affected]:
    if not reviews:
        return [Affected(resource=role, setting="access review", actual="none")]
    return [
        Affected(resource=role, setting=item.setting, actual=f"{item.actual} ({reviews[0].label})")
        for item in lacks_of(reviews[0], role)
    ]


@check(RoleManagementPolicyAssignment, fallback=(ReferencedGroup,), licence=ENTRA_GOVERNANCE)
def pim_global_admin_approval_required(evidence: Evidence) -> Verdict:
    """Passes when activating Global Administrator needs approval and two people may give it."""
    return _approval_required(evidence, GLOBAL_ADMINISTRATOR, "Global Administrator")


@check(RoleManagementPolicyAssignment, fallback=(ReferencedGroup,), licence=ENTRA_GOVERNANCE)
def pim_privileged_role_admin_approval_required(evidence: Evidence) -> Verdict:
    """Passes when activating Privileged Role Administrator needs approval likewise."""
    return _approval_required(
        evidence, PRIVILEGED_ROLE_ADMINISTRATOR, "Privileged Role Administrator"
    )


def _approval_required(evidence: Evidence, role: str, name: str) -> Verdict:
    unlicensed = nothing_to_judge(evidence, RoleManagementPolicyAssignment)
    return unlicensed or judge_approval(evidence, role, name)
