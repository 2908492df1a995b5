"""Which devices Intune trusts and takes in."""

from collections.abc import Iterable
from contextlib import suppress

from checks.registry import check
from contracts.verdict import (
    Affected,
    ReasonCode,
    Verdict,
    errored,
    failed,
    not_applicable,
    passed,
)
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.intune import DeviceManagementSettings, EnrollmentConfiguration
from evidence.licences import INTUNE, lacks

_FOR_WORK = "androidForWorkRestriction"


@check(DeviceManagementSettings, licence=INTUNE)
def intune_no_policy_not_compliant(evidence: Evidence) -> Verdict:
    """Passes when a device that no compliance policy checks is not compliant.

    Without Intune the read may answer with defaults, so the licence is asked first.
    """
    if lacks(evidence, INTUNE):
        return _without_intune()
    if evidence.one(DeviceManagementSettings).secure_by_default:
        return passed("A device without a compliance policy is not compliant")
    return failed(
        "A device that no compliance policy checks counts as compliant",
        [Affected(resource="Intune", setting="secureByDefault", actual="False")],
    )


@check(EnrollmentConfiguration, licence=INTUNE)
def intune_personal_enrolment_blocked(evidence: Evidence) -> Verdict:
    """Passes when the default restriction blocks personal devices on all five platforms.

    Without Intune the read may answer with defaults, so the licence is asked first.
    """
    if lacks(evidence, INTUNE):
        return _without_intune()
    covers_work = any(
        row.android_for_work_restriction is not None
        for row in evidence.seen(EnrollmentConfiguration)
    )

    def open_platforms(row: EnrollmentConfiguration) -> list[Affected]:
        return [item for item in _open_platforms(row) if covers_work or item.setting != _FOR_WORK]

    affected = evidence.affected(EnrollmentConfiguration, open_platforms)
    rows = evidence.shown(EnrollmentConfiguration)
    if affected:
        platforms = len({item.setting for item in affected})
        return failed(
            f"Anyone can enrol a personal device on {platforms} platform(s)",
            affected,
            notes=_open_exceptions(rows),
        )
    if not any(row.is_default for row in evidence.each(EnrollmentConfiguration)):
        kind = "unreadable" if rows else "empty"
        raise EvidenceMissing(
            EnrollmentConfiguration.key, "no default platform restriction in the answer", kind=kind
        )
    if not covers_work:
        return errored(f"{_FOR_WORK} is absent: the answer came from v1.0, not from beta")
    return passed(
        "The default restriction blocks personal devices on every platform",
        notes=_open_exceptions(rows),
    )


def _open_platforms(row: EnrollmentConfiguration) -> list[Affected]:
    if not row.is_default:
        return []
    return [
        Affected(
            resource=row.display_name or row.id,
            setting=name,
            actual=restriction.spoken if restriction else "absent",
        )
        for name, restriction in row.restrictions.items()
        if restriction is None or not restriction.blocks_personal_devices
    ]


def _open_exceptions(rows: Iterable[EnrollmentConfiguration]) -> list[str]:
    """For people only: a row that cannot be read is left out."""
    names = set()
    for row in rows:
        with suppress(EvidenceMissing):
            if row.is_custom_and_open:
                names.add(row.display_name or row.id)
    return [
        f"{name} comes before the default and allows personal devices" for name in sorted(names)
    ]


def _without_intune() -> Verdict:
    return not_applicable(f"The tenant has no {INTUNE.name}", ReasonCode.UNLICENSED)
