"""Every check by its slug. A check is a pure function; the decorator says what it reads."""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.verdict import Verdict
from evidence.dataset import Dataset
from evidence.evidence import SUBSCRIBED_SKUS, Evidence
from evidence.licences import Licence, SubscribedSku

Judge = Callable[[Evidence], Verdict]


@dataclass(frozen=True)
class Check:
    """`required`: a pass needs each completely read. `if_licensed`: likewise, but Microsoft may
    refuse it for want of a licence: the tenant has nothing of its kind. `fallback`: consulted
    when a required one was not read. `display`: shown beside the verdict. `licence`: decides not
    applicable."""

    slug: str
    judge: Judge
    required: tuple[type[Dataset], ...]
    fallback: tuple[type[Dataset], ...] = ()
    display: tuple[type[Dataset], ...] = ()
    licence: Licence | None = None
    if_licensed: tuple[type[Dataset], ...] = ()

    @property
    def datasets(self) -> tuple[type[Dataset], ...]:
        """All but the licence gate."""
        return (*self.required, *self.if_licensed, *self.fallback, *self.display)

    @property
    def needs(self) -> frozenset[str]:
        gate = {SUBSCRIBED_SKUS} if self.licence else set()
        return frozenset({dataset.key for dataset in self.datasets} | gate)

    @property
    def services(self) -> frozenset[str]:
        return frozenset(dataset.service() for dataset in self.datasets)


CHECKS: dict[str, Check] = {}


def check(
    *required: type[Dataset],
    fallback: tuple[type[Dataset], ...] = (),
    display: tuple[type[Dataset], ...] = (),
    licence: Licence | None = None,
    if_licensed: tuple[type[Dataset], ...] = (),
) -> Callable[[Judge], Judge]:
    def register(judge: Judge) -> Judge:
        slug = judge.__name__
        if slug in CHECKS:
            raise ValueError(f"two checks are called {slug}")
        CHECKS[slug] = Check(slug, judge, required, fallback, display, licence, if_licensed)
        return judge

    return register


def datasets() -> dict[str, type[Dataset]]:
    """Every dataset that a check reads, by key."""
    found = {dataset.key: dataset for item in CHECKS.values() for dataset in item.datasets}
    return found | {SUBSCRIBED_SKUS: SubscribedSku}
