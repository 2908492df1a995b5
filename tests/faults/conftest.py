"""Every row of the fault matrix runs against real processes. `--seeds N` repeats each of them.

`smoke` marks the rows that every run of the tests includes; all others are `faults`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.harness.world import World

_HERE = Path(__file__).parent
_FIRST = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=1, help="how often each fault is tried")
    parser.addoption("--first-seed", type=int, default=1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(400))
            item.add_marker(pytest.mark.xdist_group("faults"))
            if not item.get_closest_marker("smoke"):
                item.add_marker(pytest.mark.faults)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--first-seed", 1)
        count = metafunc.config.getoption("--seeds", 1)
        metafunc.parametrize("seed", range(first, first + count))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> "Iterator[None]":
    report = yield
    if report.failed and "seed" in getattr(item, "fixturenames", ()):  # type: ignore[attr-defined]
        seed = item.callspec.params["seed"]  # type: ignore[attr-defined]
        name = item.nodeid.partition("[")[0]
        again = f"python -m pytest -m 'faults or smoke' {name} --first-seed {seed}"
        report.sections.append((f"seed {seed}", f"again: {again}"))  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="module")
def own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., World]]:
    """Makes started worlds with settings of their own; all are stopped after the module."""
    made: list[World] = []

    def make(*, postgres: str = "", **settings: str) -> World:
        made.append(World(tmp_path_factory.mktemp("world"), postgres=postgres, **settings))
        return made[-1].start()

    yield make
    for world in made:
        world.stop()


@pytest.fixture(scope="module")
def module_world(own_world: Callable[..., World], request: pytest.FixtureRequest) -> World:
    return own_world(**getattr(request.module, "SETTINGS", {}))


@pytest.fixture
def world(module_world: World) -> World:
    module_world.heal()
    return module_world
