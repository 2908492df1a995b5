"""What the provider knows about a tenant and checks need: one register per tenant."""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

REVIEW_DAYS = 365


class RegisteredExclusion(BaseModel):
    """One thing that may stay outside a Conditional Access policy, and why."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^(user|group|role|guest_type|app)$")
    id: str
    reason: str
    reviewed_on: date
    checks: list[str] | None = None  # slugs; absent: all checks
    break_glass: bool = False

    def is_current(self, on: date) -> bool:
        return on - self.reviewed_on <= timedelta(days=REVIEW_DAYS)

    def serves(self, slug: str) -> bool:
        return self.checks is None or slug in self.checks


class ApprovedException(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    reason: str
    approved_by: str
    expires: date


class TenantParameters(BaseModel):
    """Unknown names are kept in `unknown_names` and shown, never silently dropped."""

    model_config = ConfigDict(extra="allow")

    emergency_access_accounts: list[str] = Field(default_factory=list)  # object ids or UPNs
    exclusion_register: list[RegisteredExclusion] = Field(default_factory=list)
    exclusion_allowance: int = Field(default=5, ge=0)
    approved_exceptions: dict[str, list[ApprovedException]] = Field(default_factory=dict)
    mailtips_large_audience_max: int = Field(default=25, ge=0)
    outlook_external_tag_approved_entries: list[str] = Field(default_factory=list)
    sharepoint_guest_expiry_max_days: int = Field(default=30, ge=1)
    sharepoint_otp_reauth_max_days: int = Field(default=15, ge=1)
    trusted_ad_domain_guids: list[str] = Field(default_factory=list)
    teams_approved_storage_providers: list[str] = Field(default_factory=list)
    expected_priority_accounts: list[str] = Field(default_factory=list)

    @property
    def unknown_names(self) -> list[str]:
        return sorted(self.__pydantic_extra__ or {})

    @property
    def emergency_accounts(self) -> list[str]:
        """The setting and the register's break-glass users: one list, lower case."""
        register = [
            entry.id
            for entry in self.exclusion_register
            if entry.break_glass and entry.kind == "user"
        ]
        return sorted({name.lower() for name in [*self.emergency_access_accounts, *register]})

    def approved(self, slug: str, on: date) -> dict[str, ApprovedException]:
        """Exceptions of one check that have not expired, by lower-case id."""
        entries = self.approved_exceptions.get(slug, [])
        return {entry.id.lower(): entry for entry in entries if entry.expires >= on}
