"""Cases of checks/exchange/priority_accounts.py."""

from typing import Any

from checks.exchange.priority_accounts import (
    priority_account_protection_on,
    priority_accounts_under_strict_preset,
)
from evidence.dataset import Dataset
from evidence.licences import SubscribedSku
from evidence.mail_protection import EmailTenantSettings, PriorityUser, ProtectionAlert
from evidence.mail_rules import DefenderPresetRule, ExchangePresetRule, ScopeGroup
from evidence.recipients import AcceptedDomain, Mailbox
from tests.builders.protection import (
    PLAN_1,
    PLAN_2,
    UNLICENSED,
    defender_preset,
    email_tenant_settings,
    exchange_preset,
    people,
    priority_user,
    scope_group,
    standard_exchange_preset,
    threat_alert,
)
from tests.builders.recipients import accepted_domain, mailbox
from tests.checks.case import Case, Rows

Given = dict[type[Dataset], Rows]
CEO_TAGGED = (priority_user(),)
SETTINGS = (email_tenant_settings(),)
EXCHANGE_HALF = (exchange_preset(),)
DEFENDER_HALF = (defender_preset(),)


def watched(
    *alerts: dict[str, Any],
    users: Rows = CEO_TAGGED,
    settings: Rows = SETTINGS,
    skus: Rows = PLAN_2,
) -> Given:
    return {
        EmailTenantSettings: settings,
        PriorityUser: users,
        ProtectionAlert: alerts or (threat_alert("Phish"), threat_alert("Malware")),
        SubscribedSku: skus,
    }


def protection(name: str, expect: str, given: Given, **more: Any) -> Case:
    return Case(priority_account_protection_on, name, given=given, expect=expect, **more)


def with_malware_alert(**changes: Any) -> Given:
    return watched(threat_alert("Phish"), threat_alert("Malware", **changes))


PROTECTION = [
    protection("all three", "pass", watched()),
    protection(
        "the other spelling of the direction, and names in another case",
        "pass",
        with_malware_alert(
            Filter="Mail.AntispamDirection -EQ 'ToInternalRecipient'",
            Severity="high",
            RecipientTags=["PRIORITY ACCOUNT"],
        ),
    ),
    protection(
        "an ordinary alert without tag or filter beside them",
        "pass",
        watched(
            threat_alert("Malware", RecipientTags=None, Filter=None),
            threat_alert("Phish"),
            threat_alert("Malware"),
        ),
    ),
    protection(
        "the switch is off",
        "fail",
        watched(settings=[email_tenant_settings(EnablePriorityAccountProtection=False)]),
        affected=["Default"],
    ),
    protection("nobody is tagged", "fail", watched(users=[]), says="tagged accounts"),
    protection(
        "an expected account is not tagged",
        "fail",
        watched(),
        parameters={"expected_priority_accounts": ["CEO@contoso.com", "cfo@contoso.com"]},
        affected=["cfo@contoso.com"],
    ),
    protection(
        "every expected account is tagged",
        "pass",
        watched(users=[priority_user(), priority_user("cfo")]),
        parameters={"expected_priority_accounts": ["CEO@contoso.com", "id-of-cfo"]},
    ),
    protection(
        "only an alert for phishing",
        "fail",
        watched(threat_alert("Phish")),
        says="Malware alert",
    ),
    protection("the alert is disabled", "fail", with_malware_alert(Disabled=True)),
    protection(
        "the alert is of medium severity",
        "fail",
        with_malware_alert(Severity="Medium"),
        affected=["Malware for priority accounts"],
    ),
    protection("the alert notifies nobody", "fail", with_malware_alert(NotifyUser=[])),
    protection("the notification is off", "fail", with_malware_alert(NotificationEnabled=False)),
    protection("the alert has no filter", "fail", with_malware_alert(Filter=None)),
    protection(
        "the alert watches outbound mail",
        "fail",
        with_malware_alert(Filter="Mail.Direction -eq 'Outbound'"),
    ),
    protection(
        "the alert is about other recipients",
        "fail",
        with_malware_alert(RecipientTags=["Board"]),
    ),
    protection(
        "administrators are told, who may have no mailbox",
        "pass",
        with_malware_alert(NotifyUser=["TenantAdmins"], Name="Malware seen\u200b"),
        says="'Malware seen' notifies TenantAdmins",
    ),
    protection("no Plan 2 and nobody tagged", "not_applicable", watched(users=[], skus=PLAN_1)),
    protection(
        "a tagged account proves the plan that the inventory lacks",
        "fail",
        watched(
            settings=[email_tenant_settings(EnablePriorityAccountProtection=False)], skus=PLAN_1
        ),
    ),
    protection("alerts were denied", "error", watched(), unread={ProtectionAlert: "denied"}),
    protection(
        "alerts were denied, and the switch is off all the same",
        "fail",
        watched(settings=[email_tenant_settings(EnablePriorityAccountProtection=False)]),
        unread={ProtectionAlert: "denied"},
    ),
    protection("tags were denied", "error", watched(), unread={PriorityUser: "denied"}),
    protection(
        "null is neither on nor off",
        "error",
        watched(settings=[email_tenant_settings(EnablePriorityAccountProtection=None)]),
    ),
    protection("no settings", "error", watched(settings=[])),
]

CEO = mailbox(
    ExternalDirectoryObjectId="id-of-ceo",
    UserPrincipalName="ceo@contoso.com",
    PrimarySmtpAddress="ceo@contoso.com",
)
MAILBOXES = (CEO, *people(2))


def preset(
    exchange: Rows = EXCHANGE_HALF,
    defender: Rows = DEFENDER_HALF,
    users: Rows = CEO_TAGGED,
    groups: Rows = (),
    mailboxes: Rows = MAILBOXES,
    skus: Rows = PLAN_1,
) -> Given:
    return {
        ExchangePresetRule: exchange,
        DefenderPresetRule: defender,
        PriorityUser: users,
        ScopeGroup: groups,
        Mailbox: mailboxes,
        AcceptedDomain: [accepted_domain()],
        SubscribedSku: skus,
    }


def both(**changes: Any) -> dict[str, Rows]:
    return {
        "exchange": [exchange_preset(**changes)],
        "defender": [defender_preset(**changes)],
    }


def under_strict(name: str, expect: str, given: Given, **more: Any) -> Case:
    return Case(priority_accounts_under_strict_preset, name, given=given, expect=expect, **more)


VIPS = both(SentToMemberOf=["vips"])
TAGGED = [priority_user(), priority_user("cfo")]

STRICT = [
    under_strict("both halves for everybody", "pass", preset()),
    under_strict(
        "the Defender half is off",
        "fail",
        preset(defender=[defender_preset(State="Disabled")]),
        affected=["Strict preset"],
    ),
    under_strict(
        "the Exchange half is off",
        "fail",
        preset(exchange=[exchange_preset(State="Disabled")]),
    ),
    under_strict(
        "the standard preset does not help",
        "fail",
        preset(exchange=[standard_exchange_preset()]),
    ),
    under_strict("no rule in a tenant with the plan", "fail", preset(exchange=[], defender=[])),
    under_strict(
        "the same rule twice is one rule",
        "pass",
        preset(exchange=[exchange_preset(), exchange_preset()]),
    ),
    under_strict(
        "two different strict rules",
        "fail",
        preset(exchange=[exchange_preset(), exchange_preset(SentTo=["x@contoso.com"])]),
    ),
    under_strict(
        "a priority account is not in the group",
        "fail",
        preset(**VIPS, users=TAGGED, groups=[scope_group("vips", "cfo@contoso.com")]),
        affected=["ceo@contoso.com"],
    ),
    under_strict(
        "every priority account is in the group",
        "pass",
        preset(
            **VIPS,
            users=TAGGED,
            groups=[scope_group("VIPs", "CFO@contoso.com", "ceo@contoso.com")],
        ),
    ),
    under_strict(
        "a priority account is excepted",
        "fail",
        preset(**both(ExceptIfSentTo=["ceo@contoso.com"])),
        affected=["ceo@contoso.com"],
    ),
    under_strict(
        "a group that was not found covers nobody",
        "fail",
        preset(**VIPS, groups=[scope_group("vips", resolved=False)]),
        affected=["ceo@contoso.com"],
    ),
    under_strict(
        "groups were not read",
        "error",
        preset(**VIPS),
        unread={ScopeGroup: "denied"},
    ),
    under_strict(
        "the mailbox's address counts, not the sign-in name",
        "fail",
        preset(
            **both(RecipientDomainIs=["contoso.com"]),
            mailboxes=[CEO | {"PrimarySmtpAddress": "ceo@fabrikam.example"}],
        ),
    ),
    under_strict(
        "nobody is tagged, and both halves cover somebody",
        "pass",
        preset(**VIPS, users=[], groups=[scope_group("vips", "p0@contoso.com")]),
        says="No priority account is tagged",
    ),
    under_strict(
        "nobody is tagged, and the rules name a domain of nobody",
        "fail",
        preset(**both(RecipientDomainIs=["badpeople.example"]), users=[]),
        says="covers nobody",
    ),
    under_strict(
        "nobody is tagged, and two kinds of condition exclude each other",
        "fail",
        preset(
            exchange=[
                exchange_preset(SentTo=["p0@contoso.com"], RecipientDomainIs=["fabrikam.example"])
            ],
            users=[],
        ),
    ),
    under_strict(
        "nobody is tagged and no mailbox was read: a domain will do",
        "pass",
        preset(**both(RecipientDomainIs=["contoso.com"]), users=[], mailboxes=[]),
        unread={Mailbox: "timeout"},
    ),
    under_strict(
        "mailboxes of priority accounts were not read",
        "error",
        preset(mailboxes=[]),
        unread={Mailbox: "timeout"},
    ),
    under_strict(
        "rules of the Exchange half were denied",
        "error",
        preset(exchange=[]),
        unread={ExchangePresetRule: "denied"},
    ),
    under_strict(
        "rules of the Exchange half were denied, and the Defender half is off",
        "fail",
        preset(exchange=[], defender=[defender_preset(State="Disabled")]),
        unread={ExchangePresetRule: "denied"},
    ),
    under_strict("tags were denied", "error", preset(), unread={PriorityUser: "denied"}),
    under_strict(
        "no plan and no rule of the Defender half",
        "not_applicable",
        preset(defender=[], skus=UNLICENSED),
    ),
    under_strict(
        "a rule of the Defender half proves the plan that the inventory lacks",
        "fail",
        preset(exchange=[], skus=UNLICENSED),
    ),
]

CASES = [*PROTECTION, *STRICT]
