"""Alembic's operations as plain records: what each does to which table."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.ddl.postgresql import CreateExcludeConstraintOp
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from alembic_migrate.bridge.columns import column_record, referred, said, sql_text
from alembic_migrate.lint.operations import Column, ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Dialect

Facts = dict[str, Any]

_NAMED: dict[type[ops.MigrateOperation], str] = {
    ops.CreateTableOp: "create_table",
    ops.DropTableOp: "drop_table",
    ops.RenameTableOp: "rename_table",
    ops.AddColumnOp: "add_column",
    ops.DropColumnOp: "drop_column",
    ops.AlterColumnOp: "alter_column",
    ops.CreateIndexOp: "create_index",
    ops.DropIndexOp: "drop_index",
    ops.CreatePrimaryKeyOp: "create_primary_key",
    ops.CreateUniqueConstraintOp: "create_unique_constraint",
    ops.CreateForeignKeyOp: "create_foreign_key",
    ops.CreateCheckConstraintOp: "create_check_constraint",
    CreateExcludeConstraintOp: "create_exclude_constraint",
    ops.DropConstraintOp: "drop_constraint",
    ops.CreateTableCommentOp: "create_table_comment",
    ops.DropTableCommentOp: "drop_table_comment",
    ops.BulkInsertOp: "bulk_insert",
    ops.ExecuteSQLOp: "execute",
}

_MADE: tuple[tuple[type[sa.Constraint], ConstraintKind], ...] = (
    (sa.PrimaryKeyConstraint, "primary key"),
    (sa.ForeignKeyConstraint, "foreign key"),
    (sa.UniqueConstraint, "unique"),
    (sa.CheckConstraint, "check"),
    (ExcludeConstraint, "exclude"),
)
_DROPPED: dict[str | None, ConstraintKind] = {
    "primary": "primary key",
    "foreignkey": "foreign key",
    "unique": "unique",
    "check": "check",
}


def call_of(operation: ops.MigrateOperation) -> str | None:
    """Return the name of the method that makes one of Alembic's own operations, or None."""
    return _NAMED.get(type(operation))


def describe_operation(
    operation: ops.MigrateOperation, made: object, context: MigrationContext
) -> Facts:
    """Return what an operation does, as arguments of ``lint.operations.Operation``.

    Args:
        operation: Alembic's.
        made: what invoking it returned; None where that failed, or it is part of a batch.
        context: the one that it ran in.
    """
    if isinstance(operation, ops.CreateTableOp):
        return _create_table(operation, made, context.dialect)
    return _facts(operation, context)


def _create_table(operation: ops.CreateTableOp, made: object, dialect: Dialect) -> Facts:
    # Where it was made the keys of its constraints are bound to its columns.
    items: Iterable[Any] = made.columns if isinstance(made, sa.Table) else operation.columns
    found = [column_record(each, dialect) for each in items if isinstance(each, sa.Column)]
    return {
        "kind": "create table",
        "table": operation.table_name,
        "schema": operation.schema,
        "columns": tuple(found),
        "if_exists": bool(operation.if_not_exists),
    }


@singledispatch
def _facts(_operation: ops.MigrateOperation, _context: MigrationContext) -> Facts:
    return {"kind": "other"}


@_facts.register(ops.DropTableOp)
def _drop_table(operation: ops.DropTableOp, _context: MigrationContext) -> Facts:
    return {"kind": "drop table", **_on(operation), "if_exists": bool(operation.if_exists)}


@_facts.register(ops.RenameTableOp)
def _rename_table(operation: ops.RenameTableOp, _context: MigrationContext) -> Facts:
    return {"kind": "rename table", **_on(operation), "new_name": operation.new_table_name}


@_facts.register(ops.AddColumnOp)
def _add_column(operation: ops.AddColumnOp, context: MigrationContext) -> Facts:
    return {
        "kind": "add column",
        **_on(operation),
        "columns": (column_record(operation.column, context.dialect),),
        "if_exists": bool(getattr(operation, "if_not_exists", None)),
    }


@_facts.register(ops.DropColumnOp)
def _drop_column(operation: ops.DropColumnOp, _context: MigrationContext) -> Facts:
    return {
        "kind": "drop column",
        **_on(operation),
        "columns": (Column(operation.column_name),),
        "if_exists": bool(getattr(operation, "if_exists", None)),
    }


@_facts.register(ops.AlterColumnOp)
def _alter_column(operation: ops.AlterColumnOp, context: MigrationContext) -> Facts:
    default = operation.modify_server_default
    after = said(
        operation.column_name,
        operation.modify_type,
        operation.modify_nullable,
        default,
        context.dialect,
    )
    before = said(
        operation.column_name,
        operation.existing_type,
        operation.existing_nullable,
        operation.existing_server_default,
        context.dialect,
    )
    using = operation.kw.get("postgresql_using")
    return {
        "kind": "alter column",
        **_on(operation),
        "new_name": operation.modify_name,
        "columns": (after,),
        "before": before,
        "default_changes": default is not False,
        "using": None if using is None else str(using),
    }


@_facts.register(ops.CreateIndexOp)
def _create_index(operation: ops.CreateIndexOp, context: MigrationContext) -> Facts:
    columns = tuple(Column(sql_text(each, context.dialect)) for each in operation.columns)
    return {
        "kind": "create index",
        **_on(operation),
        "name": _final_name(operation.to_index(context), context),
        "columns": columns,
        "unique": bool(operation.unique),
        "concurrently": bool(operation.kw.get("postgresql_concurrently")),
        "if_exists": bool(operation.if_not_exists),
    }


@_facts.register(ops.DropIndexOp)
def _drop_index(operation: ops.DropIndexOp, _context: MigrationContext) -> Facts:
    return {
        "kind": "drop index",
        **_on(operation),
        "name": str(operation.index_name),
        "concurrently": bool(operation.kw.get("postgresql_concurrently")),
        "if_exists": bool(operation.if_exists),
    }


@_facts.register(ops.AddConstraintOp)
def _add_constraint(operation: ops.AddConstraintOp, context: MigrationContext) -> Facts:
    constraint = operation.to_constraint(context)
    table = constraint.table
    options: Facts = getattr(operation, "kw", None) or {}
    key = constraint.elements[0] if isinstance(constraint, sa.ForeignKeyConstraint) else None
    using = options.get("postgresql_using_index")
    return {
        "kind": "add constraint",
        "table": str(table.name),
        "schema": table.schema,
        "name": _final_name(constraint, context),
        "columns": tuple(Column(name) for name in _columns_of(operation)),
        "constraint": next((kind for made, kind in _MADE if isinstance(constraint, made)), None),
        "references": referred(key) if key is not None else None,
        "not_valid": bool(options.get("postgresql_not_valid")),
        "using": None if using is None else str(using),
    }


@_facts.register(ops.DropConstraintOp)
def _drop_constraint(operation: ops.DropConstraintOp, _context: MigrationContext) -> Facts:
    name = operation.constraint_name
    return {
        "kind": "drop constraint",
        **_on(operation),
        "name": None if name is None else str(name),
        "constraint": _DROPPED.get(operation.constraint_type),
        "if_exists": bool(getattr(operation, "if_exists", None)),
    }


@_facts.register(ops.CreateTableCommentOp)
@_facts.register(ops.DropTableCommentOp)
def _table_comment(operation: ops.AlterTableOp, _context: MigrationContext) -> Facts:
    return {"kind": "table comment", **_on(operation)}


@_facts.register(ops.BulkInsertOp)
def _bulk_insert(operation: ops.BulkInsertOp, _context: MigrationContext) -> Facts:
    table = operation.table
    return {"kind": "bulk insert", "table": str(table.name), "schema": table.schema}


@_facts.register(ops.ExecuteSQLOp)
def _execute(_operation: ops.ExecuteSQLOp, _context: MigrationContext) -> Facts:
    return {"kind": "execute"}


def _on(operation: Any) -> Facts:
    table = operation.table_name
    return {"table": None if table is None else str(table), "schema": operation.schema}


def _columns_of(operation: ops.AddConstraintOp) -> tuple[str, ...]:
    """Return the names of a constraint's columns, those that are written as names."""
    found = getattr(operation, "local_cols", None) or getattr(operation, "columns", None) or ()
    return tuple(str(each) for each in found if isinstance(each, str))


def _final_name(item: sa.Constraint | sa.Index, context: MigrationContext) -> str | None:
    """Return the name as it stands in the database, a naming convention followed."""
    found = _get_constraint_final_name(item, context.dialect)
    return None if found is None else str(found)
