"""What of a database is a base's to compare: the project's own hooks say."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table

from alembic_migrate.databases.catalogue.items import PARTS, Catalogue, Item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic.runtime.migration import MigrationContext

    from alembic_migrate.bridge.ownership import IncludeObject

# Alembic's names of what hooks are asked about.
_TYPES = {
    "unique": "unique_constraint",
    "foreign key": "foreign_key_constraint",
    "check": "check_constraint",
    "primary key": "primary_key_constraint",
}


def filtered(
    catalogue: Catalogue,
    migration: MigrationContext,
    include_object: IncludeObject | None,
    metadata: Iterable[MetaData],
) -> Catalogue:
    """Return a catalogue without what ``include_name`` and ``include_object`` leave out.

    Args:
        catalogue: what the database holds.
        migration: Alembic's context, with the other hook and a connection.
        include_object: the project's own hook.
        metadata: the models, which the hook is told the counterparts from.
    """
    hooks = _Hooks(migration, include_object, metadata)
    return Catalogue({key: item for key, item in catalogue.items.items() if hooks.keep(item)})


class _Hooks:
    def __init__(
        self,
        migration: MigrationContext,
        include_object: IncludeObject | None,
        metadata: Iterable[MetaData],
    ) -> None:
        self._connection = migration.connection
        self._include_name = migration.opts.get("include_name")
        self._include_object = include_object
        self._models = {
            (table.schema, str(table.name)): table
            for each in metadata
            for table in each.tables.values()
        }
        self._tables: dict[tuple[str | None, str], Table | None] = {}

    def keep(self, item: Item) -> bool:
        if item.kind not in PARTS and item.kind != "table":
            return True
        if not self._keep_table(item.owner):
            return False
        return item.kind == "table" or self._keep_part(item)

    def _keep_table(self, owner: tuple[str | None, str]) -> bool:
        if owner not in self._tables:
            self._tables[owner] = self._table(owner)
        return self._tables[owner] is not None

    def _table(self, owner: tuple[str | None, str]) -> Table | None:
        """Return a table that the hooks keep, read as far as they may want to look at it."""
        schema, name = owner
        if not self._keep_name(schema, "schema", {}):
            return None
        if not self._keep_name(name, "table", {"schema_name": schema}):
            return None
        table = Table(name, MetaData(), schema=schema)
        if self._include_object is None:
            return table
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # autogenerate tells them
            table = Table(
                name, MetaData(), schema=schema, autoload_with=self._connection, resolve_fks=False
            )
        model = self._models.get(owner)
        return table if self._include_object(table, name, "table", True, model) else None

    def _keep_part(self, item: Item) -> bool:
        type_ = _TYPES.get(str(item.facts.get("type"))) if item.kind == "constraint" else item.kind
        if type_ is None or type_ == "trigger":
            return True
        names = {"schema_name": item.schema, "table_name": item.table}
        if not self._keep_name(item.name, type_, names):
            return False
        table = self._tables[item.owner]
        if self._include_object is None or table is None:
            return True
        part, counterpart = _part(table, item), _part(self._models.get(item.owner), item)
        return part is None or self._include_object(part, item.name, type_, True, counterpart)

    def _keep_name(self, name: str | None, type_: str, parents: dict[str, Any]) -> bool:
        if self._include_name is None:
            return True
        table = name if type_ == "table" else parents.get("table_name")
        if table is not None:
            schema = parents["schema_name"]
            parents["schema_qualified_table_name"] = f"{schema}.{table}" if schema else table
        return bool(self._include_name(name, type_, parents))


def _part(table: Table | None, item: Item) -> Any:
    """Return a column, an index or a constraint of a table by its name, or None."""
    if table is None:
        return None
    if item.kind == "column":
        return table.columns.get(item.name)
    parts: Iterable[Any] = table.indexes if item.kind == "index" else table.constraints
    return next((part for part in parts if part.name == item.name), None)
