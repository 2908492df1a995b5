"""Cases of the checks on settings of the organisation in checks/exchange/client_access.py."""

from checks.exchange.client_access import (
    customer_lockbox_enabled,
    exchange_mailtips_on,
    exchange_modern_authentication_on,
    exchange_owa_storage_providers_off,
    exchange_smtp_auth_disabled,
    external_calendar_sharing_off,
)
from evidence.exchange import (
    OrganizationConfig,
    OwaMailboxPolicy,
    SharingPolicy,
    TransportConfig,
)
from evidence.licences import SubscribedSku
from tests.builders.entra import without
from tests.builders.exchange import (
    organization_config,
    owa_mailbox_policy,
    sharing_policy,
    transport_config,
)
from tests.builders.licences import plan, sku
from tests.checks.case import Case

CASES = [
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
                without(organization_config(), "CustomerLockboxEnabled")
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
            OrganizationConfig: [without(organization_config(), "CustomerLockboxEnabled")],
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
        given={OrganizationConfig: [without(organization_config(), "OAuth2ClientProfileEnabled")]},
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
