"""The server: its address and credentials, its transactions, and its errors in one line each."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from getpass import getpass
from itertools import islice
from typing import Any, Final, LiteralString, TypeVar
from urllib.parse import urlsplit

import neo4j
from neo4j import exceptions

from graphkit.model.errors import GraphkitError
from graphkit.stores.neo4j.queries import checked, cypher, statements

FORMAT: Final = "7"
"""Version of labels, relationships and properties; a graph of another is refused, never guessed at."""
OLDEST: Final = (5, 26)
_SECONDS: Final = 15.0
_RETRIED: Final = 5.0
"""Seconds for which a transaction that failed is tried again; what the driver waits between tries comes on top."""
_PATIENCE: Final = 60.0
"""Seconds for which clients that begin together on an empty server wait for each other."""
_LONGEST_HELD: Final = 900.0
"""Seconds after which a server ends a transaction that holds writers off, whatever has become of the client."""
_GOES_ON: Final = "run the same command again once the server answers"
_AS: Final = "an address is as neo4j://host:7687; NEO4J_DATABASE names the database"
_MEND: Final = "; its log says why, often a full disk: mend that, start it again, and run the same command again"
_UNAVAILABLE: Final = "; its log says why: run the same command again once the server has opened its database"
_MORE_MEMORY: Final = (
    "; give the server more memory (server.memory.heap.max_size, dbms.memory.transaction.total.max), and run the same "
    "command again"
)
_NO_WAY: Final = (
    exceptions.ServiceUnavailable,
    exceptions.SessionExpired,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
    socket.gaierror,
)
"""Errors of the way to a server."""
Asked = neo4j.ManagedTransaction | neo4j.Transaction
_Result = TypeVar("_Result")
_Value = TypeVar("_Value")


class MayNot(GraphkitError):
    """The user of the server lacks a permission."""


class Server:
    """One database of a server. The driver is opened when it is first needed, and `close` lets go of it."""

    def __init__(self, address: str) -> None:
        """Take an address such as ``neo4j://host:7687``.

        Raises:
            GraphkitError: it is no address of a server, or holds a user or password, which belong into the environment.
        """
        try:
            parts = urlsplit(address)
            self.shown = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
        except ValueError as error:  # an IPv6 address without its end, a port that is no number or too large
            raise GraphkitError(f"that is no address of a server ({error}); {_AS}") from error
        if "@" in parts.netloc:
            raise GraphkitError(
                f"{self.shown}: leave user and password out of the address; set NEO4J_USERNAME and NEO4J_PASSWORD"
            )
        if not parts.hostname or parts.path not in {"", "/"} or parts.fragment:
            raise GraphkitError(f"{self.shown}: {_AS}")
        self._address = address
        self.database = os.environ.get("NEO4J_DATABASE") or "neo4j"
        self._driver: neo4j.Driver | None = None
        self.kept = ""
        """What this command is known to have kept there, in a few words for the line that says why it broke off."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells this database, as this user sees it, from any other; no secret."""
        return self._address, self.database, os.environ.get("NEO4J_USERNAME") or "neo4j"

    def _opened(self) -> neo4j.Driver:
        if self._driver is None:
            user = os.environ.get("NEO4J_USERNAME") or "neo4j"
            password = os.environ.get("NEO4J_PASSWORD")
            if password is None:
                if not sys.stdin.isatty():
                    raise GraphkitError(f"{self.shown}: set NEO4J_PASSWORD (and NEO4J_USERNAME, if it is not neo4j)")
                password = getpass(f"Password of {user} at {self.shown}: ")
            try:
                driver = neo4j.GraphDatabase.driver(
                    self._address,
                    auth=(user, password),
                    user_agent="graphkit",
                    connection_timeout=_SECONDS,
                    max_transaction_retry_time=_RETRIED,
                    notifications_min_severity="OFF",
                )
                try:
                    driver.verify_connectivity()
                    self._check_version(driver)
                except BaseException:
                    driver.close()
                    raise
            except (OSError, ValueError) as error:  # a host without an address is a ValueError of the driver
                raise exceptions.ServiceUnavailable(str(error)) from error
            self._driver = driver
        return self._driver

    def _check_version(self, driver: neo4j.Driver) -> None:
        agent = driver.get_server_info().agent.removeprefix("Neo4j/")
        found = tuple(int(part) for part in agent.split(".")[:2] if part.isdecimal())
        if found < OLDEST:
            raise GraphkitError(
                f"{self.shown} runs Neo4j {agent}; graphkit needs {'.'.join(map(str, OLDEST))} or newer"
            )

    @property
    def version(self) -> str:
        """What runs there."""
        with self.explained():
            return self._opened().get_server_info().agent.removeprefix("Neo4j/")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn an error of the server or of the way to it into one line that says what to do.

        A whole question may run within: an error of this machine's disk, or a bug, is none of the server.
        """
        try:
            yield
        except exceptions.AuthError as error:
            raise GraphkitError(
                f"{self.shown}: the server rejects the user or password; see NEO4J_USERNAME and NEO4J_PASSWORD"
            ) from error
        except exceptions.Forbidden as error:
            raise MayNot(f"{self.shown}: the user lacks permission for this: {_first_line(error)}") from error
        except _NO_WAY as error:
            was_there = "" if self._driver is None else f"; {self._nothing_lost}: {_GOES_ON}"
            raise GraphkitError(f"{self.shown}: no response from Neo4j: {_first_line(error)}{was_there}") from error
        except exceptions.Neo4jError as error:
            if error.code and error.code.endswith("DatabaseNotFound"):
                raise GraphkitError(
                    f"{self.shown} has no database {self.database!r}; NEO4J_DATABASE names another"
                ) from error
            more = _to_do(error.code or "")
            raise GraphkitError(f"{self.shown}: {error.code}: {_first_line(error)}{more}") from error
        except exceptions.DriverError as error:
            raise GraphkitError(f"{self.shown}: {_first_line(error)}") from error

    @property
    def _nothing_lost(self) -> str:
        return f"nothing that was kept is lost{f' ({self.kept})' if self.kept else ''}"

    def _session(self) -> neo4j.Session:
        """Return a session that sees what this client wrote, whichever server of a cluster it asks."""
        driver = self._opened()
        return driver.session(database=self.database, bookmark_manager=driver.execute_query_bookmark_manager)

    def prepare(self) -> None:
        """Make the keys of every label, where they are missing. Cost: one statement each, once a graph.

        Of clients that begin together on an empty server, each holds what the others need, or makes what was not there
        a moment before. So each is tried again, by the driver for some seconds, and here for longer.
        """
        until = time.monotonic() + _PATIENCE
        left = list(reversed(statements("schema")))
        with self.explained(), self._session() as session:
            while left:
                try:
                    session.execute_write(_schema, left[-1])
                    left.pop()
                except (exceptions.TransientError, exceptions.ClientError) as error:
                    is_race = isinstance(error, exceptions.TransientError) or "AlreadyExists" in (error.code or "")
                    if not is_race or time.monotonic() > until:
                        raise

    def read(self, work: Callable[[neo4j.ManagedTransaction], _Result]) -> _Result:
        """Run work in a read transaction, again where the server asks for that."""
        with self.explained(), self._session() as session:
            return session.execute_read(work)

    def ask(self, name: str, seen: int, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement that reads all before it gives any, in one transaction of its own.

        Beside each stands what `queries.checked` says of changes after ``seen``.
        """
        with self.explained():
            return self._opened().execute_query(
                checked(name),
                {**parameters, "seen": seen},
                routing_=neo4j.RoutingControl.READ,
                database_=self.database,
                result_transformer_=_rows,
            )

    @contextmanager
    def held(self) -> Iterator[neo4j.Transaction]:
        """Hold writers off, and give the transaction that does; it ends with the block, and keeps nothing."""
        with self.explained(), self._session() as session:
            transaction = session.begin_transaction(timeout=_LONGEST_HELD)
            try:
                transaction.run(cypher("hold"), {"writer": secrets.token_hex(8)}).consume()
                yield transaction
            finally:
                transaction.close()

    def write(self, work: Callable[[neo4j.ManagedTransaction], _Result]) -> _Result:
        """Run work in a write transaction, again where the server asks for that."""
        with self.explained(), self._session() as session:
            return session.execute_write(work)

    def close(self) -> None:
        """Let go of the connections. Safe to call twice."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None


def _schema(transaction: neo4j.ManagedTransaction, statement: LiteralString) -> None:
    transaction.run(statement).consume()


def _to_do(code: str) -> str:
    """Return what to do about an error that the server itself has, and nothing for any other."""
    if "OutOfMemory" in code:
        return _MORE_MEMORY
    if code.endswith("DatabaseUnavailable"):
        return _UNAVAILABLE
    return _MEND if code.startswith("Neo.DatabaseError.") else ""


def _first_line(error: Exception) -> str:
    return str(getattr(error, "message", None) or error).partition("\n")[0][:300].rstrip(" .:")


def rows(transaction: Asked, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of one of the store's statements, which return values and never nodes."""
    return _rows(transaction.run(cypher(name), parameters))


def _rows(result: neo4j.Result) -> list[dict[str, Any]]:
    # `Record.data` would look through every value of every list for nodes.
    names = result.keys()
    return [dict(zip(names, record.values(), strict=True)) for record in result]


def one(transaction: Asked, name: str, **parameters: Any) -> dict[str, Any]:
    """Return the only row of one of the store's statements."""
    (row,) = rows(transaction, name, **parameters)
    return row


def checked_format(graph: dict[str, Any], shown: str) -> None:
    """Look whether this graphkit reads a graph; ``graph``: what its own node says.

    Raises:
        GraphkitError: it is of another format.
    """
    if graph.get("format") != FORMAT:
        raise GraphkitError(
            f"{shown} holds a graph of layout {graph.get('format')}, and this graphkit reads {FORMAT}: name an "
            f"empty database in NEO4J_DATABASE, then make a new one there with `graphkit neo4j push --to {shown}`"
        )


def graph_of(transaction: Asked, shown: str) -> dict[str, Any] | None:
    """Return what the graph's own node says, None where the database is empty.

    Raises:
        GraphkitError: the database holds something else, or a graph of another format.
    """
    if found := rows(transaction, "meta"):
        graph: dict[str, Any] = found[0]["graph"]
        checked_format(graph, shown)
        return graph
    if other := rows(transaction, "other"):
        labels = ":".join(sorted(other[0]["labels"])) or "nodes without a label"
        raise GraphkitError(f"{shown} holds something else ({labels}); name an empty database in NEO4J_DATABASE")
    return None


def chunks(values: Iterable[_Value], size: int = 5_000) -> Iterator[list[_Value]]:
    """Yield values, so many at a time, as one statement takes them."""
    left = iter(values)
    while part := list(islice(left, size)):
        yield part
