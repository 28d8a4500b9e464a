"""ADB307: a column is added whose values differ from row to row.

PostgreSQL, "ALTER TABLE", Notes: a column with a default is added at once since 11, unless the
default is volatile; so does one that is stored generated or an identity. "Function Volatility
Categories": now() is stable. Which functions are volatile stands in ``pg_proc.provolatile``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import add_column, execute, identifier, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.sqltext import tokens
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation

VOLATILE = frozenset(
    {"clock_timestamp", "currval", "gen_random_bytes", "gen_random_uuid", "gen_salt", "lastval"}
    | {"nextval", "random", "random_normal", "setval", "timeofday", "uuid_generate_v1"}
    | {"uuid_generate_v1mc", "uuid_generate_v4", "uuidv4", "uuidv7"}
)
STEADY = frozenset(
    {"abs", "age", "array_fill", "ceil", "chr", "concat", "convert_to", "current_database"}
    | {"current_schema", "current_setting", "date_trunc", "decode", "encode", "extract", "floor"}
    | {
        "format",
        "json_build_array",
        "json_build_object",
        "jsonb_build_array",
        "lower",
        "md5",
        "now",
    }
    | {"jsonb_build_object", "left", "length", "make_date", "make_interval", "make_timestamp"}
    | {"repeat", "replace", "right", "round", "row_to_json", "sha256", "statement_timestamp"}
    | {"substr", "substring", "timezone", "to_char", "to_date", "to_json", "to_jsonb", "to_number"}
    | {"to_timestamp", "transaction_timestamp", "trunc", "upper", "version"}
)
# Words before a parenthesis that are no functions of the catalog.
_GRAMMAR = frozenset(
    {"array", "bit", "cast", "char", "character", "coalesce", "decimal", "float", "greatest", "in"}
    | {"current_time", "current_timestamp", "interval", "least", "localtime", "localtimestamp"}
    | {"nullif", "numeric", "precision", "row", "time", "timestamp", "trim", "varchar", "varying"}
    | {"as", "and", "or", "not", "case", "when", "then", "else", "bpchar", "varbit"}
)
_SERIAL = re.compile(r"\b(?:small|big)?serial\d?\b", re.IGNORECASE)
_VIRTUAL = re.compile(r"\bVIRTUAL\b", re.IGNORECASE)


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add column"):
        because = _because(operation)
        if because is not None:
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait while the table is written anew, "
                f"because {because}",
                _safe(operation, captured.dialect),
                operation,
            )


def _because(operation: Operation) -> str | None:
    column = operation.columns[0]
    sql = " ".join((*operation.sql[:1], column.type or ""))
    if column.generated and not _VIRTUAL.search(sql):
        return f"{column.name} is generated, and stored, for every row"
    if _SERIAL.search(sql):
        return f"{column.name} takes a number from a sequence for every row"
    called = _called(column.default)
    if volatile := sorted(called & VOLATILE):
        return f"{volatile[0]}() is called for every row"
    if unknown := sorted(called - STEADY - _GRAMMAR):
        return f"{unknown[0]}() is called for every row, unless it is declared STABLE or IMMUTABLE"
    return None


def _called(default: str | None) -> set[str]:
    """Return the functions that a default calls, in lower case."""
    found = list(tokens(default or "", "postgresql"))
    return {
        word.name.lower()
        for before, word, after in zip([None, *found], found, found[1:], strict=False)
        if after.text == "("
        and re.fullmatch(r"\w+", word.name)
        and not word.literal
        and (before is None or before.text != "::")
    }


def _safe(operation: Operation, dialect: str) -> str | None:
    column = operation.columns[0]
    if column.generated or column.default is None:
        return None
    table, name = qualified(operation, dialect), identifier(column.name, dialect)
    default = column.default
    return "\n".join(
        [
            add_column(operation, column.name, dialect),
            execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}"),
            "# in a revision of its own, in batches:",
            execute(f"UPDATE {table} SET {name} = {default} WHERE {name} IS NULL"),
        ]
    )


RULE = Rule(
    code="ADB307",
    name="volatile-default",
    category="locking",
    summary="A column is added whose value is computed for every row: the table is written anew.",
    why=f"""
PostgreSQL keeps a default that is the same for all rows in its catalog and touches no row: a
constant, also `now()`. What gives another value each time (`gen_random_uuid()`, `random()`,
`clock_timestamp()`, a sequence: `SERIAL` and identity columns), and a stored generated column, has
to be written into every row, under an ACCESS EXCLUSIVE lock. Functions of your own are volatile
unless they are declared otherwise. Add the column without the default, set the default for new
rows, and fill the old ones in batches. A generated column has no such way: let code or a trigger
fill a plain column.
{LOCK_TIMEOUT}""",
    look=_look,
    bad="""
op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))
""",
    good="""
op.add_column("users", sa.Column("joined", sa.DateTime(), server_default=sa.text("now()")))
""",
    dialects=frozenset({"postgresql"}),
)
