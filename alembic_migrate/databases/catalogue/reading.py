"""A database's catalogue, whatever kind of database it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.databases.catalogue import mysql, postgresql, sqlite
from alembic_migrate.databases.catalogue.items import Catalogue
from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_READERS = {
    "postgresql": postgresql.items,
    "mysql": mysql.items,
    "mariadb": mysql.items,
    "sqlite": sqlite.items,
}


def read_catalogue(connection: Connection, *, everything: bool = False) -> Catalogue:
    """Return what a database holds, except what belongs to the server or to an extension.

    Args:
        connection: is only read from; the transaction that this begins is the caller's.
        everything: schemas and extensions too, which somebody else may have made for all to use.

    Raises:
        UsageError: this kind of database is none that is known.
    """
    reader = _READERS.get(connection.dialect.name)
    if reader is None:
        raise UsageError(
            f"what a database of {connection.dialect.name} holds cannot be told: it is known how "
            "on postgresql, mysql, mariadb and sqlite"
        )
    found = {item.key: item for item in reader(connection)}
    if everything and connection.dialect.name == "postgresql":
        found |= {item.key: item for item in postgresql.containers(connection)}
    return Catalogue(found)
