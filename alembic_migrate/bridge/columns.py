"""Columns, types and defaults as the rules read them: names and the dialect's own SQL."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ClauseElement

from alembic_migrate.lint.operations import Column

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


def column_record(column: sa.Column[Any], dialect: Dialect) -> Column:
    """Return a column of a table that is made, or that is added."""
    return Column(
        name=str(column.name),
        type=_type(column.type, dialect),
        nullable=bool(column.nullable),
        default=_default(column, dialect),
        generated=_is_generated(column),
        primary_key=bool(column.primary_key),
        unique=bool(column.unique),
        index=bool(column.index),
        references=tuple(sorted({referred(key) for key in column.foreign_keys})),
    )


def said(name: str, type_: Any, nullable: bool | None, default: Any, dialect: Dialect) -> Column:
    """Return as much of a column as an ``alter_column()`` says."""
    # False is Alembic's word for a default that is not said.
    given = sa.Column(name, sa.Integer(), server_default=None if default is False else default)
    return Column(
        name=str(name),
        type=None if type_ is None else _type(type_, dialect),
        nullable=nullable,
        default=_default(given, dialect),
        generated=_is_generated(given),
    )


def _is_generated(column: sa.Column[Any]) -> bool:
    return column.identity is not None or column.computed is not None


def referred(key: sa.ForeignKey) -> str:
    """Return the table that a foreign key refers to, its schema in front where it has one."""
    return key.target_fullname.rpartition(".")[0]


def _type(type_: Any, dialect: Dialect) -> str | None:
    """Return a type as the dialect writes it; None where it cannot."""
    with suppress(SQLAlchemyError):
        return str(dialect.type_compiler_instance.process(sa.types.to_instance(type_)))
    return None


def _default(column: sa.Column[Any], dialect: Dialect) -> str | None:
    if _is_generated(column) or column.server_default is None:
        return None
    with suppress(SQLAlchemyError):
        return dialect.ddl_compiler(dialect, None).get_column_default_string(column)  # type: ignore[arg-type] # a compiler without a statement, as Alembic's own
    return None


def sql_text(item: object, dialect: Dialect) -> str:
    """Return a column of an index: its name, or an expression as SQL."""
    if isinstance(item, ClauseElement):
        return str(item.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return str(item)
