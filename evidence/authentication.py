"""Authentication methods, password rules, and what users have registered."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from evidence.dataset import GraphDataset, GraphPart
from evidence.wire import Bool, Id, Listed, Text, When

ALL_USERS = "all_users"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_PASSWORD_RULES = "5cf42378-d67d-4f36-ba46-e8b86229381d"  # noqa: S105
_METHODS_POLICY = "graph.authentication_methods_policy"


class Target(GraphPart):
    id: Id
    target_type: Text = "group"

    @property
    def is_everyone(self) -> bool:
        return self.id == ALL_USERS

    @property
    def is_nobody(self) -> bool:
        """Microsoft writes an id of zeros where nobody is meant."""
        return self.id == _NOBODY

    @property
    def is_user(self) -> bool:
        return self.target_type.lower() == "user"


Targets = Annotated[list[Target], Listed]


class FeatureSetting(GraphPart):
    """`default` is Microsoft managed: today's behaviour, not a decision of the tenant."""

    state: Text
    include_target: Target | None = None
    exclude_target: Target | None = None

    @property
    def is_enabled(self) -> bool:
        return self.state.lower() == "enabled"

    @property
    def is_for_everyone(self) -> bool:
        return bool(self.include_target and self.include_target.is_everyone)


class FeatureSettings(GraphPart):
    number_matching_required_state: FeatureSetting | None = None  # beta only
    display_app_information_required_state: FeatureSetting
    display_location_information_required_state: FeatureSetting


class MethodConfiguration(GraphPart):
    """One authentication method and for whom it is on."""

    id: Id
    state: Text
    include_targets: Targets = Field(default_factory=list)
    exclude_targets: Targets = Field(default_factory=list)
    feature_settings: FeatureSettings  # of the Authenticator only
    allow_external_id_to_use_email_otp: Text | None = None  # of Email only

    @classmethod
    def dataset_name(cls) -> str:
        return _METHODS_POLICY

    @property
    def is_disabled(self) -> bool:
        return self.state.lower() == "disabled"

    @property
    def is_enabled(self) -> bool:
        return self.state.lower() == "enabled"

    @property
    def is_for_everyone(self) -> bool:
        return any(target.is_everyone for target in self.include_targets)


def _configurations(value: Any) -> Any:
    """A method that cannot be read must not take the others with it."""
    rows = [value] if isinstance(value, Mapping) else value
    if not isinstance(rows, list):
        raise ValueError(f"{value!r} is not a list of methods")
    return [MethodConfiguration.read_row(row) if isinstance(row, Mapping) else row for row in rows]


class SystemCredentialPreferences(GraphPart):
    state: Text
    include_targets: Targets = Field(default_factory=list)
    exclude_targets: Targets = Field(default_factory=list)

    @property
    def is_enabled(self) -> bool:
        return self.state.lower() == "enabled"

    @property
    def is_for_everyone(self) -> bool:
        return any(target.is_everyone for target in self.include_targets)


class AuthenticationMethodsPolicy(GraphDataset):
    """`GET /beta/policies/authenticationMethodsPolicy`; v1.0 lacks two of the properties."""

    key: ClassVar = _METHODS_POLICY

    policy_migration_state: Text | None = None
    authentication_method_configurations: Annotated[
        list[MethodConfiguration], BeforeValidator(_configurations)
    ]
    system_credential_preferences: SystemCredentialPreferences

    @property
    def is_migrated(self) -> bool:
        """Until then legacy settings, which no API tells, may still allow a method."""
        return (self.policy_migration_state or "migrationComplete").lower() == "migrationcomplete"

    def configurations(self, method: str) -> list[MethodConfiguration]:
        return [
            item for item in self.authentication_method_configurations if item.id == method.lower()
        ]


def _setting_text(value: Any) -> Any:
    return str(value) if isinstance(value, bool | int) else value


class SettingValue(GraphPart):
    name: Text
    value: Annotated[str | None, BeforeValidator(_setting_text)] = None


class GroupSetting(GraphDataset):
    """`GET /v1.0/groupSettings`: templates that somebody has filled in; all values are texts."""

    key: ClassVar = "graph.group_settings"

    id: Text = ""
    display_name: Text | None = None
    template_id: Id
    values: Annotated[list[SettingValue], Listed] = Field()

    @property
    def is_about_passwords(self) -> bool:
        return self.template_id == _PASSWORD_RULES

    def text(self, name: str) -> str:
        """Empty when the template has no such value."""
        for setting in self.values:
            if setting.name.lower() == name.lower():
                return (setting.value or "").strip()
        return ""

    @property
    def checks_own_words(self) -> bool:
        return self.text("EnableBannedPasswordCheck").lower() == "true"

    @property
    def own_words(self) -> int:
        """How many banned words there are. A collector sends the number in place of the words."""
        listed = self.text("BannedPasswordList")
        if re.fullmatch(r"0|[1-9]\d{0,4}", listed):
            return int(listed)
        return sum(1 for word in re.split(r"[\t\r\n,]", listed) if word.strip())

    @property
    def checks_on_premises(self) -> bool:
        return self.text("EnableBannedPasswordCheckOnPremises").lower() == "true"

    @property
    def enforces_on_premises(self) -> bool:
        """The stored word is Enforce, the portal says Enforced."""
        mode = self.text("BannedPasswordCheckOnPremisesMode").lower()
        return self.checks_on_premises and mode in ("enforce", "enforced")


class UserRegistrationDetail(GraphDataset):
    """`GET /v1.0/reports/authenticationMethods/userRegistrationDetails`; up to a day old.

    Leaves out disabled users. Needs Entra ID P1.
    """

    key: ClassVar = "graph.user_registration_details"
    time_limit_s: ClassVar = 1800

    id: Id
    user_principal_name: Text | None = None
    user_type: Text | None = None
    is_mfa_capable: Bool
    is_admin: Bool
    last_updated_date_time: When | None = None
    is_sspr_enabled: Bool
    is_sspr_capable: Bool | None = None
    is_sspr_registered: Bool | None = None
