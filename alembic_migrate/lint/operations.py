"""What a revision does, as plain records: captured while it runs offline, read by the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_migrate.findings import Unrendered

Kind = Literal[
    "create table",
    "drop table",
    "rename table",
    "add column",
    "drop column",
    "alter column",
    "create index",
    "drop index",
    "add constraint",
    "drop constraint",
    "validate constraint",
    "create view",
    "drop schema",
    "table comment",
    "bulk insert",
    "insert",
    "update",
    "delete",
    "empty",
    "ddl",
    "execute",
    "other",
]

ConstraintKind = Literal["primary key", "foreign key", "unique", "check", "exclude"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column as a revision writes it.

    Attributes:
        name: its name.
        type: its type as the dialect writes it (``VARCHAR(50)``); None where it is not said.
        nullable: whether it takes NULL; None where it is not said.
        default: its server default as SQL; None where it has none. ``autoincrement`` columns of a
            type such as SERIAL have none here.
        generated: it is an identity or a computed column.
        primary_key: it is part of the primary key.
        unique: it is declared ``unique=True``.
        index: it is declared ``index=True``.
        references: the tables that its foreign keys refer to, schema in front where it has one.
    """

    name: str
    type: str | None = None
    nullable: bool | None = None
    default: str | None = None
    generated: bool = False
    primary_key: bool = False
    unique: bool = False
    index: bool = False
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of ``op``, or one of a batch.

    The statements of ``execute`` become operations of their own before rules look at them:
    ``validate constraint``, ``create view``, ``drop schema``, ``insert``, ``update``, ``delete``,
    ``empty`` (TRUNCATE, or a DELETE without WHERE) and ``ddl`` (other DDL) come from nowhere else.

    Attributes:
        kind: what it does.
        call: the name of the method: ``add_column``, ``create_unique_constraint``, ``execute``;
            ``invoke`` names of plugins as they are.
        file: where it is called: the revision's own file.
        line: the line in it, counted from 1.
        table: the table; for ``rename table`` the old name; None where there is none.
        schema: its schema, or None.
        name: the index or constraint, or the schema that is dropped; None where it has no name.
        new_name: of a table or column that is renamed; of a table that moves, with its schema.
        columns: the columns of a new table or index; the one column that is added, dropped or
            altered. For ``alter column`` what it becomes; what is not said is None. Of an
            ``update`` those that it sets.
        before: for ``alter column`` what it was, as far as ``existing_*`` arguments say.
        default_changes: for ``alter column``: a server default is set or dropped.
        constraint: what kind of constraint is added or dropped; None where it is not known.
        references: the table that a foreign key refers to, or None.
        unique: an index is unique.
        concurrently: an index is made or dropped CONCURRENTLY (PostgreSQL).
        not_valid: a constraint is added NOT VALID (PostgreSQL).
        using: a constraint is added USING INDEX, a type changed USING an expression: that text.
        if_exists: it is guarded by IF EXISTS or IF NOT EXISTS.
        batch: it is part of ``batch_alter_table``.
        recreates: the batch makes the table anew (move and copy), as far as that is known.
        autocommit: it runs inside ``autocommit_block()``.
        sql: the statements that it renders, without their semicolons; of a batch, those of the
            whole batch stand with its last operation. Empty where they need a connection.
    """

    kind: Kind
    call: str
    file: Path
    line: int
    table: str | None = None
    schema: str | None = None
    name: str | None = None
    new_name: str | None = None
    columns: tuple[Column, ...] = ()
    before: Column | None = None
    default_changes: bool = False
    constraint: ConstraintKind | None = None
    references: str | None = None
    unique: bool = False
    concurrently: bool = False
    not_valid: bool = False
    using: str | None = None
    if_exists: bool = False
    batch: bool = False
    recreates: bool = False
    autocommit: bool = False
    sql: tuple[str, ...] = ()

    @property
    def qualified(self) -> str | None:
        """Return the table with its schema in front, or None."""
        if self.table is None or self.schema is None:
            return self.table
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class Captured:
    """One revision, run offline against a dialect.

    Attributes:
        revision: its id.
        message: the first paragraph of its docstring.
        file: its file.
        down_revisions: the ids it follows.
        dialect: SQLAlchemy's name: ``postgresql``, ``mysql``, ``mariadb``, ``sqlite``...
        transactional: the dialect rolls DDL back, and the revision runs in a transaction.
        upgrade: what ``upgrade()`` does; what came before a failure where it failed.
        downgrade: what ``downgrade()`` does; None where there is no such function, or where only
            upgrades were asked for.
        sql: all statements of ``upgrade()`` in order, those of the version table left out.
        unrendered: why ``upgrade()`` could not run to its end, or None.
        downgrade_unrendered: the same of ``downgrade()``.
        without_sql: where ``upgrade()`` does what is captured, but cannot be written as SQL without
            a connection: a batch that copies a table has to read it first, a value has no literal.
        asks_offline: the line where ``upgrade()`` asks whether it runs offline: what it does with
            a database may be something else. None where it does not ask.
    """

    revision: str
    message: str
    file: Path
    down_revisions: tuple[str, ...]
    dialect: str
    transactional: bool
    upgrade: tuple[Operation, ...]
    downgrade: tuple[Operation, ...] | None
    sql: tuple[str, ...]
    unrendered: Unrendered | None = None
    downgrade_unrendered: Unrendered | None = None
    without_sql: tuple[Unrendered, ...] = ()
    asks_offline: int | None = None
