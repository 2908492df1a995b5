"""Conditional Access policies, and what they refer to: strengths, groups, security defaults."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.ca_conditions import Conditions, OpenPart, flags, lowered, texts
from evidence.dataset import EvidenceMissing, GraphDataset, GraphPart
from evidence.wire import Bool, Id, Int, Names, Text

PHISHING_RESISTANT = frozenset({"windowshelloforbusiness", "fido2", "x509certificatemultifactor"})
MANAGED_DEVICE = frozenset({"compliantdevice", "domainjoineddevice"})
HOURS = {"hours": 1, "days": 24}


def _stated(read: Callable[[Any], list[str]]) -> BeforeValidator:
    """Not stated is not empty."""
    return BeforeValidator(lambda value: None if value is None else read(value))


class Strength(GraphPart):
    """What an authentication strength accepts. Its name and id prove nothing."""

    id: Id = ""
    display_name: Text | None = None
    policy_type: Text | None = None
    requirements_satisfied: Annotated[list[str] | None, _stated(flags)] = None
    allowed_combinations: Annotated[list[str] | None, _stated(texts)] = None  # commas join one

    @property
    def is_phishing_resistant(self) -> bool | None:
        """None: the wire does not say."""
        if self.allowed_combinations is None:
            return None
        combinations = lowered(self.allowed_combinations)
        return bool(combinations) and combinations <= PHISHING_RESISTANT

    @property
    def is_mfa(self) -> bool | None:
        """A custom strength can be single-factor."""
        if self.requirements_satisfied is None:
            return True if self.is_phishing_resistant else None
        return "mfa" in lowered(self.requirements_satisfied)


class AuthenticationStrength(Strength, GraphDataset):
    """`GET /v1.0/policies/authenticationStrengthPolicies`; needed only for bare references."""

    key: ClassVar = "graph.authentication_strengths"


Alternative = str | Strength
Implies = Callable[[Alternative], bool | None]


class GrantControls(OpenPart):
    operator: Text | None = None
    built_in_controls: Names = Field(default_factory=list)
    terms_of_use: Names = Field(default_factory=list)
    custom_authentication_factors: Names = Field(default_factory=list)
    authentication_strength: Strength | None = None

    @property
    def blocks(self) -> bool:
        return "block" in lowered(self.built_in_controls)

    @property
    def alternatives(self) -> list[Alternative]:
        """Everything a user may be asked for, also what nobody knows yet."""
        found: list[Alternative] = [*sorted(lowered(self.built_in_controls))]
        found += [f"termsOfUse {item}" for item in self.terms_of_use]
        found += [
            f"customAuthenticationFactors {item}" for item in self.custom_authentication_factors
        ]
        found += [f"{name} {value}" for name, value in self.unknown.items()]
        if self.authentication_strength:
            found.append(self.authentication_strength)
        return found

    def guarantees(self, implies: Implies) -> bool:
        """True when no way through the grant avoids what `implies` looks for.

        Raises EvidenceMissing when a control that decides cannot be read.
        """
        if self.blocks or not self.alternatives:
            return False
        answers = [implies(alternative) for alternative in self.alternatives]
        if len(answers) > 1 and (self.operator or "").upper() not in ("AND", "OR"):
            raise EvidenceMissing(
                ConditionalAccessPolicy.key, f"operator {self.operator!r} joins several controls"
            )
        decided = any(answers) if self._wants_all else all(answers)
        if None in answers and not decided and (self._wants_all or False not in answers):
            raise EvidenceMissing(
                ConditionalAccessPolicy.key,
                f"what authentication strength {self._strength_label} accepts is not known",
            )
        return decided

    @property
    def _wants_all(self) -> bool:
        return (self.operator or "").upper() == "AND"

    @property
    def _strength_label(self) -> str:
        strength = self.authentication_strength
        return (strength.display_name or strength.id) if strength else ""

    @property
    def shown(self) -> str:
        names = [
            item if isinstance(item, str) else f"authenticationStrength {self._strength_label}"
            for item in self.alternatives
        ]
        return f" {self.operator or ''} ".join(names) or "none"


class SignInFrequency(GraphPart):
    is_enabled: Bool
    value: Int | None = None  # null with everyTime
    type: Text | None = None
    frequency_interval: Text | None = None
    authentication_type: Text | None = None

    @property
    def is_every_time(self) -> bool:
        return self.is_enabled and (self.frequency_interval or "").lower() == "everytime"

    def is_at_most(self, hours: int) -> bool:
        if self.is_every_time:
            return True
        unit = HOURS.get((self.type or "").lower())
        return (
            self.is_enabled
            and (self.frequency_interval or "timeBased").lower() == "timebased"
            and (self.authentication_type or "").lower() != "secondaryauthentication"
            and unit is not None
            and self.value is not None
            and 0 < self.value * unit <= hours
        )

    @property
    def shown(self) -> str:
        if not self.is_enabled:
            return "off"
        if self.is_every_time:
            return "every time"
        return f"{self.value} {self.type} ({self.authentication_type or 'all authentication'})"


class PersistentBrowser(GraphPart):
    is_enabled: Bool
    mode: Text | None = None

    @property
    def is_never(self) -> bool:
        return self.is_enabled and (self.mode or "").lower() == "never"


class EnforcedRestrictions(GraphPart):
    is_enabled: Bool


class SessionControls(GraphPart):
    """A policy may set any of them; the last six are only known by name."""

    sign_in_frequency: SignInFrequency | None = None
    persistent_browser: PersistentBrowser | None = None
    application_enforced_restrictions: EnforcedRestrictions | None = None
    block_sensitive_actions: Any = None
    cloud_app_security: Any = None
    continuous_access_evaluation: Any = None
    disable_resilience_defaults: Any = None
    global_secure_access_filtering_profile: Any = None
    secure_sign_in_session: Any = None


class ConditionalAccessPolicy(GraphDataset):
    """`GET /v1.0/identity/conditionalAccess/policies`, one row a policy in whatever state."""

    key: ClassVar = "graph.conditional_access_policies"

    id: Id
    display_name: Text | None = None
    state: Text
    conditions: Conditions
    grant_controls: GrantControls | None = None  # null: the policy is about the session only
    session_controls: SessionControls | None = None

    @property
    def label(self) -> str:
        return f"{self.display_name} ({self.id})" if self.display_name else self.id

    @property
    def is_in_force(self) -> bool:
        """Report-only does not count."""
        return self.state.lower() == "enabled"

    @property
    def blocks(self) -> bool:
        return bool(self.grant_controls and self.grant_controls.blocks)

    @property
    def built_in_controls(self) -> frozenset[str]:
        grants = self.grant_controls
        return lowered(grants.built_in_controls) if grants else frozenset()

    @property
    def grants(self) -> str:
        return self.grant_controls.shown if self.grant_controls else "none"

    @property
    def frequency(self) -> SignInFrequency | None:
        return self.session_controls.sign_in_frequency if self.session_controls else None

    @property
    def persistence(self) -> PersistentBrowser | None:
        return self.session_controls.persistent_browser if self.session_controls else None

    @property
    def enforces_app_restrictions(self) -> bool:
        session = self.session_controls
        restrictions = session.application_enforced_restrictions if session else None
        return bool(restrictions and restrictions.is_enabled)

    def guarantees(self, implies: Implies) -> bool:
        return bool(self.grant_controls and self.grant_controls.guarantees(implies))


class ReferencedGroup(GraphDataset):
    """Name and transitive user count of each group that a policy refers to, in batches."""

    key: ClassVar = "graph.referenced_groups"
    phase: ClassVar = 2
    depends_on: ClassVar = (
        "graph.conditional_access_policies",
        "graph.role_management_policy_assignments",
        "graph.authentication_methods_policy",
    )

    id: Id
    display_name: Text | None = None
    user_count: Int | None = None
    status: Int | None = None  # HTTP status of this group's part of the batch

    @property
    def is_gone(self) -> bool:
        return self.status == 404

    @property
    def size(self) -> int | None:
        """None: nobody can say. A group that is gone excludes nobody."""
        if self.is_gone:
            return 0
        return self.user_count if self.status in (None, 200) else None


class SecurityDefaults(GraphDataset):
    """`GET /v1.0/policies/identitySecurityDefaultsEnforcementPolicy`."""

    key: ClassVar = "graph.security_defaults"

    is_enabled: Bool
