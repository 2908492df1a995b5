"""Custom Teams policies never decide; those that are looser than Global are worth a note."""

from collections.abc import Callable

from checks.wording import some_of
from evidence.dataset import EvidenceMissing
from evidence.evidence import Evidence
from evidence.teams import Policy


def looser_policies(
    evidence: Evidence, dataset: type[Policy], is_loose: Callable[[Policy], bool]
) -> list[str]:
    """A note that names the custom policies that are loose, or no note at all."""
    names = [
        policy.name
        for policy in evidence.shown(dataset)
        if policy.is_custom and _is_readable_and(is_loose, policy)
    ]
    if not names:
        return []
    return [f"Custom policies that are looser for the people they are given to: {some_of(names)}"]


def _is_readable_and(is_loose: Callable[[Policy], bool], policy: Policy) -> bool:
    try:
        return is_loose(policy)
    except EvidenceMissing:
        return False
