"""ADB351: an ALTER for which MySQL or MariaDB copies the table.

MySQL 8.0, "Online DDL Operations" and "ALTER TABLE", Performance and Space Requirements; MariaDB,
"InnoDB Online DDL Overview": COPY is allowed with LOCK=SHARED at best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.copying import copies
from alembic_migrate.lint.pasting import add_column, execute, identifier, qualified, statement
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Kind, Operation

_ALTERS: tuple[Kind, ...] = (
    "add column",
    "alter column",
    "add constraint",
    "drop constraint",
    "ddl",
)


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, *_ALTERS):
        because = copies(operation, captured.dialect)
        if because is not None:
            yield Spot(
                operation.line,
                f"writes to {operation.qualified or 'the table'} wait while the whole table is "
                f"copied, because {because}",
                _safe(captured, operation),
                operation,
            )


def _safe(captured: Captured, operation: Operation) -> str:
    table = qualified(operation, captured.dialect)
    if operation.constraint == "foreign key":
        return _unchecked(captured, operation)
    if operation.kind != "alter column" or operation.new_name:
        return (
            "# while little is written; or outside of revisions, with a tool that copies in the\n"
            f"# background (pt-online-schema-change, gh-ost): table {table}"
        )
    name = operation.columns[0].name
    new = f"{name}_new"
    filled = f"{identifier(new, captured.dialect)} = {identifier(name, captured.dialect)}"
    return "\n".join(
        [
            add_column(operation, new, captured.dialect),
            "# deploy code that writes both columns; then fill the new one, in batches:",
            execute(f"UPDATE {table} SET {filled} WHERE id BETWEEN ... AND ..."),
            f"# drop {name} in a later revision, once code reads {new} alone",
        ]
    )


def _unchecked(captured: Captured, operation: Operation) -> str:
    sql = statement(captured, operation) or (
        f"ALTER TABLE {qualified(operation, captured.dialect)} ADD FOREIGN KEY (...) "
        f"REFERENCES {operation.references} (...)"
    )
    return "\n".join(
        [
            "# look first for rows that have no counterpart: nobody checks those that are there",
            execute("SET foreign_key_checks = 0"),
            execute(f"{sql}, ALGORITHM=INPLACE, LOCK=NONE"),
            execute("SET foreign_key_checks = 1"),
        ]
    )


RULE = Rule(
    code="ADB351",
    name="copying-alter",
    category="locking",
    summary="MySQL and MariaDB copy the whole table, and writes to it wait.",
    why="""
Most changes are made in place, or in the catalog alone. For another type of a column, for dropping
the primary key, for another character set, for a stored generated column, for a CHECK, and for a
foreign key while `foreign_key_checks` is on, the server copies the table row by row, and nobody
writes to it meanwhile (MariaDB since 11.2 lets some go on). A longer `varchar` is no copy as long
as its longest value needs one byte for the length before and after, or two: 255 bytes, that is 63
characters of `utf8mb4`, which is assumed where the type does not say its character set; nor is a
member appended to an ENUM. With `ALGORITHM=INPLACE, LOCK=NONE` in the statement the server refuses
what it would have to copy for, and the rule has nothing to say.
""",
    look=_look,
    bad="""
op.alter_column("orders", "number", existing_type=sa.Integer(), type_=sa.BigInteger())
""",
    good="""
op.alter_column("users", "name", existing_type=sa.String(20), type_=sa.String(50))
""",
    dialects=frozenset({"mysql", "mariadb"}),
)
