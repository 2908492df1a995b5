"""Guests: who may invite them, from where, what they see, and that a group gathers them."""

import re
from dataclasses import dataclass, field

from checks.entra.authorization import judge_authorization, shortfall_of
from checks.registry import check
from checks.wording import some_of
from contracts.verdict import Affected, ReasonCode, Verdict, failed, not_applicable, passed
from evidence.dataset import EvidenceMissing
from evidence.directory_policies import B2BManagementPolicy, InvitationDomains
from evidence.entra import AuthorizationPolicy, Group
from evidence.evidence import Evidence
from evidence.licences import ENTRA_P1, lacks

SAME_AS_MEMBERS = "a0b1b346-4d3e-4e8b-98f8-753987be4970"
LIMITED = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
OWN_OBJECTS_ONLY = "2af84b1e-32c8-42b7-82bc-daa82404023b"
INVITERS = ("adminsandguestinviters", "none")

# Operators may stand with or without their hyphen; the rule is lower case with single blanks.
_GUEST = r"""["']guest["']"""
_CLAUSE = rf"user\.usertype\s?-?eq\s?{_GUEST}|user\.usertype\s?-?in\s?\[[^\]]*{_GUEST}[^\]]*\]"
_TOKEN = re.compile(
    rf"""(?P<clause>(?<![\w.])(?:{_CLAUSE}))|(?P<sign>(?<![\w.])-?not\b|[()])|"[^"]*"|'[^']*'|\S"""
)
_NOTHING_ELSE = re.compile(rf"[(\s]*(?:{_CLAUSE})[)\s]*")


@check(Group, licence=ENTRA_P1)
def guest_dynamic_group_exists(evidence: Evidence) -> Verdict:
    """Passes when a dynamic group takes in members by the clause that they are guests.

    A paused group takes in nobody; a negated clause selects everybody else.
    """
    found = _sorted_out(evidence)
    if found.gathering:
        evidence.gaps.clear()  # what another group's row leaves out cannot change this
        return passed(f"{some_of(found.gathering)} gathers guests", notes=_narrowed(found))
    if evidence.gaps:
        raise evidence.gaps[0]
    if not found.dynamic and lacks(evidence, ENTRA_P1):
        why = f"Dynamic groups need {ENTRA_P1.name}, which the tenant does not have"
        return not_applicable(why, ReasonCode.UNLICENSED)
    nothing = Affected(
        resource="Dynamic groups",
        setting="membershipRule",
        actual=f"none of {len(found.dynamic)} refers to guests",
    )
    return failed("No dynamic group in force gathers the guests", found.short or [nothing])


@check(B2BManagementPolicy)
def guest_invites_allowed_domains_only(evidence: Evidence) -> Verdict:
    """Passes when invitations go to listed domains only, or to none at all.

    The organisation's default policy decides, others only where there is none. A list of blocked
    domains leaves all others open, and so do two empty lists or no policy.
    """
    deciding = _deciding_policies(evidence)
    affected = [
        Affected(resource="B2BManagementPolicy", setting=_mode(domains), actual=_spoken(domains))
        for domains in deciding
        if not _restricts(domains)
    ]
    if affected:
        return failed("Guests can be invited from domains that are not listed", affected)
    if not deciding:
        if evidence.gaps:
            raise evidence.gaps[0]
        anywhere = Affected(
            resource="B2BManagementPolicy", setting="AllowedDomains", actual="no policy"
        )
        return failed("Guests can be invited from every domain", [anywhere])
    listed = {name for domains in deciding for name in domains.allowed_domains or []}
    return passed(
        "Invitations go to listed domains only",
        notes=[f"Allowed domains: {some_of(listed) or 'none'}"],
    )


@check(AuthorizationPolicy)
def guest_directory_access_restricted(evidence: Evidence) -> Verdict:
    """Passes when guests see less than members do; both stricter levels will do."""
    return judge_authorization(
        evidence,
        _guest_role,
        good="Guests see less of the directory than members do",
        bad="Guests see as much of the directory as members do, or an unknown part",
    )


@check(AuthorizationPolicy)
def guest_invites_limited_to_inviters(evidence: Evidence) -> Verdict:
    """Passes when administrators and guest inviters may invite, or nobody."""
    return judge_authorization(
        evidence,
        lambda policy: (
            None
            if policy.allow_invites_from.strip().lower() in INVITERS
            else shortfall_of(policy, "allowInvitesFrom", policy.allow_invites_from)
        ),
        good="Only administrators and guest inviters can invite guests",
        bad="People without a role for it can invite guests",
    )


def _guest_role(policy: AuthorizationPolicy) -> Affected | None:
    role = policy.guest_user_role_id
    if role in (LIMITED, OWN_OBJECTS_ONLY):
        return None
    meaning = "same as members" if role == SAME_AS_MEMBERS else "unknown"
    return shortfall_of(policy, "guestUserRoleId", f"{role} ({meaning})")


@dataclass
class _Groups:
    """Dynamic groups: those that gather guests, those that miss it by a little, and ids of all."""

    gathering: list[str] = field(default_factory=list)
    gathering_all: bool = False
    short: list[Affected] = field(default_factory=list)
    dynamic: set[str] = field(default_factory=set)


def _sorted_out(evidence: Evidence) -> _Groups:
    found = _Groups()
    for group in evidence.seen(Group):
        try:
            if group.is_dynamic:
                found.dynamic.add(group.id)
                _file(group, found)
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
    return found


def _file(group: Group, found: _Groups) -> None:
    rule = " ".join((group.membership_rule or "").lower().split())
    if "usertype" not in rule:
        return
    state = group.membership_rule_processing_state or "unset"
    name = group.display_name or group.id
    if selects_guests(rule) and state.lower() == "on":
        found.gathering.append(name)
        found.gathering_all |= bool(_NOTHING_ELSE.fullmatch(rule))
    else:
        actual = f"{group.membership_rule} (processing: {state})"
        found.short.append(Affected(resource=name, setting="membershipRule", actual=actual))


def selects_guests(rule: str) -> bool:
    """Whether a rule holds the clause that a user is a guest outside every negation."""
    negated = [False]
    follows_not = False
    for token in _TOKEN.finditer(rule):
        sign = token["sign"]
        if token["clause"] and not follows_not and not any(negated):
            return True
        if sign == "(":
            negated.append(follows_not)
        elif sign == ")" and len(negated) > 1:
            negated.pop()
        follows_not = sign is not None and sign.endswith("not")
    return False


def _narrowed(found: _Groups) -> list[str]:
    if found.gathering_all:
        return []
    return ["The rule has other conditions as well, so the group may not hold every guest"]


def _deciding_policies(evidence: Evidence) -> list[InvitationDomains]:
    """The organisation's default, else all. What cannot be read leaves a gap only where it may
    be the one that decides."""
    defaults: list[InvitationDomains] = []
    others: list[InvitationDomains] = []
    unread: list[EvidenceMissing] = []
    for policy in evidence.seen(B2BManagementPolicy):
        try:
            is_default = policy.is_organization_default
        except EvidenceMissing as gap:
            evidence.gaps.append(gap)
            continue
        try:
            domains = policy.invitation_domains
        except EvidenceMissing as gap:
            (evidence.gaps if is_default else unread).append(gap)
            continue
        if domains:
            (defaults if is_default else others).append(domains)
    if not defaults:
        evidence.all(B2BManagementPolicy)  # the default may be in the part that was not read
    if not defaults and not others:
        evidence.gaps.extend(unread)
    return defaults or others


def _restricts(domains: InvitationDomains) -> bool:
    if domains.allowed_domains is None or domains.blocked_domains:
        return False
    return bool(domains.allowed_domains) or domains.blocked_domains is None


def _mode(domains: InvitationDomains) -> str:
    return "BlockedDomains" if domains.blocked_domains else "AllowedDomains"


def _spoken(domains: InvitationDomains) -> str:
    blocked = domains.blocked_domains or []
    if blocked and domains.allowed_domains:
        return f"an allow list and a block list ({some_of(blocked)})"
    return f"all but {some_of(blocked)}" if blocked else "any domain"
