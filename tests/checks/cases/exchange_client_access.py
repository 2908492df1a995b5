"""Cases of checks/exchange/client_access.py that look at mailboxes."""

from typing import Any

from checks.exchange.client_access import (
    exchange_user_addins_blocked,
    shared_mailbox_sign_in_blocked,
)
from evidence.entra import User
from evidence.exchange import (
    RoleAssignmentPolicy,
)
from evidence.licences import SubscribedSku
from evidence.recipients import Mailbox
from tests.builders.entra import user, without
from tests.builders.exchange import (
    role_assignment_policy,
)
from tests.builders.licences import plan, sku
from tests.builders.recipients import mailbox
from tests.checks.case import Case

_ONE = "AAAAAAAA-0000-4000-8000-000000000001"

_TWO = "aaaaaaaa-0000-4000-8000-000000000002"

_DEFAULT_POLICY = "Default Role Assignment Policy"


def _shared(account: str | None, name: str = "info@contoso.com") -> dict[str, Any]:
    return mailbox(
        RecipientTypeDetails="SharedMailbox",
        ExternalDirectoryObjectId=account,
        UserPrincipalName=name,
        DisplayName=None,
    )


CASES = [
    Case(
        shared_mailbox_sign_in_blocked,
        "the account is blocked, its id written in other letter case",
        given={
            Mailbox: [_shared(_ONE)],
            User: [user(id=_ONE.lower(), accountEnabled=False), user(id=_TWO)],
        },
        expect="pass",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "the account can sign in, licensed",
        given={
            Mailbox: [_shared(_ONE), _shared(_TWO, "desk@contoso.com")],
            User: [
                user(id=_ONE, accountEnabled=True, assignedLicenses=[{"skuId": _TWO}]),
                user(id=_TWO, accountEnabled=False),
            ],
        },
        expect="fail",
        affected=["info@contoso.com"],
        says="1 of 2",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "a user mailbox with sign-in is nobody's concern here",
        given={
            Mailbox: [mailbox(ExternalDirectoryObjectId=_ONE)],
            User: [user(id=_ONE, accountEnabled=True)],
        },
        expect="pass",
        says="no shared mailbox",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "no mailbox at all in a tenant that owns Exchange",
        given={Mailbox: [], User: [user()], SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        expect="pass",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "no user at all, which no tenant answers",
        given={Mailbox: [], User: [], SubscribedSku: [sku(plan("EXCHANGE_S_STANDARD"))]},
        expect="error",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "an orphan beside a blocked one",
        given={
            Mailbox: [_shared(_ONE), _shared(_TWO, "desk@contoso.com")],
            User: [user(id=_ONE, accountEnabled=False)],
        },
        expect="error",
        says="desk@contoso.com",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "an orphan beside one that can sign in",
        given={
            Mailbox: [_shared(_ONE), _shared(_TWO, "desk@contoso.com")],
            User: [user(id=_ONE, accountEnabled=True)],
        },
        expect="fail",
        affected=["info@contoso.com"],
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "a shared mailbox that names no account",
        given={Mailbox: [_shared(None)], User: [user()]},
        expect="error",
        says="names no directory object",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "whether the account is enabled is null",
        given={Mailbox: [_shared(_ONE)], User: [user(id=_ONE, accountEnabled=None)]},
        expect="error",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "the users are denied",
        given={Mailbox: [_shared(_ONE)]},
        unread={User: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "the mailbox read fails in a tenant without Exchange",
        given={User: [user()], SubscribedSku: [sku()]},
        unread={Mailbox: "denied"},
        expect="not_applicable",
    ),
    Case(
        shared_mailbox_sign_in_blocked,
        "the mailbox read returns nothing in a tenant without Exchange",
        given={Mailbox: [], User: [user()], SubscribedSku: [sku()]},
        expect="not_applicable",
    ),
    Case(
        exchange_user_addins_blocked,
        "the default policy is clean",
        given={RoleAssignmentPolicy: [role_assignment_policy()], Mailbox: [mailbox()]},
        expect="pass",
    ),
    Case(
        exchange_user_addins_blocked,
        "the factory default",
        given={
            RoleAssignmentPolicy: [
                role_assignment_policy(
                    AssignedRoles=["MyBaseOptions", "My Marketplace Apps", "my custom apps"]
                )
            ],
            Mailbox: [mailbox()],
        },
        expect="fail",
        affected=[_DEFAULT_POLICY],
    ),
    Case(
        exchange_user_addins_blocked,
        "a permissive policy that nobody uses",
        given={
            RoleAssignmentPolicy: [
                role_assignment_policy(),
                role_assignment_policy(
                    Name="Old", IsDefault=False, AssignedRoles=["My Custom Apps"]
                ),
            ],
            Mailbox: [mailbox(), mailbox(RoleAssignmentPolicy=None)],
        },
        expect="pass",
    ),
    Case(
        exchange_user_addins_blocked,
        "one mailbox uses a permissive policy, the role spelled without blanks",
        given={
            RoleAssignmentPolicy: [
                role_assignment_policy(),
                role_assignment_policy(
                    Name="Old", IsDefault=False, AssignedRoles="My ReadWriteMailboxApps"
                ),
            ],
            Mailbox: [mailbox(), mailbox(RoleAssignmentPolicy="OLD")],
        },
        expect="fail",
        affected=["Old"],
    ),
    Case(
        exchange_user_addins_blocked,
        "the mailbox that uses it stands beyond the first thousand",
        given={
            RoleAssignmentPolicy: [
                role_assignment_policy(),
                role_assignment_policy(
                    Name="Old", IsDefault=False, AssignedRoles=["My Custom Apps"]
                ),
            ],
            Mailbox: [*[mailbox() for _ in range(1200)], mailbox(RoleAssignmentPolicy="Old")],
        },
        expect="fail",
    ),
    Case(
        exchange_user_addins_blocked,
        "the mailboxes were read only in part",
        given={RoleAssignmentPolicy: [role_assignment_policy()], Mailbox: [mailbox()]},
        unread={Mailbox: "partial"},
        expect="error",
    ),
    Case(
        exchange_user_addins_blocked,
        "no mailbox at all",
        given={RoleAssignmentPolicy: [role_assignment_policy()], Mailbox: []},
        expect="error",
        says="returned nothing",
    ),
    Case(
        exchange_user_addins_blocked,
        "the mailboxes are unread but the default policy already fails",
        given={RoleAssignmentPolicy: [role_assignment_policy(AssignedRoles=["My Custom Apps"])]},
        unread={Mailbox: "denied"},
        expect="fail",
    ),
    Case(
        exchange_user_addins_blocked,
        "a mailbox uses a policy that was not returned",
        given={
            RoleAssignmentPolicy: [role_assignment_policy()],
            Mailbox: [mailbox(RoleAssignmentPolicy="Gone")],
        },
        expect="error",
        says="gone",
    ),
    Case(
        exchange_user_addins_blocked,
        "no default policy",
        given={
            RoleAssignmentPolicy: [role_assignment_policy(IsDefault=False)],
            Mailbox: [mailbox()],
        },
        expect="error",
        says="no default policy",
    ),
    Case(
        exchange_user_addins_blocked,
        "the policy property set was not asked for",
        given={
            RoleAssignmentPolicy: [role_assignment_policy()],
            Mailbox: [without(mailbox(), "RoleAssignmentPolicy")],
        },
        expect="error",
        says="RoleAssignmentPolicy is absent",
    ),
]
