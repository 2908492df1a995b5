"""What a tenant's answer may look like: whatever it is, a field is read or is a gap."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

import checks  # noqa: F401  (fills the registry)
from checks.registry import datasets
from evidence.access_reviews import Recurrence
from evidence.ca_conditions import Guests, OpenPart, Users
from evidence.dataset import EvidenceMissing, Wire
from evidence.mail_rules import ScopeGroup
from evidence.wire import When
from tests.checks.tracing import parts

STRANGE = {"unexpected": {"shape": 1}}
ODD: list[Any] = [
    None,
    True,
    False,
    -1,
    1.5,
    10**30,
    "",
    " ",
    "x",
    "/Date(99999999999999999999)/",
    "/Date(-99999999999999999999)/",
    "9999-99-99",
    [],
    [None],
    [7],
    [[]],
    [STRANGE],
    {},
    {"value": []},
    {"value": None},
    STRANGE,
]


def _models() -> Iterator[type[Wire]]:
    for dataset in datasets().values():
        yield from sorted({dataset, *parts(dataset)}, key=lambda model: model.__name__)


MODELS = sorted(set(_models()), key=lambda model: model.__name__)


@pytest.mark.parametrize("model", MODELS)
def test_a_field_takes_a_value_or_refuses_it_and_never_breaks(model: type[Wire]) -> None:
    for name, field in model.model_fields.items():
        for value in ODD:
            row = model.read_row({field.alias or name: value})
            try:
                getattr(row, name)
            except EvidenceMissing:
                continue


@pytest.mark.parametrize("model", MODELS)
def test_an_object_of_no_known_shape_is_never_one_without_anything(model: type[Wire]) -> None:
    if model.may_hold_only_other_names:
        return
    row = model.read_row(STRANGE)

    for name in model.model_fields:
        with pytest.raises(EvidenceMissing, match="is absent"):
            getattr(row, name)
    with pytest.raises(ValidationError):
        model.model_validate(STRANGE)


def test_only_parts_that_tell_what_they_do_not_know_may_hold_nothing_else() -> None:
    exempt = {model for model in MODELS if model.may_hold_only_other_names}

    assert all(issubclass(model, OpenPart) for model in exempt)


def test_annotations_and_an_empty_object_say_nothing() -> None:
    for raw in ({}, {"users@odata.context": "https://graph.microsoft.com"}):
        assert Recurrence.model_validate(raw) == Recurrence()


@pytest.mark.parametrize(
    "written", [None, {}, {"guestOrExternalUserTypes": None, "externalTenants": None}]
)
def test_guests_that_are_left_unset_are_nobody(written: Any) -> None:
    users = Users.model_validate({"excludeGuestsOrExternalUsers": written})

    assert users.exclude_guests_or_external_users is None


@pytest.mark.parametrize(
    "written",
    [
        STRANGE,
        {"externalTenants": None},
        {"externalTenants": {"membershipKind": "all"}},
        {"guestOrExternalUserTypes": None, "externalTenants": {"membershipKind": "all"}},
        {"guestOrExternalUserTypes": {"unexpected": 1}},
        {"guestOrExternalUserTypes": True},
    ],
)
def test_guests_of_a_kind_that_is_not_told_are_not_nobody(written: Any) -> None:
    with pytest.raises(ValidationError):
        Users.model_validate({"excludeGuestsOrExternalUsers": written})


def test_a_word_for_no_guests_is_no_guests() -> None:
    assert not Guests.model_validate({"guestOrExternalUserTypes": "none"}).kinds


def test_a_group_with_a_member_of_no_known_shape_is_no_empty_group() -> None:
    group = ScopeGroup.read_row({"group": "all", "resolved": True, "members": [STRANGE]})

    with pytest.raises(EvidenceMissing, match="members cannot be read"):
        _ = group.addresses


def test_a_date_beyond_every_calendar_is_no_date() -> None:
    class Dated(Wire):
        at: When

    with pytest.raises(EvidenceMissing, match="at cannot be read"):
        _ = Dated.read_row({"at": "/Date(99999999999999999999)/"}).at
