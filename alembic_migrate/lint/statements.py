"""What the statements of ``op.execute`` do, as the operations that they amount to.

The reader is small and tolerant: what it does not know stays an ``execute``, and DDL that no rule
asks about is ``ddl``. Grammar: PostgreSQL's "SQL Commands", MySQL's "SQL Statements".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic_migrate.lint.altering import altered
from alembic_migrate.lint.sqltext import split
from alembic_migrate.lint.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alembic_migrate.lint.operations import Captured, Operation

_DDL = frozenset({"CREATE", "ALTER", "DROP", "RENAME", "COMMENT", "GRANT", "REVOKE", "TRUNCATE"})
_TABLE_FLAVOURS = ("GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED", "FOREIGN", "VIRTUAL")
_MAIN_VERBS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})


def understood(captured: Captured) -> Captured:
    """Return a captured revision in which every statement is an operation of its own.

    These are the statements of ``execute``, and the constraints and indexes that come with a column
    that is added.
    """
    upgrade = (
        each for operation in captured.upgrade for each in _understood(operation, captured.dialect)
    )
    return replace(captured, upgrade=tuple(upgrade))


def _understood(operation: Operation, dialect: str) -> Iterator[Operation]:
    if operation.kind == "add column":
        yield operation
        yield from _brought(operation, dialect)
    elif operation.kind in {"execute", "other"} and operation.sql:
        for each in _read(operation, operation.sql, dialect):
            yield each
            if each.kind == "add column" and each.columns[0].unique:
                yield replace(each, kind="add constraint", constraint="unique")
    else:
        yield operation


def _brought(operation: Operation, dialect: str) -> Iterator[Operation]:
    """Yield what a column brings with it: Alembic writes one statement for each.

    A batch that makes its table anew (without SQL of its own) has them at no further cost.
    """
    for each in _read(operation, operation.sql[1:], dialect):
        if each.kind in {"add constraint", "create index"}:
            yield each
    if operation.sql or operation.recreates:
        return
    (column,) = operation.columns
    if column.index:
        yield replace(operation, kind="create index", unique=column.unique)
    elif column.unique:
        yield replace(operation, kind="add constraint", constraint="unique")
    for table in column.references:
        yield replace(operation, kind="add constraint", constraint="foreign key", references=table)


def _read(operation: Operation, sql: Iterable[str], dialect: str) -> Iterator[Operation]:
    for text in sql:
        for statement, tokens in split(text, dialect):
            for facts in reading(Words(tokens, statement)):
                yield replace(operation, sql=(statement,), **facts)


def reading(words: Words) -> Iterator[dict[str, Any]]:
    """Yield the fields of each operation that one statement amounts to."""
    for beginning, read in _READERS.items():
        if words.take(*beginning.split()):
            yield from read(words)
            return
    yield {"kind": "ddl" if words.peek() in _DDL else "execute"}


def _create_table(words: Words) -> Iterator[dict[str, Any]]:
    while words.take_any(*_TABLE_FLAVOURS):
        pass
    if words.take("VIEW"):
        yield {"kind": "create view", **words.table()}
        return
    if not words.take("TABLE"):
        yield from _create_index(words)
        return
    guarded = words.take("IF", "NOT", "EXISTS")
    yield {"kind": "create table", "if_exists": guarded, **words.table()}


def _create_index(words: Words) -> Iterator[dict[str, Any]]:
    unique = words.take("UNIQUE")
    words.take_any("FULLTEXT", "SPATIAL")
    if not words.take("INDEX"):
        yield {"kind": "ddl"}
        return
    concurrently = words.take("CONCURRENTLY")
    guarded = words.take("IF", "NOT", "EXISTS")
    name = None if words.peek() == "ON" else words.table()["table"]
    words.skip_to("ON")
    words.take("ONLY")
    facts = {"unique": unique, "concurrently": concurrently, "if_exists": guarded, "name": name}
    table = words.table()
    words.skip_to("(")
    yield {"kind": "create index", **facts, **table, "columns": words.columns()}


def _drop(words: Words) -> Iterator[dict[str, Any]]:
    words.take_any("TEMPORARY", "FOREIGN")
    kind = words.next().lower()
    if kind == "database":
        kind = "schema"
    if kind not in {"table", "index", "schema"}:
        yield {"kind": "ddl"}
        return
    facts = {"kind": f"drop {kind}", "concurrently": words.take("CONCURRENTLY")}
    facts["if_exists"] = words.take("IF", "EXISTS")
    names = list(words.tables())
    table = words.table() if words.take("ON") else None
    for name in names:
        if kind == "table":
            yield {**facts, **name}
        else:
            on = table or {"table": None, "schema": name["schema"]}
            yield {**facts, **on, "name": name["table"]}


def _truncate(words: Words) -> Iterator[dict[str, Any]]:
    words.take("TABLE")
    words.take("ONLY")
    for table in words.tables():
        yield {"kind": "empty", **table}


def _delete(words: Words) -> Iterator[dict[str, Any]]:
    words.skip_to("FROM")
    words.take("ONLY")
    table = words.table()
    yield {"kind": "delete" if words.skip_to("WHERE") else "empty", **table}


def _update(words: Words) -> Iterator[dict[str, Any]]:
    words.take_any("ONLY", "IGNORE", "LOW_PRIORITY")
    table = words.table()
    words.skip_to("SET")
    yield {"kind": "update", **table, "columns": words.assigned()}


def _insert(words: Words) -> Iterator[dict[str, Any]]:
    words.skip_to("INTO")
    yield {"kind": "insert", **words.table()}


def _copy(words: Words) -> Iterator[dict[str, Any]]:
    yield {"kind": "insert", **words.table()}


def _with(words: Words) -> Iterator[dict[str, Any]]:
    """Read what is written: after the common table expressions, and in them."""
    verbs = list(words.verbs(_MAIN_VERBS))
    for verb in verbs:
        yield from reading(verb)
    if not verbs:
        yield {"kind": "execute"}


def _rename_tables(words: Words) -> Iterator[dict[str, Any]]:
    while True:
        table = words.table()
        words.take("TO")
        yield {"kind": "rename table", **table, "new_name": words.table()["table"]}
        if not words.take(","):
            return


def _alter_table(words: Words) -> Iterator[dict[str, Any]]:
    guarded = words.take("IF", "EXISTS")
    words.take("ONLY")
    table = words.table()
    words.take("*")
    for action in words.actions():
        facts = {**table, "if_exists": guarded, **altered(action)}
        if "new_schema" in facts:
            facts["new_name"] = f"{facts.pop('new_schema')}.{table['table']}"
        yield facts


def _create_anew(words: Words) -> Iterator[dict[str, Any]]:
    """Read a view, or MariaDB's CREATE OR REPLACE TABLE, which drops the table that is there."""
    if words.take("VIEW"):
        yield {"kind": "create view", **words.table()}
    elif words.take("TABLE"):
        table = words.table()
        yield {"kind": "drop table", "if_exists": True, **table}
        yield {"kind": "create table", **table}
    else:
        yield {"kind": "ddl"}


_READERS: dict[str, Callable[[Words], Iterator[dict[str, Any]]]] = {
    "CREATE OR REPLACE": _create_anew,
    "CREATE": _create_table,
    "DROP": _drop,
    "TRUNCATE": _truncate,
    "DELETE": _delete,
    "UPDATE": _update,
    "INSERT": _insert,
    "REPLACE": _insert,
    "MERGE": _insert,
    "COPY": _copy,
    "WITH": _with,
    "RENAME TABLE": _rename_tables,
    "ALTER TABLE": _alter_table,
    "ALTER IGNORE TABLE": _alter_table,
    "ALTER FOREIGN TABLE": _alter_table,
}
