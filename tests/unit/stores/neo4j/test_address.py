"""Addresses that name no server are one line before anything is asked."""

from __future__ import annotations

import pytest

from graphkit.model.errors import GraphkitError
from graphkit.stores.neo4j.server import Server


@pytest.mark.parametrize(
    "address",
    [
        "neo4j://127.0.0.1:99999",
        "neo4j://host:port",
        "neo4j://[::1",
        "neo4j://",
        "neo4j://host/graph",
        "neo4j://host#x",
    ],
)
def test_what_is_no_address_of_a_server(address: str) -> None:
    with pytest.raises(GraphkitError, match="an address is as neo4j://host:7687") as caught:
        Server(address)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["neo4j://ann:secret@host", "bolt://secret@host:7687"])
def test_user_and_password_stay_out_of_it(address: str) -> None:
    with pytest.raises(GraphkitError, match="leave user and password out of the address") as caught:
        Server(address)
    assert "secret" not in str(caught.value)
