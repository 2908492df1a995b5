"""Every query knows whose data it may see."""

import ast

import pytest

from tests.conventions.tree import Function, functions, python_files, tree_of

_BEFORE_SIGN_IN = "who signs in has no organisation yet; the digest of a secret names the user"
_OF_A_USER = "of one user, whose id comes from the session"
_ASKS_NOBODY = {
    "list_unfinished": "the reconciler looks after the scans of every organisation",
    "every_schedule": "the reconciler looks after the schedules of every organisation",
    "every_open_campaign": "the reconciler looks after the campaigns of every organisation",
    "every_organisation_id": "the reconciler must know whose schedules it may remove",
    "first_organisation": "the first start of an installation",
    "every_credential": "a change of the keys that seal them, of every organisation",
    "add_organisation": "makes one",
    "find_user": _BEFORE_SIGN_IN,
    "find_login": _BEFORE_SIGN_IN,
    "find_token": _BEFORE_SIGN_IN,
    "add_login": _OF_A_USER,
    "touch_login": _OF_A_USER,
    "end_login": _OF_A_USER,
    "add_token": _OF_A_USER,
    "list_tokens": _OF_A_USER,
    "end_token": _OF_A_USER,
}


def _queries() -> list[tuple[str, Function]]:
    """Public functions that are given a session, and no row that was found with it before."""
    return [
        (f"{name}:{function.name}", function)
        for name in python_files("store")
        if "/migrations/" not in name
        for function in functions(name)
        if not function.name.startswith("_")
        and function.args.args
        and function.args.args[0].arg == "session"
        and not any(_is_row(argument) for argument in function.args.args)
    ]


def _is_row(argument: ast.arg) -> bool:
    return isinstance(argument.annotation, ast.Name) and argument.annotation.id in ROWS


ROWS = {
    node.name for node in ast.walk(tree_of("store/tables.py")) if isinstance(node, ast.ClassDef)
}
QUERIES = _queries()


@pytest.mark.parametrize(("place", "query"), QUERIES, ids=[place for place, _ in QUERIES])
def test_a_query_takes_everything_but_the_session_by_keyword(place: str, query: Function) -> None:
    assert [item.arg for item in query.args.args] == ["session"]
    assert query.args.vararg is None


@pytest.mark.parametrize(("place", "query"), QUERIES, ids=[place for place, _ in QUERIES])
def test_a_query_is_given_the_organisation_and_uses_it(place: str, query: Function) -> None:
    takes = "organisation_id" in {item.arg for item in query.args.kwonlyargs}
    uses = any(isinstance(n, ast.Name) and n.id == "organisation_id" for n in ast.walk(query))
    free = query.name in _ASKS_NOBODY

    assert (takes and uses) is not free, f"{place}: takes it {takes}, uses it {uses}"


def test_every_exception_is_a_query_that_exists() -> None:
    assert set(_ASKS_NOBODY) <= {query.name for _, query in QUERIES}
