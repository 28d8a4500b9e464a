"""A catalogue that is read again and again: of PostgreSQL's only what has changed since."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_migrate.databases.catalogue import postgresql, queries
from alembic_migrate.databases.catalogue.items import Catalogue
from alembic_migrate.databases.catalogue.reading import read_catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.catalogue.items import Item

# Their definitions may name anything, and are written anew where that gets another name.
_NAMING = frozenset({"view", "function", "policy", "rule"})
_RARE = {queries.TRIGGERS, queries.POLICIES, queries.RULES}
_SEQUENCES = {queries.SEQUENCES: postgresql.APART[queries.SEQUENCES]}


class Follower:
    """Reads the catalogue of one database that goes through many changes.

    PostgreSQL tells by its catalogues' rows what was changed, whoever did it and however. Only such
    tables are read again, and all there is where anything else is another. A server of MySQL's
    tells nothing of the kind, and what SQLite holds is known by its text already.
    """

    def __init__(self) -> None:
        self._whose: postgresql.Whose | None = None
        self._tables: dict[int, str] = {}
        self._with_rare: set[int] = set()
        self._sequences: dict[int, str] = {}
        self._rest: set[str] = set()
        self._of_tables: dict[int, list[Item]] = {}
        self._of_sequences: list[Item] = []
        self._apart: list[Item] = []

    def read(self, connection: Connection) -> Catalogue:
        """Return what the database holds, schemas and extensions too.

        Raises:
            UsageError: as ``read_catalogue``.
        """
        if connection.dialect.name != "postgresql":
            return read_catalogue(connection, everything=True)
        tables: dict[int, str] = {}
        sequences: dict[int, str] = {}
        rest: set[str] = set()
        self._with_rare.clear()
        for number, is_sequence, has_rare, mark in connection.execute(text(queries.MARKS)):
            if number is None:
                rest.add(mark)
                continue
            (sequences if is_sequence else tables)[number] = mark
            if has_rare:
                self._with_rare.add(number)
        if self._whose is not None and self._is_as_it_was(rest, sequences):
            self._read_changed(connection, self._whose, tables, sequences)
        else:
            self._read_all(connection)
        self._tables, self._sequences, self._rest = tables, sequences, rest
        found = chain(self._apart, self._of_sequences, *self._of_tables.values())
        return Catalogue({item.key: item for item in found})

    def _is_as_it_was(self, rest: set[str], sequences: dict[int, str]) -> bool:
        """Tell whether no table that was not changed itself is told in other words now."""
        known = self._sequences.keys() & sequences.keys()
        return self._rest == rest and all(
            self._sequences[each] == sequences[each] for each in known
        )

    def _read_all(self, connection: Connection) -> None:
        self._whose = postgresql.Whose(connection)
        self._of_tables = _by_table(connection, self._whose, postgresql.OF_TABLES)
        self._of_sequences = _items(connection, self._whose, _SEQUENCES)
        apart = postgresql.APART | postgresql.CONTAINERS
        readers = {query: read for query, read in apart.items() if query not in _SEQUENCES}
        self._apart = _items(connection, self._whose, readers)

    def _read_changed(
        self,
        connection: Connection,
        whose: postgresql.Whose,
        tables: dict[int, str],
        sequences: dict[int, str],
    ) -> None:
        changed = [each for each, mark in tables.items() if self._tables.get(each) != mark]
        gone = self._tables.keys() - tables.keys()
        if sequences.keys() != self._sequences.keys():
            self._of_sequences = _items(connection, whose, _SEQUENCES)
        if not changed and not gone:
            return
        if any(item.kind in _NAMING for item in chain(self._apart, *self._of_tables.values())):
            self._read_all(connection)
            return
        related = connection.execute(text(queries.RELATED), {"tables": changed}).scalars()
        again = sorted({*changed, *related})
        for number in (*gone, *again):
            self._of_tables.pop(number, None)
        readers = dict(postgresql.OF_TABLES)
        if self._with_rare.isdisjoint(again):
            readers = {query: read for query, read in readers.items() if query not in _RARE}
        self._of_tables |= _by_table(connection, whose, readers, again)


def _by_table(
    connection: Connection,
    whose: postgresql.Whose,
    readers: dict[str, postgresql.Reader],
    tables: Sequence[int] | None = None,
) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = defaultdict(list)
    for number, item in postgresql.numbered(connection, readers, whose, tables):
        found[number].append(item)
    return dict(found)


def _items(
    connection: Connection, whose: postgresql.Whose, readers: dict[str, postgresql.Reader]
) -> list[Item]:
    return [item for _, item in postgresql.numbered(connection, readers, whose)]
