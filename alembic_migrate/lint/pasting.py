"""Code to paste, in the user's own names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy.dialects import mysql, postgresql, sqlite

from alembic_migrate.lint.columntypes import parse
from alembic_migrate.lint.sqltext import split
from alembic_migrate.lint.statements import reading
from alembic_migrate.lint.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql.compiler import IdentifierPreparer

    from alembic_migrate.lint.operations import Captured, Operation

# SQLAlchemy has a class of that name, whose arguments are what stands in parentheses.
_OWN_CLASSES = frozenset(
    {"BIGINT", "BOOLEAN", "CHAR", "DATE", "DATETIME", "INTEGER", "JSON", "NUMERIC", "REAL"}
    | {"SMALLINT", "TEXT", "TIME", "TIMESTAMP", "UUID", "VARCHAR"}
)


def code(name: str, *arguments: object, **options: object) -> str:
    """Return a call of ``op``; options that are None are left out."""
    given = [_literal(each) for each in arguments]
    given += [f"{key}={_literal(value)}" for key, value in options.items() if value is not None]
    return f"op.{name}({', '.join(given)})"


def execute(sql: str) -> str:
    """Return the call that runs a statement."""
    return code("execute", sql)


def autocommitted(*lines: str) -> str:
    """Return lines in a block that has no transaction."""
    indented = (f"    {line}" for text in lines for line in text.splitlines())
    return "\n".join(["with op.get_context().autocommit_block():", *indented])


def add_column(operation: Operation, name: str, dialect: str) -> str:
    """Return the code that adds an operation's column under a name: it takes NULL, no default."""
    written = operation.columns[0].type
    if type_ := _type(written):
        made = Verbatim(f"sa.Column({_literal(name)}, {type_})")
        return code("add_column", operation.table, made, schema=operation.schema)
    table, new = qualified(operation, dialect), identifier(name, dialect)
    return execute(f"ALTER TABLE {table} ADD COLUMN {new} {written or '...'}")


def require(operation: Operation, dialect: str) -> str:
    """Return the code that makes an operation's column NOT NULL; MySQL has to be told its type."""
    column = operation.columns[0]
    written = column.type or (operation.before.type if operation.before else None)
    return allow_null(operation, column.name, dialect, allowed=False, written=_type(written))


def allow_null(
    operation: Operation, name: str, dialect: str, *, allowed: bool, written: str | None = None
) -> str:
    """Return the code that lets a column of an operation's table hold NULL, or not any more.

    MySQL has to be told the column's type, and SQLite changes a column in a batch alone.

    Args:
        operation: what is done to the table.
        name: the column.
        dialect: SQLAlchemy's name of it.
        allowed: it may hold NULL.
        written: the code of its type, where it is known.
    """
    table, schema = operation.table, operation.schema
    if dialect == "sqlite":
        changed = code("alter_column", name, nullable=allowed).removeprefix("op.")
        return (
            f"with {code('batch_alter_table', table, schema=schema)} as batch:\n    batch.{changed}"
        )
    told = Verbatim(written or "...") if dialect in {"mysql", "mariadb"} else None
    return code("alter_column", table, name, existing_type=told, nullable=allowed, schema=schema)


class Verbatim(str):
    """An argument for ``code`` that is code itself."""

    __slots__ = ()


def _literal(value: object) -> str:
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(each) for each in value)}]"
    text = repr(value)
    plain = isinstance(value, str) and text[0] == "'" and '"' not in value
    return f'"{text[1:-1]}"' if plain else text


def _type(written: str | None) -> str | None:
    """Return SQLAlchemy's type for one that a dialect writes, or None where it has to be said."""
    parsed = parse(written, "")
    if parsed is None or parsed.array or parsed.collation or parsed.unsigned:
        return None
    if parsed.name == "timestamptz" and not parsed.arguments:
        return "sa.TIMESTAMP(timezone=True)"
    name = parsed.name.upper()
    return f"sa.{name}({', '.join(parsed.arguments)})" if name in _OWN_CLASSES else None


def identifier(name: str | None, dialect: str) -> str:
    """Return a name for SQL, in quotes where it needs them."""
    return _preparer(dialect).quote(name) if name else "..."


def qualified(operation: Operation, dialect: str) -> str:
    """Return an operation's table for SQL, with its schema."""
    table = identifier(operation.table, dialect)
    return f"{identifier(operation.schema, dialect)}.{table}" if operation.schema else table


def listed(operation: Operation, dialect: str) -> str:
    """Return an operation's columns for SQL, with commas between them."""
    return ", ".join(
        each.name if "(" in each.name else identifier(each.name, dialect)
        for each in operation.columns
    )


@lru_cache
def _preparer(dialect: str) -> IdentifierPreparer:
    modules = {"mysql": mysql, "mariadb": mysql, "sqlite": sqlite}
    preparer: IdentifierPreparer = modules.get(dialect, postgresql).dialect().identifier_preparer
    return preparer


def statement(captured: Captured, operation: Operation) -> str | None:
    """Return the statement of an operation; of one in a batch that which the batch runs for it.

    None where it was not written.
    """
    wanted = (operation.kind, operation.table, operation.name, operation.constraint)
    for sql in _written(captured, operation):
        for text, tokens in split(sql, captured.dialect):
            found = list(reading(Words(tokens, text)))
            if [tuple(map(each.get, _COMPARED)) for each in found] == [wanted]:
                return re.sub(r"\s+", " ", text)
    return None


_COMPARED = ("kind", "table", "name", "constraint")


def _written(captured: Captured, operation: Operation) -> Iterator[str]:
    yield from operation.sql
    if operation.batch and not operation.sql:
        for later in captured.upgrade:
            if later.batch and later.qualified == operation.qualified:
                yield from later.sql
