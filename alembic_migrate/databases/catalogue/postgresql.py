"""PostgreSQL's catalogue. The server itself writes each definition, so that equal means equal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from alembic_migrate.databases.catalogue import queries
from alembic_migrate.databases.catalogue.items import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection

    Reader = Callable[[str | None, Sequence[Any]], Item]

_CONSTRAINT_TYPES = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "exclude",
}
_GENERATED = re.compile(r"(?:.*_)?(?:pkey|key|fkey|check|excl|idx)\d*")
_SERIAL = re.compile(r"nextval\('.*'::regclass\)")


def items(connection: Connection) -> Iterator[Item]:
    """Yield what a database of PostgreSQL's holds, of every schema."""
    yield from (item for _, item in numbered(connection, OF_TABLES | APART, Whose(connection)))


def containers(connection: Connection) -> Iterator[Item]:
    """Yield the schemas and the extensions of a database."""
    yield from (item for _, item in numbered(connection, CONTAINERS, Whose(connection)))


class Whose:
    """What belongs to an extension, and which schema needs no name.

    Args:
        connection: is only read from.
    """

    def __init__(self, connection: Connection) -> None:
        self.default = connection.execute(text("SELECT current_schema()")).scalar()
        self.of_extensions = {tuple(row) for row in connection.execute(text(queries.OF_EXTENSIONS))}


def numbered(
    connection: Connection,
    readers: Mapping[str, Reader],
    whose: Whose,
    tables: Sequence[int] | None = None,
) -> Iterator[tuple[int, Item]]:
    """Yield what a database holds, each with the number of the object, or of the table it is of.

    Args:
        connection: is only read from.
        readers: what is asked for.
        whose: of this database.
        tables: the numbers of the tables to ask about; None: all. With ``OF_TABLES`` only.
    """
    chosen = {} if tables is None else {"tables": list(tables)}
    for query, read in readers.items():
        asked = query if tables is None else f"{query} AND c.oid = ANY (:tables)"
        for row in connection.execute(text(asked), chosen):
            catalog, oid, schema, *rest = row
            if (catalog, oid) not in whose.of_extensions:
                yield oid, read(None if schema == whose.default else schema, rest)


def _table(schema: str | None, row: Sequence[Any]) -> Item:
    name, kind, persistence, comment, key, bounds, row_security = row
    more = {
        "foreign": kind == "f" or None,
        "unlogged": persistence == "u" or None,
        "partitioned": key,
        "partition": bounds,
        "row security": row_security or None,
    }
    return Item("table", schema, None, name, {"comment": comment, **_given(more)})


def _column(schema: str | None, row: Sequence[Any]) -> Item:
    table, name, type_, required, default, identity, generated, collation, comment, serial = row
    if serial and default is not None and _SERIAL.fullmatch(default):
        # It keeps the name of the table that it was made for, also where that was renamed.
        default = "nextval of its own sequence"
    facts = {
        "type": type_,
        "nullable": not required,
        "default": default,
        "comment": comment,
        "collation": collation,
    }
    more = {
        "identity": {"a": "always", "d": "by default"}.get(identity),
        "generated": {"s": "stored", "v": "virtual"}.get(generated),
    }
    return Item("column", schema, table, name, {**facts, **_given(more)})


def _constraint(schema: str | None, row: Sequence[Any]) -> Item:
    table, name, kind, definition = row
    facts = {"type": _CONSTRAINT_TYPES[kind], "definition": definition}
    return Item("constraint", schema, table, name, facts, generated=_is_generated(name))


def _index(schema: str | None, row: Sequence[Any]) -> Item:
    table, name, definition, unique, valid = row
    facts = {"unique": unique, "definition": _after(definition, name).partition(" USING ")[2]}
    more = {"invalid": not valid or None}
    return Item(
        "index", schema, table, name, {**facts, **_given(more)}, generated=_is_generated(name)
    )


def _trigger(schema: str | None, row: Sequence[Any]) -> Item:
    table, name, definition, enabled = row
    facts = {"definition": _after(definition, name), "enabled": enabled != "D"}
    return Item("trigger", schema, table, name, facts)


def _view(schema: str | None, row: Sequence[Any]) -> Item:
    name, kind, definition = row
    facts = {"materialized": kind == "m", "definition": definition.strip()}
    return Item("view", schema, None, name, facts)


def _sequence(schema: str | None, row: Sequence[Any]) -> Item:
    name, type_, increment, cycle = row
    return Item(
        "sequence", schema, None, name, {"type": type_, "increment": increment, "cycle": cycle}
    )


def _enum(schema: str | None, row: Sequence[Any]) -> Item:
    name, values = row
    return Item("type", schema, None, name, {"values": list(values)})


def _domain(schema: str | None, row: Sequence[Any]) -> Item:
    name, of, required, default, checks = row
    facts = {"of": of, "nullable": not required, "default": default, "checks": list(checks or ())}
    return Item("type", schema, None, name, facts)


def _function(schema: str | None, row: Sequence[Any]) -> Item:
    name, arguments, definition = row
    return Item("function", schema, None, f"{name}({arguments})", {"definition": definition})


def _composite(schema: str | None, row: Sequence[Any]) -> Item:
    name, columns = row
    return Item("type", schema, None, name, {"columns": list(columns or ())})


def _range(schema: str | None, row: Sequence[Any]) -> Item:
    name, of = row
    return Item("type", schema, None, name, {"range of": of})


def _policy(schema: str | None, row: Sequence[Any]) -> Item:
    table, name, command, permissive, roles, using, check = row
    facts = {"command": command, "permissive": permissive, "roles": list(roles or ())}
    return Item("policy", schema, table, name, {**facts, "using": using, "check": check})


def _rule(schema: str | None, row: Sequence[Any]) -> Item:
    table, name, definition = row
    return Item("rule", schema, table, name, {"definition": definition})


def _schema(_schema: str | None, row: Sequence[Any]) -> Item:
    return Item("schema", None, None, row[0])


def _extension(_schema: str | None, row: Sequence[Any]) -> Item:
    name, schema = row
    return Item("extension", None, None, name, {"schema": schema})


OF_TABLES: dict[str, Reader] = {
    queries.TABLES: _table,
    queries.COLUMNS: _column,
    queries.CONSTRAINTS: _constraint,
    queries.INDEXES: _index,
    queries.TRIGGERS: _trigger,
    queries.POLICIES: _policy,
    queries.RULES: _rule,
}
APART: dict[str, Reader] = {
    queries.VIEWS: _view,
    queries.SEQUENCES: _sequence,
    queries.ENUMS: _enum,
    queries.DOMAINS: _domain,
    queries.COMPOSITES: _composite,
    queries.RANGES: _range,
    queries.FUNCTIONS: _function,
}
CONTAINERS: dict[str, Reader] = {queries.SCHEMAS: _schema, queries.EXTENSIONS: _extension}


def _given(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _is_generated(name: str) -> bool:
    return _GENERATED.fullmatch(name) is not None


def _after(definition: str, name: str) -> str:
    """Return a definition behind the name of what it defines."""
    for shown in (f'"{name}"', name):
        _, found, rest = definition.partition(f" {shown} ")
        if found:
            return rest
    return definition
