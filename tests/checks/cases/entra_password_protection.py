"""Cases of checks/entra/password_protection.py."""

from typing import Any

from checks.entra.password_protection import (
    custom_banned_passwords_enforced,
    onprem_password_protection_enforced,
)
from evidence.authentication import GroupSetting
from evidence.entra import Organization
from evidence.licences import SubscribedSku
from tests.builders.authentication import GROUP_UNIFIED, group_setting
from tests.builders.conditional_access import licences
from tests.builders.entra import hybrid_organization, organization
from tests.checks.case import Case, Rows

UNIFIED = group_setting(GROUP_UNIFIED)
BOTH = (custom_banned_passwords_enforced, onprem_password_protection_enforced)


def _given(settings: Rows, *licence: str, of: Any = None) -> dict[Any, Any]:
    return {
        GroupSetting: settings,
        Organization: [of or hybrid_organization()],
        SubscribedSku: licences(*(licence or ("P1",))),
    }


WORDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "enforced, with words": ("pass", {}, "5 words"),
    "one word": ("pass", {"BannedPasswordList": "contoso"}, "holds only 1 words"),
    "two words, one a line": ("pass", {"BannedPasswordList": "contoso\r\nfabrikam"}, "2 words"),
    "the number in place of the words": ("pass", {"BannedPasswordList": "12"}, "12 words"),
    "a number that is one": ("pass", {"BannedPasswordList": 12}, "12 words"),
    "the number is zero": ("fail", {"BannedPasswordList": "0"}, ""),
    "letter case of the value": ("pass", {"EnableBannedPasswordCheck": "true"}, ""),
    "a real boolean": ("pass", {"EnableBannedPasswordCheck": True}, ""),
    "blank": ("fail", {"BannedPasswordList": " "}, ""),
    "separators only": ("fail", {"BannedPasswordList": "\t,\r\n\t"}, ""),
    "null": ("fail", {"BannedPasswordList": None}, ""),
    "words, but not enforced": ("fail", {"EnableBannedPasswordCheck": "False"}, ""),
    "words, and null": ("fail", {"EnableBannedPasswordCheck": None}, ""),
}
CASES = [
    Case(
        custom_banned_passwords_enforced,
        name,
        given=_given([UNIFIED, group_setting(**values)]),
        expect=expect,
        says=says,
    )
    for name, (expect, values, says) in WORDS.items()
]
ON_PREMISES: dict[str, tuple[str, dict[str, Any]]] = {
    "as it is stored": ("pass", {}),
    "as the portal says it": ("pass", {"BannedPasswordCheckOnPremisesMode": "enforced"}),
    "audit": ("fail", {"BannedPasswordCheckOnPremisesMode": "Audit"}),
    "a word that nobody knows": ("fail", {"BannedPasswordCheckOnPremisesMode": "Later"}),
    "enforced, but off": ("fail", {"EnableBannedPasswordCheckOnPremises": "False"}),
    "null": ("fail", {"BannedPasswordCheckOnPremisesMode": None}),
}
CASES += [
    Case(
        onprem_password_protection_enforced,
        name,
        given=_given([group_setting(**values), UNIFIED]),
        expect=expect,
        affected=["Password Rule Settings"] if expect == "fail" else [],
    )
    for name, (expect, values) in ON_PREMISES.items()
]
CASES += [
    Case(
        onprem_password_protection_enforced,
        "cloud only",
        given=_given([], of=organization()),
        expect="not_applicable",
    ),
    Case(
        onprem_password_protection_enforced,
        "cloud only, and the settings were not read",
        given={Organization: [organization(onPremisesSyncEnabled=False)]},
        unread={GroupSetting: "denied"},
        expect="not_applicable",
    ),
    Case(
        onprem_password_protection_enforced,
        "the organisation was not read",
        given=_given([group_setting()], "INTUNE") | {Organization: []},
        unread={Organization: "denied"},
        expect="error",
    ),
    Case(
        onprem_password_protection_enforced,
        "agents cannot be seen",
        given=_given([group_setting()]),
        expect="pass",
        says="Whether an agent runs",
    ),
    Case(
        onprem_password_protection_enforced,
        "the last synchronisation is years ago",
        given=_given([], of=hybrid_organization(onPremisesLastSyncDateTime="2022-08-24T17:29:45Z")),
        expect="fail",
        says="2022-08-24",
    ),
    Case(
        onprem_password_protection_enforced,
        "whether it synchronises is absent",
        given=_given([group_setting()], of={"id": "x"}),
        expect="error",
    ),
]
for judge in BOTH:
    CASES += [
        Case(judge, "nothing was changed, licensed", given=_given([UNIFIED]), expect="fail"),
        Case(judge, "no setting of any kind, licensed", given=_given([]), expect="fail"),
        Case(
            judge,
            "nothing was changed, not licensed",
            given=_given([UNIFIED], "INTUNE"),
            expect="not_applicable",
        ),
        Case(
            judge,
            "set, though the inventory does not explain it",
            given=_given([group_setting()], "INTUNE"),
            expect="pass",
        ),
        Case(
            judge,
            "nothing was changed, licences not read",
            given=_given([UNIFIED]),
            unread={SubscribedSku: "denied"},
            expect="fail",
        ),
        Case(
            judge,
            "the values are absent",
            given=_given([{"id": "x", "templateId": group_setting()["templateId"]}]),
            expect="error",
        ),
        Case(
            judge,
            "a part of the settings",
            given=_given([group_setting()]),
            unread={GroupSetting: "partial"},
            expect="error",
        ),
        *(
            Case(
                judge,
                f"not read ({status}), licensed or not",
                given=_given([], "INTUNE"),
                unread={GroupSetting: status},
                expect="error",
            )
            for status in ("denied", "throttled", "other")
        ),
    ]
