"""Applications that a user's licences bring: mail, files, chat, Office."""

from collections.abc import Iterator
from dataclasses import dataclass

from checks.wording import some_of
from evidence.dataset import EvidenceMissing
from evidence.entra import AssignedLicense, User
from evidence.evidence import Evidence
from evidence.licences import ServicePlan, SubscribedSku

_APPLICATIONS = (
    "EXCHANGE_S_",
    "EXCHANGE_B_",
    "EXCHANGE_L_",
    "SHAREPOINT",
    "ONEDRIVE",
    "TEAMS",
    "MCO",
    "OFFICESUBSCRIPTION",
    "OFFICE_BUSINESS",
    "OFFICEMOBILE_SUBSCRIPTION",
    "OFFICE_PRO",
    "YAMMER_",
    "VIVAENGAGE",
    "M365_COPILOT",
)
# Comes with Entra ID P1 and P2 and is no mailbox.
_NO_MAILBOX = ("EXCHANGE_S_FOUNDATION", "EXCHANGE_FOUNDATION")
_PLANS_SHOWN = 5


@dataclass(frozen=True)
class AppPlans:
    """The tenant's products by lower-case SKU id."""

    products: dict[str, list[SubscribedSku]]

    @classmethod
    def of(cls, evidence: Evidence) -> "AppPlans":
        products: dict[str, list[SubscribedSku]] = {}
        for sku in evidence.seen(SubscribedSku):
            try:
                products.setdefault(sku.sku_id.strip().lower(), []).append(sku)
            except EvidenceMissing as gap:
                evidence.gaps.append(gap)
        return cls(products)

    def of_user(self, user: User) -> str:
        """Products and the application plans in them; empty: none.

        Raises EvidenceMissing for a product that the tenant no longer lists, unless another
        brings an application anyway.
        """
        found: list[str] = []
        unknown: list[EvidenceMissing] = []
        for licence in user.assigned_licenses:
            try:
                found += self._of_licence(licence)
            except EvidenceMissing as gap:
                unknown.append(gap)
        if unknown and not found:
            raise unknown[0]
        return "; ".join(sorted(set(found)))

    def _of_licence(self, licence: AssignedLicense) -> Iterator[str]:
        products = self.products.get(licence.sku_id, []) if licence.sku_id else []
        if not products:
            raise EvidenceMissing(
                SubscribedSku.key, f"product {licence.sku_id} is assigned and not listed"
            )
        for sku in products:
            plans = {
                plan.service_plan_name
                for plan in sku.service_plans
                if plan.service_plan_id.lower() not in licence.disabled_plans
                and _is_application(plan)
            }
            if plans:
                yield f"{sku.sku_part_number or sku.sku_id}: {some_of(plans, _PLANS_SHOWN)}"


def _is_application(plan: ServicePlan) -> bool:
    if plan.provisioning_status.lower() == "disabled":
        return False
    name = plan.service_plan_name.strip().upper()
    if not name:
        raise EvidenceMissing(SubscribedSku.key, f"plan {plan.service_plan_id} has no name")
    return name.startswith(_APPLICATIONS) and not name.startswith(_NO_MAILBOX)
