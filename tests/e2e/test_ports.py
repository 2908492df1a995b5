"""Ports of the servers that `assay up` starts: no two installations share one."""

import socket
from collections.abc import Iterator

import pytest

from assay.up import LOOPBACK, Ports


@pytest.fixture
def first() -> Iterator[Ports]:
    ports = Ports.choose()
    yield ports
    ports.release()


@pytest.fixture
def second() -> Iterator[Ports]:
    ports = Ports.choose()
    yield ports
    ports.release()


def _numbers(ports: Ports) -> set[int]:
    return {ports.temporal, ports.temporal_web, ports.nats}


def test_two_that_start_at_once_share_no_port(first: Ports, second: Ports) -> None:
    assert len(_numbers(first) | _numbers(second)) == 6


def test_a_port_is_held_while_its_server_is_down_and_the_server_gets_it_again(
    first: Ports,
) -> None:
    for _ in range(2):
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((LOOPBACK, first.temporal))
            server.listen()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((LOOPBACK, first.temporal))
