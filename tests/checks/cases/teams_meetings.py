"""Cases of checks/teams/meetings.py."""

from collections.abc import Callable
from typing import Any

from checks.teams.meetings import (
    teams_anonymous_join_blocked,
    teams_anonymous_meeting_chat_blocked,
    teams_anonymous_start_blocked,
    teams_cloud_recording_off,
    teams_dialin_lobby_bypass_blocked,
    teams_external_control_blocked,
    teams_external_meeting_chat_off,
    teams_lobby_bypass_restricted,
    teams_presenters_organizers_only,
)
from contracts.verdict import Verdict
from evidence.evidence import Evidence
from evidence.licences import SubscribedSku
from evidence.teams import MeetingPolicy
from tests.builders.licences import plan, sku
from tests.builders.teams import meeting_policy
from tests.checks.case import Case

Judge = Callable[[Evidence], Verdict]


def _on_global(judge: Judge, name: str, expect: str, says: str = "", **changes: Any) -> Case:
    return Case(
        judge,
        name,
        given={MeetingPolicy: [meeting_policy(**changes)]},
        expect=expect,
        affected=["Global"] if expect == "fail" else None,
        says=says,
    )


def _without(setting: str) -> dict[str, Any]:
    return {name: value for name, value in meeting_policy().items() if name != setting}


def _switch(judge: Judge, setting: str) -> list[Case]:
    """What holds for every setting that has to be off."""
    return [
        _on_global(judge, "off", "pass", **{setting: False}),
        _on_global(judge, "on", "fail", **{setting: True}),
        _on_global(judge, "off as text", "pass", **{setting: "False"}),
        _on_global(judge, "on as text", "fail", **{setting: "true"}),
        _on_global(judge, "another word", "error", "cannot be read", **{setting: "maybe"}),
        _on_global(judge, "null", "error", "cannot be read", **{setting: None}),
        *_common(judge, setting, True),
    ]


def _word(judge: Judge, setting: str, *, allowed: list[str], refused: list[str]) -> list[Case]:
    """What holds for every setting that has to be one of a list of words."""
    return [
        *(_on_global(judge, f"{word}", "pass", **{setting: word}) for word in allowed),
        _on_global(judge, "lower case", "pass", **{setting: allowed[0].lower()}),
        _on_global(judge, "an object", "pass", **{setting: {"value": allowed[0]}}),
        *(_on_global(judge, f"{word}", "fail", **{setting: word}) for word in refused),
        _on_global(judge, "a word nobody knows", "fail", **{setting: "Hologram"}),
        _on_global(judge, "null", "error", **{setting: None}),
        *_common(judge, setting, refused[0]),
    ]


def _common(judge: Judge, setting: str, bad: object) -> list[Case]:
    loose = {"Identity": "Tag:Sales", setting: bad}
    return [
        Case(
            judge,
            "a custom policy is looser",
            given={MeetingPolicy: [meeting_policy(**loose), meeting_policy()]},
            expect="pass",
            says="Sales",
        ),
        Case(
            judge,
            "a built-in policy is looser and nobody can edit it",
            given={
                MeetingPolicy: [
                    meeting_policy(),
                    meeting_policy(**loose | {"Identity": "Tag:AllOn"}),
                ]
            },
            expect="pass",
        ),
        Case(
            judge,
            "only the custom policy is good",
            given={
                MeetingPolicy: [
                    meeting_policy(Identity="Tag:Board"),
                    meeting_policy(**{setting: bad}),
                ]
            },
            expect="fail",
            affected=["Global"],
        ),
        Case(
            judge,
            "Global twice, once as it should be",
            given={MeetingPolicy: [meeting_policy(), meeting_policy(**{setting: bad})]},
            expect="fail",
        ),
        Case(
            judge,
            "a custom policy that cannot be read does not matter",
            given={MeetingPolicy: [meeting_policy(), {"Identity": "Tag:Broken"}]},
            expect="pass",
        ),
        Case(
            judge,
            "no Global policy",
            given={MeetingPolicy: [meeting_policy(Identity="Tag:Sales")]},
            expect="error",
            says="Global",
        ),
        Case(
            judge,
            "the property is absent",
            given={MeetingPolicy: [_without(setting)]},
            expect="error",
            says=f"{setting} is absent",
        ),
        Case(judge, "nothing returned", given={MeetingPolicy: []}, expect="error"),
        Case(
            judge,
            "permission denied",
            given={},
            unread={MeetingPolicy: "denied"},
            expect="error",
            says="permission denied",
        ),
        Case(
            judge,
            "permission denied in a tenant with Teams",
            given={SubscribedSku: [sku(plan("TEAMS1"))]},
            unread={MeetingPolicy: "denied"},
            expect="error",
        ),
        Case(
            judge,
            "a tenant without Teams",
            given={SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
            unread={MeetingPolicy: "other"},
            expect="not_applicable",
            says="Teams",
        ),
        Case(
            judge,
            "a tenant without Teams that answers all the same",
            given={
                SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))],
                MeetingPolicy: [meeting_policy(**{setting: bad})],
            },
            expect="fail",
        ),
        Case(
            judge,
            "a part of the policies shows a bad Global",
            given={MeetingPolicy: [meeting_policy(**{setting: bad})]},
            unread={MeetingPolicy: "partial"},
            expect="fail",
        ),
        Case(
            judge,
            "a part of the policies shows a good Global",
            given={MeetingPolicy: [meeting_policy()]},
            unread={MeetingPolicy: "partial"},
            expect="error",
        ),
        Case(
            judge,
            "property names in another case",
            given={
                MeetingPolicy: [{name.lower(): found for name, found in meeting_policy().items()}]
            },
            expect="pass",
        ),
    ]


# AutoAdmittedUsers by dial-in bypass by kind of policy: the two answers never mix.
LOBBY_AND_PHONE = [
    Case(
        judge,
        f"{who} may skip the lobby, callers {'may too' if phone else 'may not'}, {identity}",
        given={
            MeetingPolicy: [
                meeting_policy(),
                meeting_policy(
                    Identity=identity, AutoAdmittedUsers=who, AllowPSTNUsersToBypassLobby=phone
                ),
            ]
        },
        expect="fail" if is_bad and identity == "Global" else "pass",
    )
    for who in ("Everyone", "InvitedUsers")
    for phone in (True, False)
    for identity in ("Global", "Tag:Sales")
    for judge, is_bad in (
        (teams_lobby_bypass_restricted, who == "Everyone"),
        (teams_dialin_lobby_bypass_blocked, phone),
    )
]

CASES = [
    *_switch(teams_anonymous_join_blocked, "AllowAnonymousUsersToJoinMeeting"),
    *_switch(teams_anonymous_start_blocked, "AllowAnonymousUsersToStartMeeting"),
    *_switch(teams_dialin_lobby_bypass_blocked, "AllowPSTNUsersToBypassLobby"),
    *_switch(teams_external_control_blocked, "AllowExternalParticipantGiveRequestControl"),
    *_switch(teams_external_meeting_chat_off, "AllowExternalNonTrustedMeetingChat"),
    *_switch(teams_cloud_recording_off, "AllowCloudRecording"),
    _on_global(
        teams_cloud_recording_off,
        "recording starts by itself, but is off",
        "pass",
        AutoRecording="Enabled",
    ),
    *_word(
        teams_lobby_bypass_restricted,
        "AutoAdmittedUsers",
        allowed=["InvitedUsers", "EveryoneInCompanyExcludingGuests", "OrganizerOnly"],
        refused=["EveryoneInCompany", "EveryoneInSameAndFederatedCompany", "Everyone"],
    ),
    *_word(
        teams_anonymous_meeting_chat_blocked,
        "MeetingChatEnabledType",
        allowed=[
            "EnabledExceptAnonymous",
            "EnabledInMeetingOnlyForAllExceptAnonymous",
            "Disabled",
        ],
        refused=["Enabled", "EnabledForAnonymousUsers"],
    ),
    *_word(
        teams_presenters_organizers_only,
        "DesignatedPresenterRoleMode",
        allowed=["OrganizerOnlyUserOverride"],
        refused=[
            "EveryoneUserOverride",
            "EveryoneInCompanyUserOverride",
            "EveryoneInSameAndFederatedCompanyUserOverride",
            "OrganizerOnly",
        ],
    ),
    *LOBBY_AND_PHONE,
]
