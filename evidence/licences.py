"""The licence inventory, and the service plans that decide whether a check applies."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.collector import DatasetStatus
from evidence.dataset import EvidenceMissing, GraphDataset, GraphPart
from evidence.evidence import SUBSCRIBED_SKUS, Evidence
from evidence.wire import Listed, Text


class ServicePlan(GraphPart):
    service_plan_id: Text
    service_plan_name: Text = ""
    provisioning_status: Text = ""


class SubscribedSku(GraphDataset):
    """`GET /v1.0/subscribedSkus`: one row a product the tenant has bought."""

    key: ClassVar = SUBSCRIBED_SKUS

    sku_id: Text = ""
    sku_part_number: Text = ""
    capability_status: Text
    service_plans: Annotated[list[ServicePlan], Listed] = Field()

    @property
    def is_usable(self) -> bool:
        return self.capability_status.lower() in ("enabled", "warning")


@dataclass(frozen=True)
class Licence:
    """A group of service plans, any of which unlocks a feature: ids, or a pattern of names."""

    name: str
    plans: frozenset[str] = frozenset()
    pattern: str = ""

    def covers(self, plan: ServicePlan) -> bool:
        """A pending plan is bought: only `Disabled` does not count."""
        if plan.provisioning_status.lower() == "disabled":
            return False
        if plan.service_plan_id.lower() in self.plans:
            return True
        return bool(self.pattern and re.match(self.pattern, plan.service_plan_name, re.IGNORECASE))


def lacks(evidence: Evidence, licence: Licence) -> bool:
    """True only when the inventory was read, is not empty and holds no plan of the group.

    An inventory that was not read applies no gate. One without a single row is suspicious: error.
    """
    if evidence.status(SubscribedSku) is not DatasetStatus.OK:
        return False
    skus = evidence.all(SubscribedSku)
    if not skus:
        raise EvidenceMissing(SUBSCRIBED_SKUS, "the tenant has not a single licence")
    return not any(
        licence.covers(plan) for sku in skus if sku.is_usable for plan in sku.service_plans
    )


def _group(name: str, *plans: str, pattern: str = "") -> Licence:
    return Licence(name, frozenset(plans), pattern)


ENTRA_P1_ID = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
ENTRA_P2_ID = "eec0eb4f-6444-4f95-aba0-50c24d67f998"
_GOVERNANCE_ID = "e866a266-3cff-43a3-acca-0c90a7e00c8b"
_EXCHANGE_ENTERPRISE = "efb87545-963c-4e0d-99df-69c6916d9eb0"
_EXCHANGE_ENTERPRISE_GOV = "8c3069c0-ccdb-44be-ab77-986203a67df2"
_DEFENDER_2 = ("8e0c0a52-6a6c-4d40-8370-dd62790dcd70", "900018f1-0cdb-4ecb-94d4-90281760fdc6")

EXCHANGE = _group(
    "Exchange Online",
    "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
    _EXCHANGE_ENTERPRISE,
    "4a82b400-a79f-41a4-b4e2-e94f5787b113",
    "1126bef5-da20-4f07-b45e-ad25d2581aa8",
    "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd",
    _EXCHANGE_ENTERPRISE_GOV,
    "88f4d7ef-a73b-4246-8047-516022144c9f",
    pattern=r"EXCHANGE_S_(ENTERPRISE|STANDARD|DESKLESS)",
)
DEFENDER = _group(
    "Defender for Office 365",
    "f20fedf3-f3c3-43c3-8267-2bfdd51c0939",
    "493ff600-6a2b-4db6-ad37-a7d4eb214516",
    *_DEFENDER_2,
)
DEFENDER_PLAN_2 = _group("Defender for Office 365 Plan 2", *_DEFENDER_2)
SAFE_DOCUMENTS = _group("Safe Documents", "bf6f5520-59e3-4f82-974b-7dbbc4fd27c7")
LOCKBOX = _group(
    "Customer Lockbox",
    "9f431833-0334-42de-a7dc-70aa40db46db",
    "89b5d3b1-3855-49fe-b46c-87c66dbc1526",
    "3ec18638-bd4c-4d3b-8905-479ed636b83e",
)
DATA_LOSS_PREVENTION = _group(
    "Data Loss Prevention",
    _EXCHANGE_ENTERPRISE,
    _EXCHANGE_ENTERPRISE_GOV,
    "9bec7e34-c9fa-40b7-a9d1-bd6d1165c7ed",
)
TEAMS_DATA_LOSS_PREVENTION = _group(
    "Data Loss Prevention for Teams", "6dc145d6-95dd-4191-b9c3-185575ee6f6b"
)
SENSITIVITY_LABELS = _group(
    "Sensitivity Labels",
    "5136a095-5cf0-4aff-bec3-e84448b38ea5",
    "efb0351d-3b08-4503-993d-383af8de41e3",
    "6c57d4b6-3b23-47a5-9bc9-69f17b4947b3",
    "5689bec4-755d-4753-8b61-40975025187c",
    "1b66aedf-8ca1-4f73-af76-ec76c6180f98",
    "5400a66d-eaa5-427d-80f2-0f26d59d8fce",
)
CLOUD_APPS = _group(
    "Defender for Cloud Apps",
    "2e2ddb96-6af9-4b1d-a3f0-d6ecfd22edb2",
    "6ebdddb7-8e55-4af2-952b-69e77262f96c",
)
INTUNE = _group(
    "Intune",
    "c1ec4a95-1f05-45b3-a911-aa3fa01094f5",
    "d216f254-796f-4dab-bbfa-710686e646b9",
    "3e170737-c728-4eae-bbb9-3f3360f7184c",
    "da24caf9-af8e-485c-b7c8-e73336da2693",
    "8e9ff0ff-aa7a-4b20-83c1-2f636b600ac2",
    "2b317a4a-77a6-4188-9437-b68a77b4e2c6",
)
FORMS = _group(
    "Microsoft Forms",
    "159f4cd6-e380-449f-a816-af1a9ef76344",
    "2789c901-c14e-48ab-a76a-be334d9d793a",
    "e212cbc7-0961-4c40-9825-01117710dcb1",
    "f07046bd-2a3c-4b96-b0be-dea79d7cbfb8",
    "f4cba850-4f34-4fd2-a341-0fddfdce1e8f",
    "24af5f65-d0f3-467b-9f78-ea798c4aeffc",
    "843da3a8-d2cc-4e7a-9e90-dc46019f964c",
)
SWAY = _group("Sway", "a23b959c-7ce8-4e57-9140-b90eb88a9e97")
ENTRA_P1 = _group("Entra ID P1", ENTRA_P1_ID, ENTRA_P2_ID)
ENTRA_P2 = _group("Entra ID P2", ENTRA_P2_ID)
ENTRA_GOVERNANCE = _group("Entra ID P2 or Governance", ENTRA_P2_ID, _GOVERNANCE_ID)
SHAREPOINT = _group("SharePoint Online", pattern=r"SHAREPOINT")
TEAMS = _group("Teams", pattern=r"(TEAMS|MCOSTANDARD)")
POWER_BI = _group("Power BI or Fabric", pattern=r".*(BI_AZURE_P_?\d|POWER_?BI|PBI_PREMIUM|FABRIC)")
