"""Teams meetings: the Global policy decides, looser custom policies are only mentioned."""

from collections.abc import Callable

from checks.registry import check
from checks.teams.custom_policies import looser_policies
from contracts.verdict import Affected, Verdict, failed, passed
from evidence.evidence import Evidence
from evidence.licences import TEAMS
from evidence.teams import MeetingPolicy, global_policies

MAY_SKIP_THE_LOBBY = ("InvitedUsers", "EveryoneInCompanyExcludingGuests", "OrganizerOnly")
CHAT_WITHOUT_ANONYMOUS = (
    "EnabledExceptAnonymous",
    "EnabledInMeetingOnlyForAllExceptAnonymous",
    "Disabled",
)
ORGANISERS_PRESENT = ("OrganizerOnlyUserOverride",)


@check(MeetingPolicy, licence=TEAMS)
def teams_anonymous_join_blocked(evidence: Evidence) -> Verdict:
    """Passes when the Global policy keeps participants without an account out."""
    return _is_off(
        evidence,
        "AllowAnonymousUsersToJoinMeeting",
        lambda policy: policy.allow_anonymous_users_to_join_meeting,
        "join meetings unverified",
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_anonymous_start_blocked(evidence: Evidence) -> Verdict:
    """Passes when the Global policy lets no anonymous or dial-in caller start a meeting,
    whether or not the lobby would stop them."""
    return _is_off(
        evidence,
        "AllowAnonymousUsersToStartMeeting",
        lambda policy: policy.allow_anonymous_users_to_start_meeting,
        "start a meeting anonymously or by phone",
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_lobby_bypass_restricted(evidence: Evidence) -> Verdict:
    """Passes when the Global policy sends guests and outsiders who were not invited to the lobby.

    EveryoneInCompany, the default, admits guests.
    """
    return _is_one_of(
        evidence,
        "AutoAdmittedUsers",
        lambda policy: policy.auto_admitted_users,
        MAY_SKIP_THE_LOBBY,
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_dialin_lobby_bypass_blocked(evidence: Evidence) -> Verdict:
    """Passes when the Global policy sends callers by phone to the lobby."""
    return _is_off(
        evidence,
        "AllowPSTNUsersToBypassLobby",
        lambda policy: policy.allow_pstn_users_to_bypass_lobby,
        "skip the lobby when they dial in",
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_anonymous_meeting_chat_blocked(evidence: Evidence) -> Verdict:
    """Passes when the Global policy shuts anonymous participants out of the chat, or all."""
    return _is_one_of(
        evidence,
        "MeetingChatEnabledType",
        lambda policy: policy.meeting_chat_enabled_type,
        CHAT_WITHOUT_ANONYMOUS,
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_presenters_organizers_only(evidence: Evidence) -> Verdict:
    """Passes when the Global policy makes organisers and co-organisers the only presenters."""
    return _is_one_of(
        evidence,
        "DesignatedPresenterRoleMode",
        lambda policy: policy.designated_presenter_role_mode,
        ORGANISERS_PRESENT,
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_external_control_blocked(evidence: Evidence) -> Verdict:
    """Passes when the Global policy never hands control of a screen to an outsider."""
    return _is_off(
        evidence,
        "AllowExternalParticipantGiveRequestControl",
        lambda policy: policy.allow_external_participant_give_request_control,
        "take control of a shared screen from outside",
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_external_meeting_chat_off(evidence: Evidence) -> Verdict:
    """Passes when the Global policy switches chat off in meetings of untrusted organisations."""
    return _is_off(
        evidence,
        "AllowExternalNonTrustedMeetingChat",
        lambda policy: policy.allow_external_non_trusted_meeting_chat,
        "chat in meetings of organisations that are not trusted",
    )


@check(MeetingPolicy, licence=TEAMS)
def teams_cloud_recording_off(evidence: Evidence) -> Verdict:
    """Passes when the Global policy has recording off; transcription is another setting."""
    return _is_off(
        evidence,
        "AllowCloudRecording",
        lambda policy: policy.allow_cloud_recording,
        "record meetings",
    )


def _is_off(
    evidence: Evidence, setting: str, is_on: Callable[[MeetingPolicy], bool], what: str
) -> Verdict:
    def shortfall(policy: MeetingPolicy) -> Affected | None:
        if not is_on(policy):
            return None
        return Affected(resource=policy.name, setting=setting, actual="True")

    return _judge(
        evidence,
        shortfall,
        good=f"The Global meeting policy lets nobody {what}",
        bad=f"The Global meeting policy lets people {what}",
    )


def _is_one_of(
    evidence: Evidence,
    setting: str,
    word: Callable[[MeetingPolicy], str],
    allowed: tuple[str, ...],
) -> Verdict:
    """An unknown word is certainly not an allowed one: it fails and is shown."""
    lower = {name.lower() for name in allowed}

    def shortfall(policy: MeetingPolicy) -> Affected | None:
        if word(policy).strip().lower() in lower:
            return None
        return Affected(resource=policy.name, setting=setting, actual=word(policy))

    return _judge(
        evidence,
        shortfall,
        good=f"{setting} of the Global meeting policy is as strict as it has to be",
        bad=f"{setting} of the Global meeting policy is not {' or '.join(allowed)}",
    )


def _judge(
    evidence: Evidence,
    shortfall: Callable[[MeetingPolicy], Affected | None],
    *,
    good: str,
    bad: str,
) -> Verdict:
    found = [shortfall(policy) for policy in global_policies(evidence, MeetingPolicy)]
    affected = [item for item in found if item]
    notes = looser_policies(evidence, MeetingPolicy, lambda policy: shortfall(policy) is not None)
    return failed(bad, affected, notes=notes) if affected else passed(good, notes=notes)
