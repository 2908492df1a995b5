"""Organisation-wide settings of Microsoft 365 apps and services."""

from collections.abc import Mapping
from typing import Any, ClassVar

from evidence.dataset import GraphDataset
from evidence.wire import Bool, Id, Text


class AdminSettings(GraphDataset):
    """One object of the admin API: bare, under `settings`, or under `value` and `settings`."""

    @classmethod
    def _fold(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        for wrapper in ("value", "settings"):
            inner = {key.lower(): value for key, value in raw.items()}.get(wrapper)
            raw = inner if isinstance(inner, Mapping) else raw
        return super()._fold(raw)


class AppsAndServicesSettings(AdminSettings):
    """`GET /beta/admin/appsAndServices/settings`."""

    key: ClassVar = "graph.apps_and_services_settings"

    is_office_store_enabled: Bool
    is_app_and_services_trial_enabled: Bool


class FormsSettings(AdminSettings):
    """`GET /beta/admin/forms/settings`."""

    key: ClassVar = "graph.forms_settings"

    is_in_org_forms_phishing_scan_enabled: Bool


class WebStorageServicePrincipal(GraphDataset):
    """`GET /v1.0/servicePrincipals` of the app that opens outside storage in Office on the web.

    No row: nobody created the object, and the feature is on.
    """

    key: ClassVar = "graph.web_storage_service_principal"

    id: Text = ""
    app_id: Id
    display_name: Text | None = None
    account_enabled: Bool

    @property
    def is_web_storage(self) -> bool:
        return self.app_id == "c1f33bc0-bdb4-4248-ba9b-096807ddb43e"
