"""Whether activating a role needs somebody's approval, and how many may give it."""

from collections.abc import Mapping

from checks.entra.exclusions import readable
from checks.wording import some_of
from contracts.verdict import Affected, Verdict, errored, failed, passed
from evidence.conditional_access import ReferencedGroup
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.privileged_identity import (
    ApprovalSetting,
    Approver,
    RoleManagementPolicyAssignment,
)

FEWEST_APPROVERS = 2  # one in later versions of the benchmark
WAYS_AROUND = (
    "Approval is asked of those who activate the role: a standing assignment, and a group with"
    " rules of its own, go around it"
)


def judge_approval(evidence: Evidence, role: str, name: str) -> Verdict:
    """Several rules for one role come from several sources: each has to ask for approval."""
    settings = _approvals(evidence, role)
    groups = _groups(evidence)
    affected = []
    for setting in settings:
        try:
            affected += _shortfall(setting, name, groups)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    if affected:
        return failed(
            f"{name} can be activated without the approval of one of {FEWEST_APPROVERS} people",
            affected,
            notes=[WAYS_AROUND],
        )
    if evidence.gaps:
        raise evidence.gaps[0]
    if not settings:
        return errored(f"No PIM policy of {name} in what was read, although every role has one")
    return passed(
        f"Activating {name} needs approval, and at least {FEWEST_APPROVERS} people may give it",
        notes=[WAYS_AROUND],
    )


def _approvals(evidence: Evidence, role: str) -> list[ApprovalSetting]:
    found = []
    for row in evidence.seen(RoleManagementPolicyAssignment):
        try:
            if row.role_definition_id == role:
                found += row.approvals
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _groups(evidence: Evidence) -> dict[str, ReferencedGroup]:
    """Only a complete read can lend a group its members."""
    if not evidence.is_complete(ReferencedGroup):
        return {}
    return {row.id: row for row in readable(evidence, ReferencedGroup, "id")}


def _shortfall(
    setting: ApprovalSetting, role: str, groups: Mapping[str, ReferencedGroup]
) -> list[Affected]:
    if not setting.is_approval_required:
        return [Affected(resource=role, setting="isApprovalRequired", actual="false")]
    people = 0
    names: dict[str, str] = {}
    for approver in setting.approvers:
        if approver.identifier not in names:
            count, names[approver.identifier] = _weigh(approver, groups)
            people += count
    if people >= FEWEST_APPROVERS:
        return []
    actual = f"{people}: {some_of(names.values())}" if names else "none named"
    return [Affected(resource=role, setting="primaryApprovers", actual=actual)]


def _weigh(approver: Approver, groups: Mapping[str, ReferencedGroup]) -> tuple[int, str]:
    """How many people one entry stands for: a group of unknown size for one, a manager whom
    nobody names for none."""
    name = approver.description or approver.identifier
    if approver.kind == "user":
        return 1, name
    if approver.kind != "group":
        return 0, f"{name} ({approver.kind})"
    size = _size(groups.get(approver.identifier))
    return (1, f"{name} (size unknown)") if size is None else (size, f"{name} ({size})")


def _size(group: ReferencedGroup | None) -> int | None:
    try:
        return group.size if group else None
    except EvidenceMissing:
        return None
