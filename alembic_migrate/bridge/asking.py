"""What a base's own database says: its version table, its tables, who holds its lock.

Nothing of Alembic is imported here. All of it is for our own environment only: another one may use
another database.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.faults import code_of, explain, is_database_fault
from alembic_migrate.databases.keeping import hand_on
from alembic_migrate.databases.room import free_connections
from alembic_migrate.databases.state import read_heads, table_names
from alembic_migrate.databases.threads import quiet_threads
from alembic_migrate.databases.urls import sqlite_place
from alembic_migrate.errors import DatabaseError
from alembic_migrate.locks.sessions import lock_for, may_be_locked
from alembic_migrate.locks.sidecar import SidecarLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.holding import Held
    from alembic_migrate.locks.holder import Holder
    from alembic_migrate.targets import Target

T = TypeVar("T")

_DENIED = {"42501", 1142}  # PostgreSQL and MySQL: the role lacks a right


def ask(target: Target, question: Callable[[Connection], T]) -> T:
    """Ask a database something and return what it says.

    Raises:
        DatabaseError: it does not answer, told in our words.
    """
    url = target.url

    def answered(connection: Connection) -> T:
        answer = question(connection)
        hand_on(connection)
        return answer

    try:
        with quiet_threads(), guarded(timeout=target.connect_timeout, reading=True):
            return run_on(url, answered, target.engine_factory)
    except Exception as error:
        if is_database_fault(error) or isinstance(error, DatabaseError):
            raise explain(error, url, target.how_to_make) from error
        raise


def await_start(target: Target) -> None:
    """Wait for a database that is still starting, as long as ``--wait`` says.

    Raises:
        DatabaseError: it is not up by then.
    """
    if target.wait > 0:
        from alembic_migrate.databases.starting import wait_until_up  # noqa: PLC0415 - for --wait

        timeout = target.connect_timeout
        url = target.configured_url()
        wait_until_up(url, target.engine_factory, seconds=target.wait, timeout=timeout)


def connected_heads(target: Target, beside: Held | None = None) -> tuple[str, ...]:
    """Return the ids in the version table.

    Args:
        target: whose.
        beside: a connection to the database that is open already.

    Raises:
        DatabaseError: the database cannot be read.
    """
    table, schema = target.version_table, target.version_table_schema
    if beside is not None:
        return beside.call(lambda c: read_heads(c, table, schema))
    return ask(target, lambda c: read_heads(c, table, schema))


def connected_tables(target: Target) -> frozenset[str]:
    """Return the tables beside the version table.

    Raises:
        DatabaseError: the database cannot be read.
    """
    schema = target.version_table_schema
    return ask(target, lambda c: tables_beside(target, c, schema))


def tables_beside(target: Target, connection: Connection, schema: str | None) -> frozenset[str]:
    """Return the tables in a database that are not this tool's own."""
    return frozenset(table_names(connection, schema)) - target.own_tables


def lock_holder(target: Target) -> str | None:
    """Return who holds the migration lock of a target, or None; nothing is waited for.

    Where a process was killed, nobody is at the gate, while its session still works.
    """
    if target.environment != "builtin" or target.config["lock"] == "off":
        return None
    file = sqlite_place(target.url)
    if file is not None:
        beside = SidecarLock(file).holder_now()
        return beside.text if beside is not None else None
    backend, schema = target.url.get_backend_name(), target.version_table_schema
    gate = lock_for(backend, "gate", schema, target.version_table)
    session = lock_for(backend, "session", schema, target.version_table)
    if gate is None or session is None:
        return None
    return ask(target, lambda c: _told(gate.holder(c), session.holder(c)))


def room_for(target: Target) -> int | None:
    """Return how many connections more a target's server takes; None where that is not known."""
    if target.environment != "builtin" or target.config["engine"] is not None:
        return None
    if target.is_schema_of_base:
        target = replace(target, tenant=None, family=None, warnings=[])
    with suppress(DatabaseError):
        return ask(target, free_connections)
    return None


class Standing(NamedTuple):
    """What is known of one tenant's schema.

    Attributes:
        target: the tenant.
        heads: the ids in its version table, empty where there is none; None: there is no schema.
        lock: who holds its migration lock, or None; None too where nobody asked.
    """

    target: Target
    heads: tuple[str, ...] | None
    lock: str | None = None


def of_one_database(targets: Sequence[Target]) -> Iterator[Sequence[Target]]:
    """Yield the tenants of a base that are schemas of one database, two at least, together.

    Those of a project's own environment or engine are left out.
    """
    groups: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        plain = target.is_schema_of_base and target.environment == "builtin"
        if plain and target.config["engine"] is None:
            groups.setdefault((target.name, str(target.base_url())), []).append(target)
    yield from (group for group in groups.values() if len(group) > 1)


def stand(targets: Sequence[Target], *, locks: bool = False) -> list[Standing]:
    """Return where tenants are that are schemas of one database, from few queries.

    Nothing is said where a schema belongs to another role: its own connection tells of it.

    Args:
        targets: tenants of one base.
        locks: look for who holds their locks, too.

    Raises:
        DatabaseError: the database cannot be read.
    """
    from alembic_migrate.databases.tenancy import heads_of_schemas  # noqa: PLC0415 - for tenants

    whose = {place.schema: one for one in targets if (place := one.tenant_place) is not None}
    base = replace(targets[0], tenant=None, family=None, warnings=[])

    def work(connection: Connection) -> list[Standing]:
        found = heads_of_schemas(connection, whose, base.version_table)
        held = locks and base.config["lock"] != "off" and may_be_locked(connection)
        return [
            Standing(whose[schema], heads, _holder(whose[schema], connection) if held else None)
            for schema, heads in found.items()
        ]

    try:
        return ask(base, work)
    except DatabaseError as error:
        if error.__cause__ is not None and code_of(error.__cause__) in _DENIED:
            return []
        raise


def _holder(target: Target, connection: Connection) -> str | None:
    place = target.tenant_place
    assert place is not None
    locks = [
        lock_for(connection.dialect.name, purpose, place.schema, target.version_table)
        for purpose in ("gate", "session")
    ]
    gate, session = (lock.holder(connection) if lock is not None else None for lock in locks)
    return _told(gate, session)


def _told(at_gate: Holder | None, works: Holder | None) -> str | None:
    """Return who holds a lock: where a process was killed nobody is at the gate any more."""
    if works is None:
        return at_gate.text if at_gate is not None else None
    if at_gate is None:
        return f"{works.text}, in a session whose process may have ended"
    return f"{at_gate.text}; what migrates is {works.text}"
