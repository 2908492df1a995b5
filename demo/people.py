"""Who lives in the demo tenant: made-up people, their accounts, groups, roles and mailboxes."""

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

Row = dict[str, Any]


def words(text: str) -> list[str]:
    return text.split()


INITIAL = "contosodemo.onmicrosoft.com"
CONTOSO = "contoso.example"
FABRIKAM = "fabrikam.example"

FIRST = words(
    "Aurelio Bettine Corvin Dalila Emeric Fenella Gawain Hesper Ilario Jorunn Kestrel Lorcan "
    "Mirabel Nevin Ottoline Peregrin Quilla Rosamund Severin Tamsin Ulric Verity Wystan Xanthe "
    "Yorick Zinnia"
)
LAST = words(
    "Amberquill Bracklewick Candlemoor Dunwhistle Eldersedge Fernhollow Glimmerthwaite Hazelrook "
    "Inkpenhurst Juniperfold Kettlebeck Larkenby Mossgarth Nettlecombe Oxenquay Pebbleton "
    "Quarrymist Rookstead Saltmarrow Thistledown Underbough Vellumgate Willowshaw Yarrowmere"
)
DEPARTMENTS = words("Finance Sales Operations Engineering Logistics Marketing Support Legal")

GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
SYNC_ROLE = "d29b2b05-8046-44ba-8758-1e26182fcf32"
ROLES = {
    GLOBAL: "Global Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": "Billing Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": "Conditional Access Administrator",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "966707d0-3269-4727-9be2-8c3a10f19b9d": "Password Administrator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "Security Administrator",
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c": "SharePoint Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "69091246-20e8-4a56-aa4d-066075b2a7a8": "Teams Administrator",
    "3a2c62db-5318-420d-8d74-23affee5d9d5": "Intune Administrator",
    SYNC_ROLE: "Directory Synchronization Accounts",
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b": "Directory Readers",
}
ADMIN_ROLES = [role for role, name in ROLES.items() if "Administrator" in name or "Global" in name]
ROLE_OF = {name: role for role, name in ROLES.items()}

E3_SKU = "05e9a617-0261-4cee-bb44-138d3ef5d965"
P2_SKU = "84a661c4-e949-4bd2-a560-ed7766fcaf2b"

ADMIN_ACTIONS = words(
    "ApplyRecord Copy Create FolderBind HardDelete MailItemsAccessed Move MoveToDeletedItems Send "
    "SendAs SendOnBehalf SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions "
    "UpdateInboxRules"
)
DELEGATE_ACTIONS = words(
    "ApplyRecord Create FolderBind HardDelete MailItemsAccessed Move MoveToDeletedItems SendAs "
    "SendOnBehalf SoftDelete Update UpdateFolderPermissions UpdateInboxRules"
)
OWNER_ACTIONS = words(
    "ApplyRecord Create HardDelete MailboxLogin MailItemsAccessed Move MoveToDeletedItems Send "
    "SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules"
)


def guid(name: str) -> str:
    """The same name always has the same id."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.contoso.example"))


TENANT_ID = guid("tenant")


@dataclass(frozen=True)
class Person:
    """One account. `mailbox` is the recipient type, or empty for an account without one."""

    upn: str
    name: str
    synced: bool = False
    enabled: bool = True
    guest: bool = False
    skus: tuple[str, ...] = ()
    mailbox: str = ""
    capable: bool = True  # can do multifactor authentication
    per_user_mfa: str = "disabled"
    roles: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return guid(self.upn)

    @property
    def user(self) -> Row:
        return {
            "id": self.id,
            "userPrincipalName": self.upn,
            "displayName": self.name,
            "onPremisesSyncEnabled": True if self.synced else None,
            "accountEnabled": self.enabled,
            "assignedLicenses": [{"skuId": sku, "disabledPlans": []} for sku in self.skus],
            "userType": "Guest" if self.guest else "Member",
            "perUserMfaState": self.per_user_mfa,
            "createdDateTime": "2021-03-15T09:00:00Z",
        }

    @property
    def registration(self) -> Row:
        return {
            "id": self.id,
            "userPrincipalName": self.upn,
            "userType": "guest" if self.guest else "member",
            "isMfaCapable": self.capable,
            "isAdmin": bool(self.roles),
            "isSsprEnabled": True,
            "isSsprCapable": self.capable,
            "isSsprRegistered": self.capable,
            "lastUpdatedDateTime": "2026-05-04T02:11:09Z",
        }

    @property
    def mailbox_row(self) -> Row:
        return {
            "ExternalDirectoryObjectId": self.id,
            "UserPrincipalName": self.upn,
            "DisplayName": self.name,
            "PrimarySmtpAddress": self.upn,
            "RecipientTypeDetails": self.mailbox,
            "AuditEnabled": True,
            "AuditAdmin": ADMIN_ACTIONS,
            "AuditDelegate": DELEGATE_ACTIONS,
            "AuditOwner": OWNER_ACTIONS,
            "RoleAssignmentPolicy": "Default Role Assignment Policy",
        }


@dataclass(frozen=True)
class Company:
    staff: list[Person]
    shared: list[Person]
    rooms: list[Person]
    guests: list[Person]
    admins: list[Person]
    emergency: list[Person]
    sync: Person
    team_names: list[str] = field(default_factory=list)

    @property
    def everyone(self) -> list[Person]:
        groups = (self.staff, self.shared, self.rooms, self.guests, self.admins, self.emergency)
        return [person for group in groups for person in group] + [self.sync]

    @property
    def mailboxes(self) -> list[Person]:
        return [person for person in self.everyone if person.mailbox]


def found_company(seed: int) -> Company:
    dice = random.Random(seed)  # noqa: S311  (a demo, not a secret)
    return Company(
        staff=_staff(dice),
        shared=[_shared(name) for name in _desks()],
        rooms=[_room(number) for number in range(1, 9)],
        guests=_guests(dice),
        admins=_admins(),
        emergency=[_emergency(number) for number in (1, 2)],
        sync=Person(
            f"Sync_DC01_{guid('sync')[:12]}@{INITIAL}",
            "On-Premises Directory Synchronization Service Account",
            roles=(SYNC_ROLE,),
        ),
        team_names=[f"{name} {kind}" for name in DEPARTMENTS for kind in ("Team", "Projects")],
    )


def _staff(dice: random.Random) -> list[Person]:
    """The first fifth came with Fabrikam and is synchronised; eleven cannot do MFA yet."""
    pairs = dice.sample([(first, last) for first in FIRST for last in LAST], 300)
    unready = set(dice.sample(range(len(pairs)), 11))
    relics = set(dice.sample(range(len(pairs)), 4))
    helpdesk = (ROLE_OF["Helpdesk Administrator"],)
    return [
        Person(
            upn=f"{first}.{last}@{FABRIKAM if number < 60 else CONTOSO}".lower(),
            name=f"{first} {last}",
            synced=number < 60,
            enabled=number % 50 != 49,
            skus=(E3_SKU,),
            mailbox="UserMailbox",
            capable=number not in unready,
            per_user_mfa="enforced" if number in relics else "disabled",
            roles=helpdesk if number in (3, 120) else (),
        )
        for number, (first, last) in enumerate(pairs)
    ]


def _desks() -> list[str]:
    desks = ["Info", "Billing", "Careers", "Press", "Returns", "Warehouse", "Reception", "Fleet"]
    return [*desks, *(f"{name} Desk" for name in DEPARTMENTS)]


def _shared(name: str) -> Person:
    """Two of them were once people's accounts, and nobody blocked sign-in when they left."""
    return Person(
        upn=f"{name.lower().replace(' ', '.')}@{CONTOSO}",
        name=name,
        enabled=name in ("Warehouse", "Fleet"),
        mailbox="SharedMailbox",
    )


def _room(number: int) -> Person:
    return Person(f"room{number}@{CONTOSO}", f"Room {number}", enabled=False, mailbox="RoomMailbox")


def _guests(dice: random.Random) -> list[Person]:
    partners = ("northwind.example", "tailspin.example", "wingtip.example")
    pairs = dice.sample([(first, last) for first in FIRST for last in LAST], 60)
    return [
        Person(
            upn=f"{first}.{last}_{partners[number % 3]}#EXT#@{INITIAL}".lower().replace(
                "#ext#", "#EXT#"
            ),
            name=f"{first} {last} (guest)",
            guest=True,
            capable=number % 4 != 0,
        )
        for number, (first, last) in enumerate(pairs)
    ]


def _admins() -> list[Person]:
    held = {
        "ada": ("Global Administrator", "Intune Administrator"),
        "bram": ("Global Administrator",),
        "cosima": ("Exchange Administrator", "Security Administrator"),
        "dorian": ("SharePoint Administrator", "Teams Administrator"),
        "edda": ("User Administrator", "Authentication Administrator"),
        "finn": ("Security Administrator",),
        "greta": ("Conditional Access Administrator", "Application Administrator"),
        "hugo": ("Billing Administrator",),
        "isolde": ("Global Reader",),
        "jasper": ("Privileged Role Administrator",),
    }
    return [
        Person(
            upn=f"adm-{name}@{INITIAL}",
            name=f"{name.title()} (admin)",
            skus=(E3_SKU, P2_SKU) if name == "hugo" else (P2_SKU,),
            mailbox="UserMailbox" if name == "hugo" else "",
            roles=tuple(ROLE_OF[role] for role in roles),
        )
        for name, roles in held.items()
    ]


def _emergency(number: int) -> Person:
    return Person(
        upn=f"break-glass-{number}@{INITIAL}",
        name=f"Break glass {number}",
        capable=True,
        roles=(GLOBAL,),
    )
