"""Cases of checks/exchange/client_access.py."""

from typing import Any

from checks.exchange.client_access import (
    customer_lockbox_enabled,
    exchange_mailtips_on,
    exchange_modern_authentication_on,
    exchange_owa_storage_providers_off,
    exchange_smtp_auth_disabled,
    exchange_user_addins_blocked,
    external_calendar_sharing_off,
    shared_mailbox_sign_in_blocked,
)
from evidence.entra import User
from evidence.exchange import (
    OrganizationConfig,
    OwaMailboxPolicy,
    RoleAssignmentPolicy,
    SharingPolicy,
    TransportConfig,
)
from evidence.licences import SubscribedSku
from evidence.recipients import Mailbox
from tests.builders.entra import user
from tests.builders.exchange import (
    organization_config,
    owa_mailbox_policy,
    role_assignment_policy,
    sharing_policy,
    transport_config,
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


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


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
        external_calendar_sharing_off,
        "the default policy is disabled",
        given={SharingPolicy: [sharing_policy()]},
        expect="pass",
    ),
    Case(
        external_calendar_sharing_off,
        "the default policy is enabled for everybody",
        given={
            SharingPolicy: [
                sharing_policy(
                    Enabled=True,
                    Domains=[
                        "*:CalendarSharingFreeBusySimple",
                        "Anonymous:CalendarSharingFreeBusyReviewer",
                    ],
                )
            ]
        },
        expect="fail",
        affected=["Default Sharing Policy"],
    ),
    Case(
        external_calendar_sharing_off,
        "the default policy, renamed, is enabled for one partner",
        given={
            SharingPolicy: [
                sharing_policy(
                    Name="Partage",
                    Enabled=True,
                    Domains="partner.com:CalendarSharingFreeBusySimple",
                ),
                sharing_policy(Default=False),
            ]
        },
        expect="fail",
        affected=["Partage"],
    ),
    Case(
        external_calendar_sharing_off,
        "another policy shares calendars and is shown",
        given={
            SharingPolicy: [
                sharing_policy(),
                sharing_policy(
                    Name="Board",
                    Default=False,
                    Enabled=True,
                    Domains=["partner.com:CalendarSharingFreeBusyDetail"],
                ),
            ]
        },
        expect="pass",
        says="Board",
    ),
    Case(
        external_calendar_sharing_off,
        "no policy says that it is the default: its name does",
        given={SharingPolicy: [sharing_policy(Default=False, Enabled=True)]},
        expect="fail",
    ),
    Case(
        external_calendar_sharing_off,
        "no default policy",
        given={SharingPolicy: [sharing_policy(Name="Board", Default=False)]},
        expect="error",
        says="no default sharing policy",
    ),
    Case(
        external_calendar_sharing_off,
        "no policy returned",
        given={SharingPolicy: []},
        expect="error",
    ),
    Case(
        external_calendar_sharing_off,
        "whether it is enabled is null",
        given={SharingPolicy: [sharing_policy(Enabled=None)]},
        expect="error",
    ),
    Case(
        external_calendar_sharing_off,
        "denied",
        given={},
        unread={SharingPolicy: "denied"},
        expect="error",
        says="permission denied",
    ),
    Case(
        external_calendar_sharing_off,
        "a tenant without Exchange",
        given={SharingPolicy: [], SubscribedSku: [sku()]},
        expect="not_applicable",
    ),
    Case(
        customer_lockbox_enabled,
        "on, the property in another spelling",
        given={
            OrganizationConfig: [
                _without(organization_config(), "CustomerLockboxEnabled")
                | {"CustomerLockBoxEnabled": True}
            ],
            SubscribedSku: [sku()],
        },
        expect="pass",
    ),
    Case(
        customer_lockbox_enabled,
        "off and licensed",
        given={
            OrganizationConfig: [organization_config(CustomerLockboxEnabled=False)],
            SubscribedSku: [
                sku(plan("LOCKBOX_ENTERPRISE", "9f431833-0334-42de-a7dc-70aa40db46db"))
            ],
        },
        expect="fail",
    ),
    Case(
        customer_lockbox_enabled,
        "off and not licensed",
        given={
            OrganizationConfig: [organization_config(CustomerLockboxEnabled=False)],
            SubscribedSku: [sku()],
        },
        expect="not_applicable",
    ),
    Case(
        customer_lockbox_enabled,
        "off while the licence inventory is unread",
        given={OrganizationConfig: [organization_config(CustomerLockboxEnabled=False)]},
        unread={SubscribedSku: "denied"},
        expect="fail",
    ),
    Case(
        customer_lockbox_enabled,
        "the property is missing",
        given={
            OrganizationConfig: [_without(organization_config(), "CustomerLockboxEnabled")],
            SubscribedSku: [sku()],
        },
        expect="error",
        says="CustomerLockboxEnabled is absent",
    ),
    Case(
        customer_lockbox_enabled,
        "denied and licensed",
        given={
            SubscribedSku: [sku(plan("LOCKBOX_ENTERPRISE", "9f431833-0334-42de-a7dc-70aa40db46db"))]
        },
        unread={OrganizationConfig: "denied"},
        expect="error",
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
            Mailbox: [_without(mailbox(), "RoleAssignmentPolicy")],
        },
        expect="error",
        says="RoleAssignmentPolicy is absent",
    ),
    Case(
        exchange_modern_authentication_on,
        "on",
        given={OrganizationConfig: [organization_config()]},
        expect="pass",
    ),
    Case(
        exchange_modern_authentication_on,
        "off",
        given={OrganizationConfig: [organization_config(OAuth2ClientProfileEnabled=False)]},
        expect="fail",
    ),
    Case(
        exchange_modern_authentication_on,
        "on, written as text",
        given={OrganizationConfig: [organization_config(OAuth2ClientProfileEnabled="True")]},
        expect="pass",
    ),
    Case(
        exchange_modern_authentication_on,
        "the property was not returned",
        given={OrganizationConfig: [_without(organization_config(), "OAuth2ClientProfileEnabled")]},
        expect="error",
        says="OAuth2ClientProfileEnabled is absent",
    ),
    Case(
        exchange_modern_authentication_on,
        "some other word",
        given={OrganizationConfig: [organization_config(OAuth2ClientProfileEnabled="yes")]},
        expect="error",
    ),
    Case(
        exchange_mailtips_on,
        "all on at 25",
        given={OrganizationConfig: [organization_config()]},
        expect="pass",
    ),
    Case(
        exchange_mailtips_on,
        "a tenant nobody touched",
        given={
            OrganizationConfig: [organization_config(MailTipsExternalRecipientsTipsEnabled=False)]
        },
        expect="fail",
        says="1 of 4",
    ),
    Case(
        exchange_mailtips_on,
        "a threshold of 26",
        given={OrganizationConfig: [organization_config(MailTipsLargeAudienceThreshold=26)]},
        expect="fail",
    ),
    Case(
        exchange_mailtips_on,
        "a threshold of 26 where the tenant allows 30",
        given={OrganizationConfig: [organization_config(MailTipsLargeAudienceThreshold=26)]},
        parameters={"mailtips_large_audience_max": 30},
        expect="pass",
    ),
    Case(
        exchange_mailtips_on,
        "a threshold of 10, written as text",
        given={OrganizationConfig: [organization_config(MailTipsLargeAudienceThreshold="10")]},
        expect="pass",
    ),
    Case(
        exchange_mailtips_on,
        "a negative threshold",
        given={OrganizationConfig: [organization_config(MailTipsLargeAudienceThreshold=-1)]},
        expect="fail",
    ),
    Case(
        exchange_mailtips_on,
        "a null threshold",
        given={OrganizationConfig: [organization_config(MailTipsLargeAudienceThreshold=None)]},
        expect="error",
    ),
    Case(
        exchange_mailtips_on,
        "a read that left the properties out",
        given={OrganizationConfig: [{"Name": "contoso.onmicrosoft.com"}]},
        expect="error",
    ),
    Case(
        exchange_owa_storage_providers_off,
        "the default policy is off",
        given={OwaMailboxPolicy: [owa_mailbox_policy()]},
        expect="pass",
    ),
    Case(
        exchange_owa_storage_providers_off,
        "the default policy is on",
        given={OwaMailboxPolicy: [owa_mailbox_policy(AdditionalStorageProvidersAvailable=True)]},
        expect="fail",
        affected=["OwaMailboxPolicy-Default (the default)"],
    ),
    Case(
        exchange_owa_storage_providers_off,
        "a second policy is on",
        given={
            OwaMailboxPolicy: [
                owa_mailbox_policy(),
                owa_mailbox_policy(
                    Name="Frontline", IsDefault=False, AdditionalStorageProvidersAvailable=True
                ),
            ]
        },
        expect="fail",
        affected=["Frontline"],
    ),
    Case(
        exchange_owa_storage_providers_off,
        "the value is null",
        given={OwaMailboxPolicy: [owa_mailbox_policy(AdditionalStorageProvidersAvailable=None)]},
        expect="error",
    ),
    Case(
        exchange_owa_storage_providers_off,
        "no policy returned",
        given={OwaMailboxPolicy: []},
        expect="error",
    ),
    Case(
        exchange_smtp_auth_disabled,
        "disabled",
        given={TransportConfig: [transport_config()]},
        expect="pass",
    ),
    Case(
        exchange_smtp_auth_disabled,
        "enabled",
        given={TransportConfig: [transport_config(SmtpClientAuthenticationDisabled=False)]},
        expect="fail",
    ),
    Case(
        exchange_smtp_auth_disabled,
        "null",
        given={TransportConfig: [transport_config(SmtpClientAuthenticationDisabled=None)]},
        expect="error",
    ),
    Case(
        exchange_smtp_auth_disabled,
        "the organisation's settings hold a decoy of that name",
        given={OrganizationConfig: [organization_config(SmtpClientAuthenticationDisabled=True)]},
        unread={TransportConfig: "denied"},
        expect="error",
    ),
]
