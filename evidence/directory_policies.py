"""Directory policies of one object each: consent requests, guest invitations, hash sync."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ValidationError

from evidence.dataset import CmdletPart, EvidenceMissing, GraphDataset, GraphPart
from evidence.parse import loads_strict
from evidence.wire import Bool, Int, Names, Text


class AdminConsentRequestPolicy(GraphDataset):
    """`GET /v1.0/policies/adminConsentRequestPolicy`."""

    key: ClassVar = "graph.admin_consent_request_policy"

    is_enabled: Bool
    notify_reviewers: Bool | None = None
    reminders_enabled: Bool | None = None
    request_duration_in_days: Int | None = None
    reviewers: list[Any] | None = None


class EntraUxSetting(GraphDataset):
    """`GET /beta/admin/entra/uxSetting`: best effort, refused in practically every tenant."""

    key: ClassVar = "graph.entra_ux_setting"

    id: Text | None = None
    restrict_non_admin_access: Bool  # the words true and false


class SynchronizationFeatures(GraphPart):
    password_sync_enabled: Bool | None = None


class OnPremisesSynchronization(GraphDataset):
    """`GET /v1.0/directory/onPremisesSynchronization`; often refused to app-only sign-in."""

    key: ClassVar = "graph.on_premises_synchronization"

    id: Text | None = None
    features: SynchronizationFeatures | None = None

    @property
    def syncs_password_hashes(self) -> bool | None:
        """None: the answer does not say."""
        return self.features.password_sync_enabled if self.features else None


def _domain_list(value: Any) -> list[str] | None:
    """An empty list shuts everybody out, null says nothing: the two must not be confused."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) and item for item in items):
        raise ValueError(f"{value!r} is not a list of domains")
    return items


DomainList = Annotated[list[str] | None, BeforeValidator(_domain_list)]


class InvitationDomains(CmdletPart):
    allowed_domains: DomainList = None
    blocked_domains: DomainList = None


class _B2BDefinition(CmdletPart):
    may_hold_only_other_names: ClassVar = True  # previews and redemption are settled here as well
    invitations_allowed_and_blocked_domains_policy: InvitationDomains | None = None


class B2BManagementPolicy(GraphDataset):
    """`GET /beta/policies/b2bManagementPolicies`, or what `/beta/legacy/policies` holds of it."""

    key: ClassVar = "graph.b2b_management_policies"

    id: Text | None = None
    is_organization_default: Bool | None = None
    definition: Names  # each a JSON text

    @property
    def invitation_domains(self) -> InvitationDomains | None:
        """None: a policy of another kind. Raises EvidenceMissing on a text that is not JSON."""
        found = [self._parsed(text) for text in self.definition]
        return next((part for part in found if part), None)

    def _parsed(self, text: str) -> InvitationDomains | None:
        try:
            outer = loads_strict(text)
            if not isinstance(outer, Mapping):
                raise ValueError("not an object")
            inner = {str(key).lower(): value for key, value in outer.items()}
            if "b2bmanagementpolicy" not in inner:
                return None
            policy = _B2BDefinition.model_validate(inner["b2bmanagementpolicy"] or {})
        except ValidationError as error:
            raise self._unreadable(error.errors(include_url=False)[0]["msg"]) from None
        except ValueError as error:
            raise self._unreadable(str(error)) from None
        return policy.invitations_allowed_and_blocked_domains_policy or InvitationDomains()

    def _unreadable(self, why: str) -> EvidenceMissing:
        return EvidenceMissing(self.key, f"a definition cannot be read ({why[:120]})")
